/** The noise of a report in a real Worker, with WebAssembly and where the page forbids it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawNoise, type NoiseTask } from '../../sdk/noise/draw.ts';
import { library } from '../../vite.config.ts';
import { type Launched, launchChromium, type Served, serveStatic } from './launch.ts';

const D = 20_000;
const TASK: NoiseTask = {
  tier: 'local',
  mechanism: { name: 'discrete-gaussian', sigma: 0.6893 },
  d: D,
  clipL2: 0.5,
  scaleBits: 16,
  minReports: 1000,
  maxReports: 1000,
};
const WORDS = Array.from({ length: 8 }, (_, i) => 0x9e3779b9 * (i + 1)).map((x) => x >>> 0);

/** Counts the module's instances, and draws with the words that it is sent. */
const WORKER = `
let instances = 0;
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, given) { instances += 1; return new target(...given); },
});
importScripts('/draw.js');
onmessage = ({ data: { task, words } }) => {
  let at = 0;
  const noise = draw.drawNoise(task, { nextUint32: () => words[at++] });
  postMessage({ coordinates: [...noise.coordinates], std: noise.std, instances, words: at });
};
`;

interface Drawn {
  readonly coordinates: readonly number[];
  readonly std: number;
  readonly instances: number;
  readonly words: number;
}

let folder: string;
let browser: Launched;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitrine-sampler-'));
  const config = library({ vitrine: 'sdk/index.ts' });
  await build({
    ...config,
    build: {
      ...config.build,
      outDir: folder,
      lib: {
        entry: 'sdk/noise/draw.ts',
        formats: ['iife'],
        name: 'draw',
        fileName: () => 'draw.js',
      },
    },
  });
  browser = await launchChromium();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

async function drawInWorker(headers: Record<string, string>): Promise<Drawn> {
  const server: Served = await serveStatic([folder], {
    texts: { '/': '<!doctype html><title>sampler</title>', '/worker.js': WORKER },
    headers,
  });
  const page = await browser.browser.newPage();
  try {
    await page.goto(server.url);
    return await page.evaluate(
      (message) =>
        new Promise<Drawn>((resolve, reject) => {
          const worker = new Worker('/worker.js');
          worker.onerror = (event) => reject(new Error(event.message));
          worker.onmessage = ({ data }) => {
            worker.terminate();
            resolve(data);
          };
          worker.postMessage(message);
        }),
      { task: TASK, words: WORDS },
    );
  } finally {
    await page.close();
    await server.close();
  }
}

it.each([
  ['by WebAssembly', {}, 1],
  [
    "by TypeScript under a policy without 'wasm-unsafe-eval'",
    { 'content-security-policy': "script-src 'self'" },
    0,
  ],
])('PR32 draws 20,000 coordinates in a Worker %s, as in Node', async (_, headers, instances) => {
  const drawn = await drawInWorker(headers);
  expect(drawn.instances).toBe(instances);
  expect(drawn.words).toBe(WORDS.length);
  let at = 0;
  const here = drawNoise(TASK, { nextUint32: () => WORDS[at++] ?? 0 });
  expect(drawn.coordinates).toEqual([...here.coordinates]);
  const variance = drawn.coordinates.reduce((sum, x) => sum + x * x, 0) / D;
  // Relative standard error √(2/d); 4.9 of them: a false alarm in a million, and the seed is fixed.
  expect(Math.abs(variance / drawn.std ** 2 - 1)).toBeLessThan(4.9 * Math.sqrt(2 / D));
});
