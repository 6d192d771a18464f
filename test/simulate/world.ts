/** The shop as the behaviour model sees it: goods by index, and which go together in use. */

export interface WorldGood {
  readonly id: string;
  readonly name: string;
  readonly category: string;
  readonly brand: string;
  readonly priceCents: number;
  /** 0 (cheap) to 4 inside its category. */
  readonly band: number;
}

export interface World {
  readonly goods: readonly WorldGood[];
  readonly categories: readonly string[];
  readonly brands: readonly string[];
  /** Goods of each category, by index into `goods`. */
  readonly byCategory: ReadonlyMap<string, readonly number[]>;
  readonly byBrand: ReadonlyMap<string, readonly number[]>;
  /** complements[i]: goods that are bought to go with good i. */
  readonly complements: readonly (readonly number[])[];
}

function grouped(
  goods: readonly WorldGood[],
  key: (good: WorldGood) => string,
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [index, good] of goods.entries()) {
    const group = groups.get(key(good));
    if (group === undefined) groups.set(key(good), [index]);
    else group.push(index);
  }
  return groups;
}

/**
 * @param goods with any band; bands are computed here as fifths of the price order in a category.
 * @param complements pairs or lists by good id; unknown ids are an error.
 */
export function makeWorld(
  goods: readonly Omit<WorldGood, 'band'>[],
  complements: ReadonlyMap<string, readonly string[]>,
): World {
  const at = new Map(goods.map((good, index) => [good.id, index]));
  const index = (id: string): number => {
    const found = at.get(id);
    if (found === undefined) throw new RangeError(`complements: no good ${id}`);
    return found;
  };
  const raw = goods.map((good) => ({ ...good, band: 0 }));
  const bands = new Array<number>(goods.length).fill(0);
  for (const group of grouped(raw, (good) => good.category).values()) {
    const byPrice = [...group].sort((a, b) => priceOf(raw, a) - priceOf(raw, b) || a - b);
    for (const [place, item] of byPrice.entries()) {
      bands[item] = Math.min(4, Math.floor((5 * place) / byPrice.length));
    }
  }
  const banded = raw.map((good, i) => ({ ...good, band: bands[i] as number }));
  const byCategory = grouped(banded, (good) => good.category);
  const byBrand = grouped(banded, (good) => good.brand);
  const lists: number[][] = goods.map(() => []);
  for (const [from, tos] of complements) lists[index(from)] = tos.map(index);
  return {
    goods: banded,
    categories: [...byCategory.keys()],
    brands: [...byBrand.keys()],
    byCategory,
    byBrand,
    complements: lists,
  };
}

function priceOf(goods: readonly { readonly priceCents: number }[], at: number): number {
  return goods[at]?.priceCents ?? 0;
}
