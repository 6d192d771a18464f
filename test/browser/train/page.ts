/** The page side of the browser training tests; bundled by the test, driven by Playwright. */
import { proxy, wrap } from 'comlink';
import type { BackendReport } from '../../../sdk/learn/learner.ts';
import type { WorkerApi, WorkerConfig } from '../../../sdk/worker-api.ts';
import { CASES } from './cases.ts';

export interface PageResult {
  readonly report: BackendReport;
  readonly backend: string;
  readonly losses: readonly number[];
  readonly delta: readonly number[];
  /** Steps that reported progress. */
  readonly progress: readonly number[];
  /** GPUQueue.submit calls so far at each progress message; empty without the counting script. */
  readonly submits: readonly number[];
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
    return {
      report,
      backend,
      losses,
      delta: [...delta],
      progress,
      submits: script.includes('counting') ? await submits(worker) : [],
    };
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
function submits(worker: Worker): Promise<number[]> {
  return new Promise((resolve) => {
    worker.addEventListener('message', ({ data }) => {
      if (Array.isArray(data?.submits)) resolve(data.submits);
    });
    worker.postMessage({ count: 'submits' });
  });
}

Object.assign(globalThis, { training: { train, abort } satisfies TrainingPage });
