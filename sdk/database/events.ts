/**
 * The store of sealed events. An IndexedDB transaction ends while WebCrypto works, so everything
 * is sealed before a transaction and opened after it; a record that is rewritten is compared
 * again inside.
 */
import type { ShopEvent } from '../capture/event.ts';
import { type Connection, namedError, type Transaction } from './connection.ts';
import type { Retention, StoredEvent } from './database.ts';
import type { Keyring } from './keyring.ts';
import { oldestKept } from './rules.ts';
import {
  DAY_MS,
  firstKey,
  isSame,
  type Keyless,
  RECORD_EVENTS,
  recordOf,
  type SealedEvents,
  seal,
  unseal,
} from './seal.ts';
import { beginEpoch } from './steps.ts';
import { nextTurn } from './turn.ts';

/** Records with few events that are left as they are; more are merged, but for the newest. */
const MAX_SMALL = 128;
const NEWEST_SMALL = 32;
/** Records that are taken from the store, and opened, at once: about a thousand events. */
const PART = 16;

/** Records become one with the events that are kept, or go when none is. */
interface Change {
  readonly old: readonly SealedEvents[];
  readonly kept: readonly StoredEvent[];
}

export class EventStore {
  readonly #connection: Connection;
  readonly #keyring: Keyring;
  /** What reading or the last trimming found, with what came since; null before either. */
  #left: { count: number; oldestMs: number } | null = null;
  /** Whether this connection has looked if the epoch has begun. */
  #looked = false;
  #damaged = 0;
  /** By event key, records of one event that this connection added, to tell that they still are. */
  readonly #alone = new Map<number, Keyless>();

  constructor(connection: Connection, keyring: Keyring) {
    this.#connection = connection;
    this.#keyring = keyring;
  }

  get damaged(): number {
    return this.#damaged;
  }

  /** A consent that comes later than events begins the epoch with the next of them. */
  lookAgain(): void {
    this.#left = null;
    this.#looked = false;
  }

  async append(
    events: readonly ShopEvent[],
    retention: Retention,
    replaced: readonly number[],
  ): Promise<number[]> {
    const { keys, shared } = await this.#add(events, replaced);
    const fits = events.length > 0 && this.#fits(events, retention);
    try {
      for (const key of shared) await this.#takeOut(key);
      if (!this.#looked) await this.#beginEpoch(events);
      if (!fits) await this.#trim(events, retention);
    } catch (error) {
      // The events are stored: to a caller that tried again they would come twice.
      if (events.length === 0 || namedError(error).code !== 'quota') throw error;
    }
    return keys;
  }

  async read(limit: number = Number.POSITIVE_INFINITY): Promise<StoredEvent[]> {
    const all = await this.#connection.read(['events'], recordsOf);
    // With many small ones the next event has them merged.
    if (smallOf(all) <= MAX_SMALL) {
      const days = all.map(({ day }) => day * DAY_MS);
      const oldestMs = days.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY);
      this.#left ??= { count: total(all), oldestMs };
    }
    const records = newest(all, limit);
    if (records.length === 0) return [];
    const events = (await this.#open(records)).flat();
    return Number.isFinite(limit) ? events.slice(Math.max(0, events.length - limit)) : events;
  }

  async #beginEpoch([first]: readonly ShopEvent[]): Promise<void> {
    if (first === undefined) return;
    await this.#connection.write(['meta'], (tx) => beginEpoch(tx, first.atMs));
    this.#looked = true;
  }

  async #seal(events: readonly ShopEvent[]): Promise<Keyless> {
    const key = await this.#keyring.key();
    return seal(key, events).catch((error: unknown) => Promise.reject(namedError(error)));
  }

  /** `shared`: keys of what is to be replaced and shares its record with other events. */
  async #add(
    events: readonly ShopEvent[],
    replaced: readonly number[],
  ): Promise<{ keys: number[]; shared: number[] }> {
    const blocks: ShopEvent[][] = [];
    for (let i = 0; i < events.length; i += RECORD_EVENTS) {
      blocks.push(events.slice(i, i + RECORD_EVENTS));
    }
    const sealed = await Promise.all(blocks.map((block) => this.#seal(block)));
    const written = await this.#connection.write(['events'], async (tx) => {
      const store = tx.objectStore('events');
      // The key is the store's to give: the type has it for what is read back.
      const added = sealed.map((record) => store.add(record as SealedEvents));
      const shared: number[] = [];
      const removed: Promise<void>[] = [];
      for (const key of replaced) {
        const old = await store.get(recordOf(key));
        if (isSame(old, this.#alone.get(key))) removed.push(store.delete(recordOf(key)));
        else shared.push(key);
      }
      // A page on its way out aborts what is not committed.
      tx.commit();
      await Promise.all(removed);
      return { records: await Promise.all(added), shared };
    });
    const keys = written.records.map(firstKey);
    for (const key of replaced) this.#alone.delete(key);
    for (const [i, record] of sealed.entries()) {
      if (record.count === 1) this.#alone.set(keys[i] as number, record);
    }
    return {
      keys: keys.flatMap((first, i) => (blocks[i] ?? []).map((_event, at) => first + at)),
      shared: written.shared,
    };
  }

  /** Events of each record; what cannot be opened is deleted, counted, and holds none. */
  async #open(records: readonly SealedEvents[]): Promise<StoredEvent[][]> {
    const key = await this.#keyring.key();
    const opened: (StoredEvent[] | null)[] = [];
    for (let from = 0; from < records.length; from += PART) {
      if (from > 0) await nextTurn();
      const part = records.slice(from, from + PART);
      opened.push(...(await Promise.all(part.map((record) => unseal(key, record)))));
    }
    const damaged = records.filter((_record, i) => opened[i] === null);
    if (damaged.length > 0) {
      this.#damaged += damaged.length;
      const gone = damaged.map((record) => ({ old: [record], kept: [] }));
      await this.#rewrite(gone).catch(() => undefined);
    }
    return opened.map((events) => events ?? []);
  }

  async #takeOut(key: number): Promise<void> {
    const range = IDBKeyRange.lowerBound(recordOf(key));
    // A merged record has the key of its last part.
    const [record] = await this.#connection.read(['events'], (tx) =>
      tx.objectStore('events').getAll(range, 1),
    );
    if (record === undefined) return;
    const events = (await this.#open([record])).flat();
    const kept = events.filter((event) => event.key !== key);
    if (kept.length < events.length) await this.#rewrite([{ old: [record], kept }]);
  }

  /** Carries out the changes whose records nobody else has changed meanwhile. */
  async #rewrite(changes: readonly Change[]): Promise<void> {
    const sealed = await Promise.all(
      changes.map(({ kept }) => (kept.length > 0 ? this.#seal(kept) : null)),
    );
    await this.#connection.write(['events'], async (tx) => {
      const store = tx.objectStore('events');
      for (const [i, { old }] of changes.entries()) {
        const now = await Promise.all(old.map(({ key }) => store.get(key)));
        if (!old.every((record, at) => isSame(now[at], record))) continue;
        for (const { key } of old) await store.delete(key);
        const last = old.at(-1);
        const record = sealed[i];
        if (record && last) await store.put({ ...record, key: last.key });
      }
    });
  }

  /**
   * Whether no event has to go, by what the last trimming left and what came since. A transaction
   * less matters: behind one that still runs, the last write of a page that is left is lost.
   */
  #fits(events: readonly ShopEvent[], retention: Retention): boolean {
    if (this.#left === null) return false;
    this.#left.count += events.length;
    const times = events.map(({ atMs }) => atMs);
    this.#left.oldestMs = Math.min(this.#left.oldestMs, ...times);
    const oldest = oldestKept(Math.max(...times), retention);
    const room = retention.maxEvents + slack(retention);
    return this.#left.count <= room && this.#left.oldestMs >= oldest;
  }

  async #trim(events: readonly ShopEvent[], retention: Retention): Promise<void> {
    const records = await this.#connection.read(['events'], recordsOf);
    const times = (events.length > 0 ? events : await this.read(1)).map(({ atMs }) => atMs);
    const oldest = oldestKept(Math.max(...times), retention);
    let count = total(records);
    let over = count > retention.maxEvents + slack(retention) ? count - retention.maxEvents : 0;
    const changes: Change[] = [];
    const untouched: SealedEvents[] = [];
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const record of records) {
      if (over === 0 && record.day * DAY_MS >= oldest) {
        untouched.push(record);
        oldestMs = Math.min(oldestMs, record.day * DAY_MS);
        continue;
      }
      const opened = over >= record.count ? [] : ((await this.#open([record]))[0] ?? []);
      const kept = opened.slice(over).filter(({ atMs }) => !(atMs < oldest));
      over -= Math.min(over, record.count);
      oldestMs = kept.reduce((least, { atMs }) => Math.min(least, atMs), oldestMs);
      if (kept.length === record.count) untouched.push(record);
      else changes.push({ old: [record], kept });
      count -= record.count - kept.length;
    }
    changes.push(...(await this.#merges(untouched)));
    if (changes.length > 0) await this.#rewrite(changes);
    this.#left = { count, oldestMs };
  }

  /** Many small records are slow to read: neighbours become one, the newest stay. */
  async #merges(records: readonly SealedEvents[]): Promise<Change[]> {
    if (smallOf(records) <= MAX_SMALL) return [];
    const groups: SealedEvents[][] = [[]];
    for (const record of records.slice(0, -NEWEST_SMALL)) {
      const group = groups.at(-1) as SealedEvents[];
      if (total(group) + record.count <= RECORD_EVENTS) group.push(record);
      else groups.push([record]);
    }
    const many = groups.filter((group) => group.length > 1);
    const opened = await Promise.all(many.map((group) => this.#open(group)));
    return many.map((old, i) => ({ old, kept: (opened[i] ?? []).flat() }));
  }
}

/** All records in one transaction, in parts: a page cannot paint while it takes one in. */
async function recordsOf(tx: Transaction<'readonly'>): Promise<SealedEvents[]> {
  const store = tx.objectStore('events');
  const records: SealedEvents[] = [];
  for (;;) {
    const last = records.at(-1);
    const range = last === undefined ? null : IDBKeyRange.lowerBound(last.key, true);
    const part = await store.getAll(range, PART);
    records.push(...part);
    if (part.length < PART) return records;
  }
}

const smallOf = (records: readonly SealedEvents[]): number =>
  records.filter(({ count }) => count < RECORD_EVENTS).length;

const total = (records: readonly SealedEvents[]): number =>
  records.reduce((sum, { count }) => sum + count, 0);

/** A full ring is cut by as many events at once, since a cut seals a record anew. */
export const slack = ({ maxEvents }: Retention): number => Math.floor(maxEvents / RECORD_EVENTS);

/** The last records that hold `limit` events together. */
function newest(records: readonly SealedEvents[], limit: number): readonly SealedEvents[] {
  let held = 0;
  let from = records.length;
  while (from > 0 && held < limit) held += records[--from]?.count ?? 0;
  return records.slice(from);
}
