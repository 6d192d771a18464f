/**
 * A decision tree of depth one or two from DP counts (Breiman and others, Classification and
 * Regression Trees, 1984, with entropy): the tables of pairs of inputs hold exactly what a tree of
 * depth two asks for. A split stands only where noise alone would not make it.
 */
import { binOf, type LabelTable, type LabelTables, marginOf } from './tables.ts';

export interface Leaf {
  readonly probability: number;
  /** Shoppers in it, as the noise has them. */
  readonly count: number;
}

export interface Split {
  /** Place of the input in the statistic. */
  readonly place: number;
  readonly input: string;
  readonly edge: number;
  readonly below: Tree;
  readonly above: Tree;
}

export type Tree = Leaf | Split;

/** Shoppers in a leaf at least, before noise asks for more. */
const LEAST = 20;
/** Deviations of the noise that a leaf holds at least. */
const SIGMAS = 3;
/** χ² with one degree of freedom that passes once in 1,000 times. */
const CHI_SQUARED = 10.83;

/** Bins of one input with the counts of both outcomes, and how many noisy counts are in each. */
interface Column {
  readonly place: number;
  readonly counts: Float64Array;
  readonly cells: number;
}

/** Never throws on noisy counts; a leaf alone where nothing stands out. */
export function fitTree(all: LabelTables): Tree {
  const { statistic, tables, bins } = all;
  const columns = statistic.inputs.map((_, place): Column => {
    const table = tables.find(({ inputs }) => inputs.includes(place)) as LabelTable;
    const counts = marginOf(table, bins, table.inputs.indexOf(place));
    return { place, counts, cells: table.inputs.length === 1 ? 1 : bins };
  });
  const first = columns[0] as Column;
  const root = countsOf(first, 0, bins);
  return grow(all, columns, leafOf(root, 0.5, all.deviation), (split) => [
    columnsWithin(all, split, false),
    columnsWithin(all, split, true),
  ]);
}

type Within = (split: { place: number; bin: number }) => [readonly Column[], readonly Column[]];

function grow(
  all: LabelTables,
  columns: readonly Column[],
  leaf: Leaf,
  within: Within | null,
): Tree {
  const best = bestSplit(all, columns);
  if (best === null) return leaf;
  const { place, bin, below, above } = best;
  const { input, edges } = all.statistic.inputs[place] as { input: string; edges: number[] };
  const parts = [below, above].map((counts) => leafOf(counts, leaf.probability, all.deviation));
  const [low, high] = within === null ? [[], []] : within({ place, bin });
  return {
    place,
    input,
    edge: edges[bin - 1] as number,
    below: grow(all, low, parts[0] as Leaf, null),
    above: grow(all, high, parts[1] as Leaf, null),
  };
}

/** Every input once more, among the shoppers on one side of a split: from the tables of its pairs. */
function columnsWithin(
  { tables, bins }: LabelTables,
  { place, bin }: { place: number; bin: number },
  isAbove: boolean,
): Column[] {
  const inside = (own: number): boolean => own >= bin === isAbove;
  return tables
    .filter(({ inputs }) => inputs.length === 2 && inputs.includes(place))
    .map((table) => {
      const isFirst = table.inputs[0] === place;
      const counts = new Float64Array(2 * bins);
      for (const [cell, count] of table.counts.entries()) {
        const [first, second] = [Math.floor((cell >> 1) / bins), (cell >> 1) % bins];
        if (!inside(isFirst ? first : second)) continue;
        const at = 2 * (isFirst ? second : first) + (cell & 1);
        counts[at] = (counts[at] as number) + count;
      }
      const cells = isAbove ? bins - bin : bin;
      return { place: table.inputs[isFirst ? 1 : 0] as number, counts, cells };
    });
}

type Counts = readonly [number, number];

function countsOf({ counts }: Column, from: number, to: number): Counts {
  const sum: [number, number] = [0, 0];
  for (let i = 2 * from; i < 2 * to; i++) sum[i & 1 ? 1 : 0] += counts[i] as number;
  return [Math.max(0, sum[0]), Math.max(0, sum[1])];
}

function leafOf([none, some]: Counts, prior: number, deviation: number): Leaf {
  const alpha = 1 + deviation;
  const count = none + some;
  return { probability: (some + alpha * prior) / (count + alpha), count };
}

/** The split with the most information, of those that stand out of the noise; null for none. */
function bestSplit(
  { bins, deviation }: LabelTables,
  columns: readonly Column[],
): { place: number; bin: number; below: Counts; above: Counts } | null {
  let best: ReturnType<typeof bestSplit> = null;
  let most = 0;
  for (const column of columns) {
    for (let bin = 1; bin < bins; bin++) {
      const below = countsOf(column, 0, bin);
      const above = countsOf(column, bin, bins);
      const noise = deviation * Math.sqrt(column.cells * bins);
      const least = Math.max(LEAST, SIGMAS * noise);
      if (below[0] + below[1] < least || above[0] + above[1] < least) continue;
      const gain = gainOf(below, above);
      // 2N·gain is about χ²; noise of variance τ² in a cell adds τ²/E to each of its terms.
      const cell = (below[0] + below[1] + above[0] + above[1]) / 4;
      if (gain > most && 2 * gain > CHI_SQUARED * (1 + noise ** 2 / cell)) {
        best = { place: column.place, bin, below, above };
        most = gain;
      }
    }
  }
  return best;
}

/** N times the mutual information of side and label, in nats. */
function gainOf(below: Counts, above: Counts): number {
  const whole: Counts = [below[0] + above[0], below[1] + above[1]];
  return loss(whole) - loss(below) - loss(above);
}

/** N times the entropy of the label, in nats. */
function loss([none, some]: Counts): number {
  const total = none + some;
  const part = (count: number): number => (count > 0 ? -count * Math.log(count / total) : 0);
  return part(none) + part(some);
}

/**
 * @param values of the inputs in their order
 * @returns why: the way down, each step with the input, its edge and the side
 */
export function predictTree(
  tree: Tree,
  values: ArrayLike<number>,
): {
  readonly probability: number;
  readonly why: readonly {
    readonly input: string;
    readonly edge: number;
    readonly above: boolean;
  }[];
} {
  const why: { input: string; edge: number; above: boolean }[] = [];
  let node = tree;
  while ('place' in node) {
    const { input, edge, place } = node;
    const above = binOf([edge], values[place] as number) === 1;
    why.push({ input, edge, above });
    node = above ? node.above : node.below;
  }
  return { probability: node.probability, why };
}
