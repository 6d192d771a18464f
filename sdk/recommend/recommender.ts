/** Ranks a catalogue for one shopper, in the page: no Worker, no tfjs, no network. */
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { ShopEvent } from '../capture/event.ts';
import type { StoredModel } from '../database/database.ts';
import { PersonalCache } from '../features/personal.ts';
import { type Ranker, RankerScorer, type ServedRanker, wideRanker } from '../features/ranker.ts';
import { indexOf, itemSequence, purchasedItems } from '../features/sequence.ts';
import { diversify, marginal } from './diverse.ts';
import { type Request, readRequest } from './request.ts';
import type {
  Recommendation,
  RecommendRequest,
  RecommendResult,
  RecommendState,
} from './result.ts';
import { selectTop } from './select.ts';
import { fuse, goesWith, type Scored, similarTo } from './variants.ts';

export interface RecommenderOptions {
  /** Items of a history that a score looks at; the wide task's architecture says. Default 10. */
  readonly historyLength?: number;
  /**
   * Leave out the items that the score looks at, which would lead every page; default true. 'last':
   * the newest alone, where all goods are ones that were seen.
   */
  readonly hideSeen?: boolean | 'last';
  /** What the shop no longer sells is in the catalogue all the same; ranked only `among` others. */
  readonly gone?: (id: string) => boolean;
}

/** What a shopper dealt with, as item indices: sdk/profile/tally.ts keeps it up to date. */
export interface Taste {
  /** Oldest first, consecutive repeats joined. */
  readonly sequence: readonly number[];
  readonly bought: ReadonlySet<number>;
  /** Items of the newest visits, each once. */
  readonly together: readonly (readonly number[])[];
}

/** Ranked items beyond the page from which diversity may choose: pages of waiting items. */
const DEPTH = 8;
/** Contributions named per item. */
const REASONS = 3;

export class Recommender {
  readonly #catalogue: Catalogue;
  readonly #scorer: RankerScorer;
  readonly #personal = new PersonalCache();
  readonly #historyLength: number;
  readonly #hideSeen: boolean | 'last';
  readonly #gone: ((id: string) => boolean) | null;
  #served: ServedRanker;

  /** A model that is not the wide ranker's (another length, NaN) counts as none. */
  constructor(
    catalogue: Catalogue,
    model: StoredModel | null = null,
    options: RecommenderOptions = {},
  ) {
    this.#catalogue = catalogue;
    this.#scorer = new RankerScorer(catalogue);
    this.#historyLength = options.historyLength ?? 10;
    this.#hideSeen = options.hideSeen ?? true;
    this.#gone = options.gone ?? null;
    this.#served = this.#wide(null);
    this.setModel(model);
  }

  /** Ranks by the wide part of this version alone. */
  setModel(model: StoredModel | null): void {
    const weights = model?.weights;
    const fits = weights?.length === WIDE_FEATURES.length && weights.every(Number.isFinite);
    this.#served = this.#wide(fits ? model : null);
  }

  /** Ranks by all parts that are on. */
  setRanker(served: ServedRanker): void {
    this.#served = served;
  }

  #wide(model: StoredModel | null): ServedRanker {
    const ranker = wideRanker(model?.weights, this.#historyLength);
    return { ranker, model, private: null };
  }

  /** The ranker that is served, with what this browser has learned for itself alone. */
  #ranker(sequence: readonly number[]): Ranker {
    const { ranker, private: part } = this.#served;
    if (part === null) return ranker;
    return { ...ranker, personal: this.#personal.of(this.#scorer, ranker, sequence, part) };
  }

  /**
   * Always answers. 'for-you' without a known item in the history gives the most popular first, or
   * the catalogue's own order while nobody knows what that is, with source 'popular'; a variant
   * around an item that is not known answers as 'for-you'. What was wrong stands in `state`.
   *
   * With `among` the given ids are ranked, all of them: only `exclude` takes any out, and
   * diversity does not reorder them.
   *
   * @param history events, oldest first, or what a tally made of them
   */
  recommend(
    history: readonly ShopEvent[] | Taste,
    request: RecommendRequest = {},
  ): RecommendResult {
    const taste = tasteOf(history, this.#catalogue);
    const asked = readRequest(request);
    if (asked.model === 're-rank' && asked.among !== null) {
      return this.#rerank(taste, asked, asked.among);
    }
    const around = asked.model !== 'for-you' && asked.model !== 're-rank';
    const item = around ? indexOf(this.#catalogue).get(asked.itemId ?? '') : undefined;
    const state: RecommendState = around && item === undefined ? 'unknown-item' : 'ready';
    if (item !== undefined && asked.model === 'similar') {
      return this.#around(taste, asked, item, similarTo(item, this.#catalogue), false);
    }
    if (item !== undefined && asked.model === 'together') {
      const ranker = this.#ranker(taste.sequence);
      const pair = this.#scorer.part('pair', [item], ranker);
      const scored = goesWith(item, this.#catalogue, pair, taste.together);
      return this.#around(taste, asked, item, scored, pair !== null);
    }
    return this.#forYou(taste, asked, item, state);
  }

  #forYou(
    taste: Taste,
    asked: Request,
    item: number | undefined,
    state: RecommendState,
  ): RecommendResult {
    const ranker = this.#ranker(taste.sequence);
    const history = item === undefined ? taste.sequence : [item];
    const recent = history.slice(-ranker.historyLength);
    const scores = this.#scorer.scores(history, ranker);
    const seen = this.#hideSeen === 'last' ? recent.slice(-1) : this.#hideSeen ? recent : [];
    const hidden = item === undefined ? seen : [item];
    const isEmpty = recent.length === 0;
    const page = this.#page(scores, asked, this.#allowed(taste, asked, hidden), isEmpty);
    const why = this.#scorer.explain(history, page, ranker);
    const items = page.map((one, row) => ({
      id: this.#catalogue.ids[one] as string,
      score: scores[one] as number,
      why: (why[row] ?? []).slice(0, REASONS).map(({ feature, amount }) => ({ feature, amount })),
    }));
    const version = this.#served.model?.modelVersion ?? 0;
    const source = isEmpty ? 'popular' : version > 0 ? 'model' : 'content';
    return this.#result(
      items,
      source,
      asked.isBad ? 'bad-request' : isEmpty && state === 'ready' ? 'no-history' : state,
    );
  }

  #around(
    taste: Taste,
    asked: Request,
    item: number,
    { scores, parts }: Scored,
    isModel: boolean,
  ): RecommendResult {
    const page = this.#page(scores, asked, this.#allowed(taste, asked, [item]), false);
    const items = page.map((one) => ({
      id: this.#catalogue.ids[one] as string,
      score: scores[one] as number,
      why: parts
        .map((part) => ({ feature: part.feature, amount: part.scores[one] as number }))
        .filter(({ amount }) => amount !== 0)
        .sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount)),
    }));
    return this.#result(
      items,
      isModel ? 'model' : 'content',
      asked.isBad ? 'bad-request' : 'ready',
    );
  }

  /** Ids that the catalogue does not have stay where they are. */
  #rerank(taste: Taste, asked: Request, among: readonly string[]): RecommendResult {
    const ids = among.filter((id) => !asked.exclude.has(id));
    const bad = asked.isBad ? 'bad-request' : null;
    if (taste.sequence.length === 0) {
      const items = ids.slice(0, asked.limit).map((id) => ({ id, score: 0, why: [] }));
      return this.#result(items, 'given', bad ?? 'no-history');
    }
    const scores = this.#scorer.scores(taste.sequence, this.#ranker(taste.sequence));
    const index = indexOf(this.#catalogue);
    const fused = fuse(ids, (id) => {
      const item = index.get(id);
      return item === undefined ? null : (scores[item] as number);
    });
    const version = this.#served.model?.modelVersion ?? 0;
    const source = version > 0 ? 'model' : 'content';
    return this.#result(fused.slice(0, asked.limit), source, bad ?? 'ready');
  }

  #result(
    items: readonly Recommendation[],
    source: RecommendResult['source'],
    state: RecommendState,
  ): RecommendResult {
    const { model } = this.#served;
    const version = model?.modelVersion ?? 0;
    return { items, source, state, version, modelHash: model?.modelHash ?? null };
  }

  #page(
    scores: Float32Array,
    { limit, among, diversity }: Request,
    allowed: (item: number) => boolean,
    isPlain: boolean,
  ): readonly number[] {
    if (among !== null || isPlain || diversity === 0) return selectTop(scores, limit, allowed);
    const ranked = selectTop(scores, limit * DEPTH, allowed);
    if (diversity === null) return diversify(ranked, limit, this.#catalogue);
    return marginal(ranked, scores, limit, diversity, this.#catalogue);
  }

  #allowed(
    { bought }: Taste,
    asked: Request,
    others: readonly number[],
  ): (item: number) => boolean {
    const index = indexOf(this.#catalogue);
    const { exclude, among, hideBought, replenish } = asked;
    const hidden = new Set([...exclude].map((id) => index.get(id) ?? -1));
    if (among !== null) {
      const listed = new Set(among.map((id) => index.get(id) ?? -1));
      return (one) => listed.has(one) && !hidden.has(one);
    }
    for (const one of others) hidden.add(one);
    const { category, categories } = this.#catalogue;
    for (const one of hideBought ? bought : []) {
      if (!replenish.has(categories[category[one] as number] ?? '')) hidden.add(one);
    }
    const gone = this.#gone;
    return (one) =>
      !hidden.has(one) && (gone === null || !gone(this.#catalogue.ids[one] as string));
  }
}

function tasteOf(history: readonly ShopEvent[] | Taste, catalogue: Catalogue): Taste {
  if (isTaste(history)) return history;
  const events = Array.isArray(history) ? history : [];
  const sequence = itemSequence(events, catalogue);
  return { sequence, bought: purchasedItems(events, catalogue), together: [] };
}

function isTaste(history: readonly ShopEvent[] | Taste): history is Taste {
  return Array.isArray((history as Partial<Taste> | null)?.sequence);
}
