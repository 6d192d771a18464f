/**
 * Local training of one shopper's head in plain float32: the arithmetic of sdk/learn on tfjs' cpu
 * backend in its order, so that its updates, and the fixed point made of them, are bit-equal to the
 * learner's (heads-local.test.ts), some hundred times faster. Weights as in `HeadArchitecture`.
 */

/** Columns of the inputs, units of the hidden layer (0: linear), heads of two outcomes each. */
export interface HeadShape {
  readonly columns: number;
  readonly hidden: number;
  readonly heads: number;
}

/** Examples: rows × columns, and rows × heads labels 0 or 1, or −1 where a head has none. */
export interface LocalExamples {
  readonly x: Float32Array;
  readonly labels: Float32Array;
}

/** Length of the inner sums that tfjs' cpu backend rounds to float32. */
const BLOCK = 48;

const { fround } = Math;

/** Weights of the shape. */
export function weightCount({ columns, hidden, heads }: HeadShape): number {
  return hidden === 0 ? (columns + 1) * heads : (columns + 1) * hidden + (hidden + 1) * heads;
}

/** What `steps` full-batch steps of gradient descent add to the weights; the weights stay. */
export function localUpdate(
  shape: HeadShape,
  weights: Float32Array,
  examples: LocalExamples,
  { steps, learningRate }: { readonly steps: number; readonly learningRate: number },
): Float32Array {
  const rows = examples.x.length / shape.columns;
  const current = weights.slice();
  const rate = fround(learningRate);
  const gradient = new Float32Array(weights.length);
  for (let step = 0; step < steps && rows > 0; step++) {
    meanGradient(shape, current, examples, rows, gradient);
    for (let i = 0; i < current.length; i++) {
      current[i] = (current[i] as number) - fround(rate * (gradient[i] as number));
    }
  }
  for (let i = 0; i < current.length; i++) {
    current[i] = (current[i] as number) - (weights[i] as number);
  }
  return current;
}

/** Writes the gradient of the mean loss over the rows to `gradient`. */
export function meanGradient(
  { columns, hidden, heads }: HeadShape,
  weights: Float32Array,
  { x, labels }: LocalExamples,
  rows: number,
  gradient: Float32Array,
): void {
  const first = hidden === 0 ? 0 : (columns + 1) * hidden;
  const units = hidden === 0 ? x : layer(x, weights, 0, columns, hidden);
  if (hidden > 0) for (let i = 0; i < units.length; i++) units[i] = tanh(units[i] as number);
  const width = hidden === 0 ? columns : hidden;
  const upstream = new Float32Array(rows * width);
  const part = new Float32Array(rows);
  // tfjs adds the heads' gradients in the order in which it walks back: the last head first.
  for (let head = heads - 1; head >= 0; head--) {
    const at = first + head * (width + 1);
    const logits = layer(units, weights, at, width, 1);
    let labelled = 0;
    for (let i = 0; i < rows; i++) if ((labels[i * heads + head] as number) >= 0) labelled++;
    for (let i = 0; i < rows; i++) {
      const label = labels[i * heads + head] as number;
      const miss = fround(sigmoid(logits[i] as number) - Math.max(0, label));
      part[i] = miss * (label < 0 ? 0 : fround(1 / labelled));
    }
    fillLayerGradient(gradient, at, units, part, width, 1);
    if (hidden === 0) continue;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < width; j++) {
        const more = fround((part[i] as number) * (weights[at + j] as number));
        upstream[i * width + j] = (upstream[i * width + j] as number) + more;
      }
    }
  }
  if (hidden === 0) return;
  for (let i = 0; i < upstream.length; i++) {
    const y = units[i] as number;
    upstream[i] = (upstream[i] as number) * fround(1 - fround(y * y));
  }
  fillLayerGradient(gradient, 0, x, upstream, columns, hidden);
}

/** x · W + b; W and b from `at` on, `inner` × `outer` and 1 × `outer`. */
function layer(
  x: Float32Array,
  weights: Float32Array,
  at: number,
  inner: number,
  outer: number,
): Float32Array {
  const rows = x.length / inner;
  const out = new Float32Array(rows * outer);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < outer; j++) {
      let product = 0;
      for (let from = 0; from < inner; from += BLOCK) {
        let sum = 0;
        const to = Math.min(inner, from + BLOCK);
        for (let k = from; k < to; k++) {
          sum += (x[i * inner + k] as number) * (weights[at + k * outer + j] as number);
        }
        product = fround(product + sum);
      }
      out[i * outer + j] = product + (weights[at + inner * outer + j] as number);
    }
  }
  return out;
}

/** Gradient of `layer` in W and b, for the gradient `upstream` of what it returned. */
function fillLayerGradient(
  gradient: Float32Array,
  at: number,
  x: Float32Array,
  upstream: Float32Array,
  inner: number,
  outer: number,
): void {
  const rows = x.length / inner;
  for (let j = 0; j < outer; j++) {
    for (let k = 0; k < inner; k++) {
      let product = 0;
      for (let from = 0; from < rows; from += BLOCK) {
        let sum = 0;
        const to = Math.min(rows, from + BLOCK);
        for (let i = from; i < to; i++) {
          sum += (x[i * inner + k] as number) * (upstream[i * outer + j] as number);
        }
        product = fround(product + sum);
      }
      gradient[at + k * outer + j] = product;
    }
    let bias = 0;
    for (let i = 0; i < rows; i++) bias += upstream[i * outer + j] as number;
    gradient[at + inner * outer + j] = bias;
  }
}

function sigmoid(z: number): number {
  return fround(1 / (1 + Math.exp(-z)));
}

/** As sdk/learn/losses.ts has it: 2·sigmoid(2z) − 1. */
function tanh(z: number): number {
  return fround(fround(sigmoid(fround(2 * z)) * 2) - 1);
}

/** Probability of each head, rows × heads, by the same arithmetic. */
export function probabilities(
  { columns, hidden, heads }: HeadShape,
  weights: Float32Array,
  x: Float32Array,
): Float32Array {
  const units = hidden === 0 ? x : layer(x, weights, 0, columns, hidden).map(tanh);
  const width = hidden === 0 ? columns : hidden;
  const first = hidden === 0 ? 0 : (columns + 1) * hidden;
  const rows = x.length / columns;
  const out = new Float32Array(rows * heads);
  for (let head = 0; head < heads; head++) {
    const logits = layer(units, weights, first + head * (width + 1), width, 1);
    for (let i = 0; i < rows; i++) out[i * heads + head] = sigmoid(logits[i] as number);
  }
  return out;
}
