/** The centralised fit of the same features, to convergence: what federation and noise cost. */
import { examplesFromSequence } from '../../../sdk/features/build.ts';
import type { DrawItem } from '../../../sdk/features/negatives.ts';
import { startWeights, type WideScorer } from '../../../sdk/features/wide.ts';
import { SeededRandom } from '../../simulate/random.ts';
import { RECIPE, WIDE } from './federate.ts';
import { sourceOf } from './privacy.ts';

/** Examples of the fit, at most; above it shoppers are drawn at random. */
const MOST_EXAMPLES = 30_000;
/** Newton's steps end when no weight moves by more. */
const TOLERANCE = 1e-7;
const MOST_STEPS = 40;

export interface CentralFit {
  readonly weights: Float32Array;
  readonly steps: number;
  readonly converged: boolean;
  readonly examples: number;
}

/**
 * Damped Newton on the mean softmax cross-entropy over all examples, convex in the weights. A ridge
 * of 1e-6 keeps features that a set lacks at zero.
 *
 * @param draw of candidates; null: all items alike
 */
export function centralWide(
  scorer: WideScorer,
  train: readonly (readonly number[])[],
  seed: string,
  draw: DrawItem | null = null,
): CentralFit {
  const order = new SeededRandom(`central/${seed}`).shuffled(train.map((_, i) => i));
  const source = sourceOf(`central/${seed}`);
  const width = startWeights().length;
  const rows: Float32Array[] = [];
  let examples = 0;
  for (const shopper of order) {
    if (examples >= MOST_EXAMPLES) break;
    const x = examplesFromSequence(WIDE, train[shopper] ?? [], scorer.catalogue, RECIPE, source, {
      scorer,
      draw,
    });
    if (x.kind !== 'ranking' || x.examples === 0) continue;
    examples += x.examples;
    for (let e = 0; e < x.examples; e++) rows.push(countedRows(x, e));
  }
  let weights = new Float64Array(width);
  let at = lossOf(rows, weights, width);
  let steps = 0;
  let moved = Number.POSITIVE_INFINITY;
  while (steps < MOST_STEPS && moved > TOLERANCE && rows.length > 0) {
    const step = solve(at.hessian, at.gradient, width);
    let scale = 1;
    let next = at;
    let tried = weights;
    do {
      tried = weights.map((weight, f) => weight - scale * (step[f] as number));
      next = lossOf(rows, tried, width);
      scale /= 2;
    } while (next.loss > at.loss + 1e-12 && scale > 1e-6);
    moved = tried.reduce(
      (most, weight, f) => Math.max(most, Math.abs(weight - (weights[f] as number))),
      0,
    );
    weights = tried;
    at = next;
    steps++;
  }
  return { weights: Float32Array.from(weights), steps, converged: moved <= TOLERANCE, examples };
}

/** Feature rows of one example without its masked candidates, the target first. */
function countedRows(
  x: { features: Float32Array; mask: Float32Array; candidates: number; width: number },
  example: number,
): Float32Array {
  const { candidates, width } = x;
  const kept: number[] = [];
  for (let c = 0; c < candidates; c++) {
    if (x.mask[example * candidates + c] === 0) continue;
    const from = (example * candidates + c) * width;
    for (let f = 0; f < width; f++) kept.push(x.features[from + f] as number);
  }
  return Float32Array.from(kept);
}

interface LossAt {
  readonly loss: number;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
}

const RIDGE = 1e-6;

function lossOf(rows: readonly Float32Array[], weights: Float64Array, width: number): LossAt {
  const gradient = weights.map((weight) => RIDGE * weight);
  const hessian = new Float64Array(width * width);
  let loss = 0;
  for (let f = 0; f < width; f++) {
    hessian[f * width + f] = RIDGE;
    loss += (RIDGE / 2) * (weights[f] as number) ** 2;
  }
  const share = 1 / Math.max(1, rows.length);
  const mean = new Float64Array(width);
  const second = new Float64Array(width * width);
  for (const row of rows) {
    const count = row.length / width;
    const logits = new Float64Array(count);
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < count; c++) {
      let logit = 0;
      for (let f = 0; f < width; f++)
        logit += (row[c * width + f] as number) * (weights[f] as number);
      logits[c] = logit;
      most = Math.max(most, logit);
    }
    let total = 0;
    for (let c = 0; c < count; c++) total += Math.exp((logits[c] as number) - most);
    loss += share * (Math.log(total) + most - (logits[0] as number));
    mean.fill(0);
    second.fill(0);
    for (let c = 0; c < count; c++) {
      const chance = Math.exp((logits[c] as number) - most) / total;
      for (let f = 0; f < width; f++) {
        const value = chance * (row[c * width + f] as number);
        mean[f] = (mean[f] as number) + value;
        for (let g = 0; g <= f; g++) {
          second[f * width + g] =
            (second[f * width + g] as number) + value * (row[c * width + g] as number);
        }
      }
    }
    for (let f = 0; f < width; f++) {
      gradient[f] = (gradient[f] as number) + share * ((mean[f] as number) - (row[f] as number));
      for (let g = 0; g <= f; g++) {
        const value =
          share * ((second[f * width + g] as number) - (mean[f] as number) * (mean[g] as number));
        hessian[f * width + g] = (hessian[f * width + g] as number) + value;
      }
    }
  }
  for (let f = 0; f < width; f++) {
    for (let g = 0; g < f; g++) hessian[g * width + f] = hessian[f * width + g] as number;
  }
  return { loss, gradient, hessian };
}

/** x of A·x = b by Cholesky; A is positive definite by its ridge. */
export function solve(a: Float64Array, b: ArrayLike<number>, n: number): Float64Array {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (l[i * n + k] as number) * (l[j * n + k] as number);
      l[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-300)) : sum / (l[j * n + j] as number);
    }
  }
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = b[i] as number;
    for (let k = 0; k < i; k++) sum -= (l[i * n + k] as number) * (x[k] as number);
    x[i] = sum / (l[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i] as number;
    for (let k = i + 1; k < n; k++) sum -= (l[k * n + i] as number) * (x[k] as number);
    x[i] = sum / (l[i * n + i] as number);
  }
  return x;
}
