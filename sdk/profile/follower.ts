/**
 * Keeps the sums of a history (tally.ts) up to date with it: an event is added when somebody asks
 * next. A history that has just been read is added in slices, between which the page may paint; this
 * is done on the page's own thread, since one event costs microseconds there, while a Worker would
 * have to be started, fed with the whole history, and asked across a thread for every answer.
 */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { ShopEvent } from '../capture/event.ts';
import { BOT_EVENTS, BOT_MS, PASSIVE } from '../features/clean.ts';
import { Doubles } from '../features/doubles.ts';
import { mended } from '../features/mend.ts';
import { inOrder } from '../features/order.ts';
import { Tally } from './tally.ts';

/** What is kept by default, so that a head sees all of it. */
const MAX_RECENT = 5000;
/** Events among which a late one finds its place; with a larger delay all are put in order. */
const MAX_LATE = 16;
/** A slice ends after so many events, or when it has taken so long. */
const SLICE = 500;
const SLICE_MS = 4;
/** Events between two looks at the clock. */
const LOOK = 32;
const DISORDER_MS = 60_000;
/** Events among which a double is looked for. */
const MAX_KEYS = 512;

export interface FollowerOptions {
  /** All events that are kept, oldest first. */
  events(): readonly ShopEvent[];
  catalogue(): Catalogue;
  now(): number;
  /** Resolves when the page has had a turn. */
  pause(): Promise<void>;
}

export class Follower {
  readonly #options: FollowerOptions;
  #tally: Tally | null = null;
  #events: ShopEvent[] = [];
  #next = 0;
  /** Later than now: counted when their time has come. */
  #future: ShopEvent[] = [];
  #doubles = new Doubles(MAX_KEYS);
  readonly #rates = new Map<string, number[]>();
  /** At a rate that no person reaches. */
  automated = false;
  #recent: ShopEvent[] = [];
  #isOrdered = true;
  /** Rises with every event that is added, and with every new start. */
  revision = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** One more event at the end. */
  added(event: ShopEvent): void {
    if (this.#tally !== null) this.#events.push(event);
  }

  /** A dwell that goes on counts as it did; what looks at the events themselves sees the new one. */
  replaced(before: ShopEvent, event: ShopEvent): void {
    const waiting = this.#events.indexOf(before, this.#next);
    if (waiting !== -1) {
      this.#events.splice(waiting, 1);
      this.#events.push(event);
      return;
    }
    const at = this.#recent.lastIndexOf(before);
    const now = mended(event);
    if (at === -1 || now === null) return;
    this.#recent.splice(at, 1);
    this.#remember(now);
    this.revision++;
  }

  /** The history is another: all is read again when somebody asks. */
  reset(): void {
    this.#tally = null;
    this.#events = [];
    this.#future = [];
    this.#doubles = new Doubles(MAX_KEYS);
    this.#rates.clear();
    this.automated = false;
    this.#recent = [];
    this.#isOrdered = true;
    this.revision++;
  }

  /** The newest 5,000 events, cleaned and in the order of time; none of a machine. */
  recent(): readonly ShopEvent[] {
    if (this.automated) return [];
    const newest = this.#recent.slice(-MAX_RECENT);
    return this.#isOrdered ? newest : inOrder(newest);
  }

  /** The sums of all events so far that are not later than now. */
  async settled(): Promise<Tally> {
    for (;;) {
      const catalogue = this.#options.catalogue();
      if (this.#tally?.catalogue !== catalogue) this.#start(catalogue);
      this.#slice(this.#tally as Tally);
      if (this.#next >= this.#events.length) break;
      await this.#options.pause();
    }
    if (this.#events.length > SLICE) {
      this.#events = [];
      this.#next = 0;
    }
    return this.#tally as Tally;
  }

  #start(catalogue: Catalogue): void {
    this.reset();
    this.#tally = new Tally(catalogue, this.#options.now());
    this.#events = [...this.#options.events()];
    this.#next = 0;
  }

  #slice(tally: Tally): void {
    const nowMs = this.#options.now();
    if (this.#future.some(({ atMs }) => atMs <= nowMs)) {
      const due = this.#future.filter(({ atMs }) => atMs <= nowMs);
      this.#future = this.#future.filter(({ atMs }) => atMs > nowMs);
      for (const event of due) this.#add(tally, event);
    }
    const end = Math.min(this.#events.length, this.#next + SLICE);
    for (let done = 1; this.#next < end; this.#next++, done++) {
      if (done % LOOK === 0 && this.#options.now() - nowMs >= SLICE_MS) return;
      const event = mended(this.#events[this.#next]);
      if (event === null || this.#doubles.has(event)) continue;
      if (event.atMs > nowMs) this.#future.push(event);
      else this.#add(tally, event);
    }
  }

  #add(tally: Tally, event: ShopEvent): void {
    tally.add(event);
    this.revision++;
    this.#remember(event);
    if (this.automated || PASSIVE.has(event.name)) return;
    const times = this.#rates.get(event.name) ?? [];
    this.#rates.set(event.name, times);
    // A clock that was set back says nothing of a rate: the count begins again.
    if (event.atMs < (times.at(-1) ?? 0) - DISORDER_MS) times.length = 0;
    times.push(event.atMs);
    if (times.length <= BOT_EVENTS) return;
    this.automated = event.atMs - (times.shift() as number) < BOT_MS;
  }

  /** A dwell that ends with an event is told of just before it, and is a little later. */
  #remember(event: ShopEvent): void {
    const recent = this.#recent;
    let at = recent.length;
    const isLater = (one: ShopEvent | undefined): boolean => (one?.atMs ?? -Infinity) > event.atMs;
    while (at > recent.length - MAX_LATE && isLater(recent[at - 1])) at--;
    if (isLater(recent[at - 1])) this.#isOrdered = false;
    recent.splice(at, 0, event);
    if (recent.length >= 2 * MAX_RECENT) recent.splice(0, MAX_RECENT);
  }
}
