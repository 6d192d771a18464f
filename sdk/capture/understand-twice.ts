/** One event that several parts of a page tell of is one event; several of one part are several. */

interface Told {
  readonly name: string;
  readonly id: string;
  atMs: number;
  readonly times: Map<string, number>;
  /** How often it was let through. */
  passed: number;
}

/** Slower parts wait for the shop's server before they tell. */
const WINDOW_MS = 10_000;
const MAX_TOLD = 300;

export class Twice {
  #told: Told[] = [];
  readonly #same: (a: string, b: string) => boolean;

  /** @param same whether two ids are of one product */
  constructor(same: (a: string, b: string) => boolean) {
    this.#same = same;
  }

  /** Whether this way of telling has now told of more than was let through. */
  admit(name: string, id: string, path: string, atMs: number): boolean {
    const told = this.#find(name, id, atMs);
    const times = (told.times.get(path) ?? 0) + 1;
    told.times.set(path, times);
    if (times <= told.passed) return false;
    told.passed = times;
    return true;
  }

  /** It is let through on a better authority than counting; others who tell of it come late. */
  pass(name: string, id: string, atMs: number): void {
    this.#find(name, id, atMs).passed += 1;
  }

  #find(name: string, id: string, atMs: number): Told {
    const recent = (one: Told): boolean => Math.abs(atMs - one.atMs) <= WINDOW_MS;
    this.#told = this.#told.filter(recent).slice(-MAX_TOLD);
    let told = this.#told.find((one) => one.name === name && this.#same(one.id, id));
    if (told === undefined) {
      told = { name, id, atMs, times: new Map(), passed: 0 };
      this.#told.push(told);
    }
    told.atMs = atMs;
    return told;
  }
}
