/**
 * The shop that does nothing: its pages have JSON-LD for search engines, as they always had, and
 * one line for the tag. No call of `track`, no feed, no data layer; its site publishes no catalogue
 * of its goods.
 */
import { escapeHtml, find, type Good, goodsOf, jsonLd, picture, productLd } from './goods.ts';
import type { Reply, Shop, Visit } from './market.ts';

const goods = goodsOf(`
skillet-24 | Iron skillet 24 cm     | skillets | Eisen | 39.00 | Cast iron skillet for steaks and bread, seasoned with oil.
skillet-28 | Iron skillet 28 cm     | skillets | Eisen | 49.00 | Cast iron skillet for four, seasoned with oil, two spouts.
skillet-st | Steel skillet 26 cm    | skillets | Blank | 59.00 | Carbon steel skillet, light enough for one hand.
sauce-16   | Saucepan 16 cm         | saucepans| Blank | 45.00 | Saucepan of steel with a core of aluminium and a spout.
sauce-20   | Saucepan 20 cm         | saucepans| Blank | 55.00 | Saucepan of steel for two litres, with a lid that strains.
stock-24   | Stockpot 24 cm         | stockpots| Blank | 89.00 | Stockpot for seven litres of broth.
wok-30     | Wok 30 cm              | skillets | Eisen | 45.00 | Thin iron wok with a wooden handle, for high flames.
`);

function page(title: string, { surroundings }: Visit, head: string, main: string): Reply {
  const { cdn, api, site, trust } = surroundings;
  return {
    body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)} | Eisen &amp; Blank</title>
<link rel="icon" href="data:,">${head}
<script async src="${cdn}/0.1.0/vitrine.js" data-site="${site}" data-endpoint="${api}" data-trust="${trust}" data-consent="contribute"></script>
</head><body><a href="/">Eisen &amp; Blank</a><main>${main}</main></body></html>`,
  };
}

function product(good: Good, visit: Visit): Reply {
  const url = `${visit.surroundings.origin}/pan/${good.id}`;
  return page(
    good.title,
    visit,
    `<link rel="canonical" href="${url}">${jsonLd(productLd(good, url, 'EUR'))}`,
    `${picture(good, 300)}<h1>${good.title}</h1><p>${good.text}</p>`,
  );
}

function answer(visit: Visit): Reply | null {
  const { path } = visit;
  if (path === '/') {
    const rows = goods.map((one) => `<li><a href="/pan/${one.id}">${one.title}</a></li>`);
    return page('Pans', visit, '', `<ul>${rows.join('')}</ul>`);
  }
  const good = path.startsWith('/pan/') ? find(goods, path.slice('/pan/'.length)) : null;
  return good === null ? null : product(good, visit);
}

export const pans: Shop = {
  ...{ name: 'pans', goods, currency: 'EUR', feed: false },
  path: ({ id }) => `/pan/${id}`,
  answer,
};
