/** The page side of the browser training tests; bundled by the test, driven by Playwright. */
import { proxy, wrap } from 'comlink';
import type { BackendReport } from '../../../sdk/learn/learner.ts';
import type { WorkerApi, WorkerConfig } from '../../../sdk/worker-api.ts';
import { CASES } from './cases.ts';

interface GpuCount {
  readonly submits: number;
  readonly dispatches: number;
  /** tfjs's WEBGPU_CPU_FORWARD in the Worker. */
  readonly forward: boolean;
}

interface PageResult {
  readonly report: BackendReport;
  readonly backend: string;
  readonly losses: readonly number[];
  readonly delta: readonly number[];
  /** Steps that reported progress. */
  readonly progress: readonly number[];
  /** The GPU's work up to each progress message; empty without the counting script. */
  readonly gpu: readonly GpuCount[];
  /** Names of the databases of this origin afterwards. */
  readonly databases: readonly (string | undefined)[];
}

export interface TrainingPage {
  train(script: string, config: WorkerConfig, name: keyof typeof CASES): Promise<PageResult>;
  abort(script: string, config: WorkerConfig): Promise<{ steps: number; error: string }>;
}

async function train(
  script: string,
  config: WorkerConfig,
  name: keyof typeof CASES,
): Promise<PageResult> {
  const worker = new Worker(script);
  const failed = new Promise<never>((_, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
  });
  try {
    const api = wrap<WorkerApi>(worker);
    const progress: number[] = [];
    const report = await Promise.race([api.connect(config), failed]);
    const listener = proxy(({ step }: { step: number }) => void progress.push(step));
    const result = await Promise.race([api.train(CASES[name], listener), failed]);
    const { backend, losses, delta } = result;
    // Progress has a port of its own: its last message may come after the result.
    const end = performance.now() + 5000;
    while (progress.length < losses.length && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const gpu = script.includes('counting') ? await counts(worker) : [];
    const databases = (await indexedDB.databases()).map(({ name }) => name);
    return { report, backend, losses, delta: [...delta], progress, gpu, databases };
  } finally {
    worker.terminate();
  }
}

/** Starts a long training, and asks it to stop at the first sign of life. */
async function abort(
  script: string,
  config: WorkerConfig,
): Promise<{ steps: number; error: string }> {
  const worker = new Worker(script);
  try {
    const api = wrap<WorkerApi>(worker);
    await api.connect(config);
    let steps = 0;
    const listener = proxy(() => {
      steps += 1;
      if (steps === 1) void api.abort();
    });
    const { wide } = CASES;
    const long = { ...wide, recipe: { ...wide.recipe, steps: 10_000 } };
    const error = await api.train(long, listener).then(
      () => 'trained to the end',
      (reason: Error) => reason.name,
    );
    return { steps, error };
  } finally {
    worker.terminate();
  }
}

/** Asks the counting script of the test. */
function counts(worker: Worker): Promise<GpuCount[]> {
  return new Promise((resolve) => {
    worker.addEventListener('message', ({ data }) => {
      if (Array.isArray(data?.counts)) resolve(data.counts);
    });
    worker.postMessage({ ask: 'counts' });
  });
}

Object.assign(globalThis, { training: { train, abort } satisfies TrainingPage });
