/**
 * A learner: one training at a time on one backend, behind Comlink. It sees examples and weights,
 * and nothing of the database, the network or the noise. `worker-wasm.ts` and `worker-webgpu.ts`
 * give it the backends that their bundles hold.
 */
import * as Comlink from 'comlink';
import { watchPolicy } from './host.ts';
import type { Backend } from './learn/backend.ts';
import type { Learner } from './learn/learner.ts';
import { createLearner } from './learn/train.ts';
import type { WorkerApi, WorkerConfig } from './worker-api.ts';

/** Answers the thread that started this Worker. */
export function serve(backends: readonly Backend[]): void {
  Comlink.expose(workerApi(backends));
}

function workerApi(backends: readonly Backend[]): WorkerApi {
  let learner: Learner | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const running = new Set<AbortController>();

  /** Trainings wait for each other; an abort ends those that wait, too. */
  const inTurn = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const controller = new AbortController();
    running.add(controller);
    const result = last.then(() => work(controller.signal));
    last = result.catch(() => undefined).then(() => running.delete(controller));
    return result;
  };

  return {
    async connect(config) {
      learner = await learnerOf(config, backends);
      return learner.report;
    },
    async train(request, onProgress) {
      const connected = learner;
      if (connected === null) throw new Error('connect was not called, or failed');
      return inTurn(async (signal) => {
        const result = await connected.train({
          ...request,
          signal,
          // A page that has gone hears nothing, which is no reason to fail.
          onProgress: (progress) => void Promise.resolve(onProgress?.(progress)).catch(() => {}),
        });
        return { ...result, backend: connected.report.backend };
      });
    },
    async abort() {
      const reason = new DOMException('asked to stop', 'AbortError');
      for (const controller of running) controller.abort(reason);
    },
  };
}

/** Exactly the backend that was asked for: the engine starts a fresh Worker for the next one. */
async function learnerOf(config: WorkerConfig, backends: readonly Backend[]): Promise<Learner> {
  const asked = backends.filter(({ name }) => name === config.backend);
  if (asked.length === 0) {
    const held = backends.map(({ name }) => name).join(', ');
    throw new Error(`this bundle holds ${held}, not ${config.backend}`);
  }
  return createLearner({
    backends: asked,
    allowSoftwareGpu: config.allowSoftwareGpu,
    loadAsset: (name) => loadAsset(config.assetBase + name, config.integrity[name]),
  });
}

async function loadAsset(
  url: string,
  integrity: string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const missing = watchPolicy();
  let response: Response | null = null;
  try {
    response = await fetch(url, {
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      redirect: 'error',
      ...(integrity !== undefined && { integrity }),
    });
  } catch (error) {
    throw new Error((await missing()) || `${url}: ${String(error)}`);
  }
  void missing();
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
