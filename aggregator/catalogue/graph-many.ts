/**
 * The item graph of a catalogue in which not every pair can be looked at: goods are parted into cells
 * around 2·√n centres (inverted file: Jégou, Douze & Schmid, "Product quantization for nearest neighbor
 * search", TPAMI 2011, §IV), and each good is compared with those of its nearest cells.
 */
import type { SparseRows } from '../../shared/model/catalogue.ts';
import { vectorDot } from '../../shared/model/similarity.ts';
import { Nearest } from './graph.ts';
import { sampled } from './reduce.ts';

/** More goods than this: all pairs would take minutes. */
export const MANY_ITEMS = 20_000;
/** Cells that are looked at: more than 9 of 10 neighbours are found (its test, 3,000 goods). */
const PROBES = 6;
const ROUNDS = 3;
/** Goods of a cell by which its centre is found. */
const PER_CELL = 32;

/** As `nearestItems`, but for neighbours in cells that are not looked at. */
export function nearestOfMany(
  vectors: Float32Array,
  k: number,
  title: SparseRows,
  neighbours: number,
): Uint32Array {
  const n = title.starts.length - 1;
  const cells = Math.max(1, Math.min(n, Math.round(2 * Math.sqrt(n))));
  const centres = centresOf(vectors, k, n, cells);
  const near = new Uint32Array(n * PROBES);
  const probes = Math.min(PROBES, cells);
  for (let item = 0; item < n; item++) nearestCells(vectors, k, item, centres, cells, near, probes);
  const { starts, members } = membersOf(near, n, cells);
  const nearest = new Nearest(n, neighbours);
  const row = new Float32Array(title.width);
  for (const item of members) {
    spread(title, item, row, false);
    for (let p = 0; p < probes; p++) {
      const cell = near[item * PROBES + p] as number;
      for (let m = starts[cell] as number; m < (starts[cell + 1] as number); m++) {
        const other = members[m] as number;
        if (other === item) continue;
        const cosine = vectorDot(vectors, k, item, other);
        nearest.offer(item, other, (cosine + titleDot(title, other, row)) / 2);
      }
    }
    spread(title, item, row, true);
  }
  return nearest.graph;
}

/** Spherical k-means (Dhillon & Modha, Machine Learning 42, 2001) of a sample, from a fixed start. */
function centresOf(vectors: Float32Array, k: number, n: number, cells: number): Float32Array {
  const all = sampled(n);
  const count = Math.min(all.length, PER_CELL * cells);
  const picks = Array.from(
    { length: count },
    (_, i) => all[Math.floor((i * all.length) / count)] as number,
  );
  const centres = new Float32Array(cells * k);
  for (let c = 0; c < cells; c++) {
    const item = picks[Math.floor((c * picks.length) / cells)] as number;
    centres.set(vectors.subarray(item * k, item * k + k), c * k);
  }
  const nearest = new Uint32Array(PROBES);
  for (let round = 0; round < ROUNDS; round++) {
    const sums = new Float64Array(cells * k);
    for (const item of picks) {
      nearestCells(vectors.subarray(item * k, item * k + k), k, 0, centres, cells, nearest, 1);
      const at = (nearest[0] as number) * k;
      for (let i = 0; i < k; i++) {
        sums[at + i] = (sums[at + i] as number) + (vectors[item * k + i] as number);
      }
    }
    for (let c = 0; c < cells; c++) {
      const sum = sums.subarray(c * k, c * k + k);
      const norm = Math.sqrt(sum.reduce((squares, value) => squares + value * value, 0));
      // An empty cell stays where it was.
      if (norm > 0) for (let i = 0; i < k; i++) centres[c * k + i] = (sum[i] as number) / norm;
    }
  }
  return centres;
}

/** Writes the `probes` nearest cells of an item, nearest first, to its row of `near`. */
function nearestCells(
  vectors: Float32Array,
  k: number,
  item: number,
  centres: Float32Array,
  cells: number,
  near: Uint32Array,
  probes: number,
): void {
  const best = new Float64Array(probes).fill(-Infinity);
  const base = item * PROBES;
  for (let cell = 0; cell < cells; cell++) {
    let score = 0;
    for (let i = 0; i < k; i++) {
      score += (vectors[item * k + i] as number) * (centres[cell * k + i] as number);
    }
    if (!(score > (best[probes - 1] as number))) continue;
    let at = probes - 1;
    for (; at > 0 && (best[at - 1] as number) < score; at--) {
      best[at] = best[at - 1] as number;
      near[base + at] = near[base + at - 1] as number;
    }
    best[at] = score;
    near[base + at] = cell;
  }
}

/** Items by their nearest cell, ascending inside it. */
function membersOf(
  near: Uint32Array,
  n: number,
  cells: number,
): { readonly starts: Uint32Array; readonly members: Uint32Array } {
  const starts = new Uint32Array(cells + 1);
  const cellOf = (item: number): number => near[item * PROBES] as number;
  for (let item = 0; item < n; item++)
    starts[cellOf(item) + 1] = (starts[cellOf(item) + 1] ?? 0) + 1;
  for (let c = 0; c < cells; c++) starts[c + 1] = (starts[c + 1] as number) + (starts[c] as number);
  const next = starts.slice(0, cells);
  const members = new Uint32Array(n);
  for (let item = 0; item < n; item++) {
    const at = next[cellOf(item)] as number;
    next[cellOf(item)] = at + 1;
    members[at] = item;
  }
  return { starts, members };
}

/** Writes a sparse row out, or takes it back. */
function spread(
  { starts, columns, values }: SparseRows,
  item: number,
  out: Float32Array,
  back: boolean,
): void {
  for (let e = starts[item] as number; e < (starts[item + 1] as number); e++) {
    out[columns[e] as number] = back ? 0 : (values[e] as number);
  }
}

function titleDot(
  { starts, columns, values }: SparseRows,
  item: number,
  row: Float32Array,
): number {
  let sum = 0;
  for (let e = starts[item] as number; e < (starts[item + 1] as number); e++) {
    sum += (row[columns[e] as number] as number) * (values[e] as number);
  }
  return sum;
}
