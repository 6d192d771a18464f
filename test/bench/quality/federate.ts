/** Federated training of the wide ranker on a set's shoppers: the SDK's client steps, exact noise. */
import {
  initialState,
  type ServerStep,
  serverStep,
} from '../../../aggregator/publish/optimizer.ts';
import { examplesFromSequence } from '../../../sdk/features/build.ts';
import type { DrawItem } from '../../../sdk/features/negatives.ts';
import { startWeights, type WideScorer } from '../../../sdk/features/wide.ts';
import { drawNoise } from '../../../sdk/noise/draw.ts';
import { privatize } from '../../../sdk/noise/privatize.ts';
import { parameterCount, type WideArchitecture } from '../../../shared/model/architecture.ts';
import type { Recipe } from '../../../shared/model/recipe.ts';
import { wideServer } from '../../../shared/plan/wide-steps.ts';
import { SeededRandom } from '../../simulate/random.ts';
import { wideDelta } from './local.ts';
import { addServerNoise, addTo, noiseTask, sourceOf } from './privacy.ts';

export const WIDE: WideArchitecture = { name: 'wide', historyLength: 10 };

/**
 * models.md §1: three full-batch steps at rate 1, clip 2. Negatives by popularity leave to the
 * popularity part what it tells better (validation lists of two sets).
 */
export const RECIPE: Omit<Recipe, 'server'> = {
  steps: 3,
  learningRate: 1,
  negatives: 200,
  popularNegatives: 0.75,
  maxExamples: 20,
};
const CLIP = 2;

export interface WidePlan {
  /** Most rounds that one shopper takes part in. */
  readonly participations: number;
  readonly rounds: number;
  /** Reports of a round; cohorts are disjoint within one participation. */
  readonly cohort: number;
}

export interface Mode {
  readonly name: string;
  readonly noised: boolean;
  /** Divides the noise of every report and server; 1 is the shop as it is. */
  readonly noiseShare: number;
  /** Weights before the first round. */
  readonly start: Float32Array;
}

export const NO_DP: Mode = { name: 'no-dp', noised: false, noiseShare: 1, start: startWeights() };
export const UNDER_DP: Mode = { ...NO_DP, name: 'under-dp', noised: true };

/** Disjoint cohorts: shuffled and cut, and shuffled again when no whole cohort is left. */
export function cohortsOf(shoppers: number, plan: WidePlan, seed: string): number[][] {
  const random = new SeededRandom(`cohorts/${seed}`);
  const everyone = Array.from({ length: shoppers }, (_, i) => i);
  const perPass = Math.floor(shoppers / plan.cohort);
  if (perPass * plan.participations < plan.rounds) {
    throw new RangeError(
      `${plan.rounds} rounds need more than ${plan.participations} participations`,
    );
  }
  const cohorts: number[][] = [];
  while (cohorts.length < plan.rounds) {
    const order = random.shuffled(everyone);
    for (let c = 0; c < perPass && cohorts.length < plan.rounds; c++) {
      cohorts.push(order.slice(c * plan.cohort, (c + 1) * plan.cohort));
    }
  }
  return cohorts;
}

/**
 * Weights after all rounds, by mode. The modes of one call see the same cohorts and candidates, so
 * that what differs is their noise alone.
 *
 * @param draw of candidates, by the popularity that is published before the first round: that under
 * noise, for the mode without it too
 */
export function federateWide(
  scorer: WideScorer,
  train: readonly (readonly number[])[],
  plan: WidePlan,
  seed: string,
  modes: readonly Mode[],
  draw: DrawItem,
): Float32Array[] {
  const d = parameterCount(WIDE);
  const drawn = sourceOf(`candidates/${seed}`);
  const noise = sourceOf(`noise/${seed}`);
  const server = wideServer(plan.rounds);
  let fitted: ServerStep[] = modes.map(({ start }) => ({
    weights: Float32Array.from(start),
    state: initialState(server, d),
  }));
  const tasks = modes.map(({ noised }) => noiseTask(d, CLIP, plan.cohort, noised));
  for (const [version, cohort] of cohortsOf(train.length, plan, seed).entries()) {
    const sums = modes.map(() => new Float64Array(d));
    const noises = modes.map(() => new Float64Array(d));
    for (const shopper of cohort) {
      const x = examplesFromSequence(WIDE, train[shopper] ?? [], scorer.catalogue, RECIPE, drawn, {
        scorer,
        draw,
      });
      if (x.kind !== 'ranking') throw new Error('the wide ranker trains on ranking examples');
      for (const [m, mode] of modes.entries()) {
        const task = tasks[m] as (typeof tasks)[number];
        const delta = wideDelta((fitted[m] as ServerStep).weights, x, RECIPE);
        const ownNoise = drawNoise(task, noise);
        if (mode.noiseShare !== 1) {
          // Noise and counts are kept apart: the share of a larger shop is no whole number of units.
          addTo(noises[m] as Float64Array, ownNoise.coordinates);
          const bare = noiseTask(d, CLIP, plan.cohort, false);
          addReport(sums[m] as Float64Array, privatize(delta, bare, drawNoise(bare, noise), noise));
        } else {
          addReport(sums[m] as Float64Array, privatize(delta, task, ownNoise, noise));
        }
      }
    }
    fitted = modes.map((mode, m) => {
      const task = tasks[m] as (typeof tasks)[number];
      const extra = noises[m] as Float64Array;
      addServerNoise(extra, task, noise);
      const unit = CLIP / 2 ** task.scaleBits / plan.cohort;
      const mean = (sums[m] as Float64Array).map(
        (value, i) => (value + mode.noiseShare * (extra[i] as number)) * unit,
      );
      const { weights, state } = fitted[m] as ServerStep;
      return serverStep(state, weights, mean, server, version);
    });
  }
  return fitted.map(({ weights }) => weights);
}

function addReport(sum: Float64Array, { payload }: ReturnType<typeof privatize>): void {
  if (payload.form !== 'coordinates') throw new Error('reports of this tier are coordinates');
  addTo(sum, payload.coordinates);
}
