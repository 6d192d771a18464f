/**
 * The sum of a batch as it grows. Sums are float64: int32 values below MAX_LOCAL_REPORTS of them
 * stay within 2^53, so every sum is exact and the order of arrival leaves no trace.
 *
 * An engine that fails may have added a part of what it was given. What the sum holds counts for
 * nothing then, until it is made again from the journal: a report that is on disk is never lost.
 */

/** What this room needs of the averaging engine. */
export interface Summer {
  /**
   * Adds `into.length` int32 coordinates, found at byte `offset` of every report. Reports are only
   * read, and until it has resolved.
   */
  sum(reports: readonly Uint8Array[], offset: number, into: Float64Array): void | Promise<void>;
}

type Walk = (visit: (reports: readonly Uint8Array[]) => void | Promise<void>) => Promise<void>;

export class RunningSum {
  /** Exact sum of what was added; empty without a summer. */
  readonly values: Float64Array;
  readonly #summer: Summer | null;
  readonly #offset: number;
  readonly #failed: (error: Error) => void;
  /** The sums on their way, or null. */
  #tail: Promise<void> | null = null;
  #stale = false;
  #making: Promise<void> | null = null;

  /**
   * @param summer null: nothing is summed.
   * @param offset of the coordinates in a report, bytes.
   * @param failed told when the sum must be made again.
   */
  constructor(
    summer: Summer | null,
    d: number,
    offset: number,
    failed: (error: Error) => void = () => undefined,
  ) {
    this.values = new Float64Array(summer === null ? 0 : d);
    this.#summer = summer;
    this.#offset = offset;
    this.#failed = failed;
  }

  /**
   * Adds reports, in the order of the calls; they are read until it has resolved, which is at once
   * where it returns nothing. Never throws: see `makeAgain`.
   */
  add(reports: readonly Uint8Array[]): void | Promise<void> {
    if (this.#summer === null || this.#stale) return;
    if (this.#tail !== null) return this.#follow(this.#tail.then(() => this.#once(reports)));
    const sum = this.#once(reports);
    if (sum !== undefined) return this.#follow(sum);
  }

  /** Resolves when no sum is on its way. */
  async settled(): Promise<void> {
    while (this.#tail !== null) await this.#tail;
  }

  /**
   * Makes the sum again where one has failed, once for all who ask; nothing is added meanwhile.
   * @param walk hands over every report of the batch, a group at a time.
   * @throws Error of the engine, or of `walk`; then it may be called again.
   */
  makeAgain(walk: Walk): Promise<void> {
    this.#making ??= this.#make(walk).finally(() => {
      this.#making = null;
    });
    return this.#making;
  }

  async #make(walk: Walk): Promise<void> {
    await this.settled();
    if (!this.#stale) return;
    this.values.fill(0);
    await walk((reports) => this.#summer?.sum(reports, this.#offset, this.values));
    this.#stale = false;
  }

  #once(reports: readonly Uint8Array[]): void | Promise<void> {
    if (this.#stale) return;
    try {
      const sum = this.#summer?.sum(reports, this.#offset, this.values);
      return sum?.catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  #follow(sum: Promise<void>): Promise<void> {
    const tail = sum.then(() => {
      if (this.#tail === tail) this.#tail = null;
    });
    this.#tail = tail;
    return tail;
  }

  #fail(error: unknown): void {
    this.#stale = true;
    this.#failed(error as Error);
  }
}
