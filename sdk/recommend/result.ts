/** What a shop asks of the recommender and what it gets. */

export interface RecommendRequest {
  /**
   * 'for-you'   by the whole history; the default
   * 'related'   to one item: what the ranker gives to somebody who has just looked at it
   * 'similar'   looks like it: by its image where the catalogue has vectors of images, else by
   *             its words
   * 'together'  goes with it in one basket, and is not the same kind of thing
   * 're-rank'   the ids of `among`, given in their order of relevance (search results), all of them,
   *             with what this shopper likes moved up
   */
  readonly model?: 'for-you' | 'related' | 'similar' | 'together' | 're-rank';
  /** Of 'related', 'similar' and 'together'. */
  readonly itemId?: string;
  /** At most this many ids; default 12, and with 're-rank' as many as were given. */
  readonly limit?: number;
  /** Rank only these ids (a category, search results). */
  readonly among?: readonly string[];
  /** Ids never to return. */
  readonly exclude?: readonly string[];
  /**
   * Whether what the shopper has bought is left out: 'hide' by default for 'for-you', 'related' and
   * 'together', 'show' else. Never with `among`.
   */
  readonly bought?: 'hide' | 'show';
  /** Categories whose goods are bought again and again (coffee): `bought` does not hide them. */
  readonly replenish?: readonly string[];
  /**
   * 0: by score alone. Above 0 to 1: maximal marginal relevance (Carbonell and Goldstein, SIGIR
   * 1998), with this weight on being unlike what stands above. Left out: at most three of a brand
   * and half a page of a category. Not for `among`.
   */
  readonly diversity?: number;
}

export interface Recommendation {
  readonly id: string;
  readonly score: number;
  /** Largest contributions, in words' keys: feature id and amount. */
  readonly why: readonly { readonly feature: string; readonly amount: number }[];
}

export type RecommendState =
  | 'ready'
  /** Nothing in the history that the catalogue has. */
  | 'no-history'
  /** The item is not in the catalogue, or none was named: answered as 'for-you'. */
  | 'unknown-item'
  /** The catalogue is not here (yet): the page's own candidates in the page's own order. */
  | 'no-catalogue'
  /** A field of the request is of the wrong kind: it was passed over. */
  | 'bad-request';

export interface RecommendResult {
  readonly items: readonly Recommendation[];
  /**
   * 'model': a published version; 'content': start weights or content alone; 'popular': the most
   * popular first, or the catalogue's own order; 'given': the order of `among`; 'seen': the shop
   * publishes no catalogue, and goods of pages that this browser has opened are ranked by content.
   */
  readonly source: 'model' | 'content' | 'popular' | 'given' | 'seen';
  readonly state: RecommendState;
  /** Model version, or 0. */
  readonly version: number;
  readonly modelHash: string | null;
}
