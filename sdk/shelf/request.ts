/** The attributes of a shelf as a request to the recommender. */
import type { RecommendRequest } from '../recommend/result.ts';

const MODELS = ['for-you', 'related', 'similar', 'together'] as const;
export type ShelfModel = (typeof MODELS)[number];

const DEFAULT_LIMIT = 8;
const MOST = 48;
/** Asked for besides, to take the place of items that nobody can describe. */
const MORE = 6;

/** How many places a shelf has. */
export function limitOf(element: Element): number {
  const limit = Math.floor(Number(element.getAttribute('limit') ?? DEFAULT_LIMIT));
  return limit >= 1 ? Math.min(limit, MOST) : DEFAULT_LIMIT;
}

export function modelOf(element: Element): ShelfModel {
  const named = element.getAttribute('model');
  return MODELS.find((model) => model === named) ?? 'for-you';
}

export function requestOf(element: Element): RecommendRequest {
  const itemId = element.getAttribute('item-id');
  const among = idsOf(element.getAttribute('among'));
  const exclude = idsOf(element.getAttribute('exclude'));
  const bought = element.getAttribute('bought');
  return {
    model: modelOf(element),
    ...(itemId !== null && { itemId }),
    ...(among !== null && { among }),
    ...(exclude !== null && { exclude }),
    ...((bought === 'hide' || bought === 'show') && { bought }),
    limit: limitOf(element) + MORE,
  };
}

/** Separated by commas. */
function idsOf(value: string | null): string[] | null {
  if (value === null) return null;
  return value
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
}
