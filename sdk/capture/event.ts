/** Events of a shop page: GA4 ecommerce names and meanings, in the form in which they are kept. */

export const EVENT_NAMES = [
  'page_view',
  'view_item',
  'view_item_list',
  'search',
  'add_to_cart',
  'remove_from_cart',
  'begin_checkout',
  'purchase',
  'add_to_wishlist',
  'rate_item',
  'view_promotion',
  'dwell',
] as const;

export type EventName = (typeof EVENT_NAMES)[number];

export interface EventItem {
  /** The shop's item id, GA4 `item_id`. */
  readonly id: string;
  readonly name?: string;
  readonly brand?: string;
  readonly category?: string;
  readonly variant?: string;
  /** Price of one, in the event's currency. */
  readonly price?: number;
  /** GA4 `discount` of one, in the event's currency; `price` is what is paid. */
  readonly discount?: number;
  readonly quantity: number;
}

export interface ShopEvent {
  readonly name: EventName;
  /** Milliseconds since 1970, from the injected clock. */
  readonly atMs: number;
  /** Rises by one with each new session (30 minutes without an event) of this profile. */
  readonly session: number;
  readonly items: readonly EventItem[];
  readonly value?: number;
  readonly currency?: string;
  /** GA4 `search_term`. */
  readonly term?: string;
  /** 1 to 5, with `rate_item`. */
  readonly rating?: number;
  /** Review text, with `rate_item`. Never leaves the browser. */
  readonly text?: string;
  /** GA4 `promotion_id`, with `view_promotion`: the campaign. */
  readonly promotion?: string;
  /** GA4 `creative_name`, or else `creative_slot`, with `view_promotion`: the arm. */
  readonly creative?: string;
  /** Time that the page was visible, with `dwell`. */
  readonly dwellMs?: number;
  /** 'product' | 'list' | 'account' | 'info' | 'home' | 'search' | 'basket' | 'checkout', with page_view and dwell. */
  readonly page?: string;
}
