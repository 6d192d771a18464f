/** Rankings around one item that need no trained model, and the one that keeps a given order. */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { vectorColumn } from '../../shared/model/similarity.ts';

/** Scores of all items, length n, and the parts that they are the sum of. */
export interface Scored {
  readonly scores: Float32Array;
  readonly parts: readonly { readonly feature: string; readonly scores: Float32Array }[];
}

/** Cormack, Clarke and Büttcher, "Reciprocal rank fusion", SIGIR 2009, §2: their constant. */
const RANK_CONSTANT = 60;

/** Cosines of images where the item has one, else of content vectors. */
export function similarTo(item: number, catalogue: Catalogue): Scored {
  const n = catalogue.ids.length;
  const scores = new Float32Array(n);
  const { image } = catalogue;
  const seen = image?.vectors
    .subarray(item * image.k, (item + 1) * image.k)
    .some((one) => one !== 0);
  if (image !== undefined && seen) {
    vectorColumn(image.vectors, image.k, item, scores);
    return { scores, parts: [{ feature: 'image', scores }] };
  }
  vectorColumn(catalogue.vectors, catalogue.k, item, scores);
  return { scores, parts: [{ feature: 'content', scores }] };
}

/**
 * What goes with an item: how often others (the pair part, where it is on) and this shopper dealt
 * with both in one visit, ln(1 + visits), and content: of goods of another category half the cosine
 * is for them, a half is against those of the same one, as they stand in for it; without categories
 * a quarter of the cosine is for them.
 *
 * @param pair by item, or null while the part is off
 * @param visits items of the newest visits, each once
 */
export function goesWith(
  item: number,
  catalogue: Catalogue,
  pair: Float32Array | null,
  visits: readonly (readonly number[])[],
): Scored {
  const n = catalogue.ids.length;
  const own = new Float32Array(n);
  for (const visit of visits) {
    if (!visit.includes(item)) continue;
    for (const other of visit) own[other] = (own[other] as number) + 1;
  }
  const content = new Float32Array(n);
  vectorColumn(catalogue.vectors, catalogue.k, item, content);
  const { category } = catalogue;
  const kind = category[item] as number;
  for (let j = 0; j < n; j++) {
    const alike = Math.max(0, content[j] as number);
    const known = kind !== -1 && category[j] !== -1;
    content[j] = known ? (category[j] === kind ? -0.5 : 0.5 * alike) : 0.25 * alike;
    own[j] = Math.log1p(own[j] as number);
  }
  const parts = [
    { feature: 'visits', scores: own },
    { feature: 'content', scores: content },
    ...(pair === null ? [] : [{ feature: 'pair', scores: pair }]),
  ];
  const scores = new Float32Array(n);
  for (const part of parts) {
    for (let j = 0; j < n; j++) scores[j] = (scores[j] as number) + (part.scores[j] as number);
  }
  return { scores, parts };
}

/** A place in a fused ranking. */
export interface Fused {
  readonly id: string;
  readonly score: number;
  readonly why: readonly { readonly feature: string; readonly amount: number }[];
}

/**
 * Reciprocal rank fusion of a given order with the order by score; an id that has no score takes
 * its given rank in both. Ties keep the given order.
 *
 * @param scoreOf null for what the catalogue does not have
 */
export function fuse(ids: readonly string[], scoreOf: (id: string) => number | null): Fused[] {
  const known = ids.flatMap((id, rank) => {
    const score = scoreOf(id);
    return score === null ? [] : [{ rank, score }];
  });
  // The known ids are ranked among the places that they hold, so that the others stay where they are.
  const places = known.map(({ rank }) => rank);
  const taste = new Map<number, number>();
  const byScore = [...known].sort((a, b) => b.score - a.score || a.rank - b.rank);
  for (const [i, { rank }] of byScore.entries()) taste.set(rank, places[i] as number);
  return ids
    .map((id, rank) => {
      const relevance = 1 / (RANK_CONSTANT + rank + 1);
      const liked = 1 / (RANK_CONSTANT + (taste.get(rank) ?? rank) + 1);
      const why = [
        { feature: 'relevance', amount: relevance },
        { feature: 'taste', amount: liked },
      ];
      return { id, score: relevance + liked, why };
    })
    .sort((a, b) => b.score - a.score);
}
