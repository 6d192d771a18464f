/** What the shops sell, and how a page shows and tells of it. */

export interface Good {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  readonly brand: string;
  /** In the shop's currency. */
  readonly price: number;
  readonly text: string;
}

/** Reads a table: a good a line, `id | title | category | brand | price | text`. */
export function goodsOf(table: string): Good[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [id, title, category, brand, price, text] = line.split('|').map((one) => one.trim());
      if (text === undefined) throw new RangeError(`no good: ${line}`);
      return { id, title, category, brand, price: Number(price), text } as Good;
    });
}

export function find(goods: readonly Good[], id: string | null | undefined): Good | null {
  return goods.find((one) => one.id === id) ?? null;
}

/** Goods of which title, text or brand hold every word. */
export function search(goods: readonly Good[], query: string): Good[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return goods.filter(({ title, text, brand }) => {
    const all = `${title} ${text} ${brand}`.toLowerCase();
    return words.length > 0 && words.every((word) => all.includes(word));
  });
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

/** A plain drawing: the category gives the shape, the good its colour. */
export function picture({ id, title, category }: Good, size = 120): string {
  const hue = [...id].reduce((sum, one) => (sum * 31 + one.charCodeAt(0)) % 360, 7);
  const corners = 3 + ([...category].reduce((sum, one) => sum + one.charCodeAt(0), 0) % 5);
  const points = Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2;
    return `${(50 + 38 * Math.cos(angle)).toFixed(1)},${(52 + 38 * Math.sin(angle)).toFixed(1)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 100 100" role="img"><title>${escapeHtml(title)}</title><rect width="100" height="100" fill="hsl(${hue} 30% 93%)"/><polygon points="${points.join(' ')}" fill="hsl(${hue} 55% 45%)"/></svg>`;
}

/** Text of a script element of JSON-LD; no `</script>` inside ends it. */
export const jsonLd = (value: unknown): string =>
  `<script type="application/ld+json">${JSON.stringify(value).replace(/</g, '\\u003c')}</script>`;

/** schema.org/Product with one Offer. */
export function productLd(good: Good, url: string, currency: string): object {
  return {
    '@context': 'https://schema.org',
    '@type': 'Product',
    sku: good.id,
    name: good.title,
    description: good.text,
    category: good.category,
    brand: { '@type': 'Brand', name: good.brand },
    image: [new URL(`/pictures/${good.id}.svg`, url).href],
    url,
    offers: {
      '@type': 'Offer',
      price: good.price.toFixed(2),
      priceCurrency: currency,
      availability: 'https://schema.org/InStock',
      url,
    },
  };
}

/** A good as GA4's ecommerce events name it. */
export const gaItem = (good: Good, quantity = 1): Record<string, unknown> => ({
  item_id: good.id,
  item_name: good.title,
  item_brand: good.brand,
  item_category: good.category,
  price: good.price,
  quantity,
});

/** The goods of a basket and how many of each. */
export const linesOf = (
  goods: readonly Good[],
  basket: ReadonlyMap<string, number>,
): [Good, number][] =>
  [...basket].flatMap(([id, quantity]) => {
    const good = find(goods, id);
    return good === null ? [] : [[good, quantity] as [Good, number]];
  });

export const totalOf = (lines: readonly [Good, number][]): number =>
  lines.reduce((sum, [good, quantity]) => sum + good.price * quantity, 0);

/** GA4's parameters of a basket or an order. */
export const gaOrder = (lines: readonly [Good, number][], currency: string): object => ({
  currency,
  value: totalOf(lines),
  items: lines.map(([good, quantity]) => gaItem(good, quantity)),
});
