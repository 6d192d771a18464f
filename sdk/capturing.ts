/** From a `track` call to the history: normalised, with page views and dwell, problems by name. */
import { normalise, PROBLEMS, type Problem } from './capture/normalise.ts';
import { PageTracker } from './capture/page.ts';
import type { Environment, Undo } from './environment.ts';
import type { History, Kept } from './history.ts';
import type { Signals } from './signals.ts';

/** Calls that are held while the stored consent is being read. */
const MAX_EARLY = 200;

export class Capturing {
  readonly #environment: Environment;
  readonly #history: History;
  readonly #signals: Signals;
  readonly #page: PageTracker;
  #early: (readonly [unknown, unknown])[] = [];
  /** The dwell that the next one may continue. */
  #dwell: Kept | null = null;
  #timer: Undo | null = null;

  constructor(environment: Environment, history: History, signals: Signals) {
    this.#environment = environment;
    this.#history = history;
    this.#signals = signals;
    this.#page = new PageTracker(
      environment.clock,
      (name, parameters, continues) => this.#capture(name, parameters, false, continues),
      environment.secure() && environment.visible(),
    );
  }

  track(name: unknown, parameters: unknown): void {
    this.#capture(name, parameters, true, false);
    this.#arm();
  }

  /** Keeps a call in memory until it is known whether it may be kept at all. */
  hold(name: unknown, parameters: unknown): void {
    if (this.#early.length < MAX_EARLY) this.#early.push([name, parameters]);
  }

  releaseHeld(): void {
    for (const [name, parameters] of this.#early.splice(0)) this.track(name, parameters);
  }

  hide(): void {
    this.#page.hide();
    this.#arm();
  }

  show(): void {
    this.#page.show();
    this.#arm();
  }

  /** Forgets the page and what was held. */
  reset(): void {
    this.#page.reset();
    this.#early = [];
    this.#dwell = null;
    this.#arm();
  }

  /** The dwell so far is told when it is due, as long as there is a page to look at. */
  #arm(): void {
    this.#timer?.();
    const dueMs = this.#page.dueMs();
    const look = (): void => {
      this.#page.look();
      this.#arm();
    };
    this.#timer = dueMs === null ? null : this.#environment.after(dueMs, look);
  }

  #capture(name: unknown, parameters: unknown, observed: boolean, continues: boolean): void {
    const atMs = this.#environment.clock.now();
    const problem = (one: Problem): void =>
      this.#signals.problem(one, `${String(name)}: ${PROBLEMS[one]}`);
    const session = this.#history.session(atMs);
    const event = normalise(name, parameters, { atMs, session, problem });
    if (event === null || (observed && !this.#page.observe(event))) return;
    const before = continues ? this.#dwell : null;
    if (before !== null) this.#history.replace(before, event);
    else {
      const kept = this.#history.add(event);
      if (event.name === 'dwell' && !observed) this.#dwell = kept;
    }
    this.#signals.debug(`event ${event.name} ${event.items.map(({ id }) => id).join(' ')}`);
    // A dwell changes no list, and comes again and again.
    if (event.name !== 'dwell')
      queueMicrotask(() => this.#signals.emit('update', { cause: 'event' }));
  }
}
