/**
 * Where the values of a head's inputs lie in one shop, from counts under DP: one report of every
 * shopper, which buys what first-order training under noise cannot: inputs of about one size and
 * around 0 (LeCun, Bottou, Orr, Müller, Efficient BackProp, 1998, §4.3), so that its few rounds
 * reach what a central fit reaches. `npm run bench -- quality` has the figures; the constants were
 * chosen on folds of the same sets.
 */
import { canonicalJson } from '../../bytes/canonical.ts';
import { headsOf } from '../architecture.ts';
import { type LabelTables, meanMargin, outcomeTotals } from '../baselines/tables.ts';
import type { FedAvgM, Recipe, ReleaseRecipe } from '../recipe.ts';
import { type BinnedInput, entryCount, type InputLabelStatistic } from '../statistic.ts';
import { factorsOf, valueName, withFactors } from './inputs.ts';
import { type HeadLabel, outputsOf } from './label.ts';
import type { HeadRecord } from './record.ts';

/** A value v of [0, 1] enters as (v − centre)/spread. */
export interface Scale {
  readonly centre: number;
  readonly spread: number;
}

/** Eight bins: fewer hide the spread, more have fewer shoppers each. */
export const SCALE_EDGES: readonly number[] = [1, 2, 3, 4, 5, 6, 7].map((eighth) => eighth / 8);

/**
 * Added to a variance, of [0, 1]: below it lie what eight bins and the noise leave of one (a flag
 * that nobody has seems to lie at 1/16), and an input that few shoppers have must not outweigh the
 * others.
 */
const VARIANCE_FLOOR = 0.006;

/** A rate is taken to be no nearer to 0 or 1: start and step would follow the noise. */
const RATE_LEAST = 0.02;

/**
 * Shoppers for each deviation of noise in a count. With as few a centre is off by 0.11 to 0.17 once
 * in twenty times, which is more than most spreads; with twice as many by half of that.
 */
const SHOPPERS_LEAST = 20;

/** Inputs that an `input-label` statistic may have. */
const MOST_INPUTS = 64;

export interface InputScales {
  /** Of the statistic's inputs in their order. */
  readonly scales: readonly Scale[];
  /** Share of the shoppers with outcome 1. */
  readonly rate: number;
}

/**
 * Mean and standard deviation of every counted input, and the share of shoppers with the outcome.
 * Null where noise drowns the counts.
 */
export function inputScales(published: LabelTables): InputScales | null {
  const { none, some } = outcomeTotals(published);
  const margins = published.statistic.inputs.map((_, place) => meanMargin(published, place));
  const noisiest = Math.max(...margins.map(({ deviation }) => deviation));
  const shoppers = none + some;
  if (!(shoppers > SHOPPERS_LEAST * noisiest)) return null;
  const rate = Math.min(1 - RATE_LEAST, Math.max(RATE_LEAST, some / shoppers));
  const scales = published.statistic.inputs.map(({ edges }, place) =>
    scaleOf(edges, margins[place]?.counts ?? [], shoppers),
  );
  return { scales, rate };
}

function scaleOf(edges: readonly number[], counts: ArrayLike<number>, shoppers: number): Scale {
  const bounds = [0, ...edges, 1];
  let [counted, sum, squares] = [0, 0, 0];
  for (const [i, count] of Array.from(counts).entries()) {
    const bin = i >> 1;
    const middle = ((bounds[bin] as number) + (bounds[bin + 1] as number)) / 2;
    counted += count;
    sum += count * middle;
    squares += count * middle * middle;
  }
  // Its own total takes some of the noise with it, unless that is far off.
  const total = Math.max(counted, shoppers / 2);
  const mean = sum / total;
  const variance = Math.max(0, squares / total - mean * mean) + VARIANCE_FLOOR;
  const rounded = (value: number): number =>
    Math.round(1e4 * Math.min(1, Math.max(0, value))) / 1e4;
  return { centre: rounded(mean), spread: rounded(Math.sqrt(variance)) };
}

export interface HeadCounts {
  readonly name: string;
  readonly kind: 'measure';
  readonly architecture: { readonly name: 'counts'; readonly statistic: InputLabelStatistic };
  readonly recipe: ReleaseRecipe;
  readonly clipL2: 1;
  readonly initialWeights: Float32Array;
}

/** The first label with two outcomes, which is counted. */
const countedLabel = ({ architecture }: HeadRecord): HeadLabel | undefined =>
  headsOf(architecture).find(({ label }) => outputsOf(label) === 1)?.label;

/**
 * The parts of the statistic that `scaledHead` reads: the head's single values, in eight bins, by
 * its first label with two outcomes. Null for a head without such a label or such an input.
 */
export function headCounts(record: HeadRecord): HeadCounts | null {
  const label = countedLabel(record);
  const inputs = countedInputs(record);
  if (label === undefined || inputs.length === 0) return null;
  const statistic = { name: 'input-label', label, inputs, ways: 1 } as const;
  return {
    name: `${record.name}-inputs`,
    kind: 'measure',
    architecture: { name: 'counts', statistic },
    recipe: { server: { name: 'release' } },
    clipL2: 1,
    initialWeights: new Float32Array(entryCount(statistic)),
  };
}

function countedInputs({ architecture: { inputs } }: HeadRecord): BinnedInput[] {
  const names = inputs.flatMap((input) => factorsOf(input).flatMap((one) => valueName(one) ?? []));
  return [...new Set(names)].slice(0, MOST_INPUTS).map((input) => ({ input, edges: SCALE_EDGES }));
}

/**
 * The head with every counted value less its mean and over its spread, the share of shoppers for a
 * start, and the recipe for such inputs. Bins, and values that were not counted, stay as they are;
 * a trunk keeps its starts, and its steps are those for the label that was counted. The head itself
 * where noise drowns the counts.
 *
 * @param published of a statistic of this head's label
 * @param rounds of one participation of everybody
 * @throws RangeError for a statistic of another label
 */
export function scaledHead(record: HeadRecord, published: LabelTables, rounds = 1): HeadRecord {
  const { architecture, recipe } = record;
  const { statistic } = published;
  const label = countedLabel(record);
  if (label === undefined || canonicalJson(statistic.label) !== canonicalJson(label)) {
    throw new RangeError(`scales: the counts are not by the label of ${record.name}`);
  }
  const counted = inputScales(published);
  if (counted === null) return record;
  const { scales, rate } = counted;
  const scaleOfName = new Map(
    statistic.inputs.map(({ input }, i) => [input, scales[i] as Scale] as const),
  );
  const inputs = architecture.inputs.map((input) =>
    withFactors(input, (factor) => {
      const name = valueName(factor);
      const scale = name === null ? undefined : scaleOfName.get(name);
      return scale === undefined ? null : `${name}~${scale.centre}/${scale.spread}`;
    }),
  );
  const named = [...new Set(inputs)];
  return {
    ...record,
    architecture: { ...architecture, inputs: named },
    recipe: scaledRecipe(recipe.maxExamples, rate, rounds),
    clipL2: scaledClip(named.length),
    start: architecture.name === 'head' ? Math.log(rate / (1 - rate)) : record.start,
  };
}

/** Of the update's length where every input is one spread from its mean: few updates are longer. */
const CLIP_SHARE = 0.85;
/** Of a step that would be Newton's, were the inputs uncorrelated; momentum doubles it. */
const STEP = 0.4;
const MOMENTUM = 0.5;
/** Participations after which the step is half as long. */
const DECAY = 8;

/** Clip of a head on that many scaled inputs. */
export function scaledClip(inputs: number): number {
  return CLIP_SHARE * Math.sqrt(inputs + 1);
}

/**
 * Recipe on scaled inputs. The loss curves by rate·(1 − rate) along every input, so that a rare
 * outcome takes longer steps.
 *
 * @param rounds of one participation of everybody
 */
export function scaledRecipe(maxExamples: number, rate: number, rounds = 1): Recipe {
  const server: FedAvgM = {
    name: 'fedavgm',
    learningRate: STEP / (rate * (1 - rate)),
    momentum: MOMENTUM,
    decayRounds: DECAY * rounds,
  };
  return { steps: 1, learningRate: 1, negatives: 0, maxExamples, server };
}
