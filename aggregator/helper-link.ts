/** One task's dealings with its helper: what it said last, since when, and when to ask again. */
import type { HelperState } from '../shared/protocol/paths.ts';
import { type HelperClient, HelperError, type HelperPeer } from './helper-client.ts';
import type { Logger } from './logger.ts';
import type { Clock } from './time.ts';

/** First pause after a failure; doubled by each one that follows, up to the longest. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

export interface LinkDeps {
  readonly client: HelperClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class HelperLink {
  readonly #deps: LinkDeps;
  readonly #taskName: string;
  readonly #identityKey: string;
  readonly #failures = new Map<string, number>();
  readonly #abort = new AbortController();
  #state: HelperState = { state: 'untried', sinceMs: null, code: null };
  #inARow = 0;

  constructor(deps: LinkDeps, taskName: string, identityKey: string) {
    this.#deps = deps;
    this.#taskName = taskName;
    this.#identityKey = identityKey;
  }

  get state(): HelperState {
    return this.#state;
  }

  /** Failures by code since the start of this process. */
  get failures(): ReadonlyMap<string, number> {
    return this.#failures;
  }

  /** Pause before the next try. */
  get pauseMs(): number {
    const doubled = FIRST_PAUSE_MS * 2 ** Math.max(0, this.#inARow - 1);
    return Math.min(doubled, LONGEST_PAUSE_MS);
  }

  /** Ends what is on its way. */
  stop(): void {
    this.#abort.abort();
  }

  /**
   * Asks, and checks what comes back, as one step that holds or fails.
   * @throws HelperError, or what `work` throws besides.
   */
  async ask<T>(
    step: 'prepare' | 'open',
    work: (client: HelperClient, peer: HelperPeer) => Promise<T>,
  ): Promise<T> {
    const { client, logger } = this.#deps;
    const peer = { identityKey: this.#identityKey, signal: this.#abort.signal };
    try {
      const answer = await work(client, peer);
      if (this.#inARow > 0) logger('info', 'helper-back', { task: this.#taskName, step });
      this.#inARow = 0;
      this.#enter('ok', null);
      return answer;
    } catch (error) {
      if (error instanceof HelperError && !this.#abort.signal.aborted) this.#failed(step, error);
      throw error;
    }
  }

  #failed(step: string, error: HelperError): void {
    const { code, message, distrusted, refused } = error;
    this.#inARow += 1;
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
    const state = distrusted ? 'distrusted' : refused ? 'refuses' : 'unreachable';
    this.#enter(state, code);
    const fields = { task: this.#taskName, step, code, reason: message, tries: this.#inARow };
    this.#deps.logger(distrusted ? 'error' : 'warn', `helper-${state}`, fields);
  }

  #enter(state: HelperState['state'], code: string | null): void {
    const sinceMs = this.#state.state === state ? this.#state.sinceMs : this.#deps.clock.nowMs();
    this.#state = { state, sinceMs, code };
  }
}
