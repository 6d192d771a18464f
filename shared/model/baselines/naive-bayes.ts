/**
 * Naive Bayes from DP counts (Maron 1961; smoothing as in Manning, Raghavan, Schütze, Introduction
 * to Information Retrieval, §13.2): explainable, one participation, nothing trained.
 *
 * With α pseudo-counts, P(bin | label) = (count + α·P(bin))/(count of the label + α): a bin that
 * holds no more than noise tells nothing, either way. α = 1 + the deviation of the noise in a count.
 */
import { binOf, type LabelTables, meanMargin, outcomeTotals } from './tables.ts';

export interface NaiveBayes {
  /** Logit of the label before anything is known. */
  readonly prior: number;
  /** What each bin adds to the logit. */
  readonly inputs: readonly {
    readonly input: string;
    readonly edges: readonly number[];
    readonly amounts: readonly number[];
  }[];
}

/** Never throws on noisy counts: a negative count is taken as none. */
export function fitNaiveBayes(published: LabelTables): NaiveBayes {
  const { statistic, bins, deviation } = published;
  const alpha = 1 + deviation;
  const { none: negatives, some: positives } = outcomeTotals(published);
  const prior = Math.log((positives + alpha / 2) / (negatives + alpha / 2));
  const inputs = statistic.inputs.map(({ input, edges }, place) => {
    const counts = meanMargin(published, place).counts.map((count) => Math.max(0, count));
    const [none, some] = [sumOf(counts, 0), sumOf(counts, 1)];
    const amounts = Array.from({ length: bins }, (_, bin) => {
      const [off, on] = [counts[2 * bin] as number, counts[2 * bin + 1] as number];
      const share = (off + on + 1) / (none + some + bins);
      const given = (count: number, total: number): number =>
        (count + alpha * share) / (total + alpha);
      return Math.log(given(on, some) / given(off, none));
    });
    return { input, edges, amounts };
  });
  return { prior, inputs };
}

/** Counts of all bins with this label. */
function sumOf(counts: Float64Array, label: number): number {
  let sum = 0;
  for (let i = label; i < counts.length; i += 2) sum += counts[i] as number;
  return sum;
}

/**
 * @param values of the inputs in their order, as sdk/features/inputs.ts makes them
 * @returns why: what each input added to the logit; with the prior they add up to it
 */
export function predictNaiveBayes(
  model: NaiveBayes,
  values: ArrayLike<number>,
): {
  readonly probability: number;
  readonly why: readonly { readonly input: string; readonly amount: number }[];
} {
  if (values.length !== model.inputs.length) {
    throw new RangeError(`values must be ${model.inputs.length}`);
  }
  const why = model.inputs.map(({ input, edges, amounts }, i) => ({
    input,
    amount: amounts[binOf(edges, values[i] as number)] as number,
  }));
  const logit = why.reduce((sum, { amount }) => sum + amount, model.prior);
  return { probability: 1 / (1 + Math.exp(-logit)), why };
}
