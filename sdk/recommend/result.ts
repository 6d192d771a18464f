/** What a shop asks of the recommender and what it gets. */

export interface RecommendRequest {
  /** 'for-you' ranks by the whole history; 'related' by one item. */
  readonly model?: 'for-you' | 'related';
  readonly itemId?: string;
  /** At most this many ids; default 12. */
  readonly limit?: number;
  /** Rank only these ids (a category, search results). */
  readonly among?: readonly string[];
  /** Ids never to return. */
  readonly exclude?: readonly string[];
}

export interface Recommendation {
  readonly id: string;
  readonly score: number;
  /** Largest contributions, in words' keys: feature id and amount. */
  readonly why: readonly { readonly feature: string; readonly amount: number }[];
}

export interface RecommendResult {
  readonly items: readonly Recommendation[];
  /** 'model': a published version; 'content': start weights; 'popular': the catalogue's own order. */
  readonly source: 'model' | 'content' | 'popular';
  /** Model version, or 0. */
  readonly version: number;
  readonly modelHash: string | null;
}
