/** Figures of scored rows, their means over splits, gaps between tiers, and intervals. */
import {
  auc,
  averagePrecision,
  bestThreshold,
  calibration,
  classification,
} from '../../../shared/model/metrics/binary.ts';
import { mulberry32 } from '../../../shared/model/metrics/resample.ts';
import type { QualityRow } from './contract.ts';

export interface Scored {
  readonly train: ArrayLike<number>;
  readonly test: ArrayLike<number>;
  /** Where it is given and not chosen on the training rows. */
  readonly threshold?: number;
}

/** Percent. The threshold of F1 is chosen on the training rows; `f1At50` is at one half. */
export function figures(
  { train, test, threshold }: Scored,
  trainLabels: Float32Array,
  testLabels: Float32Array,
): Record<string, number> {
  const chosen = classification(test, testLabels, threshold ?? bestThreshold(train, trainLabels));
  const half = classification(test, testLabels, 0.5);
  const { ece, brier } = calibration(test, testLabels);
  const parts = {
    auc: auc(test, testLabels),
    f1: chosen.f1,
    averagePrecision: averagePrecision(test, testLabels),
    accuracy: chosen.accuracy,
    precision: chosen.precision,
    recall: chosen.recall,
    f1At50: half.f1,
    accuracyAt50: half.accuracy,
    calibrationError: ece,
    brier,
  };
  return Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, 100 * value]));
}

/** Figures by row and seed, each the mean over the splits of its seed. */
export class Ledger {
  readonly #rows = new Map<string, Map<number, Record<string, number>[]>>();

  note(row: string, seed: number, figure: Record<string, number>): void {
    const seeds = this.#rows.get(row) ?? new Map<number, Record<string, number>[]>();
    this.#rows.set(row, seeds);
    seeds.set(seed, [...(seeds.get(seed) ?? []), figure]);
  }

  /** Mean over the seeds and their standard deviation, 0 for one. */
  rows(): QualityRow[] {
    return [...this.#rows].map(([name, seeds]) => {
      const bySeed = [...seeds.values()].map(meanOf);
      const mean = meanOf(bySeed);
      const std = Object.fromEntries(
        Object.entries(mean).map(([figure, middle]) => {
          const squares = bySeed.reduce((sum, one) => sum + ((one[figure] ?? 0) - middle) ** 2, 0);
          return [figure, Math.sqrt(squares / Math.max(1, bySeed.length - 1))];
        }),
      );
      return { name, seeds: bySeed.length, mean, std };
    });
  }

  /** @throws RangeError when there is no such row. */
  mean(row: string): Record<string, number> {
    const found = this.rows().find(({ name }) => name === row);
    if (found === undefined) throw new RangeError(`no row ${row}`);
    return { ...found.mean };
  }
}

function meanOf(all: readonly Record<string, number>[]): Record<string, number> {
  const names = Object.keys(all[0] ?? {});
  const mean = (name: string): number =>
    all.reduce((sum, one) => sum + (one[name] as number), 0) / all.length;
  return Object.fromEntries(names.map((name) => [name, mean(name)]));
}

/** Share of the scores below each, ties half: so that rows of models of several folds compare. */
export function shares(scores: ArrayLike<number>): Float64Array {
  const n = scores.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => (scores[i] as number) - (scores[j] as number),
  );
  const out = new Float64Array(n);
  for (let from = 0; from < n; ) {
    let to = from;
    while (to < n && scores[order[to] as number] === scores[order[from] as number]) to++;
    for (let at = from; at < to; at++) out[order[at] as number] = (from + to) / (2 * n);
    from = to;
  }
  return out;
}

const TIERS = ['low', 'middle', 'high'] as const;

/** AUC by tier in percent, null where a tier lacks a class, and the largest gap between two. */
export function byTier(
  scores: Float64Array,
  labels: Float32Array,
  tier: Uint8Array,
): Record<string, number | null> {
  const own = TIERS.map((name, t): [string, number | null] => {
    const ids = [...tier.keys()].filter((i) => tier[i] === t && !Number.isNaN(scores[i]));
    const its = ids.map((i) => labels[i] as number);
    const both = its.includes(0) && its.includes(1);
    return [
      name,
      both
        ? 100 *
          auc(
            ids.map((i) => scores[i] as number),
            its,
          )
        : null,
    ];
  });
  const known = own.flatMap(([, value]) => (value === null ? [] : [value]));
  const gap = known.length > 1 ? Math.max(...known) - Math.min(...known) : null;
  return { ...Object.fromEntries(own), gap };
}

/** AUC when row i counts `counts[i]` times; `order` has the largest score first. */
function countedAuc(
  order: Uint32Array,
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  counts: Uint16Array,
): number {
  let [above, negatives, pairs] = [0, 0, 0];
  for (let from = 0; from < order.length; ) {
    const score = scores[order[from] as number];
    let [hits, misses] = [0, 0];
    for (; from < order.length && scores[order[from] as number] === score; from++) {
      const i = order[from] as number;
      if (labels[i] === 1) hits += counts[i] as number;
      else misses += counts[i] as number;
    }
    pairs += misses * (above + hits / 2);
    above += hits;
    negatives += misses;
  }
  return above === 0 || negatives === 0 ? 0.5 : pairs / (above * negatives);
}

/**
 * AUC of `a` less that of `b` on the same rows, percent, with its 95 % percentile interval over
 * resampled rows (Efron and Tibshirani 1993, §13.3).
 */
export function aucInterval(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  labels: ArrayLike<number>,
  samples: number,
  seed: number,
): { readonly mean: number; readonly low: number; readonly high: number } {
  const n = labels.length;
  if (a.length !== n || b.length !== n) throw new RangeError('a, b and labels are not paired rows');
  const sorted = (scores: ArrayLike<number>): Uint32Array =>
    Uint32Array.from({ length: n }, (_, i) => i).sort(
      (i, j) => (scores[j] as number) - (scores[i] as number),
    );
  const [orderA, orderB] = [sorted(a), sorted(b)];
  const difference = (counts: Uint16Array): number =>
    100 * (countedAuc(orderA, a, labels, counts) - countedAuc(orderB, b, labels, counts));
  const next = mulberry32(seed);
  const drawn = Float64Array.from({ length: samples }, () => {
    const counts = new Uint16Array(n);
    for (let i = 0; i < n; i++) {
      const row = Math.floor(next() * n);
      counts[row] = (counts[row] as number) + 1;
    }
    return difference(counts);
  }).sort();
  return {
    mean: difference(new Uint16Array(n).fill(1)),
    low: drawn[Math.floor(0.025 * samples)] as number,
    high: drawn[Math.ceil(0.975 * samples) - 1] as number,
  };
}
