/** Metrics of a two-class prediction: one score and one label (0 or 1) per row. */

/** A probability is kept this far from 0 and 1, so that a log loss is finite: float32's step at 1. */
const EDGE = 2 ** -24;

interface Rows {
  /** Row numbers, the largest score first. */
  readonly order: Uint32Array;
  readonly positives: number;
}

/** @throws RangeError for rows that are not paired, NaN scores, or labels other than 0 and 1. */
function sorted(scores: ArrayLike<number>, labels: ArrayLike<number>): Rows {
  if (scores.length !== labels.length) throw new RangeError('scores and labels are not paired');
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(scores[i])) throw new RangeError(`scores[${i}] is NaN`);
    if (labels[i] !== 0 && labels[i] !== 1) throw new RangeError(`labels[${i}] must be 0 or 1`);
    positives += labels[i] as number;
  }
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i);
  order.sort((a, b) => (scores[b] as number) - (scores[a] as number));
  return { order, positives };
}

/** Calls `visit` once for each distinct score, largest first, with the counts of its rows. */
function byScore(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { order }: Rows,
  visit: (score: number, positives: number, negatives: number) => void,
): void {
  for (let from = 0; from < order.length; ) {
    const score = scores[order[from] as number] as number;
    let positives = 0;
    let to = from;
    while (to < order.length && scores[order[to] as number] === score) {
      positives += labels[order[to] as number] as number;
      to++;
    }
    visit(score, positives, to - from - positives);
    from = to;
  }
}

/**
 * Area under the ROC curve, 0 to 1: the chance that a positive row scores above a negative one, ties
 * half (Mann–Whitney). 0.5 when a class is missing.
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const rows = sorted(scores, labels);
  const negatives = labels.length - rows.positives;
  if (rows.positives === 0 || negatives === 0) return 0.5;
  let above = 0;
  let pairs = 0;
  byScore(scores, labels, rows, (_, hits, misses) => {
    pairs += misses * (above + hits / 2);
    above += hits;
  });
  return pairs / (rows.positives * negatives);
}

/**
 * Average precision, 0 to 1: Σ (recall step) · precision, one step per distinct score. The share of
 * positive rows when all scores are equal, 0 without a positive row.
 */
export function averagePrecision(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const rows = sorted(scores, labels);
  if (rows.positives === 0) return 0;
  let hits = 0;
  let seen = 0;
  let sum = 0;
  byScore(scores, labels, rows, (_, positives, negatives) => {
    hits += positives;
    seen += positives + negatives;
    sum += (positives / rows.positives) * (hits / seen);
  });
  return sum;
}

export interface Classification {
  readonly accuracy: number;
  /** Of the rows called positive; 0 when there are none. */
  readonly precision: number;
  readonly recall: number;
  /** Harmonic mean of precision and recall; 0 when nothing is hit. */
  readonly f1: number;
}

/** Classification of rows whose score is at or above `threshold` as positive; 0 to 1 each. */
export function classification(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  threshold: number,
): Classification {
  const { positives } = sorted(scores, labels);
  let hits = 0;
  let called = 0;
  for (let i = 0; i < scores.length; i++) {
    if ((scores[i] as number) < threshold) continue;
    called++;
    hits += labels[i] as number;
  }
  const right = hits + (scores.length - called) - (positives - hits);
  return {
    accuracy: ratio(right, scores.length),
    precision: ratio(hits, called),
    recall: ratio(hits, positives),
    f1: ratio(2 * hits, called + positives),
  };
}

/**
 * The threshold with the largest F1, the highest of equal ones: to be chosen on rows that are not
 * the ones it is judged on. Infinity without a positive row.
 */
export function bestThreshold(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const rows = sorted(scores, labels);
  let best = 0;
  let threshold = Number.POSITIVE_INFINITY;
  let hits = 0;
  let called = 0;
  byScore(scores, labels, rows, (score, positives, negatives) => {
    hits += positives;
    called += positives + negatives;
    const f1 = ratio(2 * hits, called + rows.positives);
    if (f1 > best) {
      best = f1;
      threshold = score;
    }
  });
  return threshold;
}

/** Mean of −ln of the probability of what happened, nats; probabilities kept inside (0, 1). */
export function logLoss(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  sorted(probabilities, labels);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const p = Math.min(1 - EDGE, Math.max(EDGE, probabilities[i] as number));
    sum -= Math.log(labels[i] === 1 ? p : 1 - p);
  }
  return ratio(sum, labels.length);
}

export interface Calibration {
  /** Expected calibration error (Guo et al., arXiv:1706.04599, eq. 5): bins of equal width. */
  readonly ece: number;
  /** Brier 1950: mean of (p − y)². */
  readonly brier: number;
}

/** Calibration of probabilities in [0, 1]. */
export function calibration(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  bins = 10,
): Calibration {
  sorted(probabilities, labels);
  const surplus = new Float64Array(bins);
  let squares = 0;
  for (let i = 0; i < labels.length; i++) {
    const p = probabilities[i] as number;
    if (!(p >= 0 && p <= 1)) throw new RangeError(`probabilities[${i}] must be in [0, 1]`);
    const bin = Math.min(bins - 1, Math.floor(p * bins));
    surplus[bin] = (surplus[bin] as number) + p - (labels[i] as number);
    squares += (p - (labels[i] as number)) ** 2;
  }
  const gaps = surplus.reduce((sum, value) => sum + Math.abs(value), 0);
  return { ece: ratio(gaps, labels.length), brier: ratio(squares, labels.length) };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
