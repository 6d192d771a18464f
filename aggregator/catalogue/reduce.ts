/**
 * Embeddings to content vectors: unit → centre → PCA → half whitening → unit, the recipe's form.
 *
 * PCA by subspace iteration on the scatter matrix with Rayleigh–Ritz (Halko, Martinsson & Tropp,
 * arXiv:0909.4061, Algorithm 4.4), from a fixed start: the same texts give the same vectors.
 */
import { assertInteger } from '../../shared/assert/assert.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { inner, orthonormalise, symmetricEigen } from './linear.ts';

/** Basis vectors beyond k, and iterations: cosines agree with an exact solution to 3 digits. */
const OVERSAMPLING = 16;
const ITERATIONS = 16;
/** Up to this length the scatter matrix is formed once: 8 MiB. */
const MAX_FORMED = 1024;
/** Components below this share of the largest eigenvalue are rounding errors. */
const MIN_EIGENVALUE = 1e-9;

/** Up to this many rows all are looked at; of more a sample decides, and all are projected. */
const MAX_SAMPLE = 20_000;

/** Vectors of one length that need not all be held at once. */
export interface VectorRows {
  readonly length: number;
  row(item: number): Float32Array;
}

/** Indices of at most 20,000 of n rows, evenly over all. */
export function sampled(n: number): readonly number[] {
  const count = Math.min(n, MAX_SAMPLE);
  return Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
}

/** Rows in compressed form, already unit. */
interface Rows {
  readonly n: number;
  readonly d: number;
  readonly starts: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float64Array;
  readonly mean: Float64Array;
}

/**
 * Returns n × k unit rows, k ≤ maxK (fewer where the rows span less). A row without content, or
 * one that is the mean, stays zero.
 *
 * @throws RangeError for vectors of different lengths or with entries that are not finite.
 */
export function reduceVectors(
  vectors: readonly Float32Array[] | VectorRows,
  maxK: number,
): { vectors: Float32Array; k: number } {
  assertInteger('maxK', maxK, 1, 1024);
  const total = vectors.length;
  const given: VectorRows = 'row' in vectors ? vectors : rowsOf(vectors);
  const rows = compress(given, sampled(total));
  const { n, d } = rows;
  const width = Math.min(maxK + OVERSAMPLING, n, d);
  if (width === 0) return { vectors: new Float32Array(total), k: 1 };
  const apply = scatterOf(rows);
  let basis = startBasis(d, width);
  orthonormalise(basis);
  for (let i = 0; i < ITERATIONS; i++) {
    basis = apply(basis);
    orthonormalise(basis);
  }
  const { values, components } = ritz(basis, apply(basis), maxK);
  if (values.length === 0) return { vectors: new Float32Array(total), k: 1 };
  const k = values.length;
  if (total === n) return { vectors: project(rows, rows.mean, values, components), k };
  const all = new Float32Array(total * k);
  for (let from = 0; from < total; from += BLOCK) {
    const items = Array.from({ length: Math.min(BLOCK, total - from) }, (_, i) => from + i);
    all.set(project(compress(given, items, d), rows.mean, values, components), from * k);
  }
  return { vectors: all, k };
}

/** Rows that are projected together. */
const BLOCK = 256;

const rowsOf = (vectors: readonly Float32Array[]): VectorRows => ({
  length: vectors.length,
  row: (item) => vectors[item] as Float32Array,
});

function compress(given: VectorRows, items: readonly number[], length?: number): Rows {
  const n = items.length;
  const d = length ?? (n === 0 ? 0 : given.row(items[0] as number).length);
  const starts = new Uint32Array(n + 1);
  let columns = new Uint32Array(Math.max(1024, n));
  let values = new Float64Array(columns.length);
  const mean = new Float64Array(d);
  let at = 0;
  for (const [row, item] of items.entries()) {
    const vector = given.row(item);
    if (vector.length !== d) throw new RangeError(`vectors[${item}] must have length ${d}`);
    let squares = 0;
    for (const value of vector) squares += value * value;
    if (!Number.isFinite(squares)) throw new RangeError(`vectors[${item}] must be finite`);
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    if (at + d > columns.length) {
      const larger = 2 * (at + d);
      columns = grown(columns, new Uint32Array(larger));
      values = grown(values, new Float64Array(larger));
    }
    for (let c = 0; c < d; c++) {
      const value = vector[c] as number;
      if (value === 0) continue;
      columns[at] = c;
      values[at] = value * scale;
      mean[c] = (mean[c] as number) + (value * scale) / n;
      at++;
    }
    starts[row + 1] = at;
  }
  return { n, d, starts, columns, values, mean };
}

function grown<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Uniform entries in [−1, 1) from the zero seed. */
function startBasis(d: number, width: number): Float64Array[] {
  const source = new ChaChaSource(new Uint8Array(32));
  return Array.from({ length: width }, () =>
    Float64Array.from({ length: d }, () => source.nextUint32() / 2 ** 31 - 1),
  );
}

type Apply = (basis: readonly Float64Array[]) => Float64Array[];

/** Product with (X − 1μᵀ)ᵀ(X − 1μᵀ) = XᵀX − n μμᵀ. */
function scatterOf(rows: Rows): Apply {
  const { n, d, mean } = rows;
  const raw = d <= MAX_FORMED ? formed(rows) : unformed(rows);
  return (basis) => {
    const product = raw(basis);
    for (const [i, column] of product.entries()) {
      const weight = n * inner(mean, basis[i] as Float64Array);
      for (let r = 0; r < d; r++) {
        column[r] = (column[r] as number) - weight * (mean[r] as number);
      }
    }
    return product;
  };
}

function formed(rows: Rows): Apply {
  const { n, d, starts, columns, values } = rows;
  const gram = new Float64Array(d * d);
  for (let row = 0; row < n; row++) {
    const end = starts[row + 1] as number;
    for (let i = starts[row] as number; i < end; i++) {
      const value = values[i] as number;
      const base = (columns[i] as number) * d;
      // Columns ascend inside a row: this fills the upper half.
      for (let j = i; j < end; j++) {
        const at = base + (columns[j] as number);
        gram[at] = (gram[at] as number) + value * (values[j] as number);
      }
    }
  }
  for (let r = 0; r < d; r++)
    for (let c = 0; c < r; c++) gram[r * d + c] = gram[c * d + r] as number;
  return (basis) => {
    const product = basis.map(() => new Float64Array(d));
    for (let r = 0; r < d; r++) {
      const line = gram.subarray(r * d, r * d + d);
      for (const [i, column] of basis.entries()) {
        (product[i] as Float64Array)[r] = inner(line, column);
      }
    }
    return product;
  };
}

/** Row by row with the basis in row-major form, so that each entry touches one stretch of it. */
function unformed(rows: Rows): Apply {
  const { n, d, starts, columns, values } = rows;
  return (basis) => {
    const width = basis.length;
    const input = new Float64Array(d * width);
    for (const [i, column] of basis.entries()) {
      for (let r = 0; r < d; r++) input[r * width + i] = column[r] as number;
    }
    const output = new Float64Array(d * width);
    const row = new Float64Array(width);
    for (let item = 0; item < n; item++) {
      const begin = starts[item] as number;
      const end = starts[item + 1] as number;
      row.fill(0);
      for (let e = begin; e < end; e++) {
        const value = values[e] as number;
        const at = (columns[e] as number) * width;
        for (let i = 0; i < width; i++) {
          row[i] = (row[i] as number) + value * (input[at + i] as number);
        }
      }
      for (let e = begin; e < end; e++) {
        const value = values[e] as number;
        const at = (columns[e] as number) * width;
        for (let i = 0; i < width; i++) {
          output[at + i] = (output[at + i] as number) + value * (row[i] as number);
        }
      }
    }
    return basis.map((_, i) =>
      Float64Array.from({ length: d }, (_, r) => output[r * width + i] as number),
    );
  };
}

/** Best approximations inside the basis: eigenvalues of BᵀSB, largest first. */
function ritz(
  basis: readonly Float64Array[],
  product: readonly Float64Array[],
  maxK: number,
): { values: number[]; components: Float64Array[] } {
  const m = basis.length;
  const small = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = i; j < m; j++) {
      const value = inner(basis[i] as Float64Array, product[j] as Float64Array);
      small[i * m + j] = value;
      small[j * m + i] = value;
    }
  }
  const { values, vectors } = symmetricEigen(small, m);
  const largest = values[0] ?? 0;
  const kept = values.filter((value) => value > MIN_EIGENVALUE * largest && value > 0);
  const k = Math.min(maxK, kept.length);
  const components = vectors.slice(0, k).map((weights) => {
    const component = new Float64Array((basis[0] as Float64Array).length);
    for (const [i, column] of basis.entries()) {
      const weight = weights[i] as number;
      for (let r = 0; r < component.length; r++) {
        component[r] = (component[r] as number) + weight * (column[r] as number);
      }
    }
    return component;
  });
  return { values: kept.slice(0, k), components };
}

/** Scores over the square root of the singular value σ = √eigenvalue, then unit rows. */
function project(
  rows: Rows,
  mean: Float64Array,
  eigenvalues: readonly number[],
  components: readonly Float64Array[],
): Float32Array {
  const { n, starts, columns, values } = rows;
  const k = components.length;
  const vectors = new Float32Array(n * k);
  const scales = eigenvalues.map((value) => value ** -0.25);
  const offsets = components.map((component) => inner(mean, component));
  const row = new Float64Array(k);
  for (let item = 0; item < n; item++) {
    if (starts[item] === starts[item + 1]) continue;
    let squares = 0;
    for (let i = 0; i < k; i++) {
      const component = components[i] as Float64Array;
      let score = -(offsets[i] as number);
      for (let e = starts[item] as number; e < (starts[item + 1] as number); e++) {
        score += (values[e] as number) * (component[columns[e] as number] as number);
      }
      row[i] = score * (scales[i] as number);
      squares += (row[i] as number) ** 2;
    }
    const scale = squares > 1e-18 ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < k; i++) vectors[item * k + i] = (row[i] as number) * scale;
  }
  return vectors;
}
