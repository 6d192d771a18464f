/** What a head learns to tell: a closed vocabulary, so that a head is data and no code. */

/** Windows are in days after the moment of the prediction. */
export type HeadLabel =
  /** The visit that is under way holds a purchase. */
  | { readonly name: 'purchase-in-session' }
  /** Churn: no purchase in the window. */
  | { readonly name: 'no-purchase'; readonly days: number }
  /** Value: purchases of at least `amount` in the window, in the shop's currency. */
  | { readonly name: 'spend-at-least'; readonly days: number; readonly amount: number }
  /** Price sensitivity: of the goods bought in the window, at least this share at a discount. */
  | { readonly name: 'discount-share-at-least'; readonly days: number; readonly share: number }
  /** Category of the good that comes next: one of these names, or a hashed bin. */
  | { readonly name: 'next-category'; readonly categories: readonly string[] | number };

/** 1 for a label with two outcomes (a sigmoid), else one for each category (a softmax). */
export function outputsOf(label: HeadLabel): number {
  if (label.name !== 'next-category') return 1;
  const { categories } = label;
  return typeof categories === 'number' ? categories : categories.length;
}

/** Log loss in nats of who knows nothing: ln of the outcomes. */
export function evenGuess(label: HeadLabel): number {
  return Math.log(Math.max(2, outputsOf(label)));
}

/**
 * Bias of an untrained head, as a logit: published guesses of base rates, not taken from anybody's
 * shoppers. A session in six ends in an order (−1.7); every second shopper stays away for the
 * window; one in ten spends as much as the top tier (−2.2); one in four buys at discounts (−1.1).
 */
export const START_BIAS: Readonly<Record<HeadLabel['name'], number>> = {
  'purchase-in-session': -1.7,
  'no-purchase': 0,
  'spend-at-least': -2.2,
  'discount-share-at-least': -1.1,
  'next-category': 0,
};
