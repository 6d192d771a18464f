/** Steps 5 and 6 of cleaning (clean.ts): the order of events whose clocks disagree. */
import type { ShopEvent } from '../capture/event.ts';

/** Two tabs and a queue may be this late. */
const DISORDER_MS = 60_000;
const MAX_FALLS = 2;

/** The same events by session and time; one with a wrong clock gets the time before it. */
export function inOrder(events: readonly ShopEvent[]): ShopEvent[] {
  const sessions = new Map<number, ShopEvent[]>();
  for (const event of events) {
    const session = sessions.get(event.session);
    if (session) session.push(event);
    else sessions.set(event.session, [event]);
  }
  const numbers = Float64Array.from(sessions.keys()).sort();
  const ordered: ShopEvent[] = [];
  for (const number of numbers) {
    for (const event of insideSession(sessions.get(number) as ShopEvent[])) ordered.push(event);
  }
  const believed = longestRise(ordered);
  let atMs = ordered[believed[0] ?? 0]?.atMs ?? 0;
  let next = 0;
  return ordered.map((event, i) => {
    if (believed[next] === i) {
      next++;
      atMs = event.atMs;
      return event;
    }
    return { ...event, atMs };
  });
}

function insideSession(events: readonly ShopEvent[]): ShopEvent[] {
  const parts: ShopEvent[][] = [[]];
  let latest = 0;
  let sorted = true;
  for (const event of events) {
    if (event.atMs < latest - DISORDER_MS) {
      parts.push([]);
      latest = 0;
    } else if (event.atMs < latest) sorted = false;
    latest = Math.max(latest, event.atMs);
    parts.at(-1)?.push(event);
  }
  const byTime = (list: readonly ShopEvent[]): ShopEvent[] =>
    [...list].sort((a, b) => a.atMs - b.atMs);
  if (parts.length > 1 + MAX_FALLS) return byTime(events);
  return sorted ? parts.flat() : parts.flatMap(byTime);
}

/** Positions of a longest subsequence whose times do not fall (Fredman 1975, by patience). */
function longestRise(events: readonly ShopEvent[]): number[] {
  const ends: number[] = [];
  const before = new Int32Array(events.length);
  for (const [i, { atMs }] of events.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[ends[middle] as number] as ShopEvent).atMs <= atMs) low = middle + 1;
      else high = middle;
    }
    before[i] = ends[low - 1] ?? -1;
    ends[low] = i;
  }
  const rise: number[] = [];
  for (let i = ends.at(-1) ?? -1; i >= 0; i = before[i] as number) rise.push(i);
  return rise.reverse();
}
