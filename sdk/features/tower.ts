/**
 * What a trained sequence tower says of every item, in plain TypeScript for the page: the
 * formulas of sdk/learn/network-tower.ts and recurrent.ts for one history.
 */
import { CNN_REACH, type TowerArchitecture, towerShapes } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';

type Row = Float64Array;

/** A matrix of the tower in its flat weights, row-major. */
interface Matrix {
  readonly values: Float32Array;
  readonly columns: number;
}

/**
 * Scores that the tower adds to the items of the catalogue.
 *
 * @param history item indices, oldest first, of which the newest `historyLength` count.
 * @returns n scores; zeros for an empty history.
 * @throws RangeError when weights, catalogue or an item do not fit.
 */
export function towerScores(
  architecture: TowerArchitecture,
  weights: Float32Array,
  history: readonly number[],
  catalogue: Pick<Catalogue, 'vectors' | 'k' | 'ids'>,
): Float32Array {
  const { content, historyLength } = architecture;
  const { vectors, k, ids } = catalogue;
  if (content !== k) throw new RangeError(`architecture.content must be the catalogue's ${k}`);
  const matrices = matricesOf(architecture, weights);
  const scores = new Float32Array(ids.length);
  const recent = history.slice(-historyLength);
  if (recent.length === 0) return scores;
  const embed = matrices[0] as Matrix;
  const embedded = recent.map((item) => {
    if (!(item >= 0 && item < ids.length)) throw new RangeError(`history: no item ${item}`);
    return times(vectors.subarray(item * k, (item + 1) * k), embed);
  });
  const hidden = READERS[architecture.kind](embedded, matrices.slice(1, -1), historyLength);
  const wanted = turnedTimes(times(hidden, matrices.at(-1) as Matrix), embed);
  for (let item = 0; item < scores.length; item++) {
    let score = 0;
    for (let i = 0, at = item * k; i < k; i++, at++) {
      score += (vectors[at] as number) * (wanted[i] as number);
    }
    scores[item] = score;
  }
  return scores;
}

function matricesOf(architecture: TowerArchitecture, weights: Float32Array): Matrix[] {
  let at = 0;
  const matrices = towerShapes(architecture).map(({ rows, columns }) => {
    const values = weights.subarray(at, at + rows * columns);
    at += rows * columns;
    return { values, columns };
  });
  if (at !== weights.length) {
    throw new RangeError(`weights: ${weights.length} where ${at} are expected`);
  }
  return matrices;
}

type Read = (embedded: readonly Row[], matrices: readonly Matrix[], historyLength: number) => Row;

const READERS: Readonly<Record<TowerArchitecture['kind'], Read>> = {
  attention(embedded, matrices, historyLength) {
    const [position, query, key, value] = matrices as [Matrix, Matrix, Matrix, Matrix];
    const { columns: width, values: positions } = position;
    const first = historyLength - embedded.length;
    const rows = embedded.map((row, n) =>
      row.map((v, c) => v + (positions[(first + n) * width + c] as number)),
    );
    const last = rows.at(-1) as Row;
    const sought = turnedTimes(times(last, query), key);
    const fits = rows.map((row) => dot(row, sought) / Math.sqrt(width));
    const top = Math.max(...fits);
    const powers = fits.map((fit) => Math.exp(fit - top));
    const whole = powers.reduce((a, b) => a + b);
    const seen = new Float64Array(width);
    for (const [n, row] of rows.entries()) addTo(seen, row, (powers[n] as number) / whole);
    const read = times(seen, value);
    return last.map((v, c) => v + (read[c] as number));
  },
  gru(embedded, matrices) {
    const [input, recurrent, bias] = matrices as [Matrix, Matrix, Matrix];
    const width = recurrent.columns / 3;
    let h: Row = new Float64Array(width);
    for (const row of embedded) {
      const a = times(row, input, bias);
      const b = times(h, recurrent);
      h = h.map((old, c) => {
        const [r, z, n] = [c, c + width, c + 2 * width] as [number, number, number];
        const reset = sigmoid((a[r] as number) + (b[r] as number));
        const update = sigmoid((a[z] as number) + (b[z] as number));
        const candidate = Math.tanh((a[n] as number) + reset * (b[n] as number));
        return candidate + update * (old - candidate);
      });
    }
    return h;
  },
  lstm(embedded, matrices) {
    const [input, recurrent, bias] = matrices as [Matrix, Matrix, Matrix];
    const width = recurrent.columns / 4;
    let h: Row = new Float64Array(width);
    let cell = h;
    for (const row of embedded) {
      const sums = times(row, input, bias);
      addTo(sums, times(h, recurrent), 1);
      const gate = (n: number, c: number): number => sums[n * width + c] as number;
      cell = cell.map(
        (old, c) => sigmoid(gate(1, c)) * old + sigmoid(gate(0, c)) * Math.tanh(gate(2, c)),
      );
      h = cell.map((state, c) => sigmoid(gate(3, c)) * Math.tanh(state));
    }
    return h;
  },
  cnn(embedded, matrices) {
    const [filter, bias] = matrices as [Matrix, Matrix];
    const width = filter.columns;
    const hidden = (embedded.at(-1) as Row).slice();
    embedded.forEach((_, n) => {
      // Oldest first, zeros before the oldest item.
      const seen = new Float64Array(CNN_REACH * width);
      for (let place = 0; place < CNN_REACH; place++) {
        const row = embedded[n - CNN_REACH + 1 + place];
        if (row !== undefined) seen.set(row, place * width);
      }
      const found = times(seen, filter, bias).map((sum) => Math.max(0, sum));
      addTo(hidden, found, 1 / embedded.length);
    });
    return hidden;
  },
  mean(embedded) {
    const mean = new Float64Array((embedded[0] as Row).length);
    for (const row of embedded) addTo(mean, row, 1 / embedded.length);
    return mean;
  },
};

/** row · matrix, plus a bias. */
function times(row: ArrayLike<number>, { values, columns }: Matrix, bias?: Matrix): Row {
  const out = bias ? Float64Array.from(bias.values) : new Float64Array(columns);
  for (let r = 0, at = 0; r < row.length; r++) {
    const factor = row[r] as number;
    for (let c = 0; c < columns; c++, at++) {
      out[c] = (out[c] as number) + factor * (values[at] as number);
    }
  }
  return out;
}

/** row · matrixᵀ. */
function turnedTimes(row: Row, { values, columns }: Matrix): Row {
  return Float64Array.from({ length: values.length / columns }, (_, r) =>
    dot(row, values.subarray(r * columns, (r + 1) * columns)),
  );
}

function addTo(into: Row, row: Row, factor: number): void {
  for (let i = 0; i < into.length; i++) {
    into[i] = (into[i] as number) + factor * (row[i] as number);
  }
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
