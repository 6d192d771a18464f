/**
 * A single-page shop: one document for every route, drawn by `tees/app.js`. A style has colours,
 * each an item of its own; nothing but `?color=` tells one from the other.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Good, goodsOf, picture } from './goods.ts';
import type { Reply, Shop, Visit } from './market.ts';

const styles = goodsOf(`
crew   | Crew T-shirt       | t-shirt    | Row   | 24 | Heavy cotton with a close round neck, cut straight.
boxy   | Boxy T-shirt       | t-shirt    | Row   | 28 | Wide and short, in heavy washed cotton with a dropped shoulder.
stripe | Striped T-shirt    | t-shirt    | Marin | 32 | Woven stripes on light cotton, as sailors wore them.
zip    | Zip hoodie         | sweatshirt | Row   | 64 | Brushed fleece with a metal zip and a hood in two layers.
half   | Half-zip sweater   | sweatshirt | Marin | 72 | Fleece with a stand-up collar for windy mornings.
sock   | Ribbed socks, pair | socks      | Marin | 9  | Ribbed cotton that stays up.
`);
const COLORS = ['navy', 'rust', 'sand'] as const;

const goods: Good[] = styles.flatMap((style) =>
  COLORS.map((color) => ({
    ...style,
    id: `${style.id}-${color}`,
    title: `${style.title}, ${color}`,
  })),
);

function shell({ surroundings }: Visit): Reply {
  const { site, trust, api, stub } = surroundings;
  const data = {
    currency: 'GBP',
    styles: styles.map(({ title, ...style }) => ({
      ...style,
      name: title,
      variants: COLORS.map((color) => {
        const sku = `${style.id}-${color}`;
        return { sku, color, picture: picture({ ...style, title: `${title}, ${color}`, id: sku }) };
      }),
    })),
  };
  return {
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><title>Cotton Row</title><link rel="icon" href="data:,">
<link rel="canonical" href="/">
<script>${stub}</script>
<script async src="/static/vitrine.js" data-site="${site}" data-endpoint="${api}" data-trust="${trust}"></script>
</head>
<body><header><a href="/">Cotton Row</a> <a href="/basket">Basket</a>
<form><input type="search" name="q" aria-label="Search"></form></header>
<main></main><button id="agree">Remember what I like</button>
<script type="application/json" id="data">${JSON.stringify(data).replace(/</g, '\\u003c')}</script>
<script src="/app.js" type="module"></script>
</body></html>`,
  };
}

const app = (): Reply => ({
  headers: { 'content-type': 'text/javascript; charset=utf-8' },
  body: readFileSync(join(import.meta.dirname, 'tees/app.js'), 'utf8'),
});

export const tees: Shop = {
  ...{ name: 'tees', goods, currency: 'GBP', feed: true, files: '/static/' },
  path: ({ id }) => `/t/${id.replace('-', '?color=')}`,
  answer: (visit) => (visit.path === '/app.js' ? app() : shell(visit)),
};
