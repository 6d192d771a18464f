/** Sampled negatives, the same in every language: 99 unseen items per list by mulberry32. */
import { mulberry32 } from '../../../shared/model/metrics/resample.ts';

/** The seed of a list mixes its number with this year; lists are numbered from 1. */
const YEAR = 2024;

/**
 * `count` different items, none of them in `seen`, for the list with this number:
 * 1 + floor(r·items) with r of mulberry32((number·0x9E3779B1 + 2024) mod 2³²), less 1.
 *
 * @returns item indices from 0, fewer than `count` only where the catalogue has no more.
 */
export function sampledNegatives(
  number: number,
  items: number,
  seen: ReadonlySet<number>,
  count = 99,
): number[] {
  const next = mulberry32((Math.imul(number, 0x9e3779b1) + YEAR) >>> 0);
  const taken = new Set<number>();
  const most = Math.min(count, items - seen.size);
  while (taken.size < most) {
    const item = Math.floor(next() * items);
    if (!seen.has(item)) taken.add(item);
  }
  return [...taken];
}
