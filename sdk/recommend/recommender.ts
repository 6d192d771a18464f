/** Ranks a catalogue for one shopper, in the page: no Worker, no tfjs, no network. */
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { ShopEvent } from '../capture/event.ts';
import type { StoredModel } from '../database/database.ts';
import { indexOf, itemSequence, purchasedItems } from '../features/sequence.ts';
import { scorerOf, startWeights, type WideScorer } from '../features/wide.ts';
import { diversify } from './diverse.ts';
import type { Recommendation, RecommendRequest, RecommendResult } from './result.ts';
import { selectTop } from './select.ts';

export interface RecommenderOptions {
  /** Items of a history that a score looks at; the wide task's architecture says. Default 10. */
  readonly historyLength?: number;
  /** Leave out what the shopper bought; default true. */
  readonly hidePurchased?: boolean;
  /** Leave out the items that the score looks at, which would lead every page; default true. */
  readonly hideSeen?: boolean;
}

const DEFAULT_LIMIT = 12;
const MAX_LIMIT = 1000;
/** Ranked items beyond the page from which diversity may choose: pages of waiting items. */
const DEPTH = 8;
/** Contributions named per item. */
const REASONS = 3;

export class Recommender {
  readonly #catalogue: Catalogue;
  readonly #scorer: WideScorer;
  readonly #historyLength: number;
  readonly #hidePurchased: boolean;
  readonly #hideSeen: boolean;
  #model: StoredModel | null = null;

  /** A model that is not the wide ranker's (another length, NaN) counts as none. */
  constructor(
    catalogue: Catalogue,
    model: StoredModel | null = null,
    options: RecommenderOptions = {},
  ) {
    this.#catalogue = catalogue;
    this.#scorer = scorerOf(catalogue);
    this.#historyLength = options.historyLength ?? 10;
    this.#hidePurchased = options.hidePurchased ?? true;
    this.#hideSeen = options.hideSeen ?? true;
    this.setModel(model);
  }

  setModel(model: StoredModel | null): void {
    const weights = model?.weights;
    const fits = weights?.length === WIDE_FEATURES.length && weights.every(Number.isFinite);
    this.#model = fits ? model : null;
  }

  /**
   * Always answers. 'for-you' without a known item in the history, and 'related' for an unknown
   * item without such a history, give the catalogue's own order with source 'popular'.
   *
   * With `among` the given ids are ranked, all of them: only `exclude` takes any out, and
   * diversity does not reorder them.
   */
  recommend(events: readonly ShopEvent[], request: RecommendRequest = {}): RecommendResult {
    const known = Array.isArray(events) ? events : [];
    const limit = pageLength(request?.limit);
    const sequence = itemSequence(known, this.#catalogue);
    const item = this.#find(request?.model === 'related' ? request.itemId : undefined);
    const history = item === undefined ? sequence : [item];
    const recent = history.slice(-this.#historyLength);
    const allowed = this.#allowed(known, request, item, recent);
    if (recent.length === 0) return this.#popular(limit, allowed);

    const weights = this.#model?.weights ?? startWeights();
    const scores = this.#scorer.scores(recent, weights, this.#historyLength);
    const ranked = selectTop(scores, request?.among ? limit : limit * DEPTH, allowed);
    const page = request?.among ? ranked : diversify(ranked, limit, this.#catalogue);
    return {
      items: this.#explain(page, recent, weights, scores),
      source: (this.#model?.modelVersion ?? 0) > 0 ? 'model' : 'content',
      version: this.#model?.modelVersion ?? 0,
      modelHash: this.#model?.modelHash ?? null,
    };
  }

  #find(id: unknown): number | undefined {
    return typeof id === 'string' ? indexOf(this.#catalogue).get(id) : undefined;
  }

  #allowed(
    events: readonly ShopEvent[],
    request: RecommendRequest | undefined,
    item: number | undefined,
    recent: readonly number[],
  ): (item: number) => boolean {
    const indices = (ids: unknown): number[] =>
      (Array.isArray(ids) ? ids : []).map((id) => this.#find(id) ?? -1);
    const hidden = new Set(indices(request?.exclude));
    if (request?.among) {
      const among = new Set(indices(request.among));
      return (one) => among.has(one) && !hidden.has(one);
    }
    if (item !== undefined) hidden.add(item);
    if (this.#hideSeen && item === undefined) for (const one of recent) hidden.add(one);
    if (this.#hidePurchased) {
      for (const one of purchasedItems(events, this.#catalogue)) hidden.add(one);
    }
    return (one) => !hidden.has(one);
  }

  #popular(limit: number, allowed: (item: number) => boolean): RecommendResult {
    const items: Recommendation[] = [];
    for (const [i, id] of this.#catalogue.ids.entries()) {
      if (items.length === limit) break;
      if (allowed(i)) items.push({ id, score: 0, why: [] });
    }
    return {
      items,
      source: 'popular',
      version: this.#model?.modelVersion ?? 0,
      modelHash: this.#model?.modelHash ?? null,
    };
  }

  /** weight × feature of each item on the page, the largest first. */
  #explain(
    page: readonly number[],
    recent: readonly number[],
    weights: ArrayLike<number>,
    scores: Float32Array,
  ): Recommendation[] {
    const features = this.#scorer.features(recent, page, this.#historyLength);
    return page.map((item, row) => {
      const why = WIDE_FEATURES.map(({ id }, f) => ({
        feature: id as string,
        amount: (weights[f] as number) * (features[row * WIDE_FEATURES.length + f] as number),
      }));
      return {
        id: this.#catalogue.ids[item] as string,
        score: scores[item] as number,
        why: why
          .filter((one) => one.amount !== 0)
          .sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount))
          .slice(0, REASONS),
      };
    });
  }
}

function pageLength(limit: unknown): number {
  if (typeof limit !== 'number' || Number.isNaN(limit)) return DEFAULT_LIMIT;
  return Math.max(0, Math.min(MAX_LIMIT, Math.floor(limit)));
}
