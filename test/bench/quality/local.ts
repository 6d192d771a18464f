/**
 * Local steps of the wide ranker without tensors: the sums and roundings of tfjs's cpu backend in
 * their order, so that the update has the same bits as the learner's (a test holds it), at a small
 * part of the time. A bench that runs tens of thousands of client rounds needs it.
 */
import type { RankingExamples } from '../../../sdk/features/examples.ts';

/** tfjs-backend-cpu multiplies in blocks of this many terms, each added to a float32. */
const BLOCK = 48;

/** Trained minus base weights; zeros without examples. */
export function wideDelta(
  weights: Float32Array,
  x: RankingExamples,
  { steps, learningRate }: { readonly steps: number; readonly learningRate: number },
): Float32Array {
  const { examples, candidates, width, features, mask } = x;
  const delta = new Float32Array(width);
  if (examples === 0) return delta;
  const share = Math.fround(1 / examples);
  const rate = Math.fround(learningRate);
  const current = Float32Array.from(weights);
  const upstream = new Float32Array(examples * candidates);
  const row = new Float32Array(candidates);
  for (let step = 0; step < steps; step++) {
    for (let e = 0; e < examples; e++) {
      const at = e * candidates;
      let most = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < candidates; c++) {
        let logit = 0;
        const base = (at + c) * width;
        for (let f = 0; f < width; f++) {
          logit += (features[base + f] as number) * (current[f] as number);
        }
        const hidden = mask[at + c] === 0 ? -1e9 : 0;
        row[c] = Math.fround(logit) + hidden;
        most = Math.max(most, row[c] as number);
      }
      let sum = 0;
      for (let c = 0; c < candidates; c++) {
        row[c] = Math.exp(Math.fround((row[c] as number) - most));
        sum += row[c] as number;
      }
      const total = Math.fround(sum);
      for (let c = 0; c < candidates; c++) {
        const chance = Math.fround((row[c] as number) / total);
        upstream[at + c] = Math.fround(chance - (c === 0 ? 1 : 0)) * share;
      }
    }
    const gradient = new Float32Array(width);
    for (let from = 0; from < upstream.length; from += BLOCK) {
      const to = Math.min(from + BLOCK, upstream.length);
      for (let f = 0; f < width; f++) {
        let sum = 0;
        for (let i = from; i < to; i++) {
          sum += (features[i * width + f] as number) * (upstream[i] as number);
        }
        gradient[f] = (gradient[f] as number) + sum;
      }
    }
    for (let f = 0; f < width; f++) {
      current[f] = (current[f] as number) - Math.fround(rate * (gradient[f] as number));
    }
  }
  for (let f = 0; f < width; f++) delta[f] = (current[f] as number) - (weights[f] as number);
  return delta;
}
