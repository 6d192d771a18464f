/**
 * Heads and trunks read in plain TypeScript, for the page: the forward pass of
 * sdk/learn/network-heads.ts, equal to it within float32, and what moved it.
 */
import {
  type HeadArchitecture,
  headsOf,
  parameterCount,
  type TrunkArchitecture,
} from '../../shared/model/architecture.ts';
import { columnsOf } from '../../shared/model/heads/inputs.ts';
import { outputsOf } from '../../shared/model/heads/label.ts';

type Heads = HeadArchitecture | TrunkArchitecture;

/** Σ rows of a matrix with its biases as last row. */
function layer(
  weights: ArrayLike<number>,
  at: number,
  inputs: ArrayLike<number>,
  columns: number,
): Float64Array {
  const rows = inputs.length;
  const out = new Float64Array(columns);
  for (let c = 0; c < columns; c++) {
    let sum = weights[at + rows * columns + c] as number;
    for (let r = 0; r < rows; r++) {
      sum += (inputs[r] as number) * (weights[at + r * columns + c] as number);
    }
    out[c] = sum;
  }
  return out;
}

function assertFits(architecture: Heads, weights: ArrayLike<number>, inputs: Float32Array): void {
  if (weights.length !== parameterCount(architecture)) {
    throw new RangeError(`weights must be ${parameterCount(architecture)}`);
  }
  if (inputs.length !== columnsOf(architecture.inputs)) {
    throw new RangeError(`inputs must be ${columnsOf(architecture.inputs)}`);
  }
}

/**
 * Logits of all outputs, head by head.
 * @throws RangeError for weights or inputs of another length
 */
export function headLogits(
  architecture: Heads,
  weights: ArrayLike<number>,
  inputs: Float32Array,
): Float64Array {
  assertFits(architecture, weights, inputs);
  const { hidden } = architecture;
  const first = hidden === 0 ? 0 : (inputs.length + 1) * hidden;
  const last = hidden === 0 ? inputs : layer(weights, 0, inputs, hidden).map(Math.tanh);
  const logits: number[] = [];
  let at = first;
  for (const { label } of headsOf(architecture)) {
    const outputs = outputsOf(label);
    logits.push(...layer(weights, at, last, outputs));
    at += (last.length + 1) * outputs;
  }
  return Float64Array.from(logits);
}

/**
 * Probabilities of all outputs, head by head: of the one outcome, or of each category.
 * @throws RangeError for weights or inputs of another length
 */
export function headOutputs(
  architecture: Heads,
  weights: ArrayLike<number>,
  inputs: Float32Array,
): Float32Array<ArrayBuffer> {
  const logits = headLogits(architecture, weights, inputs);
  const out = new Float32Array(logits.length);
  let at = 0;
  for (const { label } of headsOf(architecture)) {
    const outputs = outputsOf(label);
    const own = logits.subarray(at, at + outputs);
    if (outputs === 1) out[at] = 1 / (1 + Math.exp(-(own[0] as number)));
    else {
      const top = own.reduce((most, one) => Math.max(most, one), -Infinity);
      const powers = own.map((one) => Math.exp(one - top));
      const total = powers.reduce((sum, one) => sum + one, 0);
      out.set(
        powers.map((one) => one / total),
        at,
      );
    }
    at += outputs;
  }
  return out;
}

/**
 * What each declared input adds to the logit of one output; together exactly f(x) − f(0).
 *
 * Linear: weight × input. With a hidden layer: integrated gradients from 0 (Sundararajan, Taly,
 * Yan, arXiv:1703.01365, §3), which for Σ v·tanh(w·x + b) have the closed form
 * Σ v·w_i·x_i·(tanh(a + b) − tanh(b))/a with a = w·x.
 *
 * @param output index among all outputs, head by head
 * @throws RangeError for weights, inputs or an output that do not fit
 */
export function explainHead(
  architecture: Heads,
  weights: ArrayLike<number>,
  inputs: Float32Array,
  output: number,
): readonly { readonly input: string; readonly amount: number }[] {
  assertFits(architecture, weights, inputs);
  const slopes = slopesOf(architecture, weights, inputs, output);
  let at = 0;
  return architecture.inputs.map((input) => {
    let amount = 0;
    for (const end = at + columnsOf([input]); at < end; at++) {
      amount += (slopes[at] as number) * (inputs[at] as number);
    }
    return { input, amount };
  });
}

/** Mean slope of one output's logit along the way from 0 to the inputs, by column. */
function slopesOf(
  architecture: Heads,
  weights: ArrayLike<number>,
  inputs: Float32Array,
  output: number,
): Float64Array {
  const { hidden } = architecture;
  const width = inputs.length;
  const rows = hidden === 0 ? width : hidden;
  let at = hidden === 0 ? 0 : (width + 1) * hidden;
  let own = output;
  const counts = headsOf(architecture).map(({ label }) => outputsOf(label));
  const outputs = counts.find((count) => {
    if (own < count) return true;
    own -= count;
    at += (rows + 1) * count;
    return false;
  });
  if (outputs === undefined || !(output >= 0) || !Number.isInteger(output)) {
    throw new RangeError('output must be one of the heads');
  }
  const last = Float64Array.from(
    { length: rows },
    (_, r) => weights[at + r * outputs + own] as number,
  );
  if (hidden === 0) return last;
  const slopes = new Float64Array(width);
  const sums = layer(weights, 0, inputs, hidden);
  for (let k = 0; k < hidden; k++) {
    const bias = weights[width * hidden + k] as number;
    const reach = (sums[k] as number) - bias;
    const flat = 1 - Math.tanh(bias) ** 2;
    // Below this the quotient loses more digits than the slope at the start is off by.
    const mean =
      Math.abs(reach) < 1e-6 ? flat : (Math.tanh(bias + reach) - Math.tanh(bias)) / reach;
    const pull = (last[k] as number) * mean;
    for (let i = 0; i < width; i++) {
      slopes[i] = (slopes[i] as number) + pull * (weights[i * hidden + k] as number);
    }
  }
  return slopes;
}
