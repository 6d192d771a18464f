/**
 * Central fits on the same rows, without privacy: what a shop could reach that had everything.
 * Logistic regression by Newton's method (iteratively reweighted least squares), the network of the
 * same shape by Adam (Kingma and Ba, arXiv:1412.6980, Algorithm 1) on full batches.
 */
import type { HeadRows } from './heads-federate.ts';
import { type HeadShape, meanGradient } from './heads-local.ts';

/** Squared weights, bias excepted, are held down by this much per row set: the fit then is unique. */
const RIDGE = 1;
const NEWTON_STEPS = 25;
const CONVERGED = 1e-8;

/**
 * Weights of logistic regression of head `head`, c + 1 with the bias last, fitted to convergence.
 * Rows without a label do not count.
 */
export function logisticFit({ shape, x, labels }: HeadRows, head = 0): Float32Array {
  const { columns, heads } = shape;
  const d = columns + 1;
  const w = new Float64Array(d);
  const rows = labels.length / heads;
  const used = new Int32Array(d);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const hessian = new Float64Array(d * d);
    const gradient = new Float64Array(d);
    for (let i = 0; i < columns; i++) {
      hessian[i * d + i] = RIDGE;
      gradient[i] = RIDGE * (w[i] as number);
    }
    // Against a singular bias where nothing else is known.
    hessian[d * d - 1] = 1e-9;
    for (let r = 0; r < rows; r++) {
      const label = labels[r * heads + head] as number;
      if (label < 0) continue;
      let count = 0;
      let z = w[columns] as number;
      for (let k = 0; k < columns; k++) {
        const value = x[r * columns + k] as number;
        if (value === 0) continue;
        used[count++] = k;
        z += value * (w[k] as number);
      }
      used[count++] = columns;
      const p = 1 / (1 + Math.exp(-z));
      const curvature = p * (1 - p);
      for (let a = 0; a < count; a++) {
        const i = used[a] as number;
        const xi = i === columns ? 1 : (x[r * columns + i] as number);
        gradient[i] = (gradient[i] as number) + xi * (p - label);
        const scaled = xi * curvature;
        for (let b = 0; b <= a; b++) {
          const j = used[b] as number;
          const xj = j === columns ? 1 : (x[r * columns + j] as number);
          hessian[i * d + j] = (hessian[i * d + j] as number) + scaled * xj;
        }
      }
    }
    const move = solve(hessian, gradient, d);
    let largest = 0;
    for (let i = 0; i < d; i++) {
      w[i] = (w[i] as number) - (move[i] as number);
      largest = Math.max(largest, Math.abs(move[i] as number));
    }
    if (largest < CONVERGED) break;
  }
  return Float32Array.from(w);
}

/** Solves a symmetric positive definite system, given by its lower half, by Cholesky. */
function solve(lower: Float64Array, right: Float64Array, d: number): Float64Array {
  const at = (i: number, j: number): number => lower[i * d + j] as number;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = at(i, j);
      for (let k = 0; k < j; k++) sum -= at(i, k) * at(j, k);
      lower[i * d + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / at(j, j);
    }
  }
  const y = right.slice();
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < i; k++) y[i] = (y[i] as number) - at(i, k) * (y[k] as number);
    y[i] = (y[i] as number) / at(i, i);
  }
  for (let i = d - 1; i >= 0; i--) {
    for (let k = i + 1; k < d; k++) y[i] = (y[i] as number) - at(k, i) * (y[k] as number);
    y[i] = (y[i] as number) / at(i, i);
  }
  return y;
}

/** Weights of a network after `steps` steps of Adam on all rows, from `start`. */
export function adamFit(
  rows: HeadRows,
  start: Float32Array,
  steps: number,
  rate = 0.02,
): Float32Array {
  const w = start.slice();
  const m = new Float64Array(w.length);
  const v = new Float64Array(w.length);
  const gradient = new Float32Array(w.length);
  const count = rows.labels.length / rows.shape.heads;
  for (let step = 1; step <= steps; step++) {
    meanGradient(rows.shape as HeadShape, w, rows, count, gradient);
    for (let i = 0; i < w.length; i++) {
      const g = gradient[i] as number;
      m[i] = 0.9 * (m[i] as number) + 0.1 * g;
      v[i] = 0.999 * (v[i] as number) + 0.001 * g * g;
      const mean = (m[i] as number) / (1 - 0.9 ** step);
      const spread = Math.sqrt((v[i] as number) / (1 - 0.999 ** step));
      w[i] = (w[i] as number) - (rate * mean) / (spread + 1e-8);
    }
  }
  return w;
}
