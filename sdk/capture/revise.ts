/** The shop's own look at an event before it is kept: `beforeCapture`. */
import type { ShopEvent } from './event.ts';
import { normalise, PROBLEMS } from './normalise.ts';

/** What becomes of an event. */
export type Revision =
  | { readonly event: ShopEvent | null }
  /** Why the event is dropped although the hook did not ask for it. */
  | { readonly problem: string };

/**
 * The event that the hook's answer stands for: read again like a call of the shop, at the time and
 * in the session of the first one. Never throws.
 */
export function revise(answer: unknown, { atMs, session }: ShopEvent): Revision {
  if (answer === null) return { event: null };
  if (typeof answer !== 'object') return { problem: 'it returned neither an event nor null' };
  let problem = '';
  const read = (): ShopEvent | null => {
    const [name, parameters] = callOf(answer as Fields);
    return normalise(name, parameters, {
      ...{ atMs, session },
      problem: (one) => {
        problem = PROBLEMS[one];
      },
    });
  };
  try {
    const event = read();
    return event === null ? { problem } : { event };
  } catch (error) {
    return { problem: String(error) };
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The call of the shop that makes this event. */
function callOf(event: Fields): [unknown, Fields] {
  const { name, items, term, promotion, creative, dwellMs, ...same } = event;
  return [
    name,
    {
      ...same,
      ...{ search_term: term, promotion_id: promotion, creative_name: creative },
      dwell_ms: dwellMs,
      items: Array.isArray(items) ? items.map(itemOf) : items,
    },
  ];
}

function itemOf(item: unknown): unknown {
  if (typeof item !== 'object' || item === null) return item;
  const { id, name, brand, category, variant, ...same } = item as Fields;
  return {
    ...same,
    ...{ item_id: id, item_name: name, item_brand: brand },
    ...{ item_category: category, item_variant: variant },
  };
}
