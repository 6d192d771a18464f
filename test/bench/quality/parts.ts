/** Popularity and co-occurrence of a set's shoppers, opened under DP or without. */
import { type DrawItem, popularItems } from '../../../sdk/features/negatives.ts';
import { graphPairs, itemCounts } from '../../../sdk/measure/items.ts';
import type { Catalogue } from '../../../shared/model/catalogue.ts';
import { PAIR_REPORTS, PAIR_SCALE } from '../../../shared/model/pair-prior.ts';
import { graphRows, type PairRows, popularRows } from '../../../shared/model/pair-rows.ts';
import { pairMatrix, popularCounts, popularityScores } from '../../../shared/model/parts.ts';
import { popularPairCount, popularPairEntries } from '../../../shared/model/parts-popular.ts';
import { RECIPE } from './federate.ts';
import { everyPair } from './pairs.ts';
import { LONGEST_STATISTIC, POPULAR_ITEMS } from './plan.ts';
import {
  entriesOf,
  meanOpened,
  type OpenedSums,
  openSums,
  type SparseReport,
  sourceOf,
  sparse,
} from './privacy.ts';

/** models.md §1: deviations taken off a sum, and the sum that stands for 1. */
const POP = { floor: 1.5, scale: 3 };
/** Deviations below which a pair of the graph counts as noise. */
const THRESHOLD = 3;
const GRAPH_GAPS = 3;
const POPULAR_GAPS = 10;
/**
 * Weight of a place over the next newer one. On validation lists 0.7 to 0.9 gain 0.03 to 0.07 NDCG@10
 * on amazon-beauty and lose 0.02 to 0.05 on amazon-industrial.
 */
const DECAY = 0.9;

export interface Noise {
  readonly noised: boolean;
  /** Divides the noise: 1, or 0.1 for the noise of a shop of ten times the shoppers. */
  readonly noiseShare: number;
  readonly seed: string;
}

/** Reports of one statistic by all shoppers: made once, opened for every seed. */
export class Statistics {
  readonly #catalogue: Catalogue;
  readonly #train: readonly (readonly number[])[];
  readonly #n: number;
  readonly #items = new Map<number, SparseReport[]>();
  #graph: SparseReport[] | null = null;
  #all: PairRows | null = null;

  constructor(catalogue: Catalogue, train: readonly (readonly number[])[]) {
    this.#catalogue = catalogue;
    this.#train = train;
    this.#n = catalogue.ids.length;
  }

  /** Sums of the statistic `items` over `times` participations. */
  popularity(times: number, noise: Noise): OpenedSums {
    const n = this.#n;
    const decay = noise.noised ? DECAY : 1;
    const statistic = { name: 'items', items: n, decay } as const;
    const reports =
      this.#items.get(decay) ?? this.#train.map((row) => sparse(itemCounts(statistic, row, n)));
    this.#items.set(decay, reports);
    return this.#open(reports, n, times, 'items', noise);
  }

  popScores(times: number, noise: Noise): Float32Array {
    return popularityScores(this.#counts(times, noise), POP);
  }

  /** Draws of candidates by this popularity. */
  draw(times: number, noise: Noise): DrawItem {
    return popularItems(this.#counts(times, noise), RECIPE.popularNegatives ?? 0);
  }

  #counts(times: number, noise: Noise): Float64Array {
    const { sums, deviation } = this.popularity(times, noise);
    return popularCounts(sums, deviation, POP);
  }

  /** All pairs of the shoppers, which no statistic of a bounded length can hold: not private. */
  allPairs(): PairRows {
    this.#all ??= everyPair(this.#train, this.#n, GRAPH_GAPS);
    return this.#all;
  }

  /** False where the graph's edges are more than a statistic may have entries. */
  get graphFits(): boolean {
    return this.#catalogue.graph.length <= LONGEST_STATISTIC;
  }

  /** Co-occurrence on the catalogue's graph. */
  graphTable(times: number, noise: Noise): PairRows {
    const catalogue = this.#catalogue;
    const edges = catalogue.graph.length;
    this.#graph ??= this.#train.map((row) =>
      sparse(graphPairs({ name: 'graph-pairs', edges, gaps: GRAPH_GAPS }, row, catalogue)),
    );
    const { sums, deviation } = this.#open(this.#graph, edges, times, 'graph', noise);
    return graphRows(pairMatrix(sums, deviation, { threshold: THRESHOLD }), catalogue);
  }

  /** Co-occurrence among the goods that a published popularity puts first. */
  popularTable(popularity: OpenedSums, times: number, noise: Noise): PairRows {
    const n = this.#n;
    const order = Array.from({ length: n }, (_, i) => i).sort(
      (a, b) => (popularity.sums[b] as number) - (popularity.sums[a] as number) || a - b,
    );
    const among = order.slice(0, Math.min(n, POPULAR_ITEMS)).sort((a, b) => a - b);
    const own = { among, gaps: POPULAR_GAPS, decay: DECAY };
    const statistic = { name: 'popular-pairs', ...own } as const;
    const reports = this.#train.map((row) => entriesOf(popularPairEntries(statistic, row)));
    const d = popularPairCount(among.length);
    const { sums, deviation } = this.#open(reports, d, times, 'popular', noise);
    // As the planner has it: estimates grow with the reports, of which the weights know nothing.
    const more = this.#train.length / PAIR_REPORTS;
    const scale = PAIR_SCALE * more;
    const rows = popularRows(statistic, sums, deviation, { scale }, this.#catalogue);
    return { ...rows, values: rows.values.map((value) => value / more) };
  }

  #open(
    reports: readonly SparseReport[],
    d: number,
    times: number,
    name: string,
    { noised, noiseShare, seed }: Noise,
  ): OpenedSums {
    const openings = Array.from({ length: noised ? times : 1 }, (_, time) =>
      openSums(reports, d, { noised, noiseShare, source: sourceOf(`${name}/${seed}/${time}`) }),
    );
    return meanOpened(openings);
  }
}
