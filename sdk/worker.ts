/**
 * The training Worker: one round at a time on one backend, behind Comlink. `worker-wasm.ts` and
 * `worker-webgpu.ts` give it the backends that their bundles hold.
 */
import * as Comlink from 'comlink';
import { CryptoSource } from '../shared/random/source.ts';
import { openDatabase } from './database/open.ts';
import type { Backend } from './learn/backend.ts';
import type { Learner } from './learn/learner.ts';
import { createLearner } from './learn/train.ts';
import { fetchTransport } from './receive/fetch.ts';
import { Receiver } from './receive/receiver.ts';
import { catalogueLoader, type RoundDeps, runRound } from './round.ts';
import type { WorkerApi, WorkerConfig } from './worker-api.ts';

/** Answers the page that started this Worker. */
export function serve(backends: readonly Backend[]): void {
  Comlink.expose(workerApi(backends));
}

function workerApi(backends: readonly Backend[]): WorkerApi {
  let deps: RoundDeps | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const running = new Set<AbortController>();

  const connected = (): RoundDeps => {
    if (deps === null) throw new Error('connect was not called, or failed');
    return deps;
  };
  /** Rounds and trainings wait for each other; an abort ends those that wait, too. */
  const inTurn = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const controller = new AbortController();
    running.add(controller);
    const result = last.then(() => work(controller.signal));
    last = result.catch(() => undefined).then(() => running.delete(controller));
    return result;
  };

  return {
    async connect(config) {
      const learner = await learnerOf(config, backends);
      deps = await depsOf(config, learner);
      return learner.report;
    },
    async contribute(taskHash, onProgress) {
      const ready = connected();
      return inTurn((signal) => runRound(ready, taskHash, onProgress, signal));
    },
    async train(request, onProgress) {
      const { learner } = connected();
      return inTurn(async (signal) => {
        const result = await learner.train({
          ...request,
          signal,
          // A page that has gone hears nothing, which is no reason to fail.
          onProgress: (progress) => void Promise.resolve(onProgress?.(progress)).catch(() => {}),
        });
        return { ...result, backend: learner.report.backend };
      });
    },
    async abort() {
      const reason = new DOMException('the page asked to stop', 'AbortError');
      for (const controller of running) controller.abort(reason);
    },
  };
}

async function depsOf(config: WorkerConfig, learner: Learner): Promise<RoundDeps> {
  // The page has made it: a Worker that comes too late must not make what was erased.
  const db = await openDatabase(config.databaseName, { create: false });
  const clock = { now: () => Date.now() };
  const transport = fetchTransport(config.endpoint);
  return {
    db,
    receiver: new Receiver({ ...config, transport, db, clock }),
    learner,
    source: new CryptoSource(),
    clock,
    timer: { now: () => performance.now() },
    gpc: () => (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true,
    catalogue: catalogueLoader(),
  };
}

/** Exactly the backend that was asked for: the page starts a fresh Worker for the next one. */
async function learnerOf(config: WorkerConfig, backends: readonly Backend[]): Promise<Learner> {
  const asked = backends.filter(({ name }) => name === config.backend);
  if (asked.length === 0) {
    const held = backends.map(({ name }) => name).join(', ');
    throw new Error(`this bundle holds ${held}, not ${config.backend}`);
  }
  return createLearner({
    backends: asked,
    allowSoftwareGpu: config.allowSoftwareGpu,
    loadAsset: (name) => loadAsset(config.assetBase + name),
  });
}

async function loadAsset(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, {
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    redirect: 'error',
  });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
