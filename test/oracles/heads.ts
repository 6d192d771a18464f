/** Heads and trunks once more: plain loops in float64, from the formulas of architecture.ts. */
import type { HeadExamples } from '../../sdk/features/examples.ts';
import type { HeadArchitecture, TrunkArchitecture } from '../../shared/model/architecture.ts';

type Weights = readonly number[];

function get(values: ArrayLike<number>, i: number): number {
  const value = values[i];
  if (value === undefined) throw new RangeError(`index ${i} of ${values.length}`);
  return value;
}

/** Mean over the examples with a label of −log p(label), added up over the heads. */
export function headLoss(
  architecture: HeadArchitecture | TrunkArchitecture,
  x: HeadExamples,
): (weights: Weights) => number {
  const heads = architecture.name === 'head' ? [architecture] : architecture.heads;
  return (weights) => {
    let at = 0;
    const times = (row: readonly number[], columns: number): number[] => {
      const begin = at;
      at += (row.length + 1) * columns;
      return Array.from({ length: columns }, (_, c) =>
        [...row, 1].reduce((sum, v, r) => sum + v * get(weights, begin + r * columns + c), 0),
      );
    };
    const losses = heads.map((): number[] => []);
    for (let i = 0; i < x.examples; i++) {
      at = 0;
      const row = Array.from({ length: x.width }, (_, c) => get(x.features, i * x.width + c));
      const last = architecture.hidden === 0 ? row : times(row, architecture.hidden).map(Math.tanh);
      for (const [h, { label }] of heads.entries()) {
        const { categories = 1 } = label as { categories?: number | readonly string[] };
        const logits = times(last, typeof categories === 'number' ? categories : categories.length);
        const came = get(x.labels, i * heads.length + h);
        if (came < 0) continue;
        // One logit stands for two outcomes, the first of which has logit 0.
        const all = logits.length === 1 ? [0, get(logits, 0)] : logits;
        const total = all.reduce((sum, z) => sum + Math.exp(z), 0);
        losses[h]?.push(Math.log(total) - get(all, came));
      }
    }
    return losses.reduce(
      (sum, own) => sum + (own.length === 0 ? 0 : own.reduce((a, b) => a + b) / own.length),
      0,
    );
  };
}
