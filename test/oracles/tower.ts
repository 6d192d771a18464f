/**
 * The networks of shared/model/architecture.ts once more: plain loops in float64, written from
 * the formulas in sdk/learn/networks.ts's comments, with gradients by central differences.
 */

import type {
  BinaryExamples,
  RankingExamples,
  SequenceExamples,
} from '../../sdk/features/examples.ts';
import type { AttentionArchitecture } from '../../shared/model/architecture.ts';

type Weights = readonly number[];
type Loss = (weights: Weights) => number;

function at(values: ArrayLike<number>, i: number): number {
  const value = values[i];
  if (value === undefined) throw new RangeError(`index ${i} of ${values.length}`);
  return value;
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

function total(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** −log softmax of candidate 0 among those whose mask is 1. */
function crossEntropy(logits: readonly number[], mask: readonly number[]): number {
  const counted = logits.filter((_, j) => mask[j] === 1);
  const top = Math.max(...counted);
  return top + Math.log(total(counted.map((z) => Math.exp(z - top)))) - at(logits, 0);
}

export function wideLoss(x: RankingExamples): Loss {
  return (w) => {
    const each = range(x.examples).map((i) => {
      const row = (j: number): number => i * x.candidates + j;
      const logits = range(x.candidates).map((j) =>
        total(range(x.width).map((f) => at(w, f) * at(x.features, row(j) * x.width + f))),
      );
      return crossEntropy(
        logits,
        range(x.candidates).map((j) => at(x.mask, row(j))),
      );
    });
    return total(each) / x.examples;
  };
}

export function logisticLoss(x: BinaryExamples): Loss {
  return (w) => {
    const each = range(x.examples).map((i) => {
      const inputs = range(x.width).map((f) => at(w, f) * at(x.features, i * x.width + f));
      const z = total(inputs) + at(w, x.width);
      const p = 1 / (1 + Math.exp(-z));
      return at(x.labels, i) === 1 ? -Math.log(p) : -Math.log(1 - p);
    });
    return total(each) / x.examples;
  };
}

/** Scores that the tower adds to `base`: examples × candidates. */
export function towerScores(
  { content, width, historyLength }: AttentionArchitecture,
  x: SequenceExamples,
  w: Weights,
): number[][] {
  let offset = 0;
  const matrix = (rows: number, columns: number): number[][] => {
    const made = range(rows).map((r) => range(columns).map((c) => at(w, offset + r * columns + c)));
    offset += rows * columns;
    return made;
  };
  const embed = matrix(content, width);
  const position = matrix(historyLength, width);
  const [query, key, value, output] = range(4).map(() => matrix(width, width)) as [
    number[][],
    number[][],
    number[][],
    number[][],
  ];
  const times = (row: readonly number[], m: readonly number[][]): number[] =>
    range(width).map((c) => total(row.map((v, r) => v * at(m[r] ?? [], c))));
  const dot = (a: readonly number[], b: readonly number[]): number =>
    total(a.map((v, i) => v * at(b, i)));
  const vector = (values: Float32Array, row: number): number[] =>
    range(content).map((k) => at(values, row * content + k));

  return range(x.examples).map((i) => {
    const places = range(x.length).filter((t) => at(x.historyMask, i * x.length + t) === 1);
    const embedded = (t: number): number[] =>
      times(vector(x.history, i * x.length + t), embed).map((v, c) => v + at(position[t] ?? [], c));
    const last = embedded(x.length - 1);
    const asked = times(last, query);
    const fits = places.map((t) => dot(asked, times(embedded(t), key)) / Math.sqrt(width));
    const top = Math.max(...fits);
    const powers = fits.map((fit) => Math.exp(fit - top));
    const hidden = last.map(
      (v, c) =>
        v +
        total(
          places.map((t, n) => (at(powers, n) / total(powers)) * at(times(embedded(t), value), c)),
        ),
    );
    const answer = times(hidden, output);
    return range(x.candidates).map((j) =>
      dot(answer, times(vector(x.candidatesVectors, i * x.candidates + j), embed)),
    );
  });
}

export function towerLoss(architecture: AttentionArchitecture, x: SequenceExamples): Loss {
  return (w) => {
    const deep = towerScores(architecture, x, w);
    const each = deep.map((scores, i) => {
      const row = (j: number): number => i * x.candidates + j;
      return crossEntropy(
        scores.map((score, j) => score + at(x.base, row(j))),
        scores.map((_, j) => at(x.mask, row(j))),
      );
    });
    return total(each) / x.examples;
  };
}

/** Full-batch gradient descent; the gradient by central differences, error about 1e-9. */
export function descend(
  loss: Loss,
  start: ArrayLike<number>,
  steps: number,
  rate: number,
): { losses: number[]; delta: number[] } {
  const h = 1e-5;
  let weights = Array.from(start);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push(loss(weights));
    const nudged = (i: number, by: number): number =>
      loss(weights.map((w, n) => (n === i ? w + by : w)));
    weights = weights.map((w, i) => w - (rate * (nudged(i, h) - nudged(i, -h))) / (2 * h));
  }
  return { losses, delta: weights.map((w, i) => w - at(start, i)) };
}
