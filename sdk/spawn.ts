/**
 * Starts a learner: which backend's bundle, by which route past the page's policies, and a fresh
 * Worker for each backend, since a failed initialisation poisons its module.
 */
import { type Remote, releaseProxy, wrap } from 'comlink';
import { INTEGRITY } from './integrity.ts';
import { climb, type Greet, type LadderHost, messageOf, type Started } from './ladder.ts';
import type { BackendName, BackendReport } from './learn/learner.ts';
import type { AdapterProbe } from './learn/probe.ts';
import type { WorkerApi } from './worker-api.ts';

/** Loading and `connect`, the slow first WASM compilation on a phone included. */
const HANDSHAKE_MS = 30_000;

/** What starting a learner needs of a browser. */
export interface WorkerHost extends LadderHost {
  /** Why no Worker can be started here, where that is known; '' where one may be tried. */
  readonly refused: string;
  /** Whether WebGPU is worth starting, and why. */
  probe(allowSoftware: boolean): Promise<AdapterProbe>;
  /** Tells the shop's developer, whether debugging or not. */
  warn(line: string): void;
}

export interface SpawnRequest {
  /** Absolute, each with a trailing slash, in the order in which they are tried. */
  readonly folders: readonly string[];
  /** Whether only what has its hash may run, but from the page's own origin. */
  readonly pinned: boolean;
  readonly backend: 'auto' | BackendName;
  readonly allowSoftwareGpu: boolean;
}

export interface Spawned extends Started<BackendReport> {
  readonly api: Remote<WorkerApi>;
}

interface Greeted {
  readonly api: Remote<WorkerApi>;
  readonly report: BackendReport;
}

type Failure = BackendReport['tried'][number];

/** No backend could be started; `tried` says why, one entry per backend. */
export class NoWorkerError extends Error {
  readonly code = 'no-worker';
  readonly tried: readonly Failure[];

  constructor(tried: readonly Failure[]) {
    super(`no-worker: ${tried.map((one) => `${one.backend}: ${one.failure}`).join('; ')}`);
    this.name = 'NoWorkerError';
    this.tried = tried;
  }
}

/**
 * A connected learner on the first backend that works.
 * @throws NoWorkerError when none does; the signal's reason when aborted.
 */
export async function spawn(
  { folders, pinned, backend: asked, allowSoftwareGpu }: SpawnRequest,
  host: WorkerHost,
  signal?: AbortSignal,
): Promise<Spawned> {
  const tried: Failure[] = [];
  for (const backend of await ladder(asked, allowSoftwareGpu, host, tried)) {
    signal?.throwIfAborted();
    const file = backend === 'webgpu' ? 'worker-webgpu.js' : 'worker-wasm.js';
    try {
      const script = { file, folders, pinned, integrity: INTEGRITY[file] };
      const greet: Greet<Greeted> = async (worker, assetBase) => {
        const api = wrap<WorkerApi>(worker as unknown as Worker);
        const config = { assetBase, backend, allowSoftwareGpu, integrity: INTEGRITY };
        return { api, report: await api.connect(config) };
      };
      const { answer, failed, terminate } = await climb(script, host, greet, HANDSHAKE_MS, signal);
      const { api, report } = answer;
      return {
        api,
        answer: { ...report, tried: [...tried, ...report.tried] },
        failed,
        terminate() {
          // A port that is already gone cannot be told.
          try {
            api[releaseProxy]();
          } catch {}
          terminate();
        },
      };
    } catch (error) {
      signal?.throwIfAborted();
      const failure = messageOf(error);
      tried.push({ backend, failure });
      if (failure.includes('policy lacks'))
        host.warn(`vitrine: no learning on ${backend}: ${failure}`);
    }
  }
  throw new NoWorkerError(tried);
}

async function ladder(
  asked: SpawnRequest['backend'],
  allowSoftwareGpu: boolean,
  host: WorkerHost,
  tried: Failure[],
): Promise<BackendName[]> {
  if (asked !== 'auto') return [asked];
  const gpu = await host
    .probe(allowSoftwareGpu)
    .catch((error: unknown) => ({ ok: false, reason: messageOf(error) }));
  if (gpu.ok) return ['webgpu', 'wasm', 'cpu'];
  tried.push({ backend: 'webgpu', failure: gpu.reason });
  return ['wasm', 'cpu'];
}
