/** The same event told twice: a reload, a double click, two ways of capture (rule K15). */
import type { ShopEvent } from '../capture/event.ts';
import { SESSION_GAP_MS } from '../capture/session.ts';

const DOUBLE_MS = 2000;

export class Doubles {
  readonly #last = new Map<string, number>();
  readonly #capacity: number;

  /** @param capacity different events among which a double is looked for; the oldest go first. */
  constructor(capacity: number = Number.POSITIVE_INFINITY) {
    this.#capacity = capacity;
  }

  /** Whether it repeats one within two seconds, a purchase within half an hour; else notes it. */
  has(event: ShopEvent): boolean {
    const { name, atMs, term, page, promotion, creative, rating, dwellMs, items } = event;
    const what = items.flatMap(({ id, quantity }) => [id, quantity]);
    const key = [name, term, page, promotion, creative, rating, dwellMs, ...what].join('\n');
    const before = this.#last.get(key);
    const apart = name === 'purchase' ? SESSION_GAP_MS : DOUBLE_MS;
    if (before !== undefined && Math.abs(atMs - before) <= apart) return true;
    this.#last.delete(key);
    this.#last.set(key, atMs);
    if (this.#last.size > this.#capacity) {
      for (const oldest of this.#last.keys()) {
        this.#last.delete(oldest);
        break;
      }
    }
    return false;
  }
}
