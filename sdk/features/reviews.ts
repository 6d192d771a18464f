/** What the shopper wrote, compared with the goods: searches, reviews, and goods unknown here. */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { textScores } from '../../shared/model/terms.ts';
import type { EventItem, ShopEvent } from '../capture/event.ts';
import { sentiment } from './sentiment.ts';

/** Texts that are read, the newest; each counts three quarters of the one after it. Not tuned. */
const MAX_TEXTS = 10;
const DECAY = 0.75;

/**
 * What a `rate_item` event says of its good, from −1 to 1: the stars (3 is 0), and the mean of them
 * and the text's sentiment where the text has one.
 */
export function opinionOf({ rating, text }: Pick<ShopEvent, 'rating' | 'text'>): number {
  const stars = rating !== undefined && rating >= 1 && rating <= 5 ? (rating - 3) / 2 : null;
  const said = typeof text === 'string' ? sentiment(text) : 0;
  if (stars === null) return said;
  return said === 0 ? stars : (stars + said) / 2;
}

/**
 * How alike each good is to what the shopper searched for and wrote, in [−1, 1], length n: a search
 * speaks for its goods, a review by its opinion. Null where nothing was written that the catalogue
 * knows words of.
 *
 * @param events oldest first
 */
export function writtenScores(
  events: readonly ShopEvent[],
  catalogue: Catalogue,
): Float32Array<ArrayBuffer> | null {
  const written = events.flatMap((event) => {
    if (event.name === 'search') return [{ text: event.term ?? '', weight: 1 }];
    if (event.name !== 'rate_item' || event.text === undefined) return [];
    const named = event.items.map(describe).join(' ');
    return [{ text: `${named} ${event.text}`, weight: opinionOf(event) }];
  });
  const sum = new Float32Array(catalogue.ids.length);
  let total = 0;
  for (const [age, { text, weight }] of written.slice(-MAX_TEXTS).reverse().entries()) {
    const scores = textScores(text, catalogue);
    if (weight === 0 || scores.every((score) => score === 0)) continue;
    total += DECAY ** age;
    for (let item = 0; item < sum.length; item++) {
      sum[item] = (sum[item] as number) + DECAY ** age * weight * (scores[item] as number);
    }
  }
  return total === 0 ? null : sum.map((score) => score / total);
}

/** What an event says of a good, as one text: `textScores` and `textVector` place it. */
export function describe({ name, brand, category, variant }: EventItem): string {
  return [name, brand, category, variant].filter((one) => one !== undefined).join(' ');
}
