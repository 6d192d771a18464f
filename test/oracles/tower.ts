/**
 * The networks of shared/model/architecture.ts once more: plain loops in float64, written from
 * the formulas in sdk/learn/networks.ts's comments, with gradients by central differences.
 */

import type { RankingExamples, SequenceExamples } from '../../sdk/features/examples.ts';
import type { TowerArchitecture } from '../../shared/model/architecture.ts';

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

type Matrix = readonly (readonly number[])[];

/** Scores that the tower adds to `base`: examples × candidates. */
export function towerScores(
  architecture: TowerArchitecture,
  x: SequenceExamples,
  w: Weights,
): number[][] {
  const { content, width } = architecture;
  let offset = 0;
  const matrix = (rows: number, columns: number): Matrix => {
    const made = range(rows).map((r) => range(columns).map((c) => at(w, offset + r * columns + c)));
    offset += rows * columns;
    return made;
  };
  const embed = matrix(content, width);
  const read = readers[architecture.kind](architecture, matrix);
  const output = matrix(width, width);
  const vector = (values: Float32Array, row: number): number[] =>
    range(content).map((k) => at(values, row * content + k));
  return range(x.examples).map((i) => {
    const places = range(x.length).filter((t) => at(x.historyMask, i * x.length + t) === 1);
    const embedded = places.map((t) => times(vector(x.history, i * x.length + t), embed));
    const answer = times(read(embedded, places), output);
    return range(x.candidates).map((j) =>
      dot(answer, times(vector(x.candidatesVectors, i * x.candidates + j), embed)),
    );
  });
}

/** From the embedded items of a history and their positions to `hidden`. */
type Read = (embedded: Matrix, places: readonly number[]) => number[];

const readers: Record<
  TowerArchitecture['kind'],
  (architecture: TowerArchitecture, matrix: (rows: number, columns: number) => Matrix) => Read
> = {
  attention({ width, historyLength }, matrix) {
    const position = matrix(historyLength, width);
    const [query, key, value] = range(3).map(() => matrix(width, width)) as [
      Matrix,
      Matrix,
      Matrix,
    ];
    return (embedded, places) => {
      const rows = embedded.map((row, n) => plus(row, position[at(places, n)] ?? []));
      const last = rows.at(-1) ?? [];
      const asked = times(last, query);
      const fits = rows.map((row) => dot(asked, times(row, key)) / Math.sqrt(width));
      const top = Math.max(...fits);
      const powers = fits.map((fit) => Math.exp(fit - top));
      const shares = powers.map((power) => power / total(powers));
      const values = rows.map((row) => times(row, value));
      return last.map((v, c) => v + total(values.map((row, n) => at(shares, n) * at(row, c))));
    };
  },
  gru({ width }, matrix) {
    const [input, recurrent, bias] = [
      matrix(width, 3 * width),
      matrix(width, 3 * width),
      matrix(1, 3 * width),
    ];
    return (embedded) =>
      embedded.reduce((h: readonly number[], row): number[] => {
        const a = plus(times(row, input), bias[0] ?? []);
        const b = times(h, recurrent);
        return h.map((old, c) => {
          const [r, z, n] = [c, c + width, c + 2 * width] as [number, number, number];
          const reset = sigmoid(at(a, r) + at(b, r));
          const update = sigmoid(at(a, z) + at(b, z));
          const candidate = Math.tanh(at(a, n) + reset * at(b, n));
          return (1 - update) * candidate + update * old;
        });
      }, new Array<number>(width).fill(0)) as number[];
  },
  lstm({ width }, matrix) {
    const [input, recurrent, bias] = [
      matrix(width, 4 * width),
      matrix(width, 4 * width),
      matrix(1, 4 * width),
    ];
    return (embedded) => {
      let h = new Array<number>(width).fill(0);
      let cell = h;
      for (const row of embedded) {
        const sums = plus(plus(times(row, input), bias[0] ?? []), times(h, recurrent));
        const gate = (n: number, c: number): number => at(sums, n * width + c);
        cell = cell.map(
          (old, c) => sigmoid(gate(1, c)) * old + sigmoid(gate(0, c)) * Math.tanh(gate(2, c)),
        );
        h = cell.map((state, c) => sigmoid(gate(3, c)) * Math.tanh(state));
      }
      return h;
    };
  },
  cnn({ width }, matrix) {
    const filters = range(3).map(() => matrix(width, width));
    const bias = matrix(1, width);
    return (embedded) => {
      const zero = new Array<number>(width).fill(0);
      const found = embedded.map((_, n) =>
        filters
          .map((filter, place) => times(embedded[n - 2 + place] ?? zero, filter))
          .reduce(plus, bias[0] ?? [])
          .map((sum) => Math.max(0, sum)),
      );
      const last = embedded.at(-1) ?? [];
      return last.map((v, c) => v + total(found.map((row) => at(row, c))) / found.length);
    };
  },
  mean: () => (embedded) =>
    range(embedded[0]?.length ?? 0).map(
      (c) => total(embedded.map((row) => at(row, c))) / embedded.length,
    ),
};

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function plus(a: readonly number[], b: readonly number[]): number[] {
  return a.map((v, i) => v + at(b, i));
}

function times(row: readonly number[], m: Matrix): number[] {
  return range(m[0]?.length ?? 0).map((c) => total(row.map((v, r) => v * at(m[r] ?? [], c))));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return total(a.map((v, i) => v * at(b, i)));
}

export function towerLoss(architecture: TowerArchitecture, x: SequenceExamples): Loss {
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
