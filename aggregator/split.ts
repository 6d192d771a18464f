/** What the rounds of a task of the split tier have besides: a noise seed, and a helper to wait for. */
import type { HelperKeys, Task } from '../shared/protocol/task.ts';
import { CryptoSource } from '../shared/random/source.ts';
import type { CloseRecord } from './accumulate/close.ts';
import { HelperError } from './helper-client.ts';
import { HelperLink } from './helper-link.ts';
import type { RoundHistory } from './history.ts';
import { Leader } from './leader.ts';
import { NOISE_SEED_BYTES } from './noise/noise.ts';
import type { RoundsDeps } from './open-round.ts';
import { abandonRound, concludeRound, type Ending, type Opening, type Outcome } from './outcome.ts';

export class SplitSide {
  readonly link: HelperLink;
  readonly #deps: RoundsDeps;
  readonly #history: RoundHistory;
  /** Of the closed round, kept from one try to the next. */
  #leader: { readonly roundHash: string; readonly leader: Leader } | null = null;
  #stopped = false;

  /** @throws RangeError without `deps.helper`. */
  constructor(deps: RoundsDeps, history: RoundHistory, taskName: string, keys: HelperKeys) {
    const { helper: client, clock, logger } = deps;
    if (client === undefined) throw new RangeError('deps.helper is needed in the split tier');
    this.#deps = deps;
    this.#history = history;
    this.link = new HelperLink({ client, clock, logger }, taskName, keys.identityKey);
  }

  /** Seed of this server's noise, for the batch whose close record it is journalled with. */
  newSeed(): Uint8Array {
    const seed = new Uint8Array(NOISE_SEED_BYTES);
    (this.#deps.source ?? new CryptoSource()).fill(seed);
    return seed;
  }

  /**
   * The outcome of a closed round: abandoned when the helper has not opened it within one more
   * window.
   * @throws HelperError until then; DiskError
   */
  async conclude(ending: Ending, record: Opening['record']): Promise<Outcome> {
    const history = this.#history;
    const { roundHash, task, round, batch } = ending;
    if (this.#leader?.roundHash !== roundHash) {
      const { lastSequence } = history;
      const closed = { task, taskHash: round.task, roundHash, batch, lastSequence };
      const leader = new Leader({ ...this.#deps, link: this.link }, closed);
      this.#leader = { roundHash, leader };
    }
    const { leader } = this.#leader;
    try {
      return await concludeRound(this.#deps, ending, {
        leader,
        logged: () => history.opening,
        record,
        rejected: ({ coordinates }) => {
          const fields = { task: task.name, round: round.round, coordinates };
          this.#deps.logger('warn', 'batch-rejected', fields);
        },
      });
    } catch (error) {
      const over = this.#leftMs(task.windowMs, batch.closed) <= 0;
      if (!(error instanceof HelperError) || this.#stopped || !over) throw error;
      return abandonRound(ending, batch.count, 'helper');
    }
  }

  /** Until the helper is asked again: at the latest when its window is over. */
  pauseMs({ windowMs }: Task, closed: CloseRecord | null): number {
    return Math.min(this.link.pauseMs, Math.max(1, this.#leftMs(windowMs, closed)));
  }

  /** Ends what is on its way to the helper. */
  stop(): void {
    this.#stopped = true;
    this.link.stop();
  }

  #leftMs(windowMs: number, closed: CloseRecord | null): number {
    return (closed?.closedAtMs ?? 0) + windowMs - this.#deps.clock.nowMs();
  }
}
