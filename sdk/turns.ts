/** Lifecycle steps of a page: one after another, whatever becomes of each. */

export class Turns {
  readonly #onFailure: (error: unknown) => void;
  #last: Promise<void> = Promise.resolve();

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Resolves when every step so far has ended. Never rejects. */
  get ended(): Promise<void> {
    return this.#last;
  }

  /** Never rejects: a failure is reported and does not stop the next step. */
  take(step: () => Promise<unknown>): Promise<void> {
    this.#last = this.#last.then(async () => void (await step())).catch(this.#onFailure);
    return this.#last;
  }

  /** As `take`, but a failure rejects this result too. */
  attempt(step: () => Promise<void>): Promise<void> {
    const done = this.#last.then(step);
    this.#last = done.catch(this.#onFailure);
    return done;
  }
}
