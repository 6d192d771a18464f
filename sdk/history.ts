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
}

export class History {
  readonly #options: HistoryOptions;
  #database: Database | null = null;
  #stored: ShopEvent[] = [];
  #queue: ShopEvent[] = [];
  readonly #inFlight = new Set<ShopEvent>();
  #session: Session | undefined;
  #timer: Undo | null = null;
  #writing: Promise<void> | null = null;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Reads what is stored; events that were queued before stay queued. @throws DatabaseError */
  async attach(database: Database): Promise<void> {
    this.#session = await database.getMeta('session');
    this.#stored = await database.readEvents(this.#options.retention.maxEvents);
    this.#database = database;
    if (this.#queue.length > 0) this.#schedule(0);
  }

  /** Session of an event at this time. */
  session(atMs: number): number {
    return nextSession(this.#session, atMs).number;
  }

  add(event: ShopEvent): void {
    this.#session = nextSession(this.#session, event.atMs);
    this.#queue.push(event);
    if (this.#queue.length > MAX_QUEUE) this.#queue.shift();
    this.#schedule(BATCH_MS);
  }

  /** Oldest first, what is not yet written included. */
  events(): readonly ShopEvent[] {
    return [...this.#stored, ...this.#queue];
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

  async #write(): Promise<void> {
    this.#timer?.();
    this.#timer = null;
    const database = this.#database;
    const batch = this.#queue.filter((event) => !this.#inFlight.has(event));
    if (database === null || batch.length === 0) return;
    for (const event of batch) this.#inFlight.add(event);
    try {
      const session = this.#session;
      await database.appendEvents(batch, this.#options.retention);
      if (this.#database !== database) return;
      this.#stored.push(...batch);
      const over = this.#stored.length - this.#options.retention.maxEvents;
      if (over > 0) this.#stored.splice(0, over);
      this.#queue = this.#queue.filter((event) => !batch.includes(event));
      if (session !== undefined) await database.setMeta('session', session);
      this.#options.onWritten();
    } catch (error) {
      if (this.#database !== database) return;
      this.#options.onFailure(
        error instanceof DatabaseError ? error : new DatabaseError('failed', String(error), error),
      );
      if (database.state !== 'closed') this.#schedule(RETRY_MS);
      return;
    } finally {
      for (const event of batch) this.#inFlight.delete(event);
    }
    if (this.#queue.length > 0 && this.#database === database) this.#schedule(BATCH_MS);
  }

  #schedule(ms: number): void {
    if (this.#database === null) return;
    this.#timer ??= this.#options.after(ms, () => {
      this.#timer = null;
      void this.flush();
    });
  }
}
