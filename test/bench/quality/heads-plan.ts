/** The recipe of every head of the bench: that of a scaled head, in as many rounds as shoppers allow. */
import { HEAD_CLIP, headRecipe } from '../../../shared/model/heads/record.ts';
import { scaledClip, scaledRecipe } from '../../../shared/model/heads/scales.ts';
import { type Budget, type HeadPlan, sourceOf } from './heads-federate.ts';
import { type HeadShape, weightCount } from './heads-local.ts';

/** Of all reports of one shopper to one target. */
export const BUDGET: Budget = { epsilon: 7.2, delta: 1e-6 };
export const PARTICIPATIONS = 10;
/** Units of a hidden layer, where there is one. */
export const HIDDEN = 8;

/** Of them, the one that counts where the inputs lie (shared/model/heads/scales.ts). */
export const COUNTED = 1;

/** Rounds of one participation: more settle better and have fewer shoppers each. */
const ROUNDS_MOST = 3;
const COHORT = 3000;

/** What a plan follows from: nothing but sizes, and the share of shoppers with the outcome. */
export interface PlanOf {
  readonly shoppers: number;
  /** That train, those that count apart. */
  readonly participations: number;
  readonly columns: number;
  readonly rate: number;
}

export function planFor({ shoppers, participations, columns, rate }: PlanOf): HeadPlan {
  const rounds = Math.min(ROUNDS_MOST, Math.max(1, Math.floor(shoppers / COHORT)));
  const { steps, learningRate, server } = scaledRecipe(1, rate, rounds);
  return { participations, rounds, steps, learningRate, clipL2: scaledClip(columns), server };
}

/** Of unscaled inputs: fewer rounds do not settle, more have too few shoppers each. */
const UNSCALED = { least: 3, most: 4, cohort: 600 } as const;

/** The recipe to begin with, of inputs that were never counted (shared/model/heads/record.ts). */
export function unscaledPlan(shoppers: number, participations: number, hidden = 0): HeadPlan {
  const { least, most, cohort } = UNSCALED;
  const rounds = Math.min(most, Math.max(least, Math.floor(shoppers / cohort)));
  const { steps, learningRate, server } = headRecipe(1, hidden);
  return { participations, rounds, steps, learningRate, clipL2: HEAD_CLIP, server };
}

/** Start weights as shared/model/heads/start.ts makes them: outputs of zeros, and the bias. */
export function startOf(
  shape: HeadShape,
  bias: number | readonly number[],
  seed: string,
): Float32Array {
  const { columns, hidden, heads } = shape;
  const weights = new Float32Array(weightCount(shape));
  const source = sourceOf(`${seed}/start`);
  const half = Math.sqrt(3 / columns);
  for (let i = 0; i < columns * hidden; i++) {
    weights[i] = half * (source.nextUint32() / 2 ** 31 - 1);
  }
  const first = hidden === 0 ? 0 : (columns + 1) * hidden;
  const width = (hidden === 0 ? columns : hidden) + 1;
  for (let head = 0; head < heads; head++) {
    weights[first + (head + 1) * width - 1] = typeof bias === 'number' ? bias : (bias[head] ?? 0);
  }
  return weights;
}
