/**
 * The goods' public cards: all parts are fetched in their order, whatever is shown or asked (G5), and
 * read from storage when somebody first asks.
 */
import { type Card, decodeCards } from '../shared/model/cards.ts';
import type { Receiver } from './receive/receiver.ts';

type Parts = readonly string[];
export type CardsById = ReadonlyMap<string, Card>;

/** Parts that are decoded without being asked to wait for. */
const FEW_PARTS = 4;

export class Cards {
  /** Reads what is stored alone. */
  #stored: Receiver | null = null;
  #kept = '';
  #key = '';
  #cards: Promise<CardsById | null> | null = null;
  #ready: CardsById | null = null;

  attach(stored: Receiver): void {
    this.#stored = stored;
  }

  detach(): void {
    this.#stored = null;
    this.#kept = '';
    this.#key = '';
    this.#cards = null;
    this.#ready = null;
  }

  /**
   * Fetches and stores what is not stored yet.
   * @returns whether all are here for the first time; after a failure the next look tries again.
   */
  async keep(receiver: Receiver, hashes: Parts): Promise<boolean> {
    const key = hashes.join();
    if (key === this.#kept) return false;
    try {
      for (const hash of hashes) await receiver.cards(hash, hashes);
    } catch {
      return false;
    }
    if (this.#stored !== null) this.#kept = key;
    return true;
  }

  /**
   * By item id; from storage alone.
   *
   * @param hashes of the site's record
   * @param ready only what is decoded already, or costs little to decode
   * @returns null without cards, and before all are here
   */
  of(hashes: Parts, ready: boolean = false): Promise<CardsById | null> {
    const stored = this.#stored;
    if (stored === null || hashes.length === 0) return Promise.resolve(null);
    const key = hashes.join();
    if (this.#cards === null || key !== this.#key) {
      this.#key = key;
      this.#ready = null;
      this.#cards = this.#read(key, hashes, stored);
    }
    return ready && hashes.length > FEW_PARTS ? Promise.resolve(this.#ready) : this.#cards;
  }

  async #read(key: string, hashes: Parts, stored: Receiver): Promise<CardsById | null> {
    try {
      const cards = new Map<string, Card>();
      for (const hash of hashes) {
        for (const card of decodeCards(await stored.cards(hash, hashes))) cards.set(card.id, card);
      }
      if (this.#key === key) this.#ready = cards;
      return cards;
    } catch {
      // Not here yet, or damaged: asked for again.
      if (this.#key === key) this.#cards = null;
      return null;
    }
  }
}
