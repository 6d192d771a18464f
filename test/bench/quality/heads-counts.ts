/** Naive Bayes and a small tree, fitted from counts under DP. */
import { fitNaiveBayes, predictNaiveBayes } from '../../../shared/model/baselines/naive-bayes.ts';
import { binOf, type LabelTables, labelTables } from '../../../shared/model/baselines/tables.ts';
import { fitTree, predictTree } from '../../../shared/model/baselines/tree.ts';
import { SCALE_EDGES } from '../../../shared/model/heads/scales.ts';
import { selectInputs } from '../../../shared/model/select.ts';
import {
  type BinnedInput,
  entryCount,
  type InputLabelStatistic,
  tablesOf,
} from '../../../shared/model/statistic.ts';
import { serverVariance } from '../../../shared/random/variance.ts';
import type { HeadTarget } from './heads-data.ts';
import { addFixedPoint, addNoise, type HeadRows, roundTask, sourceOf } from './heads-federate.ts';

/** A tree looks at pairs: every input more costs it a table with each of the others. */
const TREE_INPUTS = 5;

export interface CountScores {
  readonly train: Float64Array;
  readonly test: Float64Array;
}

type Places = readonly number[];

type Counted = Pick<HeadTarget, 'columns' | 'lowest'>;

/**
 * Published counts of the label by these columns, each in eight bins (rule K24); any label with two
 * outcomes counts the same. Rows without a label do not count.
 */
export function published(
  target: Counted,
  columns: Places,
  ways: 1 | 2,
  rows: HeadRows,
  sigma: number | null,
  seed: string,
): LabelTables {
  const inputs = columns.map(
    (i): BinnedInput => ({ input: `${target.columns[i]}`, edges: SCALE_EDGES }),
  );
  const label = { name: 'purchase-in-session' } as const;
  const statistic: InputLabelStatistic = { name: 'input-label', label, inputs, ways };
  const { sums, deviation } = noisySums(statistic, target, columns, rows, sigma, seed);
  return labelTables(statistic, sums, deviation);
}

function scoresOf(
  predict: (values: number[]) => number,
  { lowest }: Counted,
  columns: Places,
  { shape, x, labels }: HeadRows,
): Float64Array {
  return Float64Array.from(labels, (_, i) =>
    predict(columns.map((k) => (x[i * shape.columns + k] as number) - (lowest[k] as number))),
  );
}

/** Naive Bayes of one participation. σ null: true counts. */
export function bayesScores(
  target: HeadTarget,
  train: HeadRows,
  test: HeadRows,
  sigma: number | null,
  seed: string,
): CountScores {
  const model = fitNaiveBayes(published(target, target.plain, 1, train, sigma, seed));
  const predict = (values: number[]): number => predictNaiveBayes(model, values).probability;
  const of = (rows: HeadRows): Float64Array => scoresOf(predict, target, target.plain, rows);
  return { train: of(train), test: of(test) };
}

/** A tree of two participations: counts by input, which choose the inputs, and by pairs of those. */
export function treeScores(
  target: HeadTarget,
  train: HeadRows,
  test: HeadRows,
  sigma: number | null,
  seed: string,
): CountScores {
  const single = published(target, target.plain, 1, train, sigma, `${seed}/one`);
  const chosen = selectInputs(single, TREE_INPUTS).flatMap((one) =>
    one.chosen ? [one.input] : [],
  );
  const columns = target.plain.filter((i) => chosen.includes(target.columns[i] as string));
  const kept = columns.length > 1 ? columns : target.plain.slice(0, 2);
  const tree = fitTree(published(target, kept, 2, train, sigma, `${seed}/two`));
  const predict = (values: number[]): number => predictTree(tree, values).probability;
  const of = (rows: HeadRows): Float64Array => scoresOf(predict, target, kept, rows);
  return { train: of(train), test: of(test) };
}

/** Sums of the shoppers' cells, each 1/√tables, in the units of the update. */
function noisySums(
  statistic: InputLabelStatistic,
  { lowest }: Counted,
  kept: readonly number[],
  rows: HeadRows,
  sigma: number | null,
  seed: string,
): { readonly sums: Float64Array; readonly deviation: number } {
  const tables = tablesOf(statistic).map((table) =>
    table.map((one) => statistic.inputs.indexOf(one)),
  );
  const bins = SCALE_EDGES.length + 1;
  const reports = rows.labels.length / rows.shape.heads;
  const d = entryCount(statistic);
  const task = roundTask({ clipL2: 1 }, d, reports, sigma);
  const source = sourceOf(seed);
  const sum = new Float64Array(d);
  for (let i = 0; i < reports; i++) {
    const label = rows.labels[i * rows.shape.heads] as number;
    if (label < 0) continue;
    const cells = kept.map((k) => {
      const value = rows.x[i * rows.shape.columns + k] as number;
      return binOf(SCALE_EDGES, value - (lowest[k] as number));
    });
    const counts = new Float32Array(d);
    let begin = 0;
    for (const table of tables) {
      const cell = table.reduce((place, input) => place * bins + (cells[input] as number), 0);
      counts[begin + 2 * cell + label] = 1 / Math.sqrt(tables.length);
      begin += 2 * bins ** table.length;
    }
    addFixedPoint(sum, counts, task, source);
  }
  const unit = 2 ** -task.scaleBits;
  if (sigma === null) return { sums: sum.map((one) => one * unit), deviation: 0 };
  addNoise(sum, task, reports, source);
  // Both servers' noise, and the browsers' shares: twice one server's, n being n_min.
  const deviation = 2 * Math.sqrt(Number(serverVariance(task))) * unit;
  return { sums: sum.map((one) => one * unit), deviation };
}
