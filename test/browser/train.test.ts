/** The built Workers train for real in Chromium, on WASM and on WebGPU, and agree with cpu. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build as bundle } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpu } from '../../sdk/learn/cpu.ts';
import type { Learner, TrainResult } from '../../sdk/learn/learner.ts';
import { createLearner } from '../../sdk/learn/train.ts';
import type { WorkerConfig } from '../../sdk/worker-api.ts';
import { classicScript } from '../../vite.config.ts';
import { build, DIST } from '../build.ts';
import { type Launched, launchChromium, type Served, serveStatic } from './launch.ts';
import { CASES } from './train/cases.ts';
import type { TrainingPage } from './train/page.ts';

declare const training: TrainingPage;

type CaseName = keyof typeof CASES;
/**
 * Dispatches of one step: at least so many kernels are none forwarded to the CPU, and an attention
 * tower keeps below 150. Counted: 20, 19, 43, 89, 110, 110, 164, 187, 84, 37.
 */
const KERNELS: Record<CaseName, readonly [number, number]> = {
  wide: [18, 22],
  head: [12, 21],
  several: [40, 46],
  trunk: [80, 95],
  tower: [100, 120],
  awake: [100, 120],
  gru: [150, 175],
  lstm: [170, 200],
  cnn: [75, 90],
  mean: [33, 40],
};
const NAMES = Object.keys(CASES) as CaseName[];

/** Runs the real bundle with the GPU's work counted up to every progress message. */
const COUNTING = `
let submits = 0;
let dispatches = 0;
const counts = [];
function counted(prototype, name, count) {
  const original = prototype[name];
  prototype[name] = function (...call) {
    count(call);
    return original.apply(this, call);
  };
}
counted(GPUQueue.prototype, 'submit', () => { submits += 1; });
counted(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', () => { dispatches += 1; });
counted(MessagePort.prototype, 'postMessage', ([message]) => {
  if (message?.type === 'APPLY') counts.push({ submits, dispatches, forward: _tfengine.ENV.getBool('WEBGPU_CPU_FORWARD') });
});
self.addEventListener('message', ({ data }) => {
  if (data.ask === 'counts') self.postMessage({ counts });
});
importScripts('/worker-webgpu.js');
`;

/** The device is lost after the first step. */
const LOSING = `
const { requestDevice } = GPUAdapter.prototype;
let device;
GPUAdapter.prototype.requestDevice = async function (...call) {
  device = await requestDevice.apply(this, call);
  return device;
};
const { postMessage: post } = MessagePort.prototype;
MessagePort.prototype.postMessage = function (message, ...rest) {
  if (message?.type === 'APPLY') device.destroy();
  return post.call(this, message, ...rest);
};
importScripts('/worker-webgpu.js');
`;

let learner: Learner;
let server: Served;
let folder: string | undefined;
const expected = new Map<CaseName, TrainResult>();

beforeAll(async () => {
  await build(['learners']);
  folder = mkdtempSync(join(tmpdir(), 'vitrine-train-'));
  const page = classicScript('test/browser/train/page.ts', 'page.js');
  await bundle({ ...page, build: { ...page.build, outDir: folder } });
  server = await serveStatic([folder, DIST], {
    texts: {
      '/': '<!doctype html><title>training</title><script src="/page.js"></script>',
      '/counting.js': COUNTING,
      '/losing.js': LOSING,
    },
  });
  learner = await createLearner({
    backends: [cpu],
    allowSoftwareGpu: false,
    loadAsset: () => Promise.reject(new Error('cpu loads nothing')),
  });
  for (const name of NAMES) expected.set(name, await learner.train(CASES[name]));
}, 120_000);

afterAll(async () => {
  learner?.dispose();
  await server?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

function config(backend: WorkerConfig['backend']): WorkerConfig {
  return {
    assetBase: `${server.url}/`,
    backend,
    allowSoftwareGpu: backend === 'webgpu',
    integrity: {},
  };
}

async function open(browser: Browser): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${server.url}/`);
  return page;
}

function train(page: Page, script: string, settings: WorkerConfig, name: CaseName) {
  return page.evaluate(([script, settings, name]) => training.train(script, settings, name), [
    script,
    settings,
    name,
  ] as const);
}

/** Largest difference of the update, relative to its largest coordinate. */
function distance(actual: readonly number[], name: CaseName): number {
  const { delta } = expected.get(name) as TrainResult;
  expect(actual).toHaveLength(delta.length);
  const largest = Math.max(...delta.map(Math.abs));
  expect(largest).toBeGreaterThan(0);
  return Math.max(...delta.map((value, i) => Math.abs(value - (actual[i] as number)))) / largest;
}

function expectSame(
  result: { losses: readonly number[]; delta: readonly number[] },
  name: CaseName,
): void {
  const { losses } = expected.get(name) as TrainResult;
  expect(result.losses).toHaveLength(losses.length);
  losses.forEach((loss, i) => {
    expect(result.losses[i]).toBeCloseTo(loss, 4);
  });
  // Float32 sums in another order; measured 1e-6 on WASM and 1e-5 on software WebGPU.
  expect(distance(result.delta, name)).toBeLessThan(1e-3);
}

describe('worker-wasm.js', () => {
  let launched: Launched;
  let page: Page;
  beforeAll(async () => {
    launched = await launchChromium();
    page = await open(launched.browser);
  }, 60_000);
  afterAll(() => launched?.close());

  it.each(NAMES)('trains %s on WASM as cpu does', async (name) => {
    const result = await train(page, '/worker-wasm.js', config('wasm'), name);
    expect(result.backend).toBe('wasm');
    expect(result.report).toEqual({ backend: 'wasm', reason: 'WASM with SIMD', tried: [] });
    expect(result.progress).toEqual(result.losses.map((_, i) => i + 1));
    expectSame(result, name);
  });

  it('trains on cpu when that is asked of it', async () => {
    const result = await train(page, '/worker-wasm.js', config('cpu'), 'awake');
    expect(result.backend).toBe('cpu');
    expectSame(result, 'awake');
  });

  it('stops within a step when asked', async () => {
    const { steps, error } = await page.evaluate(
      ([settings]) => training.abort('/worker-wasm.js', settings),
      [config('wasm')] as const,
    );
    expect(error).toBe('AbortError');
    // Progress messages on their way when the request arrives count too.
    expect(steps).toBeLessThan(5_000);
  });

  it('is given nothing but what trains: no address, no database, no key', async () => {
    const result = await train(page, '/worker-wasm.js', config('wasm'), 'wide');
    expect(result.databases).toEqual([]);
    const code = readFileSync(join(DIST, 'worker-wasm.js'), 'utf8');
    expect(code).not.toMatch(/indexedDB|BroadcastChannel|navigator\.locks/);
  });

  it('takes no binary with another hash', async () => {
    const integrity = { 'tfjs-backend-wasm-simd.wasm': `sha384-${'A'.repeat(64)}` };
    await expect(
      train(page, '/worker-wasm.js', { ...config('wasm'), integrity }, 'wide'),
    ).rejects.toThrow(/no backend starts \(wasm: .*simd\.wasm: TypeError: Failed to fetch/);
  });

  it('names the failure when the binary is not there', async () => {
    const settings = { ...config('wasm'), assetBase: `${server.url}/nowhere/` };
    await expect(train(page, '/worker-wasm.js', settings, 'wide')).rejects.toThrow(
      /backend: no backend starts \(wasm: .*nowhere\/tfjs-backend-wasm-simd\.wasm: HTTP 404/,
    );
  });

  it('has no WebGPU in it', async () => {
    await expect(train(page, '/worker-wasm.js', config('webgpu'), 'wide')).rejects.toThrow(
      /this bundle holds wasm, cpu/,
    );
  });
});

describe('worker-webgpu.js on a software adapter that was asked for', () => {
  let launched: Launched;
  let page: Page;
  beforeAll(async () => {
    launched = await launchChromium({ webgpu: true });
    page = await open(launched.browser);
  }, 60_000);
  afterAll(() => launched?.close());

  it.each(NAMES)(
    'trains %s on WebGPU as cpu does, with work submitted in every step',
    async (name) => {
      const result = await train(page, '/counting.js', config('webgpu'), name);
      expect(result.backend).toBe('webgpu');
      expect(result.report.backend).toBe('webgpu');
      expect(result.report.reason).toMatch(/^software adapter, asked for: /);
      const { steps } = CASES[name].recipe;
      expect(result.gpu).toHaveLength(steps);

      let before = { submits: 0, dispatches: 0 };
      for (const now of result.gpu) {
        expect(now.submits).toBeGreaterThan(before.submits);
        // Kernels of forward pass, gradient and update, none of them forwarded to the CPU.
        expect(now.forward).toBe(false);
        const [least, most] = KERNELS[name];
        expect(now.dispatches - before.dispatches).toBeGreaterThanOrEqual(least);
        expect(now.dispatches - before.dispatches).toBeLessThanOrEqual(most);
        before = now;
      }
      expectSame(result, name);
    },
    120_000,
  );

  it('names a device that is lost on the way', async () => {
    await expect(train(page, '/losing.js', config('webgpu'), 'wide')).rejects.toThrow(
      /backend: WebGPU device lost/,
    );
  });

  it('refuses the software adapter when it was not asked for', async () => {
    const settings = { ...config('webgpu'), allowSoftwareGpu: false };
    await expect(train(page, '/counting.js', settings, 'wide')).rejects.toThrow(
      /webgpu: software adapter refused/,
    );
  });
});
