/**
 * What comes to this page: site, tasks, rounds, models and the catalogue; first from storage, then
 * from the network every few seconds while the page is visible and online.
 */

import type { Catalogue } from '../shared/model/catalogue.ts';
import { decodeCatalogue } from '../shared/model/codec.ts';
import type { RoundRecord, SiteRecord, Task } from '../shared/protocol/task.ts';
import type { StatusState } from './api.ts';
import { Cards } from './cards.ts';
import type { Client } from './client.ts';
import type { Database, StoredModel } from './database/database.ts';
import { memoryDatabase } from './database/memory.ts';
import type { Environment, Undo } from './environment.ts';
import type { SkipReason } from './post/outcome.ts';
import { ReceiveError, reasonOf, receiveError } from './receive/error.ts';
import { Receiver } from './receive/receiver.ts';
import { NO_NETWORK, type Transport } from './receive/transport.ts';
import { stateWords } from './status.ts';

/** Looks per window of the shortest task. */
const LOOKS_PER_WINDOW = 8;
const SHORTEST_MS = 2000;
const LONGEST_MS = 300_000;
const SITE_MS = 60_000;

/** One task of the site, as this page knows it. */
export interface Slot {
  readonly name: string;
  readonly hash: string;
  readonly task: Task;
  /** Why this page does not report to it, whatever the round; its model may rank all the same. */
  readonly refused: { readonly reason: SkipReason; readonly detail: string } | null;
  readonly round: RoundRecord | null;
  readonly roundHash: string | null;
  readonly model: StoredModel | null;
}

type NetworkState = Extract<
  StatusState,
  'starting' | 'ready' | 'offline' | 'server-error' | 'bad-signature' | 'no-crypto'
>;

export class Downlink {
  site: SiteRecord | null = null;
  slots: ReadonlyMap<string, Slot> = new Map();
  catalogue: Catalogue | null = null;
  readonly cards: Cards = new Cards();
  /** Why the catalogue is not here, once that is known. */
  missing: ReceiveError | null = null;
  state: NetworkState = 'starting';
  detail = '';
  /** Resolves when there is something to rank by, or the first look at the network has failed. */
  settled: Promise<void> = Promise.resolve();

  readonly #client: Client;
  #receiver: Receiver | null = null;
  #settle: () => void = () => undefined;
  #timer: Undo | null = null;
  #looking = false;
  #failures = 0;
  /** What comes is kept in memory alone: storage is full. */
  #unkept = false;
  #told = '';
  #siteAtMs = Number.NEGATIVE_INFINITY;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Reads what an earlier page has stored; no network. */
  async load(database: Database): Promise<void> {
    if (this.#receiver !== null) return;
    const { environment, endpoint } = this.#client;
    const receiver = this.#make(database, environment.transport(endpoint));
    this.#receiver = receiver;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    try {
      const stored = this.#make(database, NO_NETWORK);
      this.cards.attach(stored);
      await this.#read(stored, receiver, database);
    } catch (error) {
      // Nothing stored, or not for this key: the network has the word.
      this.#client.events.debug(`nothing to start from: ${(error as Error).message}`);
    }
    if (this.catalogue !== null) this.#settle();
  }

  /** What it asks and verifies with, for rounds too: what is known is not asked again. */
  get receiver(): Receiver | null {
    return this.#receiver;
  }

  start(): void {
    this.#schedule(0);
  }

  /** Looks now. */
  wake(): void {
    if (!this.#looking) this.#schedule(0);
  }

  /** Forgets everything that came. */
  stop(): void {
    this.#timer?.();
    this.#timer = null;
    this.#receiver = null;
    this.cards.detach();
    this.#unkept = false;
    this.#failures = 0;
    this.#siteAtMs = Number.NEGATIVE_INFINITY;
    this.site = null;
    this.slots = new Map();
    this.catalogue = null;
    this.missing = null;
    this.state = 'starting';
    this.detail = '';
    this.#settle();
  }

  #make(db: Database, transport: Transport): Receiver {
    const { settings, environment, endpoint } = this.#client;
    const { clock } = environment;
    return new Receiver({ ...settings, transport, db, endpoint, clock });
  }

  async #read(stored: Receiver, current: Receiver, database: Database): Promise<void> {
    const site = await stored.storedSite();
    if (site === null) return;
    const slots = new Map<string, Slot>();
    for (const { name, hash } of site.tasks) {
      const known = await this.#task(stored, name, hash).catch(() => null);
      const model = (await database.getModel(name)) ?? null;
      if (known === null || model?.taskHash !== hash) continue;
      slots.set(name, { ...known, round: null, roundHash: null, model });
    }
    const catalogue = await this.#catalogue(stored, slots);
    if (this.#receiver !== current) return;
    this.site = site;
    this.slots = slots;
    this.catalogue = catalogue;
  }

  #schedule(ms: number): void {
    this.#timer?.();
    if (this.#receiver === null) return;
    this.#timer = this.#client.environment.after(ms, () => {
      this.#timer = null;
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    const { environment } = this.#client;
    const receiver = this.#receiver;
    if (receiver === null || this.#looking) return;
    // Hidden or offline, nothing is scheduled: 'visible' and 'online' wake it.
    if (!environment.visible()) return;
    if (!environment.online()) return this.#settle();
    this.#looking = true;
    const failure = await this.#refresh(receiver).then(
      (partial) => partial,
      (error: unknown) => error,
    );
    this.#looking = false;
    if (this.#receiver !== receiver) return this.wake();
    this.#judge(failure);
    this.#settle();
    this.#tellDebug();
    this.#schedule(this.#interval(environment));
    this.#client.contribution.wake();
  }

  /** @returns the first failure of one task, or null. @throws when the site itself fails. */
  async #refresh(receiver: Receiver): Promise<unknown> {
    const now = this.#client.environment.clock.now();
    let { site } = this;
    if (site === null || now - this.#siteAtMs >= SITE_MS || this.#failures > 0) {
      site = await receiver.site();
      this.#siteAtMs = now;
    }
    let failure: unknown = null;
    const slots = new Map<string, Slot>();
    for (const { name, hash } of site.tasks) {
      try {
        slots.set(name, await this.#slot(receiver, name, hash));
      } catch (error) {
        failure ??= error;
        const before = this.slots.get(name);
        // A model ranks on when the network fails, not when its key is revoked.
        if (before?.hash !== hash || receiveError(error).code === 'key-revoked') continue;
        slots.set(name, { ...before, round: null, roundHash: null });
      }
    }
    if (this.#receiver !== receiver) return null;
    const changed = [...slots.values()].some(
      ({ name, model }) => model?.modelHash !== this.slots.get(name)?.model?.modelHash,
    );
    this.site = site;
    this.slots = slots;
    if (changed) this.#client.events.emit('update', { cause: 'model' });
    const catalogue = await this.#catalogue(receiver, slots).catch((error: unknown) => {
      failure ??= error;
      this.missing = receiveError(error);
      return null;
    });
    if (this.#receiver !== receiver) return failure;
    const hasCards = await this.cards.keep(receiver, site.cards ?? []);
    if (this.#receiver !== receiver) return failure;
    const other = catalogue !== null && catalogue.hash !== this.catalogue?.hash;
    this.catalogue = catalogue ?? this.catalogue;
    if (other || hasCards) this.#client.events.emit('update', { cause: 'catalogue' });
    return failure;
  }

  async #slot(receiver: Receiver, name: string, hash: string): Promise<Slot> {
    const known = await this.#task(receiver, name, hash);
    const head = await receiver.head(known.task, hash);
    const model = await receiver.current(known.task, hash, head);
    const refused = known.refused ?? (await reasonOf(receiver.assertLogged(known.task, head)));
    if (refused?.reason === 'log-fork' && this.slots.get(name)?.refused?.reason !== 'log-fork') {
      this.#client.events.report(new ReceiveError('log-fork', refused.detail));
    }
    return { ...known, refused, round: head.round, roundHash: head.roundHash, model };
  }

  async #task(
    receiver: Receiver,
    name: string,
    hash: string,
  ): Promise<Pick<Slot, 'name' | 'hash' | 'task' | 'refused'>> {
    const task = await receiver.task(hash, 'rank');
    return { name, hash, task, refused: await reasonOf(receiver.task(hash, 'report')) };
  }

  /** The catalogue of the first task; kept decoded while its hash stays. */
  async #catalogue(
    receiver: Receiver,
    slots: ReadonlyMap<string, Slot>,
  ): Promise<Catalogue | null> {
    const hash = [...slots.values()][0]?.task.catalogue;
    if (hash === undefined) return null;
    if (this.catalogue?.hash === hash) return this.catalogue;
    const first = (bytes: Uint8Array, partHash: string): void => {
      if (this.#receiver !== receiver || this.catalogue !== null) return;
      // Some of the goods: enough to rank by, and of no task, since its hash is another.
      this.catalogue = decodeCatalogue(bytes, partHash);
      this.#settle();
      this.#client.events.emit('update', { cause: 'catalogue' });
    };
    return decodeCatalogue(await receiver.catalogue(hash, first), hash);
  }

  /** One line when what is known has changed. */
  #tellDebug(): void {
    const { slots, catalogue, state, detail } = this;
    const tasks = `${slots.size} task${slots.size === 1 ? '' : 's'}`;
    const goods = catalogue ? `catalogue of ${catalogue.ids.length} items` : 'no catalogue';
    const line = `network: ${stateWords(state, detail || `${tasks}, ${goods}`)}`;
    if (line !== this.#told) this.#client.events.debug(line);
    this.#told = line;
  }

  #judge(failure: unknown): void {
    const before = this.state;
    this.#failures = failure === null ? 0 : this.#failures + 1;
    this.state = failure === null ? 'ready' : stateOf(failure);
    this.detail = failure === null ? '' : receiveError(failure).message;
    if (failure !== null && receiveError(failure).code === 'storage') {
      const receiver = this.#receiver;
      this.#client.storageFailed(failure);
      this.state = 'ready';
      // What cannot be kept can rank all the same, as long as this page lives.
      if (receiver !== null && this.#receiver === receiver && !this.#unkept) {
        this.#unkept = true;
        this.#receiver = this.#make(
          memoryDatabase(),
          this.#client.environment.transport(this.#client.endpoint),
        );
      }
    } else if (failure !== null && this.state !== before) this.#client.events.report(failure);
  }

  /** Spread over ±25 %, so that browsers do not come together. */
  #interval(environment: Environment): number {
    const windows = [...this.slots.values()].map(({ task }) => task.windowMs);
    const usual = Math.min(...windows, LONGEST_MS * LOOKS_PER_WINDOW) / LOOKS_PER_WINDOW;
    const base = Math.max(SHORTEST_MS, windows.length > 0 ? usual : SHORTEST_MS);
    const ms = Math.min(LONGEST_MS, base * 2 ** Math.min(this.#failures, 10));
    return ms * (0.75 + environment.random().nextUint32() / 2 ** 33);
  }
}

function stateOf(failure: unknown): NetworkState {
  const { code } = receiveError(failure);
  if (code === 'offline' || code === 'bad-signature' || code === 'no-crypto') return code;
  return 'server-error';
}
