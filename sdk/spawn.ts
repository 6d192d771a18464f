/**
 * Starts the training Worker: which backend's bundle, by which route past the page's policies,
 * and a fresh Worker for each backend, since a failed initialisation poisons its module.
 */
import { type Remote, releaseProxy, wrap } from 'comlink';
import type { BackendName, BackendReport } from './learn/learner.ts';
import type { AdapterProbe } from './learn/probe.ts';
import type { WorkerApi, WorkerConfig } from './worker-api.ts';

/** Loading and `connect`, the slow first WASM compilation on a phone included. */
const HANDSHAKE_MS = 30_000;

/** The part of Worker that is used. */
export interface WorkerLike {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject): void;
  terminate(): void;
}

/** What starting a Worker needs of a browser. */
export interface WorkerHost {
  /** The page's own origin. */
  readonly origin: string;
  /** Throws in Chromium when a policy forbids it; elsewhere the Worker fires 'error'. */
  create(url: string): WorkerLike;
  /** Body of a script on another origin. Rejects when it may not be read. */
  fetchScript(url: string): Promise<string>;
  /** Address of a script given as text, and its undo. */
  scriptUrl(text: string): { readonly url: string; revoke(): void };
  /** Whether WebGPU is worth starting, and why. */
  probe(allowSoftware: boolean): Promise<AdapterProbe>;
  after(ms: number, run: () => void): () => void;
}

export type SpawnRequest = Omit<WorkerConfig, 'backend'> & {
  readonly backend: 'auto' | BackendName;
};

export interface Spawned {
  readonly api: Remote<WorkerApi>;
  readonly report: BackendReport;
  /** Rejects when the Worker dies by an error of its own; never resolves. */
  readonly failed: Promise<never>;
  terminate(): void;
}

export type Failure = BackendReport['tried'][number];

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
 * A connected Worker on the first backend that works.
 * @throws NoWorkerError when none does; the signal's reason when aborted.
 */
export async function spawn(
  request: SpawnRequest,
  host: WorkerHost,
  signal?: AbortSignal,
): Promise<Spawned> {
  const tried: Failure[] = [];
  for (const backend of await ladder(request, host, tried)) {
    signal?.throwIfAborted();
    const file = backend === 'webgpu' ? 'worker-webgpu.js' : 'worker-wasm.js';
    const config: WorkerConfig = { ...request, backend };
    try {
      const spawned = await connectAny(request.assetBase + file, config, host, signal);
      const report = { ...spawned.report, tried: [...tried, ...spawned.report.tried] };
      return { ...spawned, report };
    } catch (error) {
      signal?.throwIfAborted();
      tried.push({ backend, failure: messageOf(error) });
    }
  }
  throw new NoWorkerError(tried);
}

async function ladder(
  request: SpawnRequest,
  host: WorkerHost,
  tried: Failure[],
): Promise<BackendName[]> {
  if (request.backend !== 'auto') return [request.backend];
  const gpu = await host
    .probe(request.allowSoftwareGpu)
    .catch((error: unknown) => ({ ok: false, reason: messageOf(error) }));
  if (gpu.ok) return ['webgpu', 'wasm', 'cpu'];
  tried.push({ backend: 'webgpu', failure: gpu.reason });
  return ['wasm', 'cpu'];
}

async function connectAny(
  url: string,
  config: WorkerConfig,
  host: WorkerHost,
  signal?: AbortSignal,
): Promise<Spawned> {
  if (new URL(url).origin === host.origin) return connect(url, config, host, signal);
  const imported = `importScripts(${JSON.stringify(url)});`;
  let failure: unknown;
  for (const text of [() => host.fetchScript(url), () => Promise.resolve(imported)]) {
    try {
      const script = host.scriptUrl(await text());
      try {
        return await connect(script.url, config, host, signal);
      } finally {
        script.revoke();
      }
    } catch (error) {
      signal?.throwIfAborted();
      failure ??= error;
    }
  }
  throw failure;
}

async function connect(
  url: string,
  config: WorkerConfig,
  host: WorkerHost,
  signal?: AbortSignal,
): Promise<Spawned> {
  const worker = host.create(url);
  const undo: (() => void)[] = [];
  const api = wrap<WorkerApi>(worker as unknown as Worker);
  const terminate = (): void => {
    // A port that is already gone cannot be told.
    try {
      api[releaseProxy]();
    } catch {}
    worker.terminate();
  };
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener('error', ((event: { message?: unknown }) => {
      reject(new Error(event.message ? String(event.message) : 'the Worker did not load'));
    }) as EventListener);
  });
  failed.catch(() => undefined);
  const given = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    undo.push(
      () => signal?.removeEventListener('abort', onAbort),
      host.after(HANDSHAKE_MS, () => reject(new Error(`no answer in ${HANDSHAKE_MS} ms`))),
    );
  });
  try {
    const report = await Promise.race([api.connect(config), failed, given]);
    return { api, report, failed, terminate };
  } catch (error) {
    terminate();
    throw error;
  } finally {
    for (const one of undo) one();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
