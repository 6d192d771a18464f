/**
 * `round`: what one client round costs, measured in Node on the Worker's own WASM engine (cpu
 * where that does not start). Network and database are left out.
 *
 * `clientRoundMs` is the wide ranker: 20 events, 200 negatives, three full-batch steps, local
 * tier; features, noise, training, clip with rounding, and pack. `peerShapeMs` is the MLP of
 * peer-shape.ts: one epoch in minibatches of 32 with the loss read in every step, clip, fixed
 * point and pack; the same on stock tfjs cpu takes turns with it in a process of its own.
 * `noiseMs` is the exact noise for that shape. Medians.
 */
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { examplesFor } from '../../sdk/features/build.ts';
import { startWeights, WideScorer } from '../../sdk/features/wide.ts';
import type { Learner } from '../../sdk/learn/learner.ts';
import { clip } from '../../sdk/noise/clip.ts';
import { drawNoise, type NoiseTask } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { pack } from '../../sdk/pack/pack.ts';
import type { Architecture } from '../../shared/model/architecture.ts';
import { CryptoSource } from '../../shared/random/source.ts';
import { nodeLearner } from '../sdk/learn-node.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { benchCatalogue } from './goods.ts';
import { medians, note, type Times } from './medians.ts';
import { peerEpoch, registerPeerKernels } from './peer.ts';
import { peerData, ROWS } from './peer-shape.ts';
import type { StockAnswer } from './peer-stock.ts';
import { Stock } from './stock.ts';

const WIDE: Architecture = { name: 'wide', historyLength: 10 };
const RECIPE = {
  steps: 3,
  learningRate: 1,
  negatives: 200,
  maxExamples: 100,
  server: { name: 'fedavg', learningRate: 1, decayRounds: null },
} as const;
const EVENTS = 20;
const MINIBATCH = 32;
const HEADER = {
  id: new Uint8Array(16),
  taskHash: new Uint8Array(32),
  roundHash: new Uint8Array(32),
};

const source = new CryptoSource();

/** σ = 0.6893 is ε = 8 at δ = 10⁻⁶ by the provable conversion (shared/privacy). */
function localTask(d: number): NoiseTask {
  const mechanism = { name: 'discrete-gaussian', sigma: 0.6893 } as const;
  return {
    tier: 'local',
    mechanism,
    d,
    clipL2: 2,
    scaleBits: 16,
    minReports: 500,
    maxReports: 1000,
  };
}

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const runs = quick ? 2 : 15;
  // Before the backend starts, which sets its kernels up.
  registerPeerKernels();
  const learner = await nodeLearner('auto');
  try {
    const round = await clientRounds(learner, runs, quick ? 200 : 3_000);
    const peer = await peerRounds(runs);
    return { ...round, ...peer, backend: learner.report.backend, runs };
  } finally {
    learner.dispose();
  }
}

async function clientRounds(learner: Learner, runs: number, goods: number): Promise<BenchResults> {
  const catalogue = benchCatalogue(goods);
  const task = localTask(11);
  const times: Times = {};
  let firstRoundMs = 0;
  let bytes = 0;
  for (let i = 0; i < runs + 1; i++) {
    const events = history(catalogue.ids);
    const marks = [performance.now()];
    const mark = (): void => void marks.push(performance.now());
    // A scorer of its own: a Worker's first round finds no columns remembered.
    const scorer = new WideScorer(catalogue);
    const examples = examplesFor(WIDE, events, catalogue, RECIPE, source, { scorer });
    mark();
    const noise = drawNoise(task, source);
    mark();
    const weights = startWeights();
    const { delta } = await learner.train({
      architecture: WIDE,
      weights,
      examples,
      recipe: RECIPE,
    });
    mark();
    const value = privatize(delta, task, noise, source);
    mark();
    bytes = (await pack(value, HEADER)).length;
    mark();
    clip(delta, task.clipL2);
    mark();
    const laps = marks.slice(1).map((at, n) => at - (marks[n] as number));
    const [features, drawing, train, privatized, packing, clipping] = laps as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const whole = features + drawing + train + privatized + packing;
    if (i === 0) {
      firstRoundMs = whole;
      continue;
    }
    note(times, 'clientRoundMs', whole);
    note(times, 'featuresMs', features);
    note(times, 'trainMs', train);
    note(times, 'clipMs', clipping);
    note(times, 'privatizeMs', privatized);
    note(times, 'packMs', packing);
    note(times, 'clientNoiseMs', drawing);
  }
  return { ...medians(times), firstRoundMs, bytes, goods };
}

async function peerRounds(runs: number): Promise<BenchResults> {
  const data = peerData();
  const d = data.weights.length;
  const task = localTask(d);
  const bare: NoiseTask = { ...task, tier: 'test', mechanism: { name: 'none' } };
  const finish = async (delta: Float32Array): Promise<number> =>
    (await pack(privatize(delta, bare, drawNoise(bare, source), source), HEADER)).length;
  const times: Times = {};
  let peerShapeBytes = 0;
  const stock = await Stock.start();
  try {
    for (let i = 0; i < runs + 1; i++) {
      for (const [batch, name] of [
        [MINIBATCH, 'peerShape'],
        [ROWS, 'peerShapeFullBatch'],
      ] as const) {
        const began = performance.now();
        const { delta, losses } = await peerEpoch(data, batch);
        const trained = performance.now();
        peerShapeBytes = await finish(delta);
        const finished = performance.now();
        const answer = await stock.epoch(batch);
        expectSame(losses, delta, answer);
        // The first of each compiles.
        if (i === 0) continue;
        note(times, `${name}Ms`, finished - began);
        note(times, `${name}TrainMs`, trained - began);
        note(times, `${name}StockMs`, answer.ms + finished - trained);
      }
      const began = performance.now();
      drawNoise(task, source);
      if (i > 0) note(times, 'noiseMs', performance.now() - began);
    }
  } finally {
    stock.end();
  }
  return {
    ...medians(times),
    peerShapeWeights: d,
    peerShapeRows: ROWS,
    peerShapeMinibatch: MINIBATCH,
    peerShapeBytes,
  };
}

/** Both engines must have done the same work. */
function expectSame(losses: readonly number[], delta: Float32Array, stock: StockAnswer): void {
  if (stock.backend !== 'cpu') throw new Error(`stock tfjs ran on ${stock.backend}`);
  const differs = (a: number, b: number | undefined): boolean =>
    b === undefined || Math.abs(a - b) > 1e-4;
  if (losses.length !== stock.losses.length || delta.length !== stock.delta.length) {
    throw new Error('stock tfjs did another number of steps');
  }
  const otherLoss = losses.some((loss, i) => differs(loss, stock.losses[i]));
  if (otherLoss || delta.some((change, i) => differs(change, stock.delta[i]))) {
    throw new Error('stock tfjs trained to other weights');
  }
}

function history(ids: readonly string[]): ShopEvent[] {
  return Array.from({ length: EVENTS }, (_, i) => ({
    name: 'view_item' as const,
    atMs: 1_700_000_000_000 + i * 60_000,
    session: 1,
    items: [{ id: ids[source.nextUint32() % ids.length] as string, quantity: 1 }],
  }));
}
