/**
 * `train`: learning in headless Chromium on WASM, one run.
 *
 * `towerMs` and `towerStockMs` are medians of a step of the attention tower (batch 32, length 30,
 * 24,368 weights) on our engine and on stock tfjs-wasm (train-stock.ts), which take turns in two
 * Workers of one page and must come to the same losses; `ratio` is stock over ours, and `gru` has
 * the same of a GRU. `dispatchesPerStep` is the attention tower's on WebGPU (SwiftShader: only the
 * count means anything). `roundMs` is a whole client round of the wide ranker's recipe in the split
 * tier after warm-up, each for another shopper with 50 events, without network and database;
 * `coldRoundMs` remembers no feature column. `leakedTensors` counts what 1,000 rounds leave behind.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build as bundle } from 'vite';
import { parameterCount } from '../../shared/model/architecture.ts';
import { classicScript } from '../../vite.config.ts';
import { launchChromium, type Served, serveStatic } from '../browser/launch.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { median } from './medians.ts';
import { type Answer, type OwnRequest, PageWorker, type StepsRequest } from './train-page.ts';
import { type Shape, TINY, type TimedKind, timedArchitecture, WHOLE } from './train-shape.ts';

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-bench-train-'));
  let server: Served | undefined;
  try {
    for (const [entry, name] of [
      ['train-own', 'own'],
      ['train-stock', 'stock-step'],
    ] as const) {
      const script = classicScript(`test/bench/${entry}.ts`, `${name}.js`);
      await bundle({ ...script, build: { ...script.build, outDir: folder } });
    }
    server = await serveStatic([folder, dirname(packaged('tfjs-backend-wasm', BINARY))], {
      texts: {
        '/': '<!doctype html><title>training</title>',
        '/tf.js': readFileSync(packaged('tfjs', 'dist/tf.min.js'), 'utf8'),
        '/tf-wasm.js': readFileSync(
          packaged('tfjs-backend-wasm', 'dist/tf-backend-wasm.min.js'),
          'utf8',
        ),
        '/stock.js': "importScripts('/tf.js', '/tf-wasm.js', '/stock-step.js');",
      },
    });
    const onWasm = await inChromium(server.url, quick);
    return { ...onWasm, ...(await onGpu(server.url, quick ? TINY : WHOLE)) };
  } finally {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const BINARY = 'wasm-out/tfjs-backend-wasm-simd.wasm';

function packaged(name: string, file: string): string {
  const { resolve } = createRequire(import.meta.url);
  return join(dirname(resolve(`@tensorflow/${name}/package.json`)), file);
}

async function inChromium(url: string, quick: boolean): Promise<BenchResults> {
  const launched = await launchChromium();
  try {
    const page = await launched.browser.newPage();
    await page.goto(url);
    const own = await PageWorker.start(page, 'own');
    const stock = await PageWorker.start(page, 'stock');
    const shape = quick ? TINY : WHOLE;
    const attention = await compare(own, stock, 'attention', shape, quick);
    const gru = await compare(own, stock, 'gru', shape, quick);
    const rounds = await own.ask<Record<string, number>>({
      backend: 'wasm',
      ...{ rounds: quick ? 4 : 60, warmUp: quick ? 2 : 10 },
      ...{ goods: quick ? 200 : 3_000, towers: false },
    } satisfies OwnRequest);
    const leak = await own.ask<Record<string, number>>({
      backend: 'wasm',
      ...{ rounds: quick ? 9 : 1_000, warmUp: 3, goods: 200, towers: true },
    } satisfies OwnRequest);
    return {
      towerMs: attention.ms,
      towerStockMs: attention.stockMs,
      ratio: attention.ratio,
      ...rounds,
      leakedTensors: leak.leakedTensors as number,
      attention,
      gru,
    };
  } finally {
    await launched.close();
  }
}

interface Compared {
  readonly [name: string]: number;
  readonly ms: number;
  readonly stockMs: number;
  readonly ratio: number;
}

/** In turns; the first steps of a turn fill caches and are not counted. */
async function compare(
  own: PageWorker,
  stock: PageWorker,
  kind: TimedKind,
  shape: Shape,
  quick: boolean,
): Promise<Compared> {
  const [turns, steps, warmUp] = quick ? [1, 3, 1] : [5, 12, 3];
  const request: StepsRequest = { kind, shape, steps };
  const times: { own: number[]; stock: number[] } = { own: [], stock: [] };
  let difference = 0;
  for (let turn = 0; turn < turns; turn++) {
    const ours = await own.ask<Answer>({ ...request, backend: 'wasm' } satisfies OwnRequest);
    const theirs = await stock.ask<Answer>(request);
    if (ours.losses.length !== steps || theirs.losses.length !== steps) {
      throw new Error('another number of steps');
    }
    for (const [i, loss] of ours.losses.entries()) {
      const off = Math.abs(loss - (theirs.losses[i] as number)) / Math.abs(loss);
      difference = Math.max(difference, off);
    }
    times.own.push(...ours.ms.slice(warmUp));
    times.stock.push(...theirs.ms.slice(warmUp));
  }
  if (!(difference < 5e-4))
    throw new Error(`${kind}: losses differ by ${difference} of themselves`);
  const [ms, stockMs] = [median(times.own), median(times.stock)];
  return {
    ms,
    stockMs,
    ratio: stockMs / ms,
    weights: parameterCount(timedArchitecture(kind, shape)),
    relativeLossDifference: difference,
  };
}

/** On the software adapter; the first step also compiles the shaders. */
async function onGpu(url: string, shape: Shape): Promise<BenchResults> {
  const launched = await launchChromium({ webgpu: true });
  try {
    const page = await launched.browser.newPage();
    await page.goto(url);
    const own = await PageWorker.start(page, 'own');
    const counted: Record<string, number> = {};
    for (const kind of ['attention', 'gru'] as const) {
      const request = { backend: 'webgpu', kind, shape: { ...shape, examples: 2 }, steps: 2 };
      const { dispatches } = await own.ask<Answer>(request);
      counted[kind] = dispatches?.[1] as number;
    }
    return {
      dispatchesPerStep: counted.attention as number,
      gruDispatchesPerStep: counted.gru as number,
    };
  } finally {
    await launched.close();
  }
}
