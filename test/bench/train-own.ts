/** The Worker of our own engine in bench `train`: the learner of the SDK, and whole rounds. */
import { memory } from '@tensorflow/tfjs-core/dist/globals.js';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { compute, type Known, prepare } from '../../sdk/compute.ts';
import { WideScorer } from '../../sdk/features/wide.ts';
import type { Backend } from '../../sdk/learn/backend.ts';
import { initialWeights } from '../../sdk/learn/initial.ts';
import type { Learner } from '../../sdk/learn/learner.ts';
import { createLearner } from '../../sdk/learn/train.ts';
import { wasm } from '../../sdk/learn/wasm.ts';
import { webgpu } from '../../sdk/learn/webgpu.ts';
import { drawNoise } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { pack } from '../../sdk/pack/pack.ts';
import { type Architecture, parameterCount } from '../../shared/model/architecture.ts';
import type { Recipe } from '../../shared/model/recipe.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { ChaChaSource, CryptoSource } from '../../shared/random/source.ts';
import { generateSealingKeys } from '../../shared/sharing/seal.ts';
import { benchCatalogue } from './goods.ts';
import { medians, note, type Times } from './medians.ts';
import type { Answer, OwnRequest, RoundsRequest, StepsRequest } from './train-page.ts';
import { LEARNING_RATE, TINY, timed, timedArchitecture } from './train-shape.ts';

/** The recipe of the shop's ranker (aggregator/plan-site.ts). */
const RECIPE = { steps: 3, learningRate: 1, negatives: 100, maxExamples: 60 };
const SERVER = { name: 'fedavg', learningRate: 1, decayRounds: null } as const;
const EVENTS = 50;
const WIDE: Architecture = { name: 'wide', historyLength: 10 };

const secret = new CryptoSource();

function recipeOf(steps: number, learningRate: number): Recipe {
  return { ...RECIPE, steps, learningRate, server: SERVER };
}

/** The GPU's work so far, where there is one. */
let dispatches = 0;

function countDispatches(): void {
  const { prototype } = GPUComputePassEncoder;
  const original = prototype.dispatchWorkgroups;
  prototype.dispatchWorkgroups = function (...call) {
    dispatches += 1;
    return original.apply(this, call);
  };
}

async function steps(learner: Learner, request: StepsRequest): Promise<Answer> {
  const { architecture, weights, examples } = timed(request.kind, request.shape);
  const ms: number[] = [];
  const counts: number[] = [];
  let before = performance.now();
  let done = dispatches;
  const { losses } = await learner.train({
    architecture,
    weights,
    examples,
    recipe: recipeOf(request.steps, LEARNING_RATE),
    onProgress: () => {
      const now = performance.now();
      ms.push(now - before);
      before = now;
      counts.push(dispatches - done);
      done = dispatches;
    },
  });
  return { losses, ms, dispatches: counts };
}

/** Whole rounds of one browser after another, without network and database. */
async function rounds(
  learner: Learner,
  { rounds, warmUp, goods, towers }: RoundsRequest,
): Promise<Record<string, number>> {
  const catalogue = benchCatalogue(goods);
  const { publicKey } = await generateSealingKeys();
  const seeded = new ChaChaSource(new Uint8Array(32).fill(6), new Uint8Array(12));
  const architectures: Architecture[] = [WIDE];
  if (towers) {
    for (const kind of ['attention', 'gru'] as const) {
      architectures.push(timedArchitecture(kind, TINY));
    }
  }
  const start = initialWeights(WIDE, seeded);
  const times: Times = {};
  let tensors = 0;
  for (let i = 0; i < warmUp + rounds; i++) {
    if (i === warmUp) tensors = memory().numTensors;
    const architecture = architectures[i % architectures.length] as Architecture;
    const weights = architecture === WIDE ? start : initialWeights(architecture, seeded);
    const cold = i % 2 === 1 && !towers;
    const known = {
      task: taskOf(architecture, weights),
      base: { weights },
      evaluated: null,
      parts: new Map(),
      draw: null,
      wideWeights: null,
      catalogue,
      events: history(catalogue.ids, seeded),
      nowMs: NOW_MS,
      scorer: cold ? new WideScorer(catalogue) : undefined,
    } as unknown as Known;
    const marks = [performance.now()];
    const mark = (): void => void marks.push(performance.now());
    const examples = prepare(known, secret);
    mark();
    const noise = drawNoise(known.task, secret);
    mark();
    const { delta, losses } = await compute(learner, known, examples, {});
    mark();
    const value = privatize(delta, known.task, noise, secret);
    mark();
    const ids = { id: new Uint8Array(16), taskHash: new Uint8Array(32) };
    const header = { ...ids, roundHash: new Uint8Array(32) };
    await pack(value, header, { helper: { sealingKey: publicKey }, source: secret });
    mark();
    if (losses.length !== RECIPE.steps || !delta.some((change) => change !== 0)) {
      throw new Error('a round did not train');
    }
    if (i < warmUp) continue;
    note(times, cold ? 'coldRoundMs' : 'roundMs', (marks.at(-1) as number) - (marks[0] as number));
    if (cold) continue;
    for (const [n, name] of ['features', 'noise', 'train', 'privatize', 'pack'].entries()) {
      note(times, `${name}Ms`, (marks[n + 1] as number) - (marks[n] as number));
    }
  }
  return { ...medians(times), leakedTensors: memory().numTensors - tensors };
}

const NOW_MS = 1_800_000_000_000;

function history(ids: readonly string[], source: ChaChaSource): ShopEvent[] {
  return Array.from({ length: EVENTS }, (_, i) => ({
    name: 'view_item' as const,
    atMs: NOW_MS - (EVENTS - i) * 3_600_000,
    session: 1 + Math.floor(i / 10),
    items: [{ id: ids[source.nextUint32() % ids.length] as string, quantity: 1 }],
  }));
}

/** σ = 2.3816 is ε = 2 at δ = 10⁻⁶ by the provable conversion (shared/privacy). */
function taskOf(architecture: Architecture, weights: Float32Array): Task {
  return {
    name: 'wide',
    kind: 'train',
    tier: 'split',
    architecture,
    d: weights.length === parameterCount(architecture) ? weights.length : 0,
    clipL2: 2,
    scaleBits: 16,
    mechanism: { name: 'discrete-gaussian', sigma: 2.3816 },
    minReports: 1000,
    maxReports: 2000,
    recipe: recipeOf(RECIPE.steps, architecture.name === 'wide' ? 1 : LEARNING_RATE),
  } as unknown as Task;
}

async function started(backend: Backend): Promise<Learner> {
  if (backend === webgpu) countDispatches();
  return createLearner({
    backends: [backend],
    allowSoftwareGpu: true,
    loadAsset: async (name) => {
      const response = await fetch(`${location.origin}/${name}`);
      if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    },
  });
}

let learner: Promise<Learner> | null = null;

self.onmessage = async ({ data }: MessageEvent<OwnRequest>) => {
  try {
    learner ??= started({ wasm, webgpu }[data.backend]);
    const ready = await learner;
    postMessage({ answer: await ('kind' in data ? steps(ready, data) : rounds(ready, data)) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
