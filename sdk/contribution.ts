/**
 * This page's part in rounds: which task may take part now and why not, when a round is run, and
 * the outbox.
 */
import type { Client } from './client.ts';
import type { Slot } from './downlink.ts';
import type { Undo } from './environment.ts';
import { Hold } from './leader.ts';
import type { BackendReport } from './learn/learner.ts';
import { refusalOfPage } from './permission.ts';
import type { RoundOutcome, SkipReason } from './post/outcome.ts';
import { reasonAgainst } from './reason.ts';
import { Rounds } from './rounds.ts';
import { NoWorkerError } from './spawn.ts';
import { outcomeWords, taskWords } from './status.ts';
import { Uplink } from './uplink.ts';

/** Attempts at one round that ended for a reason of this browser or of the network. */
const MAX_ATTEMPTS = 3;

export interface Standing {
  readonly reason: SkipReason | null;
  readonly detail: string;
  readonly outcome: RoundOutcome | null;
}

export class Contribution {
  readonly #client: Client;
  readonly #leader: Hold;
  readonly #uplink: Uplink;
  readonly #standings = new Map<string, Standing>();
  /** By task and round. */
  readonly #attempts = new Map<string, number>();
  /** Why no learner can be started in this page; a policy does not change while it lives. */
  #workerless: NoWorkerError | null = null;
  readonly #rounds: Rounds;
  #stop: AbortController | null = null;
  #looking = false;
  #lookAgain = false;
  #pending: Undo | null = null;

  constructor(client: Client) {
    this.#client = client;
    this.#leader = new Hold(
      client.environment.locks,
      `vitrine/${client.settings.site}`,
      'exclusive',
    );
    this.#uplink = new Uplink(client);
    this.#rounds = new Rounds(client);
  }

  get backend(): BackendReport | null {
    return this.#rounds.backend;
  }

  get uplink(): Uplink {
    return this.#uplink;
  }

  standing(task: string): Standing {
    return this.#standings.get(task) ?? { reason: null, detail: '', outcome: null };
  }

  start(): void {
    void this.#leader.take(() => this.wake());
    this.wake();
  }

  /** Looks again at every task: something that decides has changed. */
  wake(): void {
    if (!this.#client.running) return;
    this.#uplink.wake(this.#leader.held);
    this.#lookAgain = true;
    if (!this.#looking)
      void this.#look().catch((error: unknown) => this.#client.events.report(error));
  }

  /** Ends a running round within one step; nothing of it is charged. */
  abort(): void {
    this.#pending?.();
    this.#pending = null;
    this.#uplink.stop();
    this.#stop?.abort(new DOMException('stopped', 'AbortError'));
    this.#rounds.endLearner();
  }

  /** The page is about to go: nothing is trained, and what is due is sent with `keepalive`. */
  leave(): void {
    const held = this.#leader.held;
    this.abort();
    if (held) this.#uplink.leave();
    this.#leader.release();
  }

  stop(): void {
    this.abort();
    this.#leader.release();
    this.#standings.clear();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    try {
      while (this.#lookAgain && this.#client.running) {
        this.#lookAgain = false;
        for (const slot of this.#client.downlink.slots.values()) {
          const { reason, detail } = await reasonAgainst(this.#client, slot, {
            leads: this.#leader.held,
            workerless: this.#workerless?.message ?? '',
          });
          this.#stand(slot, { reason, detail });
          if (reason === null) this.#schedule(slot);
        }
      }
    } finally {
      this.#looking = false;
    }
  }

  #stand(slot: Slot, change: Partial<Standing>): void {
    const before = this.standing(slot.name);
    const { reason, detail, outcome } = { ...before, ...change };
    this.#standings.set(slot.name, { reason, detail, outcome });
    if (reason === before.reason || change.reason === undefined) return;
    this.#client.events.debug(`${nameOf(slot)}: ${taskWords(reason, detail, null)}`);
  }

  #schedule(slot: Slot): void {
    const { environment } = this.#client;
    if (this.#stop !== null || this.#pending !== null) return;
    if ((this.#attempts.get(attemptKey(slot)) ?? 0) >= MAX_ATTEMPTS) return;
    this.#pending = environment.idle(() => {
      this.#pending = null;
      void this.#contribute(slot).catch((error: unknown) => this.#client.events.report(error));
    });
  }

  async #contribute(slot: Slot): Promise<void> {
    const client = this.#client;
    if (!client.running || !client.consent.contribute || this.#stop !== null) return;
    const stop = new AbortController();
    this.#stop = stop;
    const key = attemptKey(slot);
    this.#attempts.set(key, (this.#attempts.get(key) ?? 0) + 1);
    // A learner that hangs has until the round closes.
    const left = (slot.round?.deadlineMs ?? 0) - client.environment.clock.now();
    const cancel = client.environment.after(Math.max(0, left), () => this.abort());
    const outcome = await this.#round(slot, stop.signal);
    cancel();
    if (this.#stop === stop) this.#stop = null;
    if (!client.running) return;
    if (outcome.state === 'skipped' && outcome.reason === 'aborted') this.#attempts.delete(key);
    this.#stand(slot, { outcome });
    client.events.debug(`${nameOf(slot)}: ${outcomeWords(outcome)}`);
    client.events.emit('round', { task: slot.name, outcome });
    this.wake();
  }

  async #round(slot: Slot, signal: AbortSignal): Promise<RoundOutcome> {
    const { database, events } = this.#client;
    const skipped = (reason: SkipReason, detail: string): RoundOutcome => ({
      state: 'skipped',
      reason,
      detail,
    });
    if (database === null) return skipped('storage', '');
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    stopped.catch(() => undefined);
    try {
      const refusal = await Promise.race([this.#permission(slot), stopped]);
      if (refusal !== null) return skipped('before-contribute', refusal);
      let stage = '';
      const round = this.#rounds.run(
        slot,
        database,
        (progress) => {
          if (progress.stage !== stage) events.debug(`${nameOf(slot)}: ${progress.stage}`);
          stage = progress.stage;
          events.emit('progress', { ...progress, task: slot.name });
        },
        signal,
      );
      return await Promise.race([round, stopped]);
    } catch (error) {
      if (signal.aborted) return skipped('aborted', '');
      this.#rounds.endLearner();
      if (!(error instanceof NoWorkerError)) throw error;
      this.#workerless = error;
      events.report(error);
      return skipped('no-worker', error.message);
    }
  }

  /** @returns why the page keeps the report from being made, or null */
  async #permission(slot: Slot): Promise<string | null> {
    const { settings, environment, events } = this.#client;
    const hook = settings.hooks.beforeContribute;
    const refusal = await refusalOfPage(hook, slot, environment.clock.now());
    if (refusal === null) return null;
    if (refusal.failed) events.problem('before-contribute', `beforeContribute: ${refusal.detail}`);
    // Once a round: the page has said its word.
    this.#attempts.set(attemptKey(slot), MAX_ATTEMPTS);
    return refusal.detail;
  }
}

/** As lines of debugging call it. */
const nameOf = (slot: Slot): string =>
  `task ${slot.name}, round ${slot.round === null ? '-' : slot.round.round}`;

function attemptKey(slot: Slot): string {
  return `${slot.hash}/${slot.round?.round}`;
}
