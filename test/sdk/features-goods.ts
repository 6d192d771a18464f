/** A dozen goods in two languages, and events on them, for the tests of features and after. */
import { buildCatalogue } from '../../aggregator/catalogue/build.ts';
import { hashedNgrams } from '../../aggregator/catalogue/embedder.ts';
import type { EventItem, EventName, ShopEvent } from '../../sdk/capture/event.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';

const GOODS: readonly [string, string, string, string, number][] = [
  ['pot-clay', 'Clay teapot 紫砂茶壶', 'North Hill', 'tea', 8900],
  ['pot-glass', 'Glass teapot 玻璃茶壶', 'North Hill', 'tea', 4900],
  ['pot-iron', 'Iron teapot 铸铁茶壶', 'Forge', 'tea', 12_900],
  ['cup-clay', 'Clay tea cup 紫砂茶杯', '', 'tea', 1900],
  ['cup-glass', 'Glass tea cup 玻璃茶杯', '', 'tea', 1500],
  ['lamp-brass', 'Brass desk lamp 黄铜台灯', 'Forge', 'light', 15_900],
  ['lamp-oak', 'Oak desk lamp 橡木台灯', 'Grain', 'light', 9900],
  ['lamp-paper', 'Paper floor lamp 纸灯', 'Grain', 'light', 6900],
  ['board-oak', 'Oak cutting board 橡木砧板', 'Grain', 'kitchen', 3900],
  ['knife-iron', 'Iron kitchen knife 铁菜刀', 'Forge', 'kitchen', 5900],
  ['spoon-oak', 'Oak spoon 橡木勺', 'Grain', 'kitchen', 900],
  ['pan-iron', 'Iron pan 铸铁锅', 'Forge', 'kitchen', 7900],
];

export async function smallCatalogue(): Promise<Catalogue> {
  const items = GOODS.map(([id, title, brand, category, priceCents]) => ({
    id,
    title,
    description: `${title}. Made for the kitchen and the table.`,
    brand,
    category,
    priceCents,
  }));
  return (await buildCatalogue(items, { embedder: hashedNgrams(), maxK: 8 })).catalogue;
}

/** Midday on Wednesday, 4 March 2026, UTC. */
export const NOON_MS = Date.UTC(2026, 2, 4, 12);

export function event(
  name: EventName,
  ids: readonly string[],
  more: Partial<ShopEvent> & { readonly price?: unknown } = {},
): ShopEvent {
  const { price, ...rest } = more;
  const items = ids.map((id) => ({ id, quantity: 1, price }) as EventItem);
  return { name, atMs: NOON_MS, session: 1, items, ...rest };
}

/** What a hostile or broken page might have put into a history. */
export const JUNK_EVENTS = [
  null,
  undefined,
  {},
  { name: 'view_item' },
  { name: 'view_item', items: [null, {}, { id: 7 }, { id: 'no-such-item', quantity: 1 }] },
  { name: 'add_to_cart', atMs: Number.NaN, session: 1, items: [{ id: 'pot-clay', price: 'x' }] },
  event('add_to_cart', ['cup-clay'], { price: Number.NaN }),
  event('add_to_cart', ['cup-clay'], { price: -5 }),
  event('add_to_cart', ['cup-clay'], { price: '19.99' }),
  event('rate_item', ['cup-clay'], { rating: Number.NaN }),
  event('purchase', ['cup-clay'], { value: Number.NEGATIVE_INFINITY }),
  event('dwell', [], { dwellMs: Number.NaN, page: 'product' }),
] as unknown as ShopEvent[];
