/**
 * Site, task, round, model and catalogue: fetched, verified against the key that the page pins,
 * and kept, so that the next page starts without network.
 */
import { assertString } from '../../shared/assert/assert.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { MAX_CARD_BYTES } from '../../shared/model/cards.ts';
import { type CatalogueIndex, decodeIndex, joinShards } from '../../shared/model/shards.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import {
  decodeHead,
  decodeSigned,
  decodeSignedTask,
  decodeSite,
  recordHash,
} from '../../shared/protocol/records.ts';
import { verifyRecord } from '../../shared/protocol/signature.ts';
import type { Signed, SignedTask, SiteRecord, Task } from '../../shared/protocol/task.ts';
import type { Clock } from '../capture/clock.ts';
import type { Database, StoredModel } from '../database/database.ts';
import { ReceiveError, receiveError } from './error.ts';
import { type Head, readHead, readSubject } from './head.ts';
import { type Kept, readKept, withRound, withSite, withTask } from './kept.ts';
import { PublicLog } from './public-log.ts';
import type { Transport } from './transport.ts';
import { assertRankKeys, HelperTrust, isHelperSigned, type Pins, readPins } from './trust.ts';
import { assertReportable } from './verify.ts';

export interface ReceiverOptions {
  readonly transport: Transport;
  /** Before consent a page gives a memory database here: verified records are written to it. */
  readonly db: Database;
  /** The site's root key, and behind a space the helper's; each Ed25519 in base64url. */
  readonly trust: string;
  readonly site: string;
  /** The aggregator's address: only loopback may offer the test tier. */
  readonly endpoint: string;
  readonly maxEpsilon: number;
  /** A site's budget is pinned at this composed ε at most. */
  readonly maxTotalEpsilon: number;
  readonly allowTestTier: boolean;
  readonly clock: Clock;
}

/** Largest catalogue that a page is willing to hold. */
const CATALOGUE_BYTES = 1 << 26;

/** Every method rejects with ReceiveError alone; `code` is the reason that status() shows. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #pins: Pins;
  readonly #helper: HelperTrust;
  readonly #log: PublicLog;
  /** Authentic tasks by hash. */
  readonly #tasks = new Map<string, SignedTask>();

  /** @throws TypeError for a key or site that is no string. */
  constructor(options: ReceiverOptions) {
    assertString('options.trust', options.trust);
    assertString('options.site', options.site);
    assertString('options.endpoint', options.endpoint);
    const { transport, site, trust } = options;
    this.#options = options;
    this.#pins = readPins(trust);
    this.#helper = new HelperTrust(transport, this.#pins, site);
    this.#log = new PublicLog({
      transport,
      site,
      kept: () => this.#kept(),
      keep: (change) => this.#keep(change),
    });
  }

  /**
   * The site's current record. Its budget is pinned or lowered, and a record with a smaller serial
   * than any seen before is refused.
   */
  site(): Promise<SiteRecord> {
    return this.#named(async ({ transport, db }) => {
      const signed = decodeSigned(await transport.json(PATHS.site), decodeSite);
      const record = await this.#verifySite(signed);
      const seen = (await db.getMeta('siteSerial')) ?? 0;
      if (record.serial < seen) {
        throw new ReceiveError('bad-record', `site serial ${record.serial}, ${seen} was seen`);
      }
      // The serial last: a page that ends in between fetches the record again and lowers the rest.
      const epsilon = Math.min(record.budget.epsilon, this.#options.maxTotalEpsilon);
      await db.setMeta('budget', { ...record.budget, epsilon });
      await this.#keep((kept) => withSite(kept, signed));
      await db.setMeta('siteSerial', record.serial);
      return record;
    });
  }

  /** The record that `site()` kept, verified again, or null. */
  storedSite(): Promise<SiteRecord | null> {
    return this.#named(async () => {
      const { site } = await this.#kept();
      return site === null ? null : this.#verifySite(decodeSigned(site, decodeSite));
    });
  }

  /**
   * The task at this address, signed by the pinned key.
   *
   * @param purpose 'rank' asks for authenticity alone, and that its aggregator's key is not revoked.
   * 'report' (default) also asks what a browser must know before it sends anything: see
   * `assertReportable` and `HelperTrust` for the reasons.
   */
  task(hash: string, purpose: 'report' | 'rank' = 'report'): Promise<Task> {
    return this.#named(async ({ clock, ...options }) => {
      const signed = this.#tasks.get(hash) ?? (await this.#authentic(hash));
      const { record } = signed;
      const { revoked } = await this.#kept();
      assertRankKeys(record, revoked);
      if (purpose === 'rank') return record;
      assertReportable(record, { ...options, nowMs: clock.now() });
      await this.#helper.assertTrusted(signed, revoked);
      return record;
    });
  }

  /**
   * Throws unless round and model of a head are in the public log, under a checkpoint that extends
   * all that this browser has seen; in the split tier under one that the helper has cosigned.
   */
  assertLogged(task: Task, { entries }: Pick<Head, 'entries'>): Promise<void> {
    return this.#named(() =>
      this.#log.assertHolds(task.aggregatorKey, entries, task.helper?.identityKey ?? null),
    );
  }

  /** The task's open round and the version that is served, signed by the aggregator that it names. */
  head(task: Task, taskHash: string): Promise<Head> {
    return this.#named(async ({ transport, db }) => {
      const served = decodeHead(await transport.json(PATHS.head(taskHash)));
      const kept = (await db.getModel(task.name)) ?? null;
      const model = kept?.taskHash === taskHash ? kept : null;
      const seen = { model, round: (await this.#kept()).rounds[taskHash] ?? 0 };
      const head = await readHead(task, taskHash, served, seen);
      const number = head.round?.round ?? 0;
      if (number > seen.round) await this.#keep((all) => withRound(all, taskHash, number));
      return head;
    });
  }

  /**
   * The version of a task that a round of an evaluation is about (K11); it must be in the log. What
   * is kept to rank by stays as it is.
   */
  subject(task: Task, taskHash: string, head: Head): Promise<StoredModel> {
    return this.#named(async ({ db, clock }) => {
      const { modelHash, modelVersion, record, entries } = await readSubject(task, taskHash, head);
      await this.assertLogged(task, { entries });
      const kept = await db.getModel(task.name);
      if (kept?.taskHash === taskHash && kept.modelHash === modelHash) return kept;
      const weights = await this.model(modelHash, task.d);
      const of = { taskName: task.name, taskHash, modelVersion, modelHash };
      return { ...of, weights, record, storedAtMs: clock.now() };
    });
  }

  /** The weights at this address, d of them and all finite. */
  model(hash: string, d: number): Promise<Float32Array> {
    return this.#named(async ({ transport }) => {
      const bytes = await transport.bytes(PATHS.model(hash), 8 + 4 * d);
      await assertHash('model', bytes, hash);
      return decodeModel(bytes, d);
    });
  }

  /** The head's model, from the database or the network; kept as the newest of its task's name. */
  current(task: Task, taskHash: string, head: Head): Promise<StoredModel> {
    return this.#named(async ({ db, clock }) => {
      const kept = await db.getModel(task.name);
      const same = kept?.taskHash === taskHash && kept.modelHash === head.modelHash;
      if (same && kept.modelVersion === head.modelVersion) return kept;
      const stored: StoredModel = {
        taskName: task.name,
        taskHash,
        modelVersion: head.modelVersion,
        modelHash: head.modelHash,
        weights: same ? kept.weights : await this.model(head.modelHash, task.d),
        record: head.model,
        storedAtMs: clock.now(),
      };
      await db.putModel(stored);
      return stored;
    });
  }

  /**
   * The encoded catalogue, from the database or the network. Of a catalogue in parts all are fetched,
   * in the index's order, whatever this browser shows or asks (G3).
   *
   * @param first is given the goods of the first part, encoded, and the part's hash, as soon as they
   * are here: enough to begin to rank
   */
  catalogue(
    hash: string,
    first: (bytes: Uint8Array, partHash: string) => void = () => undefined,
  ): Promise<Uint8Array> {
    return this.#named(async ({ transport, db }) => {
      const kept = await db.getCatalogue(hash);
      if (kept !== undefined) return kept;
      const bytes = await transport.bytes(PATHS.catalogue(hash), CATALOGUE_BYTES);
      await assertHash('catalogue', bytes, hash);
      const index = decodeIndex(bytes);
      const whole = index === null ? bytes : await this.#parts(index, first);
      await db.putCatalogue(hash, whole);
      return whole;
    });
  }

  /** One part of the cards that the site's record names, from the database or the network (G5). */
  cards(hash: string, all: readonly string[]): Promise<Uint8Array> {
    return this.#named(async ({ transport, db }) => {
      const kept = await db.getCards(hash);
      if (kept !== undefined) return kept;
      const bytes = await transport.bytes(PATHS.catalogue(hash), MAX_CARD_BYTES);
      await assertHash('cards', bytes, hash);
      await db.putCards(hash, bytes, all);
      return bytes;
    });
  }

  async #parts(
    index: CatalogueIndex,
    first: (bytes: Uint8Array, partHash: string) => void,
  ): Promise<Uint8Array> {
    const { transport } = this.#options;
    if (index.shards.reduce((sum, { bytes }) => sum + bytes, 0) > CATALOGUE_BYTES) {
      throw new ReceiveError('bad-record', 'catalogue is too large');
    }
    const parts: Uint8Array[] = [];
    for (const { hash, bytes: length } of index.shards) {
      const bytes = await transport.bytes(PATHS.catalogue(hash), length);
      await assertHash('catalogue part', bytes, hash);
      parts.push(bytes);
      if (parts.length === 1 && index.shards.length > 1) first(joinShards(index, parts), hash);
    }
    return joinShards(index, parts);
  }

  async #authentic(hash: string): Promise<SignedTask> {
    const { transport, site } = this.#options;
    const kept = (await this.#kept()).tasks[hash];
    const signed = decodeSignedTask(kept ?? (await transport.json(PATHS.task(hash))));
    const { record } = signed;
    if ((await recordHash(record)) !== hash) throw new ReceiveError('hash-mismatch', 'task');
    await verifyRecord(signed, this.#pins.root);
    if (record.site !== site) throw new ReceiveError('bad-record', 'task of another site');
    // Its hash and the site's signature say nothing of the helper's: a wrong one is not kept.
    if (!(await isHelperSigned(signed))) return signed;
    if (kept === undefined) await this.#keep((all) => withTask(all, hash, signed));
    this.#tasks.set(hash, signed);
    return signed;
  }

  async #verifySite(signed: Signed<SiteRecord>): Promise<SiteRecord> {
    await verifyRecord(signed, this.#pins.root);
    if (signed.record.site !== this.#options.site) {
      throw new ReceiveError('bad-record', 'site record of another site');
    }
    return signed.record;
  }

  async #kept(): Promise<Kept> {
    return readKept(await this.#options.db.getMeta('site'));
  }

  async #keep(change: (kept: Kept) => Kept): Promise<void> {
    await this.#options.db.setMeta('site', change(await this.#kept()));
  }

  async #named<T>(body: (options: ReceiverOptions) => Promise<T>): Promise<T> {
    if (globalThis.crypto?.subtle === undefined) {
      throw new ReceiveError('insecure-context', 'WebCrypto needs a secure context');
    }
    try {
      return await body(this.#options);
    } catch (error) {
      throw receiveError(error);
    }
  }
}

async function assertHash(name: string, bytes: Uint8Array, hash: string): Promise<void> {
  if ((await sha256Hex(bytes)) !== hash) throw new ReceiveError('hash-mismatch', name);
}
