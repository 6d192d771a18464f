/**
 * From what is tracked and heard to the history: understood, normalised, with page views and dwell,
 * problems by name.
 */
import type { ShopEvent } from './capture/event.ts';
import type { Heard } from './capture/heard.ts';
import { normalise, PROBLEMS, type Problem } from './capture/normalise.ts';
import { PageTracker } from './capture/page.ts';
import { revise } from './capture/revise.ts';
import { HEARING_PROBLEMS, Understanding, type Understood } from './capture/understand.ts';
import type { PageProduct } from './capture/understand-product.ts';
import type { Environment, Undo } from './environment.ts';
import type { History, Kept } from './history.ts';
import type { Hooks } from './settings.ts';
import type { Signals } from './signals.ts';

/** What is heard while the stored consent is being read. */
const MAX_EARLY = 200;

/** Where things go: the client. */
interface Keeper {
  readonly environment: Environment;
  readonly history: History;
  readonly events: Signals;
  readonly goods: { hear(products: readonly PageProduct[]): void };
}

export class Capturing {
  readonly #environment: Environment;
  readonly #history: History;
  readonly #signals: Signals;
  readonly #goods: Keeper['goods'];
  readonly #before: Hooks['beforeCapture'];
  readonly #page: PageTracker;
  #understanding: Understanding;
  #early: [heard: Heard, atMs: number][] = [];
  /** The dwell that the next one may continue. */
  #dwell: Kept | null = null;
  #timer: Undo | null = null;
  /** Until what a page shows is told. */
  #settling: Undo | null = null;
  /** Events that the shop's hook has not yet answered, in their order. */
  #asked: Promise<void> = Promise.resolve();
  #waiting = 0;
  readonly #unanswered = new Set<ShopEvent>();
  /** Rises whenever what was asked before may no longer be kept. */
  #generation = 0;

  constructor(keeper: Keeper, before: Hooks['beforeCapture'] = null) {
    const { environment } = keeper;
    this.#environment = environment;
    this.#history = keeper.history;
    this.#signals = keeper.events;
    this.#goods = keeper.goods;
    this.#before = before;
    this.#understanding = this.#begin();
    this.#page = new PageTracker(
      environment.clock,
      (name, parameters, continues, atMs) =>
        this.#capture(name, parameters, false, continues, atMs),
      environment.secure() && environment.visible(),
    );
  }

  /** @param atMs when the page was heard; of what is to come, now */
  hear(heard: Heard, atMs: number): void {
    const when = Math.min(atMs, this.#environment.clock.now());
    this.#keepAll(this.#understanding.hear(heard, when), when);
  }

  /** Keeps it in memory until it is known whether it may be kept at all. */
  hold(heard: Heard, atMs: number): void {
    if (this.#early.length < MAX_EARLY) this.#early.push([heard, atMs]);
  }

  releaseHeld(): void {
    for (const [heard, atMs] of this.#early.splice(0)) this.hear(heard, atMs);
  }

  hide(): void {
    this.#keepAll(this.#understanding.settle(this.#environment.clock.now(), true));
    this.#page.hide();
    this.#arm();
  }

  show(): void {
    this.#page.show();
    this.#arm();
  }

  /** Forgets the page and what was held. */
  reset(): void {
    this.#generation++;
    // A hook that never answers holds up nothing of what comes afterwards.
    this.#asked = Promise.resolve();
    this.#waiting = 0;
    this.#unanswered.clear();
    this.#page.reset();
    this.#early = [];
    this.#dwell = null;
    this.#understanding = this.#begin();
    this.#settling?.();
    this.#settling = null;
    this.#arm();
  }

  #begin(): Understanding {
    const past = (): ShopEvent[] => [...this.#history.events(), ...this.#unanswered];
    return new Understanding({ past });
  }

  #keepAll({ calls, products, problems }: Understood, atMs = this.#environment.clock.now()): void {
    for (const one of problems) this.#signals.problem(one, HEARING_PROBLEMS[one]);
    for (const { name, parameters, from } of calls) {
      if (from !== 'call') this.#signals.debug(`heard ${name} from ${from}`);
      this.#capture(name, parameters, true, false, atMs);
    }
    if (products.length > 0) this.#goods.hear(products);
    this.#arm();
    this.#settling?.();
    const { clock, after } = this.#environment;
    const dueMs = this.#understanding.dueMs(clock.now());
    const settle = (): void => this.#keepAll(this.#understanding.settle(clock.now()));
    this.#settling = dueMs === null ? null : after(dueMs, settle);
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

  #capture(
    name: unknown,
    parameters: unknown,
    observed: boolean,
    continues: boolean,
    atMs: number,
  ): void {
    const problem = (one: Problem): void =>
      this.#signals.problem(one, `${String(name)}: ${PROBLEMS[one]}`);
    const session = this.#history.session(atMs);
    const event = normalise(name, parameters, { atMs, session, problem });
    if (event === null || (observed && !this.#page.observe(event))) return;
    if (this.#before === null) this.#keep(event, observed, continues);
    else this.#ask(this.#before, event, (kept) => this.#keep(kept, observed, continues));
  }

  /** A hook in the page answers a Worker later; what comes meanwhile waits behind it. */
  #ask(
    hook: NonNullable<Hooks['beforeCapture']>,
    event: ShopEvent,
    keep: (event: ShopEvent) => void,
  ): void {
    const judge = (answer: unknown): void => {
      const judged = revise(answer, event);
      if ('problem' in judged) this.#refuse(event, judged.problem);
      else if (judged.event !== null) keep(judged.event);
      else this.#signals.debug(`event ${event.name} dropped by beforeCapture`);
    };
    const failed = (error: unknown): void => this.#refuse(event, `it failed: ${String(error)}`);
    if (this.#waiting >= MAX_EARLY) {
      this.#refuse(event, 'it does not answer');
      return;
    }
    let answer: unknown;
    try {
      answer = hook(structuredClone(event));
    } catch (error) {
      failed(error);
      return;
    }
    if (this.#waiting === 0 && !isThenable(answer)) {
      judge(answer);
      return;
    }
    const generation = this.#generation;
    this.#waiting++;
    this.#unanswered.add(event);
    const told = Promise.resolve(answer).then(
      (one) => () => judge(one),
      (error: unknown) => () => failed(error),
    );
    this.#asked = this.#asked
      .then(() => told)
      .then((act) => {
        if (this.#generation !== generation) return;
        this.#waiting--;
        this.#unanswered.delete(event);
        act();
      });
  }

  #refuse(event: ShopEvent, why: string): void {
    this.#signals.problem('before-capture', `${event.name} was dropped by beforeCapture: ${why}`);
  }

  #keep(event: ShopEvent, observed: boolean, continues: boolean): void {
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

const isThenable = (value: unknown): boolean =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
