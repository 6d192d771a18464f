/** From a `track` call to the history: normalised, with page views and dwell, problems by name. */
import { normalise, PROBLEMS, type Problem } from './capture/normalise.ts';
import { PageTracker } from './capture/page.ts';
import type { Environment } from './environment.ts';
import type { History } from './history.ts';
import type { Signals } from './signals.ts';

/** Calls that are held while the stored consent is being read. */
const MAX_EARLY = 200;

export class Capturing {
  readonly #environment: Environment;
  readonly #history: History;
  readonly #signals: Signals;
  readonly #page: PageTracker;
  #early: (readonly [unknown, unknown])[] = [];

  constructor(environment: Environment, history: History, signals: Signals) {
    this.#environment = environment;
    this.#history = history;
    this.#signals = signals;
    this.#page = new PageTracker(
      environment.clock,
      (name, parameters) => this.#capture(name, parameters, false),
      environment.secure() && environment.visible(),
    );
  }

  track(name: unknown, parameters: unknown): void {
    this.#capture(name, parameters, true);
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
  }

  show(): void {
    this.#page.show();
  }

  /** Forgets the page and what was held. */
  reset(): void {
    this.#page.reset();
    this.#early = [];
  }

  #capture(name: unknown, parameters: unknown, observed: boolean): void {
    const atMs = this.#environment.clock.now();
    const problem = (one: Problem): void =>
      this.#signals.problem(one, `${String(name)}: ${PROBLEMS[one]}`);
    const session = this.#history.session(atMs);
    const event = normalise(name, parameters, { atMs, session, problem });
    if (event === null || (observed && !this.#page.observe(event))) return;
    this.#history.add(event);
    this.#signals.debug(`event ${event.name} ${event.items.map(({ id }) => id).join(' ')}`);
    queueMicrotask(() => this.#signals.emit('update', { cause: 'event' }));
  }
}
