/** The database of a page without IndexedDB, and of a simulated shopper: it ends with the process. */
import type { ShopEvent } from '../capture/event.ts';
import type {
  ChargeRefusal,
  ChargeRequest,
  ChargeResult,
  Database,
  DatabaseState,
  LedgerEntry,
  MetaValues,
  OutboxEntry,
  Retention,
  StoredEvent,
  StoredGood,
  StoredModel,
} from './database.ts';
import { DatabaseError } from './database.ts';
import { exported } from './export.ts';
import { MAX_GOODS } from './goods.ts';
import { chargedEntry, ledgerTime, refusalOf } from './ledger.ts';
import {
  checkMeta,
  coinKey,
  MAX_COINS,
  mergeMeta,
  mergeOutbox,
  oldestKept,
  replacesModel,
  waitingReport,
} from './rules.ts';
import { DAY_MS } from './seal.ts';

export interface MemoryOptions {
  /**
   * 'memory' (default): a page's fallback, from which nothing is sent, since its ledger would end
   * with the page. 'ready': a whole profile that lives as long as this object (simulation, tests).
   */
  readonly state?: 'memory' | 'ready';
}

/** Opens an empty database in memory; bytes of catalogues are shared, all else is copied. */
export function memoryDatabase(options: MemoryOptions = {}): Database {
  return new MemoryDatabase(options.state ?? 'memory');
}

class MemoryDatabase implements Database {
  #state: DatabaseState;
  #events: StoredEvent[] = [];
  #nextEvent = 1;
  #catalogue: { hash: string; bytes: Uint8Array } | undefined;
  #ledger: LedgerEntry[] = [];
  #goods: StoredGood[] = [];
  #nextGood = 1;
  readonly #cards = new Map<string, Uint8Array>();
  readonly #meta: Partial<MetaValues> = {};
  readonly #models = new Map<string, StoredModel>();
  readonly #coins = new Map<string, boolean>();
  readonly #outbox = new Map<string, OutboxEntry>();

  constructor(state: 'memory' | 'ready') {
    this.#state = state;
  }

  get state(): DatabaseState {
    return this.#state;
  }

  /** Nothing is encrypted here, since nothing outlives the page. */
  get damaged(): number {
    return 0;
  }

  async getMeta<K extends keyof MetaValues>(key: K): Promise<MetaValues[K] | undefined> {
    return this.#run(() => this.#meta[key]);
  }

  async setMeta<K extends keyof MetaValues>(key: K, value: MetaValues[K]): Promise<void> {
    this.#run(() => {
      checkMeta(key, value);
      const meta: Partial<Record<keyof MetaValues, unknown>> = this.#meta;
      meta[key] = structuredClone(mergeMeta(key, this.#meta[key], value));
      if (key === 'consent' && this.#meta.consent?.contribute !== true) this.#dropWaiting();
    });
  }

  async appendEvents(
    events: readonly ShopEvent[],
    retention: Retention,
    replaced: readonly number[] = [],
  ): Promise<number[]> {
    return this.#run(() => {
      this.#events = this.#events.filter(({ key }) => !replaced.includes(key));
      const keys = structuredClone(events).map((event) => this.#push(event));
      const [first] = events;
      if (first !== undefined && this.#meta.consent?.personalise === true) {
        this.#meta.epochStartMs ??= first.atMs;
      }
      const kept = this.#events.slice(Math.max(0, this.#events.length - retention.maxEvents));
      const newest = Math.max(...(events.length > 0 ? events : kept).map(({ atMs }) => atMs));
      this.#events = kept.filter(({ atMs }) => !(atMs < oldestKept(newest, retention)));
      return keys;
    });
  }

  async readEvents(limit?: number): Promise<StoredEvent[]> {
    return this.#run(() =>
      limit === undefined
        ? this.#events
        : this.#events.slice(Math.max(0, this.#events.length - limit)),
    );
  }

  async getModel(taskName: string): Promise<StoredModel | undefined> {
    return this.#run(() => this.#models.get(taskName));
  }

  async putModel(model: StoredModel): Promise<void> {
    this.#run(() => {
      if (!replacesModel(this.#models.get(model.taskName), model)) return;
      this.#models.set(model.taskName, structuredClone(model));
    });
  }

  async getCatalogue(hash: string): Promise<Uint8Array | undefined> {
    this.#open();
    return this.#catalogue?.hash === hash ? this.#catalogue.bytes : undefined;
  }

  async putCatalogue(hash: string, bytes: Uint8Array): Promise<void> {
    this.#open();
    this.#catalogue = { hash, bytes };
  }

  async getCards(hash: string): Promise<Uint8Array | undefined> {
    this.#open();
    return this.#cards.get(hash);
  }

  async putCards(hash: string, bytes: Uint8Array, current: readonly string[]): Promise<void> {
    this.#open();
    for (const one of this.#cards.keys()) if (!current.includes(one)) this.#cards.delete(one);
    this.#cards.set(hash, bytes);
  }

  async readGoods(): Promise<StoredGood[]> {
    return this.#run(() => this.#goods);
  }

  async putGoods(
    goods: readonly { readonly good: unknown; readonly atMs: number }[],
    replaced: readonly number[],
    { maxAgeMs }: Pick<Retention, 'maxAgeMs'>,
  ): Promise<number[]> {
    return this.#run(() => {
      const added = structuredClone(goods).map(({ good, atMs }) => ({
        ...{ key: this.#nextGood++, day: Math.floor(atMs / DAY_MS), good },
      }));
      const kept = this.#goods.filter(({ key }) => !replaced.includes(key));
      const newest = Math.max(...added.map(({ day }) => day));
      this.#goods = [...kept, ...added]
        .slice(-MAX_GOODS)
        .filter(({ day }) => day >= newest - Math.ceil(maxAgeMs / DAY_MS));
      return added.map(({ key }) => key);
    });
  }

  async coin(taskHash: string, roundHash: string, draw: () => boolean): Promise<boolean> {
    return this.#run(() => {
      const key = coinKey(taskHash, roundHash);
      const coin = this.#coins.get(key) ?? draw();
      this.#coins.set(key, coin);
      const [oldest] = this.#coins.keys();
      if (this.#coins.size > MAX_COINS && oldest !== undefined) this.#coins.delete(oldest);
      return coin;
    });
  }

  async ledgerNow(nowMs: number): Promise<number> {
    return this.#run(() => ledgerTime(this.#ledger, nowMs));
  }

  async charge(request: ChargeRequest): Promise<ChargeResult> {
    return this.#run(() => {
      const reason = this.#refusal(request);
      if (reason !== null) return { ok: false, reason } as const;
      const key = this.#ledger.length + 1;
      const entry = structuredClone({ ...chargedEntry(this.#ledger, request), key });
      this.#outbox.set(entry.reportId, structuredClone(waitingReport(request)));
      this.#ledger.push(entry);
      return { ok: true, entry } as const;
    });
  }

  async canCharge(request: Omit<ChargeRequest, 'report'>): Promise<ChargeRefusal | null> {
    return this.#run(() => this.#refusal(request));
  }

  async readLedger(): Promise<LedgerEntry[]> {
    return this.#run(() => this.#ledger);
  }

  async readOutbox(): Promise<OutboxEntry[]> {
    return this.#run(() => [...this.#outbox.values()]);
  }

  async updateOutbox(reportId: string, change: Partial<OutboxEntry>): Promise<void> {
    this.#run(() => {
      const before = this.#outbox.get(reportId);
      if (before === undefined) return;
      this.#outbox.set(reportId, structuredClone(mergeOutbox(before, change)));
    });
  }

  async dropUnsent(): Promise<number> {
    return this.#run(() => this.#dropWaiting());
  }

  async exportAll(): Promise<Record<string, unknown>> {
    return this.#run(() =>
      exported({
        meta: this.#meta,
        events: this.#events,
        keys: {},
        models: [...this.#models.values()],
        catalogues: this.#catalogue === undefined ? [] : [this.#catalogue],
        cards: [...this.#cards].map(([hash, bytes]) => ({ hash, bytes })),
        goods: this.#goods,
        coins: Object.fromEntries(this.#coins),
        ledger: this.#ledger,
        outbox: [...this.#outbox.values()],
      }),
    );
  }

  async erase(): Promise<void> {
    this.#events = [];
    this.#ledger = [];
    this.#goods = [];
    this.#catalogue = undefined;
    for (const key of Object.keys(this.#meta)) delete this.#meta[key as keyof MetaValues];
    for (const store of [this.#models, this.#cards, this.#coins, this.#outbox]) store.clear();
    this.close();
  }

  close(): void {
    this.#state = 'closed';
  }

  #open(): void {
    if (this.#state === 'closed') throw new DatabaseError('closed', 'the database is closed');
  }

  /** One transaction: synchronous, with a copy of its result. */
  #run<T>(body: () => T): T {
    this.#open();
    try {
      return structuredClone(body());
    } catch (error) {
      if (error instanceof DatabaseError) throw error;
      throw new DatabaseError('failed', error instanceof Error ? error.message : 'failed', error);
    }
  }

  #refusal(request: Omit<ChargeRequest, 'report'>): ChargeRefusal | null {
    const { consent, budget } = this.#meta;
    return refusalOf({ consent, budget, entries: this.#ledger }, request);
  }

  #push(event: ShopEvent): number {
    const key = this.#nextEvent++;
    this.#events.push({ ...event, key });
    return key;
  }

  #dropWaiting(): number {
    const waiting = [...this.#outbox.values()].filter(({ state }) => state === 'waiting');
    for (const { reportId } of waiting) this.#outbox.delete(reportId);
    return waiting.length;
  }
}
