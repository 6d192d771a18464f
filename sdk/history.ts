/** This page's hold on the stored history: a queue that is written in batches and never blocks. */
import type { ShopEvent } from './capture/event.ts';
import { nextSession, type Session } from './capture/session.ts';
import { type Database, DatabaseError, type Retention } from './database/database.ts';
import { slack } from './database/events.ts';
import type { Undo } from './environment.ts';

/** The calls of one task together; no longer, since a click may leave the page at once. */
const BATCH_MS = 0;
const RETRY_MS = 5000;
/** Unwritten events that are kept while storage is full; beyond it the oldest go. */
const MAX_QUEUE = 500;

export interface HistoryOptions {
  readonly retention: Retention;
  after(ms: number, run: () => void): Undo;
  /** A write failed; the events stay in this page and the write is tried again. */
  onFailure(error: DatabaseError): void;
  onWritten(): void;
  /** Stored records could not be decrypted and were deleted; called with their number. */
  onDamaged(records: number): void;
}

/** An event of this page, which a later one may replace as long as it is the newest of its kind. */
export interface Kept {
  event: ShopEvent;
  /** Key of what is stored of it; null before the first write. */
  key: number | null;
}

/** Told of what the history gains, as it does. */
export interface HistoryWatcher {
  /** At its end. */
  added(event: ShopEvent): void;
  /** A dwell that goes on: it is the same one, and has come to the end. */
  replaced(before: ShopEvent, event: ShopEvent): void;
  /** What was told so far no longer holds: read it again. */
  reset(): void;
  /** The store was looked at again: another tab may have written there. */
  again(): void;
}

export class History {
  readonly #options: HistoryOptions;
  readonly #watchers: HistoryWatcher[] = [];
  #database: Database | null = null;
  #stored: Kept[] = [];
  /** To be written: new ones, and stored ones that another event has replaced since. */
  #queue: Kept[] = [];
  readonly #inFlight = new Set<Kept>();
  /** Cut off since the watchers were last told. */
  #over = 0;
  #session: Session | undefined;
  #timer: Undo | null = null;
  #writing: Promise<void> | null = null;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Reads what is stored; events that were queued before stay queued. @throws DatabaseError */
  async attach(database: Database): Promise<void> {
    const before = database.damaged;
    const events = await database.readEvents(this.#options.retention.maxEvents);
    if (database.damaged > before) this.#options.onDamaged(database.damaged - before);
    const known = this.#database === database ? this.#stored : null;
    // What this page goes on replacing is the same object before and after.
    const own = new Map(this.#all().map((kept) => [kept.key, kept]));
    this.#stored = events.flatMap(({ key, ...event }) => {
      const known = own.get(key);
      if (known === undefined) return [{ event, key }];
      return this.#queue.includes(known) ? [] : [known];
    });
    for (const { event } of this.#all()) this.#session = latest(this.#session, event);
    this.#database = database;
    this.#tell(known);
    if (this.#queue.length > 0) this.#schedule(0);
  }

  /** Session of an event at this time. */
  session(atMs: number): number {
    return nextSession(this.#session, atMs).number;
  }

  add(event: ShopEvent): Kept {
    const kept = { event, key: null };
    this.#enqueue(kept);
    for (const watcher of this.#watchers) watcher.added(event);
    return kept;
  }

  watch(watcher: HistoryWatcher): void {
    this.#watchers.push(watcher);
  }

  /** The later event takes the place of the one that was kept, at the end of the history. */
  replace(kept: Kept, event: ShopEvent): void {
    const before = kept.event;
    kept.event = event;
    const at = this.#stored.lastIndexOf(kept);
    if (at !== -1) this.#stored.splice(at, 1);
    this.#queue = this.#queue.filter((one) => one !== kept);
    this.#enqueue(kept);
    for (const watcher of this.#watchers) watcher.replaced(before, event);
  }

  /** Oldest first, what is not yet written included. */
  events(): readonly ShopEvent[] {
    return this.#all().map(({ event }) => event);
  }

  /** Writes what is queued; two callers share one write. Never rejects. */
  flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  /** The page is about to go: begins writing at once, beside a write that is under way. */
  leave(): void {
    void this.#write();
  }

  /** Reads again what another tab may have written. */
  async reload(): Promise<void> {
    await this.flush();
    if (this.#database !== null) await this.attach(this.#database);
  }

  /** Drops everything in memory; nothing is written afterwards. */
  detach(): void {
    this.#timer?.();
    this.#timer = null;
    this.#database = null;
    this.#stored = [];
    this.#queue = [];
    this.#session = undefined;
    for (const watcher of this.#watchers) watcher.reset();
  }

  /** Of what has come to the end of what was known, or that all is to be read again. */
  #tell(known: readonly Kept[] | null): void {
    const isLonger =
      known !== null &&
      known.length > 0 &&
      known.every(({ key }, i) => this.#stored[i]?.key === key);
    for (const watcher of this.#watchers) {
      watcher.again();
      if (!isLonger) watcher.reset();
      else for (const { event } of this.#stored.slice(known?.length)) watcher.added(event);
    }
  }

  #all(): Kept[] {
    return [...this.#stored, ...this.#queue];
  }

  #enqueue(kept: Kept): void {
    this.#session = nextSession(this.#session, kept.event.atMs);
    this.#queue.push(kept);
    if (this.#queue.length > MAX_QUEUE) this.#queue.shift();
    this.#schedule(BATCH_MS);
  }

  async #write(): Promise<void> {
    this.#timer?.();
    this.#timer = null;
    const database = this.#database;
    const batch = this.#queue.filter((kept) => !this.#inFlight.has(kept));
    if (database === null || batch.length === 0) return;
    const events = batch.map(({ event }) => event);
    for (const kept of batch) this.#inFlight.add(kept);
    try {
      await this.#store(database, batch);
      if (this.#database !== database) return;
      // What was replaced meanwhile is to be written again.
      const written = batch.filter((kept, i) => kept.event === events[i]);
      const keys = new Set(written.map(({ key }) => key));
      // What was read again meanwhile stands at the end; a long history is not gone through for it.
      const newest = this.#stored.splice(-2 * MAX_QUEUE);
      this.#stored.push(...newest.filter(({ key }) => !keys.has(key)), ...written);
      const over = this.#stored.length - this.#options.retention.maxEvents;
      if (over > 0) this.#cut(over);
      this.#queue = this.#queue.filter((kept) => !written.includes(kept));
      this.#options.onWritten();
    } catch (error) {
      if (this.#database !== database) return;
      this.#options.onFailure(
        error instanceof DatabaseError ? error : new DatabaseError('failed', String(error), error),
      );
      if (database.state !== 'closed') this.#schedule(RETRY_MS);
      return;
    } finally {
      for (const kept of batch) this.#inFlight.delete(kept);
    }
    if (this.#queue.length > 0 && this.#database === database) this.#schedule(BATCH_MS);
  }

  /** What is told of the oldest is taken back when the store, too, has cut as many (events.ts). */
  #cut(over: number): void {
    this.#stored.splice(0, over);
    this.#over += over;
    if (this.#over <= slack(this.#options.retention)) return;
    this.#over = 0;
    for (const watcher of this.#watchers) watcher.reset();
  }

  /** In their order, in the place of what is stored of them. */
  async #store(database: Database, batch: readonly Kept[]): Promise<void> {
    const events = batch.map(({ event }) => event);
    const replaced = batch.flatMap(({ key }) => key ?? []);
    const keys = await database.appendEvents(events, this.#options.retention, replaced);
    for (const [i, kept] of batch.entries()) kept.key = keys[i] ?? null;
  }

  #schedule(ms: number): void {
    if (this.#database === null) return;
    this.#timer ??= this.#options.after(ms, () => {
      this.#timer = null;
      void this.flush();
    });
  }
}

/** The session of the history's newest event, whichever that is. */
function latest(session: Session | undefined, { session: number, atMs }: ShopEvent): Session {
  if (session === undefined) return { number, lastEventMs: atMs };
  return {
    number: Math.max(number, session.number),
    lastEventMs: Math.max(atMs, session.lastEventMs),
  };
}
