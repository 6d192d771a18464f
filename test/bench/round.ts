/**
 * `round`: what one client round costs in a browser's Worker, measured in Node on the same WASM
 * engine; cpu where that does not start. Network and database are left out.
 *
 * `clientRoundMs` is the wide ranker: 20 events in a catalogue of 3,000 goods, 200 negatives,
 * three full-batch steps, local tier. `peerShapeMs` is the MLP of peer-shape.ts: one epoch in
 * minibatches of 32 with the loss read in every step, clip, fixed point and pack; the same epoch
 * on stock tfjs cpu is timed in turn with ours, in a process beside this one.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { examplesFor } from '../../sdk/features/build.ts';
import { startWeights, WideScorer } from '../../sdk/features/wide.ts';
import { clip } from '../../sdk/noise/clip.ts';
import { drawNoise, type NoiseTask } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { pack } from '../../sdk/pack/pack.ts';
import type { Architecture } from '../../shared/model/architecture.ts';
import { CryptoSource } from '../../shared/random/source.ts';
import { nodeLearner } from '../sdk/learn-node.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { benchCatalogue } from './goods.ts';
import { peerEpoch, registerPeerKernels } from './peer.ts';
import { peerData, ROWS } from './peer-shape.ts';
import type { StockAnswer } from './peer-stock.ts';

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

/** σ of ε = 8 at δ = 10⁻⁶ by the provable conversion (shared/privacy). */
function taskOf(d: number): NoiseTask {
  const mechanism = { name: 'discrete-gaussian', sigma: 0.6893 } as const;
  return { tier: 'local', mechanism, d, clipL2: 2, scaleBits: 16, maxReports: 1000 };
}

const source = new CryptoSource();
const HEADER = {
  id: new Uint8Array(16),
  taskHash: new Uint8Array(32),
  roundHash: new Uint8Array(32),
};

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const runs = quick ? 2 : 15;
  const learner = await nodeLearner('auto');
  registerPeerKernels();
  try {
    const round = await clientRounds(learner.train.bind(learner), runs, quick ? 200 : 3_000);
    const peer = await peerRounds(runs);
    return { ...round, ...peer, backend: learner.report.backend, runs };
  } finally {
    learner.dispose();
  }
}

type Train = Awaited<ReturnType<typeof nodeLearner>>['train'];

async function clientRounds(train: Train, runs: number, goods: number): Promise<BenchResults> {
  const catalogue = benchCatalogue(goods);
  const task = taskOf(11);
  const clock = new Stopwatch();
  let bytes = 0;
  for (let i = 0; i < runs + 1; i++) {
    const events = history(catalogue.ids);
    clock.begin();
    // A scorer of its own: a Worker's first round finds no columns remembered.
    const scorer = new WideScorer(catalogue);
    const examples = examplesFor(WIDE, events, catalogue, RECIPE, source, { scorer });
    clock.lap('featuresMs');
    const noise = drawNoise(task, source);
    clock.lap('noiseMs');
    const weights = startWeights();
    const { delta } = await train({ architecture: WIDE, weights, examples, recipe: RECIPE });
    clock.lap('trainMs');
    clip(delta, task.clipL2);
    clock.lap('clipMs');
    const value = privatize(delta, task, noise, source);
    clock.lap('privatizeMs');
    bytes = pack(value, HEADER).length;
    clock.lap('packMs');
    clock.end('clientRoundMs');
    // The first round compiles; a Worker's later rounds do not.
    if (i === 0) clock.moveTo('first');
  }
  const { first, rest } = clock;
  const wide = medians(rest);
  return {
    clientRoundMs: wide.clientRoundMs as number,
    firstRoundMs: medians(first).clientRoundMs as number,
    featuresMs: wide.featuresMs as number,
    trainMs: wide.trainMs as number,
    clipMs: wide.clipMs as number,
    privatizeMs: wide.privatizeMs as number,
    packMs: wide.packMs as number,
    roundNoiseMs: wide.noiseMs as number,
    bytes,
    goods,
  };
}

async function peerRounds(runs: number): Promise<BenchResults> {
  const data = peerData();
  const d = data.weights.length;
  const task = taskOf(d);
  const bare: NoiseTask = { ...task, tier: 'test', mechanism: { name: 'none' } };
  const silent = drawNoise;
  const stock = await Stock.start();
  const times: Record<string, number[]> = { ours: [], full: [], stock: [], stockFull: [], noise: [] };
  const note = (name: string, ms: number): void => void times[name]?.push(ms);
  const finish = (delta: Float32Array): number =>
    pack(privatize(delta, bare, silent(bare, source), source), HEADER).length;
  let bytes = 0;
  try {
    for (let i = 0; i < runs + 1; i++) {
      for (const [batch, ours, theirs] of [
        [MINIBATCH, 'ours', 'stock'],
        [ROWS, 'full', 'stockFull'],
      ] as const) {
        const began = performance.now();
        const { delta, losses } = await peerEpoch(data, batch);
        bytes = finish(delta);
        const ms = performance.now() - began;
        const answer = await stock.epoch(batch);
        expectSame(losses, delta, answer);
        const packing = performance.now();
        finish(Float32Array.from(answer.delta));
        if (i === 0) continue;
        note(ours, ms);
        note(theirs, answer.ms + performance.now() - packing);
      }
      const began = performance.now();
      drawNoise(task, source);
      if (i > 0) note('noise', performance.now() - began);
    }
  } finally {
    stock.end();
  }
  const { ours, full, stock: stockMs, stockFull, noise } = medians(times);
  return {
    peerShapeMs: ours as number,
    peerShapeStockMs: stockMs as number,
    peerShapeFullBatchMs: full as number,
    peerShapeFullBatchStockMs: stockFull as number,
    noiseMs: noise as number,
    peerShapeWeights: d,
    peerShapeRows: ROWS,
    peerShapeMinibatch: MINIBATCH,
    peerShapeBytes: bytes,
  };
}

/** The two engines must have done the same work. */
function expectSame(losses: readonly number[], delta: Float32Array, stock: StockAnswer): void {
  if (stock.backend !== 'cpu') throw new Error(`stock tfjs ran on ${stock.backend}`);
  const differs = (a: number, b: number | undefined): boolean =>
    b === undefined || Math.abs(a - b) > 1e-4;
  if (losses.length !== stock.losses.length || delta.length !== stock.delta.length) {
    throw new Error('stock tfjs did another number of steps');
  }
  if (
    losses.some((loss, i) => differs(loss, stock.losses[i])) ||
    delta.some((change, i) => differs(change, stock.delta[i]))
  ) {
    throw new Error('stock tfjs trained to other weights');
  }
}

/** The process that runs peer-stock.ts. */
class Stock {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<Stock> {
    const file = fileURLToPath(new URL('./peer-stock.ts', import.meta.url));
    const child = fork(file, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const stock = new Stock(child);
    await stock.#message();
    return stock;
  }

  async epoch(batch: number): Promise<StockAnswer> {
    const answer = this.#message();
    this.#child.send({ batch });
    return (await answer) as StockAnswer;
  }

  end(): void {
    this.#child.kill();
  }

  #message(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let stderr = '';
      const onData = (chunk: Buffer): void => void (stderr += chunk.toString());
      const onExit = (code: number | null): void =>
        reject(new Error(`stock tfjs ended with ${code}: ${stderr}`));
      this.#child.stderr?.on('data', onData);
      this.#child.once('exit', onExit);
      this.#child.once('message', (message) => {
        this.#child.off('exit', onExit);
        this.#child.stderr?.off('data', onData);
        resolve(message);
      });
    });
  }
}

class Stopwatch {
  first: Record<string, number[]> = {};
  rest: Record<string, number[]> = {};
  #began = 0;
  #last = 0;

  begin(): void {
    this.#began = performance.now();
    this.#last = this.#began;
  }

  lap(name: string): void {
    const now = performance.now();
    this.#note(name, now - this.#last);
    this.#last = performance.now();
  }

  end(name: string): void {
    this.#note(name, this.#last - this.#began);
  }

  moveTo(_name: 'first'): void {
    this.first = this.rest;
    this.rest = {};
  }

  #note(name: string, ms: number): void {
    this.rest[name] ??= [];
    this.rest[name].push(ms);
  }
}

function medians(times: Record<string, number[]>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(times).map(([name, all]) => {
      const sorted = [...all].sort((a, b) => a - b);
      const middle = sorted.length >> 1;
      const upper = sorted[middle] as number;
      const median = sorted.length % 2 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
      return [name, median];
    }),
  );
}

function history(ids: readonly string[]): ShopEvent[] {
  return Array.from({ length: EVENTS }, (_, i) => ({
    name: 'view_item' as const,
    atMs: 1_700_000_000_000 + i * 60_000,
    session: 1,
    items: [{ id: ids[source.nextUint32() % ids.length] as string, quantity: 1 }],
  }));
}
