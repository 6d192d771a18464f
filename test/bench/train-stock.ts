/**
 * The Worker of stock tfjs in bench `train`: its published scripts, its ops, autodiff and WASM
 * kernels as they come, for the same weights, examples and loss. The towers are written the
 * ordinary way: every position and candidate is embedded, every position has a key and a value.
 */
import type * as Tf from '@tensorflow/tfjs';
import { towerShapes } from '../../shared/model/architecture.ts';
import type { Answer, StepsRequest } from './train-page.ts';
import { LEARNING_RATE, type Timed, timed } from './train-shape.ts';

declare const tf: typeof Tf & { wasm: { setWasmPaths(path: string): void } };

type Loss = (weights: readonly Tf.Tensor2D[]) => Tf.Scalar;

function lossOf({ architecture, examples: x }: Timed): Loss {
  const { examples, candidates, length, content } = x;
  const { width } = architecture;
  const history = tf.tensor2d(x.history, [examples * length, content]);
  const others = tf.tensor2d(x.candidatesVectors, [examples * candidates, content]);
  const base = tf.tensor2d(x.base, [examples, candidates]);
  const hot = tf.oneHot(tf.zeros([examples], 'int32'), candidates);
  const readers = {
    attention(weights: readonly Tf.Tensor2D[], embedded: Tf.Tensor3D): Tf.Tensor2D {
      const [, position, query, key, value] = weights as [Tf.Tensor2D, ...Tf.Tensor2D[]];
      const placed = embedded.add<Tf.Tensor3D>(position as Tf.Tensor2D);
      const flat = placed.reshape<Tf.Tensor2D>([examples * length, width]);
      const last = placed
        .slice([0, length - 1, 0], [examples, 1, width])
        .reshape<Tf.Tensor2D>([examples, width]);
      const three = (m: Tf.Tensor): Tf.Tensor3D =>
        flat.matMul(m).reshape([examples, length, width]);
      const asked = last.matMul(query as Tf.Tensor).reshape([examples, 1, width]);
      const fit = asked.matMul(three(key as Tf.Tensor), false, true).div(Math.sqrt(width));
      const read = tf.softmax(fit).matMul(three(value as Tf.Tensor));
      return last.add(read.reshape([examples, width]));
    },
    gru(weights: readonly Tf.Tensor2D[], embedded: Tf.Tensor3D): Tf.Tensor2D {
      const [, input, recurrent, bias] = weights as [Tf.Tensor2D, ...Tf.Tensor2D[]];
      const inputs = embedded
        .reshape([examples * length, width])
        .matMul(input as Tf.Tensor)
        .add(bias as Tf.Tensor)
        .reshape([examples, length, 3 * width]);
      let h: Tf.Tensor = tf.zeros([examples, width]);
      for (const step of tf.unstack(inputs, 1)) {
        const [ar, az, an] = tf.split(step, 3, 1) as [Tf.Tensor, Tf.Tensor, Tf.Tensor];
        const [hr, hz, hn] = tf.split(h.matMul(recurrent as Tf.Tensor), 3, 1) as [
          Tf.Tensor,
          Tf.Tensor,
          Tf.Tensor,
        ];
        const z = tf.sigmoid(az.add(hz));
        const n = tf.tanh(an.add(tf.sigmoid(ar.add(hr)).mul(hn)));
        h = tf.sub(1, z).mul(n).add(z.mul(h));
      }
      return h as Tf.Tensor2D;
    },
  };
  const read = readers[architecture.kind as keyof typeof readers];
  return (weights) => {
    const embed = weights[0] as Tf.Tensor2D;
    const embedded = history.matMul(embed).reshape<Tf.Tensor3D>([examples, length, width]);
    const answer = read(weights, embedded).matMul(weights.at(-1) as Tf.Tensor);
    const deep = others
      .matMul(embed)
      .reshape([examples, candidates, width])
      .matMul(answer.reshape([examples, width, 1]))
      .reshape<Tf.Tensor2D>([examples, candidates]);
    return tf.losses.softmaxCrossEntropy(hot, base.add(deep)) as Tf.Scalar;
  };
}

async function steps({ kind, shape, steps }: StepsRequest): Promise<Answer> {
  const work = timed(kind, shape);
  const loss = lossOf(work);
  let at = 0;
  let weights = towerShapes(work.architecture).map(({ rows, columns }) => {
    const part = work.weights.slice(at, at + rows * columns);
    at += rows * columns;
    return tf.tensor2d(part, [rows, columns]);
  });
  const losses: number[] = [];
  const ms: number[] = [];
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    const [value, ...next] = tf.tidy(() => {
      const { value, grads } = tf.valueAndGrads((...w) => loss(w as Tf.Tensor2D[]))(weights);
      const moved = weights.map((w, n) => w.sub((grads[n] as Tf.Tensor).mul(LEARNING_RATE)));
      return [value, ...moved];
    }) as [Tf.Scalar, ...Tf.Tensor2D[]];
    tf.dispose(weights);
    weights = next;
    losses.push((await value.data())[0] as number);
    value.dispose();
    ms.push(performance.now() - start);
  }
  tf.disposeVariables();
  tf.dispose(weights);
  return { losses, ms };
}

let ready: Promise<void> | null = null;

async function start(): Promise<void> {
  tf.wasm.setWasmPaths(`${location.origin}/`);
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (!(await tf.setBackend('wasm'))) throw new Error('stock tfjs does not start on wasm');
  await tf.ready();
}

self.onmessage = async ({ data }: MessageEvent<StepsRequest>) => {
  try {
    ready ??= start();
    await ready;
    postMessage({ answer: await steps(data) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
