/** What one row has over another on the same lists, with intervals: rows resampled in pairs. */
import { hitRate, ndcg, type Rank } from '../../../shared/model/metrics/ranking.ts';
import { type Interval, pairedBootstrap } from '../../../shared/model/metrics/resample.ts';
import type { CaseRanks } from './evaluate.ts';

const SAMPLES = 1000;
const SEED = 1;

/**
 * Percent points of HR@10 and NDCG@10, mean over the seeds of each row, with 95 % intervals over the
 * lists: they say what other shoppers would show, not what another draw of the noise would.
 */
export type Difference = {
  readonly name: string;
  readonly than: string;
  readonly lists: number;
  readonly hr10: number;
  readonly hr10Low: number;
  readonly hr10High: number;
  readonly ndcg10: number;
  readonly ndcg10Low: number;
  readonly ndcg10High: number;
};

/** Names of two rows, of which the first is compared with the second. */
export type Claim = readonly [name: string, than: string];

/** @throws RangeError for a claim about a row that is not there. */
export function differences(
  names: readonly string[],
  ranks: readonly (readonly CaseRanks[])[],
  claims: readonly Claim[],
): Difference[] {
  return claims.map(([name, than]) => {
    const between = (value: (rank: Rank) => number): Interval =>
      pairedBootstrap(
        meanByList(names, ranks, name, value),
        meanByList(names, ranks, than, value),
        SAMPLES,
        SEED,
      );
    const hits = between((rank) => 100 * hitRate(rank, 10));
    const gains = between((rank) => 100 * ndcg(rank, 10));
    return {
      ...{ name, than, lists: ranks[0]?.length ?? 0 },
      ...{ hr10: hits.mean, hr10Low: hits.low, hr10High: hits.high },
      ...{ ndcg10: gains.mean, ndcg10Low: gains.low, ndcg10High: gains.high },
    };
  });
}

/** Of each list, the mean over the seeds of a row. */
function meanByList(
  names: readonly string[],
  ranks: readonly (readonly CaseRanks[])[],
  name: string,
  value: (rank: Rank) => number,
): Float64Array {
  const seeds = ranks.filter((_, r) => names[r] === name);
  const [first] = seeds;
  if (first === undefined) throw new RangeError(`no row ${name}`);
  return Float64Array.from(
    first,
    (_, at) =>
      seeds.reduce((sum, one) => sum + value((one[at] as CaseRanks).full), 0) / seeds.length,
  );
}

/** What a table of these rows claims: the last row over the others given, each part over the rest. */
export function claimed(
  names: readonly string[],
  final: string,
  others: readonly string[],
): Claim[] {
  const without = (name: string): string => name.slice(0, name.lastIndexOf(' + '));
  const parts = new Set(
    names.filter((name) => /: wide \+ /.test(name) && names.includes(without(name))),
  );
  return [
    ...others.map((than): Claim => [final, than]),
    ...[...parts].map((name): Claim => [name, without(name)]),
  ];
}
