/**
 * Rounds of this browser, and their learner. It is fetched only after consent and the round's coin,
 * for every training task alike and before the history is read: a fetch that is missing must not
 * tell an empty one.
 */
import type { Client } from './client.ts';
import type { Database } from './database/database.ts';
import type { Slot } from './downlink.ts';
import type { Undo } from './environment.ts';
import type { BackendReport, Learner } from './learn/learner.ts';
import type { RoundOutcome } from './post/outcome.ts';
import type { Receiver } from './receive/receiver.ts';
import { NO_LEARNER, remoteLearner } from './remote.ts';
import { catalogueLoader, type RoundDeps, type RoundProgress, runRound } from './round.ts';
import { folders } from './settings.ts';
import { spawn } from './spawn.ts';

/** A learner without work is ended after this. */
const IDLE_MS = 20_000;

export class Rounds {
  readonly #client: Client;
  readonly #catalogue = catalogueLoader();
  #backend: BackendReport | null = null;
  #learner: Learner | null = null;
  #idle: Undo = () => undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Of the last learner. */
  get backend(): BackendReport | null {
    return this.#backend;
  }

  /** @throws NoWorkerError when no learner can be started; the signal's reason */
  async run(
    slot: Slot,
    db: Database,
    onProgress: (progress: RoundProgress) => void,
    signal: AbortSignal,
  ): Promise<RoundOutcome> {
    this.#idle();
    const { receiver } = this.#client.downlink;
    if (receiver === null) return { state: 'skipped', reason: 'aborted', detail: '' };
    const learner = slot.task.kind === 'train' ? await this.#spawn(signal) : NO_LEARNER;
    const outcome = await runRound(
      this.#deps(db, receiver, learner),
      slot.hash,
      onProgress,
      signal,
    );
    // One that has failed is not asked again.
    if (outcome.state === 'skipped' && outcome.reason === 'training-failed') this.endLearner();
    else this.#idle = this.#client.environment.after(IDLE_MS, () => this.endLearner());
    return outcome;
  }

  /** At once, whatever it does. */
  endLearner(): void {
    this.#idle();
    this.#learner?.dispose();
    this.#learner = null;
  }

  async #spawn(signal: AbortSignal): Promise<Learner> {
    if (this.#learner !== null) return this.#learner;
    const { settings, environment } = this.#client;
    const { backend, allowSoftwareGpu } = settings;
    const request = {
      folders: folders(settings, environment),
      pinned: environment.pinned,
      backend,
      allowSoftwareGpu,
    };
    const learner = remoteLearner(await spawn(request, environment.workers, signal));
    if (signal.aborted) {
      learner.dispose();
      throw signal.reason;
    }
    this.#learner = learner;
    this.#backend = learner.report;
    return learner;
  }

  #deps(db: Database, receiver: Receiver, learner: Learner): RoundDeps {
    const { environment, downlink } = this.#client;
    return {
      db,
      receiver,
      learner,
      source: environment.random(),
      clock: environment.clock,
      timer: { now: () => performance.now() },
      gpc: () => this.#client.gpc,
      catalogue: async (hash, from) =>
        downlink.catalogue?.hash === hash ? downlink.catalogue : this.#catalogue(hash, from),
    };
  }
}
