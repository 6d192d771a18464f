/**
 * GRU and LSTM as one op each, with a gradient of their own: what autodiff would do a step at a
 * time is done for all steps at once, so that few small kernels are left.
 *
 * GRU (Cho et al., arXiv:1406.1078, with the reset gate behind the product, as cuDNN has it):
 *   r, z = σ(a_r + h·U_r), σ(a_z + h·U_z);  n = tanh(a_n + r ∘ (h·U_n));  h ← n + z ∘ (h − n)
 * LSTM (Hochreiter and Schmidhuber, with forget gate):
 *   i, f, o = σ(a + h·U);  g = tanh(a_g + h·U_g);  c ← f ∘ c + i ∘ g;  h ← o ∘ tanh(c)
 * A masked step leaves zeros. Padding stands in front, where the state is zero anyway.
 */
import { customGrad } from '@tensorflow/tfjs-core/dist/gradients.js';
import { add } from '@tensorflow/tfjs-core/dist/ops/add.js';
import { concat } from '@tensorflow/tfjs-core/dist/ops/concat.js';
import { matMul } from '@tensorflow/tfjs-core/dist/ops/mat_mul.js';
import { mul } from '@tensorflow/tfjs-core/dist/ops/mul.js';
import { reshape } from '@tensorflow/tfjs-core/dist/ops/reshape.js';
import { scalar } from '@tensorflow/tfjs-core/dist/ops/scalar.js';
import { sigmoid } from '@tensorflow/tfjs-core/dist/ops/sigmoid.js';
import { split } from '@tensorflow/tfjs-core/dist/ops/split.js';
import { sub } from '@tensorflow/tfjs-core/dist/ops/sub.js';
import { tanh } from '@tensorflow/tfjs-core/dist/ops/tanh.js';
import { transpose } from '@tensorflow/tfjs-core/dist/ops/transpose.js';
import { zeros } from '@tensorflow/tfjs-core/dist/ops/zeros.js';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';

export interface Steps {
  readonly steps: number;
  readonly rows: number;
  readonly width: number;
  /** For each step rows × 1 of zeros and ones, or null for all ones. */
  readonly masks: readonly (Tensor2D | null)[];
}

type Save = (tensors: Tensor[]) => void;

/**
 * @param inputs (steps · rows) × 3·width, oldest step first: reset, update, candidate.
 * @param recurrent width × 3·width.
 * @returns the newest state: rows × width.
 */
export function gru(inputs: Tensor2D, recurrent: Tensor2D, shape: Steps): Tensor2D {
  const { steps, rows, width, masks } = shape;
  const op = customGrad((x, u, save) => {
    const states: Tensor[] = [zeros([rows, width])];
    const kept: Tensor[][] = [[], [], [], []];
    const [gates, candidates] = split(x as Tensor2D, [2 * width, width], 1) as [Tensor, Tensor];
    const gatesOf = split(gates, steps);
    const candidatesOf = split(candidates, steps);
    const [uGates, uCandidate] = split(u as unknown as Tensor2D, [2 * width, width], 1) as [
      Tensor,
      Tensor,
    ];
    for (let t = 0; t < steps; t++) {
      const h = states[t] as Tensor;
      const gate = sigmoid(add(gatesOf[t] as Tensor, matMul(h, uGates)));
      const [reset, update] = split(gate, 2, 1) as [Tensor, Tensor];
      const sent = matMul(h, uCandidate);
      const candidate = tanh(add(candidatesOf[t] as Tensor, mul(reset, sent)));
      const next = add(candidate, mul(update, sub(h, candidate)));
      const mask = masks[t];
      states.push(mask ? mul(next, mask) : next);
      for (const [i, one] of [reset, update, candidate, sent].entries()) kept[i]?.push(one);
    }
    const value = states.pop() as Tensor;
    const all = [states, ...kept].map((one) => concat(one));
    (save as unknown as Save)([u as unknown as Tensor, ...all]);
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => gruGradient(dy, saved, shape) };
  });
  return op(inputs, recurrent) as Tensor2D;
}

/** With every factor that does not depend on the gradient taken over all steps before. */
function gruGradient(dy: Tensor, saved: Tensor[], { steps, rows, width, masks }: Steps): Tensor[] {
  const [u, h, r, z, n, sent] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const one = scalar(1);
  const byCandidate = mul(sub(one, z), sub(one, mul(n, n)));
  const byUpdate = mul(mul(z, sub(one, z)), sub(h, n));
  const byReset = mul(byCandidate, mul(sent, mul(r, sub(one, r))));
  const factors = reshape(concat([byReset, byUpdate, mul(byCandidate, r)], 1), [-1, 3, width]);
  const factorsOf = split(factors, steps);
  const carryOf = split(z, steps);
  const back = transpose(u);
  const sentBack: Tensor[] = [];
  const states: Tensor[] = [];
  let dh = dy;
  for (let t = steps - 1; t >= 0; t--) {
    const mask = masks[t];
    if (mask) dh = mul(dh, mask);
    const ds = reshape(mul(reshape(dh, [rows, 1, width]), factorsOf[t] as Tensor), [rows, -1]);
    states.unshift(dh);
    sentBack.unshift(ds);
    if (t > 0) dh = add(mul(dh, carryOf[t] as Tensor), matMul(ds, back));
  }
  const dSent = concat(sentBack) as Tensor2D;
  const dCandidate = mul(concat(states), byCandidate);
  const dGates = split(dSent, [2 * width, width], 1)[0] as Tensor;
  return [concat([dGates, dCandidate], 1), matMul(transpose(h), dSent)];
}

/**
 * @param inputs (steps · rows) × 4·width, oldest step first: input, forget, cell, output.
 * @param recurrent width × 4·width.
 * @returns the newest state: rows × width.
 */
export function lstm(inputs: Tensor2D, recurrent: Tensor2D, shape: Steps): Tensor2D {
  const { steps, rows, width, masks } = shape;
  const op = customGrad((x, u, save) => {
    const empty = zeros([rows, width]);
    const states: Tensor[] = [empty];
    const cells: Tensor[] = [empty];
    const kept: Tensor[][] = [[], [], [], [], []];
    const inputsOf = split(x as Tensor2D, steps);
    for (let t = 0; t < steps; t++) {
      const sums = add(inputsOf[t] as Tensor, matMul(states[t] as Tensor, u as unknown as Tensor));
      const [a, b, c, d] = split(sums, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
      const [input, forget, fresh, output] = [sigmoid(a), sigmoid(b), tanh(c), sigmoid(d)];
      const next = add(mul(forget, cells[t] as Tensor), mul(input, fresh));
      const mask = masks[t];
      const cell = mask ? mul(next, mask) : next;
      const shown = tanh(cell);
      cells.push(cell);
      states.push(mul(output, shown));
      for (const [i, one] of [input, forget, fresh, output, shown].entries()) kept[i]?.push(one);
    }
    const value = states.pop() as Tensor;
    cells.pop();
    const all = [states, cells, ...kept].map((one) => concat(one));
    (save as unknown as Save)([u as unknown as Tensor, ...all]);
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => lstmGradient(dy, saved, shape) };
  });
  return op(inputs, recurrent) as Tensor2D;
}

function lstmGradient(dy: Tensor, saved: Tensor[], { steps, rows, width, masks }: Steps): Tensor[] {
  const [u, h, c, i, f, g, o, shown] = saved as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const one = scalar(1);
  const slope = (gate: Tensor): Tensor => mul(gate, sub(one, gate));
  const shownOf = split(mul(o, sub(one, mul(shown, shown))), steps);
  const byCell = [mul(g, slope(i)), mul(c, slope(f)), mul(i, sub(one, mul(g, g)))];
  const factorsOf = split(reshape(concat(byCell, 1), [-1, 3, width]), steps);
  const outputOf = split(mul(shown, slope(o)), steps);
  const carryOf = split(f, steps);
  const back = transpose(u);
  const sums: Tensor[] = [];
  let dh = dy;
  let carried: Tensor | null = null;
  for (let t = steps - 1; t >= 0; t--) {
    const own = mul(dh, shownOf[t] as Tensor);
    let dc: Tensor = carried === null ? own : add(own, carried);
    const mask = masks[t];
    if (mask) dc = mul(dc, mask);
    const ds = concat(
      [
        reshape(mul(reshape(dc, [rows, 1, width]), factorsOf[t] as Tensor), [rows, -1]),
        mul(dh, outputOf[t] as Tensor),
      ],
      1,
    );
    sums.unshift(ds);
    if (t === 0) break;
    carried = mul(dc, carryOf[t] as Tensor);
    dh = matMul(ds, back);
  }
  const all = concat(sums) as Tensor2D;
  return [all, matMul(transpose(h), all)];
}
