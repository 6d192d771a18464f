/**
 * A catalogue of goods that the shop's pages told of: of the same kind as a published one, learned on
 * this device alone, and never sent. Alone it stands in for one; behind a published catalogue it
 * adds what that does not know. Rounds use the published one alone, since tasks name its hash.
 *
 * Vectors are hashed n-grams as the build step makes them before it reduces; behind a published
 * catalogue a text stands where its terms place it (shared/model/terms.ts). One more good costs its
 * own text and a view of what is there; all is weighed again when their number has doubled, or when
 * one text in 32 has changed.
 */
import { priceBands } from '../../shared/model/bands.ts';
import type { Card } from '../../shared/model/cards.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { addFeatures, GramCounts } from '../../shared/model/grams.ts';
import { textVector } from '../../shared/model/terms.ts';
import { GrowingTerms, grown } from './page-terms.ts';

/** A good as a page told of it, cleaned. */
export interface Good extends Card {
  readonly description: string;
}

/** Length of a vector: collisions among the n-grams of 5,000 goods cost little; not tuned. */
const DIMENSIONS = 256;
/** Of a text that is embedded, and that is counted: the recipe's 400 with title and names. */
const MAX_EMBEDDED = 300;
const MAX_COUNTED = 600;
/** Buckets in which documents of an n-gram are counted. */
const BUCKETS = 1 << 18;
/** Goods that are placed behind a published catalogue, the newest: each is compared with all of it. */
const MAX_BEHIND = 500;
const MAX_CENTS = 0x7fff_fffe;
/** All is placed again when one text in so many is another than when it was placed. */
const STALE_SHARE = 32;

export class PageCatalogue {
  readonly #base: Catalogue | null;
  readonly #known: ReadonlySet<string>;
  /** By id, in the order in which they came. */
  readonly #goods = new Map<string, Good>();
  #made: Grown | null = null;
  #view: Catalogue | null = null;
  /** Goods whose text has changed since it was placed. */
  readonly #stale = new Set<string>();

  /** @param base the published catalogue, or null where there is none */
  constructor(base: Catalogue | null) {
    this.#base = base;
    this.#known = new Set(base?.ids);
    this.#view = base;
  }

  get size(): number {
    return this.#goods.size;
  }

  /** One more good, or one that has changed; nothing for what the published catalogue has. */
  add(good: Good): void {
    if (this.#known.has(good.id)) return;
    const before = this.#goods.get(good.id);
    this.#goods.set(good.id, good);
    if (before !== undefined) {
      const isText = textOf(before) !== textOf(good);
      if (!isText && before.price === good.price) return;
      if (isText) this.#stale.add(good.id);
      if (STALE_SHARE * this.#stale.size >= this.#goods.size) this.#made = null;
      this.#made?.reprice(good);
    } else if (this.#made !== null && !this.#made.add(good)) this.#made = null;
    this.#view = null;
  }

  /** @returns null without any good; the same object as long as nothing has come. */
  catalogue(): Catalogue | null {
    if (this.#goods.size === 0) return this.#base;
    if (this.#view === null) {
      if (this.#made === null) {
        const goods = [...this.#goods.values()];
        this.#made = new Grown(this.#base, this.#base === null ? goods : goods.slice(-MAX_BEHIND));
        this.#stale.clear();
      }
      this.#view = this.#made.view();
    }
    return this.#view;
  }
}

const names = ({ brand, category }: Good): string => `${brand ?? ''} ${category ?? ''}`;
const textOf = (good: Good): string => `${good.title} ${names(good)} ${good.description}`;

function centsOf({ price }: Good): number {
  const cents = price === null ? -1 : Math.round(price * 100);
  return cents >= 0 && cents <= MAX_CENTS ? cents : -1;
}

/** Rows of a base and of the goods behind it, in buffers that grow. */
class Grown {
  readonly #base: Catalogue | null;
  readonly #ids: string[];
  readonly #k: number;
  readonly #brands: Names;
  readonly #categories: Names;
  readonly #title: GrowingTerms;
  readonly #text: GrowingTerms;
  readonly #frequency: Uint16Array;
  readonly #grams = new GramCounts();
  readonly #weighed: number;
  #vectors: Float32Array;
  #brand: Int32Array;
  #category: Int32Array;
  #price: Int32Array;
  #counted = 0;

  constructor(base: Catalogue | null, goods: readonly Good[]) {
    this.#base = base;
    this.#ids = [...(base?.ids ?? [])];
    this.#k = base?.k ?? DIMENSIONS;
    this.#brands = new Names(base?.brands ?? []);
    this.#categories = new Names(base?.categories ?? []);
    const { terms } = base ?? {};
    this.#title = new GrowingTerms(base?.title ?? null, terms?.title ?? null, 1, MAX_COUNTED);
    this.#text = new GrowingTerms(base?.text ?? null, terms?.text ?? null, 2, MAX_COUNTED);
    this.#frequency = new Uint16Array(base === null ? BUCKETS : 0);
    const room = this.#ids.length + goods.length + 64;
    this.#vectors = grown(base?.vectors ?? null, room * this.#k, Float32Array);
    this.#brand = grown(base?.brand ?? null, room, Int32Array);
    this.#category = grown(base?.category ?? null, room, Int32Array);
    this.#price = grown(base?.priceCents ?? null, room, Int32Array);
    for (const good of goods) this.#count(good);
    for (const good of goods) this.#append(good);
    this.#weighed = Math.max(16, goods.length);
  }

  /** @returns false when all is to be weighed again */
  add(good: Good): boolean {
    const added = this.#ids.length - (this.#base?.ids.length ?? 0);
    if (added >= 2 * this.#weighed || (this.#base !== null && added >= 2 * MAX_BEHIND))
      return false;
    this.#count(good);
    this.#append(good);
    return true;
  }

  /** Views that were given out keep the price that they had. */
  reprice(good: Good): void {
    const item = this.#ids.indexOf(good.id, this.#base?.ids.length ?? 0);
    if (item === -1) return;
    this.#price = this.#price.slice();
    this.#price[item] = centsOf(good);
  }

  view(): Catalogue {
    const n = this.#ids.length;
    const { image, terms, hash = '' } = this.#base ?? {};
    const priceCents = this.#price.subarray(0, n);
    const category = this.#category.subarray(0, n);
    const title = this.#title.view();
    const text = this.#text.view();
    return {
      // No task names it: it is nobody's but this browser's.
      hash: this.#base === null ? '' : `${hash}+`,
      ids: this.#ids.slice(),
      vectors: this.#vectors.subarray(0, n * this.#k),
      k: this.#k,
      title,
      text,
      brand: this.#brand.subarray(0, n),
      brands: this.#brands.list(),
      category,
      categories: this.#categories.list(),
      priceCents,
      priceBand: priceBands(priceCents, category),
      // Its neighbours are the goods of the own visits, which the ranker is given: page-visits.ts.
      graph: Uint32Array.from({ length: n }, (_, item) => item),
      degree: 1,
      ...(image && {
        image: { k: image.k, vectors: grown(image.vectors, n * image.k, Float32Array) },
      }),
      // Columns that came later have no place in the published list; a text is placed by that.
      ...(terms && {
        terms: { title: padded(terms.title, title.width), text: padded(terms.text, text.width) },
      }),
    };
  }

  #count(good: Good): void {
    this.#title.count(good.title);
    this.#text.count(textOf(good));
    if (this.#base !== null) return;
    this.#counted++;
    const { keys, size } = this.#grams.of(textOf(good).slice(0, MAX_EMBEDDED));
    for (let i = 0; i < size; i++) {
      const bucket = (keys[i] as number) % BUCKETS;
      this.#frequency[bucket] = (this.#frequency[bucket] as number) + 1;
    }
  }

  #append(good: Good): void {
    const item = this.#ids.length;
    if (item >= this.#brand.length) {
      const room = 2 * item;
      this.#vectors = grown(this.#vectors, room * this.#k, Float32Array);
      this.#brand = grown(this.#brand, room, Int32Array);
      this.#category = grown(this.#category, room, Int32Array);
      this.#price = grown(this.#price, room, Int32Array);
    }
    this.#ids.push(good.id);
    this.#title.add(good.title);
    this.#text.add(textOf(good));
    this.#vectors.set(this.#vector(good), item * this.#k);
    this.#brand[item] = this.#brands.place(good.brand);
    this.#category[item] = this.#categories.place(good.category);
    this.#price[item] = centsOf(good);
  }

  #vector(good: Good): Float32Array {
    if (this.#base !== null) return textVector(textOf(good).slice(0, MAX_COUNTED), this.#base);
    const vector = new Float32Array(this.#k);
    addFeatures(this.#grams.of(textOf(good).slice(0, MAX_EMBEDDED)), vector, (gram) => {
      const documents = this.#frequency[gram % BUCKETS] as number;
      return 1 + Math.log((1 + this.#counted) / (1 + Math.min(documents, this.#counted)));
    });
    const norm = Math.hypot(...vector);
    return norm > 0 ? vector.map((value) => value / norm) : vector;
  }
}

/** Names in the order in which they are met. */
class Names {
  readonly #places: Map<string, number>;

  constructor(known: readonly string[]) {
    this.#places = new Map(known.map((name, i) => [name, i]));
  }

  place(name: string | null): number {
    if (name === null) return -1;
    const place = this.#places.get(name) ?? this.#places.size;
    this.#places.set(name, place);
    return place;
  }

  list(): string[] {
    return [...this.#places.keys()];
  }
}

/** Hashes of the columns; of those behind, one that no term has there twice. */
function padded(hashes: Uint32Array, width: number): Uint32Array {
  return grown(hashes, width, Uint32Array);
}
