/**
 * A stored history made fit to count and to learn from. Pure, never throws, time about linear.
 *
 *   1  the newest 100,000 events are taken
 *   2  what capture cannot have made is left out: no name, time or session, a dwell beyond half an
 *      hour; what no event can say (a price, quantity, discount, value or rating beyond its bounds,
 *      a name that is no text) is taken from its event
 *   3  the same event again within two seconds (a reload, a double click, two bridges), and the same
 *      purchase again within half an hour (a receipt that was reloaded), count once
 *   4  events later than now are left out
 *   5  sessions stand by their number; inside one, events that came by up to a minute too late (two
 *      tabs, a queue) stand by their time. A larger fall is a clock that was set back: then the order
 *      in which they came holds. More than two such falls in a session are disorder, not a clock,
 *      and the session stands by its time
 *   6  of what then still contradicts the order, the fewest events are disbelieved and take the time
 *      of the one before them: a clock that was wrong for a while spoils nothing but itself
 */
import type { ShopEvent } from '../capture/event.ts';
import { Doubles } from './doubles.ts';
import { mended } from './mend.ts';
import { inOrder } from './order.ts';

export interface Cleaned {
  /** In time order, none later than now, all numbers finite. */
  readonly events: readonly ShopEvent[];
  /** Events left out, by reason; with `events` they add up to what was given. */
  readonly dropped: {
    readonly doubled: number;
    readonly impossible: number;
    readonly future: number;
    /** Older than the newest 100,000. */
    readonly beyond: number;
  };
  /** At a rate that no person reaches; nothing is to be learned from this history. */
  readonly bot: boolean;
}

const MAX_EVENTS = 100_000;
/** A page, a search or a choice each second for five minutes on end: nobody reads so. */
export const BOT_EVENTS = 300;
export const BOT_MS = 5 * 60_000;
/** What a page does by itself, however fast, tells nothing of who is there. */
export const PASSIVE: ReadonlySet<string> = new Set(['dwell', 'view_promotion', 'view_item_list']);

/** @param events as they were stored, the oldest first */
export function cleanHistory(events: readonly ShopEvent[], nowMs: number): Cleaned {
  const given = Array.isArray(events) ? events.slice(-MAX_EVENTS) : [];
  const possible = given.flatMap((event) => mended(event) ?? []);
  const doubles = new Doubles();
  const single = possible.filter((event) => !doubles.has(event));
  const past = single.filter(({ atMs }) => !(atMs > nowMs));
  const ordered = inOrder(past);
  return {
    events: ordered,
    dropped: {
      doubled: possible.length - single.length,
      impossible: given.length - possible.length,
      future: single.length - past.length,
      beyond: (Array.isArray(events) ? events.length : 0) - given.length,
    },
    bot: isBot(past),
  };
}

/** What a bot did teaches nothing: an empty history, which is reported as such (PR21, PR22). */
export function learnable(events: readonly ShopEvent[], nowMs: number): readonly ShopEvent[] {
  const cleaned = cleanHistory(events, nowMs);
  return cleaned.bot ? [] : cleaned.events;
}

/** By the times that the events came with: those that step 6 gives out would pile up. */
function isBot(events: readonly ShopEvent[]): boolean {
  const times = new Map<string, number[]>();
  for (const { name, atMs } of events) {
    if (PASSIVE.has(name)) continue;
    const list = times.get(name);
    if (list) list.push(atMs);
    else times.set(name, [atMs]);
  }
  for (const unsorted of times.values()) {
    const list = Float64Array.from(unsorted).sort();
    for (let i = BOT_EVENTS; i < list.length; i++) {
      if ((list[i] as number) - (list[i - BOT_EVENTS] as number) < BOT_MS) return true;
    }
  }
  return false;
}
