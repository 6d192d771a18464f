/**
 * This page's part in rounds: which task may take part now and why not, the Worker that does it,
 * and the outbox. The Worker's bundle is fetched only after consent and the round's coin.
 */
import { proxy } from 'comlink';
import type { Client } from './client.ts';
import type { Slot } from './downlink.ts';
import type { Undo } from './environment.ts';
import { Hold } from './leader.ts';
import type { BackendReport } from './learn/learner.ts';
import { eligible } from './post/eligible.ts';
import type { RoundOutcome, SkipReason } from './post/outcome.ts';
import { NoWorkerError, type Spawned, spawn } from './spawn.ts';
import { Uplink } from './uplink.ts';
import type { RoundProgress } from './worker-api.ts';

/** A Worker without work is ended after this. */
const WORKER_IDLE_MS = 20_000;
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
  /** Why no Worker can be started in this page; a policy does not change while it lives. */
  #workerless: NoWorkerError | null = null;
  #backend: BackendReport | null = null;
  #worker: Spawned | null = null;
  #stop: AbortController | null = null;
  #looking = false;
  #lookAgain = false;
  #pending: Undo | null = null;
  #idle: Undo | null = null;

  constructor(client: Client) {
    this.#client = client;
    this.#leader = new Hold(
      client.environment.locks,
      `vitrine/${client.settings.site}`,
      'exclusive',
    );
    this.#uplink = new Uplink(client);
  }

  get backend(): BackendReport | null {
    return this.#backend;
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
    if (this.#stop !== null) {
      this.#stop.abort(new DOMException('stopped', 'AbortError'));
      void this.#worker?.api.abort().catch(() => undefined);
    }
    this.#endWorker();
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
          const { reason, detail } = await this.#why(slot);
          this.#stand(slot, { reason, detail });
          if (reason === null) this.#schedule(slot);
        }
      }
    } finally {
      this.#looking = false;
    }
  }

  #stand(slot: Slot, change: Partial<Standing>): void {
    this.#standings.set(slot.name, { ...this.standing(slot.name), ...change });
  }

  async #why(slot: Slot): Promise<Omit<Standing, 'outcome'>> {
    const { environment, database, downlink } = this.#client;
    const { task, hash, round, roundHash, refused } = slot;
    if (refused !== null) return refused;
    if (database === null || !this.#client.storable) return { reason: 'storage', detail: '' };
    if (!environment.online()) return { reason: 'offline', detail: '' };
    if (this.#workerless !== null) {
      return { reason: 'no-worker', detail: this.#workerless.message };
    }
    if (downlink.catalogue?.hash !== task.catalogue) {
      const { code, detail } = downlink.missing ?? { code: 'no-task', detail: 'no catalogue yet' };
      return { reason: code, detail };
    }
    const skip = await eligible({
      db: database,
      task,
      taskHash: hash,
      round,
      roundHash,
      nowMs: environment.clock.now(),
      gpc: environment.gpc(),
      source: environment.random(),
    });
    return skip ?? { reason: null, detail: '' };
  }

  #schedule(slot: Slot): void {
    const { environment } = this.#client;
    if (!this.#leader.held || this.#stop !== null || this.#pending !== null) return;
    if (!environment.visible()) return;
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
    this.#idle?.();
    const key = attemptKey(slot);
    this.#attempts.set(key, (this.#attempts.get(key) ?? 0) + 1);
    // A Worker that hangs has until the round closes.
    const left = (slot.round?.deadlineMs ?? 0) - client.environment.clock.now();
    const cancel = client.environment.after(Math.max(0, left), () => this.abort());
    const outcome = await this.#round(slot, stop.signal);
    cancel();
    if (this.#stop === stop) this.#stop = null;
    if (!client.running) return;
    if (outcome.state === 'skipped' && outcome.reason === 'aborted') this.#attempts.delete(key);
    else this.#idle = client.environment.after(WORKER_IDLE_MS, () => this.#endWorker());
    this.#stand(slot, { outcome });
    client.events.debug(`round ${slot.round?.round} of ${slot.name}: ${outcomeWords(outcome)}`);
    client.events.emit('round', { task: slot.name, outcome });
    this.wake();
  }

  async #round(slot: Slot, signal: AbortSignal): Promise<RoundOutcome> {
    const { settings, environment, events, endpoint } = this.#client;
    const skipped = (reason: SkipReason, detail: string): RoundOutcome => ({
      state: 'skipped',
      reason,
      detail,
    });
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    stopped.catch(() => undefined);
    try {
      if (this.#worker === null) {
        const request = {
          ...settings,
          endpoint,
          assetBase: environment.resolve(settings.assetBase),
        };
        const worker = await spawn(request, environment.workers, signal);
        if (signal.aborted) {
          worker.terminate();
          throw signal.reason;
        }
        this.#worker = worker;
        this.#backend = worker.report;
      }
      const onProgress = proxy((progress: RoundProgress) =>
        events.emit('progress', { ...progress, task: slot.name }),
      );
      const { api, failed } = this.#worker;
      return await Promise.race([api.contribute(slot.hash, onProgress), failed, stopped]);
    } catch (error) {
      if (signal.aborted) return skipped('aborted', '');
      this.#endWorker();
      if (error instanceof NoWorkerError) {
        this.#workerless = error;
        return skipped('no-worker', error.message);
      }
      return skipped('training-failed', error instanceof Error ? error.message : String(error));
    }
  }

  #endWorker(): void {
    this.#idle?.();
    this.#idle = null;
    this.#worker?.terminate();
    this.#worker = null;
  }
}

function attemptKey(slot: Slot): string {
  return `${slot.hash}/${slot.round?.round}`;
}

function outcomeWords(outcome: RoundOutcome): string {
  if (outcome.state === 'skipped') return `${outcome.reason} ${outcome.detail}`;
  const steps = Object.entries(outcome.timings).map(([step, ms]) => `${step} ${ms.toFixed(1)} ms`);
  return `enqueued ${outcome.bytes} bytes, ε ${outcome.epsilon}; ${steps.join(', ')}`;
}
