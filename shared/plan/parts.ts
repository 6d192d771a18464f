/**
 * What can be learned, what it costs and from when it pays. "§" is a section of the study that the
 * recipe comes from (amazon-industrial: 3,285 shoppers, 3,686 goods); E.: error.ts.
 *
 * The study's figures: 36 rounds of the wide ranker under noise give 95 % of its central fit, 54
 * rounds 97 % (§2); popularity adds nothing where the noise is that of the local tier (§2, §4); pairs
 * add 0.1 at 3,285 shoppers and 0.7 with the noise of ten times as many (§1, §2); a linear head loses
 * nothing to noise at 1,600 shoppers (§5); a tower's averaged update should be off by a tenth of the
 * clip at most (§8).
 */
import {
  type HeadArchitecture,
  type PartsMetrics,
  parameterCount,
  type TowerArchitecture,
  type WideArchitecture,
} from '../model/architecture.ts';
import { CHURN } from '../model/heads/churn.ts';
import { INTENT, INTENT_MLP } from '../model/heads/intent.ts';
import { NEXT_CATEGORY } from '../model/heads/next-category.ts';
import { PRICE_SENSITIVITY } from '../model/heads/price-sensitivity.ts';
import type { HeadRecord } from '../model/heads/record.ts';
import { VALUE } from '../model/heads/value.ts';
import { PAIR_REPORTS, PAIR_SCALE } from '../model/pair-prior.ts';
import type { DeepPart, PairPart, PopPart, RankerParts } from '../model/parts.ts';
import type { Statistic } from '../model/statistic.ts';
import type { Candidate, CountSize, GateSize, MeanSize } from './candidate.ts';
import { MOST_REPORTS } from './cohort.ts';
import type { GoodsFields, PlanRequest } from './request.ts';
import { wideServer } from './wide-steps.ts';

/** Items of a history that the ranker looks at: §1. */
export const HISTORY_LENGTH = 10;

/**
 * §1, but the weight: on the validation lists of amazon-industrial, amazon-beauty and ml-100k 0.5 gains
 * 0.4, 0 and 1 NDCG over 0.15 and is within 0.1 of the best but on the last, where it is 1 and more.
 */
export const POP: PopPart = { task: 'pop', weight: 0.5, floor: 1.5, scale: 3 };
/** Settings of the recipe (§1); λ = 3 is that of noise below one count. */
export const PAIR: PairPart = {
  ...{ task: 'pair', weight: 3, threshold: 3 },
  ...{ decay: 0.6, reach: 3 },
};

/**
 * Of pairs among the best-known goods: chosen on the validation lists of amazon-beauty
 * (test/bench/quality), in rounds of `PAIR_REPORTS`. The threshold is that of a graph's pairs, which
 * every record has.
 */
const BEST_PAIR: PairPart = {
  ...{ task: PAIR.task, weight: 1, threshold: PAIR.threshold },
  ...{ decay: 0.6, reach: 5 },
};

export const DEEP: DeepPart = { task: 'deep' };

/** Places between two items that still count as a pair of the graph: §1. */
const GAPS = 3;

/** Weight of a place over the next newer one, as bench `quality` has it. */
const DECAY = 0.9;
/** And of the best-known goods. */
const BEST = { gaps: 10, decay: DECAY } as const;

/**
 * Sum of one shopper's entries, and the part of all sums that falls on the busiest hundredth of the
 * entries: measured on the training file with sdk/measure/items.ts, on the graph that
 * aggregator/catalogue/build.ts makes of hashed n-grams.
 */
const BUSY = { share: 0.01, items: { sum: 1.86, part: 0.114 }, edges: { sum: 0.597, part: 0.563 } };

/**
 * The same of the pairs among the best-known goods, most of them first: measured on the training
 * lists of amazon-beauty (22,363 shoppers) and amazon-industrial with shared/model/parts-popular.ts,
 * goods in the order of the sums of `items`; of each figure the smaller one.
 */
const BUSY_BEST = [
  { goods: 512, sum: 0.841, part: 0.294 },
  { goods: 256, sum: 0.47, part: 0.29 },
  { goods: 128, sum: 0.258, part: 0.279 },
  { goods: 64, sum: 0.136, part: 0.243 },
] as const;

const FEWEST_BEST = Math.min(...BUSY_BEST.map(({ goods }) => goods));

/** A larger report is not asked of a browser: 1 MB. */
const MOST_ENTRIES = 1 << 18;

const RELEASE = { server: { name: 'release' } } as const;

function wide({ has }: PlanRequest): Candidate {
  const architecture: WideArchitecture = { name: 'wide', historyLength: HISTORY_LENGTH };
  const idle = [
    ...(has.texts ? [] : ['6 of its features are 0 without texts']),
    ...(has.brands ? [] : ['2 are 0 without brands']),
  ];
  const size: MeanSize = {
    ...{ kind: 'mean', architecture, clipL2: 2, spread: 9, bound: 0.5, size: '11 weights' },
    leastRounds: 1,
    // §1, but the server's steps and negatives by popularity, as bench `quality` has them; the shipped
    // 100 negatives, which a browser has in memory anyway.
    server: wideServer,
    recipe: {
      ...{ steps: 3, learningRate: 1, negatives: 100, popularNegatives: 0.75, maxExamples: 60 },
      server: wideServer(1),
    },
  };
  const pays = ['ranks by content before any round', ...idle].join('; ');
  return { name: 'wide', units: 4, sizes: [size], lacks: null, pays };
}

interface Busy {
  readonly sum: number;
  readonly part: number;
}

function countSize(
  statistic: Statistic,
  size: string,
  { sum, part }: Busy,
  deviations: number,
): CountSize {
  const architecture = { name: 'counts', statistic } as const;
  const entries = parameterCount(architecture);
  return {
    ...{ kind: 'count', architecture, clipL2: 1, spread: 1, recipe: RELEASE, leastRounds: 1 },
    ...{ size, deviations },
    // Of less than a hundred entries a hundredth is less than one; none is above 1 (K4).
    busy: Math.min(1, (sum * part) / Math.max(1, BUSY.share * entries)),
  };
}

const tooLong = (entries: number): string | null =>
  entries > MOST_ENTRIES ? `reports of at most ${MOST_ENTRIES} entries` : null;

function pop({ items }: PlanRequest): Candidate {
  const statistic = { name: 'items', items, decay: DECAY } as const;
  const sizes = [countSize(statistic, `${items} goods`, BUSY.items, POP.floor)];
  const pays = '0.9 NDCG at 3,285 shoppers, 0.3 at 22,363 (bench quality)';
  return { name: 'pop', units: 1, sizes, lacks: tooLong(items), pays };
}

/** Participations of pairs, whichever are counted. */
const PAIR_UNITS = 3;

function graphPair({ edges }: PlanRequest): Candidate {
  const statistic = { name: 'graph-pairs', edges, gaps: GAPS } as const;
  const size = countSize(statistic, `${edges} edges`, BUSY.edges, PAIR.threshold);
  return {
    ...{ name: 'pair', units: PAIR_UNITS, sizes: edges === 0 ? [] : [size] },
    lacks: edges === 0 ? 'an item graph' : tooLong(edges),
    pays: '0.7 NDCG at 32,850 shoppers, 0.1 at 3,285 (§2)',
  };
}

/**
 * Pairs among the first of the best sellers, as many of them as the noise allows. `among` holds
 * places in the list of best sellers: whoever has the catalogue puts the items in.
 */
function bestPair(known: number): Candidate {
  const sizes = BUSY_BEST.filter(({ goods }) => goods <= known).map(({ goods, ...busy }) => {
    const among = Array.from({ length: goods }, (_, place) => place);
    const statistic = { name: 'popular-pairs', among, ...BEST } as const;
    return countSize(statistic, `${goods} goods`, busy, BEST_PAIR.threshold);
  });
  const lacks = `${FEWEST_BEST} best sellers that it has (${known} are known), or no list of them`;
  return {
    ...{ name: 'pair', units: PAIR_UNITS, sizes, lacks: sizes.length === 0 ? lacks : null },
    pays: '512 goods bring 0.66 NDCG at 22,363 shoppers (amazon-beauty)',
  };
}

/**
 * Settings of the part that stands on the pairs that are counted. Estimates grow with the reports of
 * a round, of which a planned one has nearly as many as there are shoppers, up to a limit: what they
 * are compared with grows alike, and their weight falls.
 */
export function pairPart({ bestSellers, shoppers }: PlanRequest): PairPart {
  if (bestSellers === undefined) return PAIR;
  const times = Math.min(shoppers, MOST_REPORTS) / PAIR_REPORTS;
  const scale = Number((PAIR_SCALE * times).toPrecision(2));
  return { ...BEST_PAIR, weight: Number((BEST_PAIR.weight / times).toPrecision(2)), scale };
}

const WIDTHS = [64, 32, 16, 8] as const;

function deep({ content }: PlanRequest): Candidate {
  const sizes = WIDTHS.map((width): MeanSize => {
    const architecture: TowerArchitecture = {
      ...{ name: 'tower', kind: 'attention', content, width, historyLength: HISTORY_LENGTH },
    };
    return {
      ...{ kind: 'mean', architecture, clipL2: 1, spread: 6, bound: 0.1, leastRounds: 1 },
      size: `attention, width ${width}`,
      recipe: {
        ...{ steps: 3, learningRate: 0.5, negatives: 100, maxExamples: 60 },
        server: { name: 'fedavg', learningRate: 1, decayRounds: null },
      },
    };
  });
  const pays = 'not known before the gate has seen it: its output starts at zero (§3, §8)';
  const lacks = content === 0 ? 'content vectors' : null;
  return { name: 'deep', units: 4, sizes: content === 0 ? [] : sizes, lacks, pays };
}

function headSize(head: HeadRecord, more: Partial<MeanSize> = {}): MeanSize {
  const { architecture, clipL2, recipe } = head;
  const { hidden } = architecture as HeadArchitecture;
  return {
    ...{
      kind: 'mean',
      architecture,
      clipL2,
      recipe,
      spread: 6,
      bound: 0.5,
      leastRounds: LEAST_ROUNDS,
      head,
    },
    size: hidden === 0 ? 'linear' : `${hidden} hidden`,
    ...more,
  };
}

/** §5: one round is too few, three are nearly as good as ten. */
const LEAST_ROUNDS = 3;

/** §5: with 10 rounds a hidden layer loses to the linear head, with many it wins (§8). */
const MLP = { spread: 20, bound: 0.1, leastRounds: 30 } as const;

function heads({ prices, categories }: GoodsFields): Candidate[] {
  const one = (head: HeadRecord, lacks: string | null, sizes: MeanSize[] = []): Candidate => ({
    ...{ name: head.name, units: 2, sizes: [...sizes, headSize(head)], lacks, pays: '' },
  });
  const withPrices = prices ? null : 'prices';
  return [
    one(INTENT, null, [headSize({ ...INTENT_MLP, name: INTENT.name }, MLP)]),
    one(CHURN, null),
    one(VALUE, withPrices),
    one(PRICE_SENSITIVITY, withPrices),
    one(NEXT_CATEGORY, categories ? null : 'categories'),
  ];
}

/**
 * The evaluation of the ranker without and with each part (K19), on top of popularity where that is
 * on: it is never behind a gate, and the wide weights leave to it what it tells better. It has to see
 * the gain of pairs.
 */
export function gateSize({ pop, pair, deep }: RankerParts): GateSize {
  const architecture: PartsMetrics = {
    ...{ name: 'metrics', of: 'parts', task: 'wide', historyLength: HISTORY_LENGTH },
    ...(pop !== null && { base: pop }),
    parts: { pop: null, pair, deep },
  };
  const entries = parameterCount(architecture);
  return {
    ...{ kind: 'gate', architecture, clipL2: Math.sqrt(entries), recipe: RELEASE, spread: 2 },
    ...{
      bound: 0.007,
      sigmas: GATE_SIGMAS,
      browsers: 0.8,
      leastRounds: 2,
      size: `${entries} sums`,
    },
  };
}

/** Deviations of the noise by which a part must help (K20). */
export const GATE_SIGMAS = 2;

function gate(request: PlanRequest): Candidate {
  return {
    ...{ name: 'gate', units: 2, lacks: null },
    sizes: [gateSize({ pop: POP, pair: pairPart(request), deep: DEEP })],
    pays: 'keeps pair and deep off until they help (K20)',
  };
}

/** Participations into which a budget is cut unless asked otherwise: what these parts want in all. */
export const PARTICIPATIONS = { split: 24, local: 8 } as const;

/** What a shop could learn, in the order in which participations are given out. */
export function candidatesOf(request: PlanRequest): readonly Candidate[] {
  const { has, bestSellers } = request;
  const [intent, ...others] = heads(has);
  const pair = bestSellers === undefined ? graphPair(request) : bestPair(bestSellers);
  const first = [wide(request), ...(intent ? [intent] : [])];
  const counted = [pop(request), pair, gate(request)];
  // What local noise leaves nothing of (§7) comes last there.
  return request.tier === 'local'
    ? [...first, ...others, ...counted, deep(request)]
    : [...first, ...counted, ...others, deep(request)];
}

/** More rounds of the wide part than these participations give bring nothing (§2: 54 rounds). */
export const MOST_WIDE_UNITS = 9;
