/** This page's hold on the stored history: a queue that is written in batches and never blocks. */
import type { ShopEvent } from './capture/event.ts';
import { nextSession, type Session } from './capture/session.ts';
import { type Database, DatabaseError, type Retention } from './database/database.ts';
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

export class History {
  readonly #options: HistoryOptions;
  #database: Database | null = null;
  #stored: Kept[] = [];
  /** To be written: new ones, and stored ones that another event has replaced since. */
  #queue: Kept[] = [];
  readonly #inFlight = new Set<Kept>();
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
    // What this page goes on replacing is the same object before and after.
    const own = new Map(this.#all().map((kept) => [kept.key, kept]));
    this.#stored = events.flatMap(({ key, ...event }) => {
      const known = own.get(key);
      if (known === undefined) return [{ event, key }];
      return this.#queue.includes(known) ? [] : [known];
    });
    for (const { event } of this.#all()) this.#session = latest(this.#session, event);
    this.#database = database;
    if (this.#queue.length > 0) this.#schedule(0);
  }

  /** Session of an event at this time. */
  session(atMs: number): number {
    return nextSession(this.#session, atMs).number;
  }

  add(event: ShopEvent): Kept {
    const kept = { event, key: null };
    this.#enqueue(kept);
    return kept;
  }

  /** The later event takes the place of the one that was kept, at the end of the history. */
  replace(kept: Kept, event: ShopEvent): void {
    kept.event = event;
    this.#stored = this.#stored.filter((one) => one !== kept);
    this.#queue = this.#queue.filter((one) => one !== kept);
    this.#enqueue(kept);
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
      this.#stored = this.#stored.filter(({ key }) => !keys.has(key)).concat(written);
      const over = this.#stored.length - this.#options.retention.maxEvents;
      if (over > 0) this.#stored.splice(0, over);
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
