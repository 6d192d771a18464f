/**
 * A bookshop behind a consent manager of IAB TCF 2.2 (`cmp.js`), of which the stub stands first in
 * the page and the rest comes late. Books are JSON-LD of the types Product and Book.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeHtml, find, type Good, goodsOf, jsonLd, picture, productLd } from './goods.ts';
import type { Reply, Shop, Visit } from './market.ts';

const goods = goodsOf(`
9780001 | The Salt Harbour        | novel   | M. Arden  | 18.99 | A novel of a harbour town, two sisters and a ship that does not come back.
9780002 | Winter Ferries          | novel   | M. Arden  | 17.50 | A novel told on the ferries of one long winter.
9780003 | The Glass Orchard       | novel   | T. Okafor | 16.00 | Three generations of an orchard family, a novel in letters.
9780004 | A House of Tides        | novel   | T. Okafor | 19.00 | A novel about a lighthouse and those who keep it.
9780101 | Bread Without Hurry     | cooking | L. Weiss  | 29.00 | Baking bread at home: flour, water, time, and fifty recipes.
9780102 | The Vegetable Year      | cooking | L. Weiss  | 32.00 | Recipes for every month of a kitchen garden.
9780103 | Soup, Mostly            | cooking | P. Sato   | 24.00 | A hundred soups and the bread that goes with them.
9780201 | Maps of Small Islands   | travel  | P. Sato   | 27.00 | Islands that nobody goes to, on foot and with a notebook.
`);

/** As the framework describes it: calls wait in a queue, and a call without arguments gives it. */
const STUB = `
(function () {
  var queue = [];
  window.__tcfapi = function () {
    if (!arguments.length) return queue;
    if (arguments[0] === 'ping') arguments[2]({ gdprLoaded: false, cmpLoaded: false, cmpStatus: 'stub' });
    else queue.push([].slice.call(arguments));
  };
})();`;

function page(title: string, { surroundings }: Visit, main: string): Reply {
  const { api, site, trust } = surroundings;
  return {
    body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)} - Quayside Books</title>
<link rel="icon" href="data:,"><script>${STUB}</script>
<script async src="/js/vitrine.js" data-site="${site}" data-endpoint="${api}" data-trust="${trust}"></script>
</head><body><nav><a href="/">Quayside Books</a> <button id="privacy">Privacy settings</button></nav>
<main>${main}</main>
<section id="cmp" role="dialog" aria-label="Your privacy" hidden><p>May we, and for what?</p>
<button data-choose="all">Accept all</button> <button data-choose="some">Only my own shelf</button>
<button data-choose="none">Refuse all</button></section>
<script>setTimeout(() => document.body.append(Object.assign(document.createElement('script'), { src: '/cmp.js' })), 150)</script>
</body></html>`,
  };
}

function book(good: Good, visit: Visit): Reply {
  const url = `${visit.surroundings.origin}/book/${good.id}`;
  const {
    '@type': _,
    brand: __,
    ...product
  } = productLd(good, url, 'GBP') as Record<string, unknown>;
  const described = {
    ...product,
    '@type': ['Product', 'Book'],
    author: { '@type': 'Person', name: good.brand },
  };
  return page(
    good.title,
    visit,
    `${jsonLd([{ '@context': 'https://schema.org', '@type': 'Bookstore', name: 'Quayside Books' }, described])}
${picture(good, 200)}<h1>${good.title}</h1><p>${good.brand}</p><p>£${good.price.toFixed(2)}</p><p>${good.text}</p>`,
  );
}

function answer(visit: Visit): Reply | null {
  const { path } = visit;
  if (path === '/cmp.js') {
    return {
      headers: { 'content-type': 'text/javascript; charset=utf-8' },
      body: readFileSync(join(import.meta.dirname, 'cmp.js'), 'utf8'),
    };
  }
  if (path === '/') {
    const rows = goods.map((one) => `<li><a href="/book/${one.id}">${one.title}</a></li>`);
    return page('Books', visit, `<h1>Books</h1><ul>${rows.join('')}</ul>`);
  }
  const good = path.startsWith('/book/') ? find(goods, path.slice('/book/'.length)) : null;
  return good === null ? null : book(good, visit);
}

export const books: Shop = {
  ...{ name: 'books', goods, currency: 'GBP', feed: true, files: '/js/' },
  path: ({ id }) => `/book/${id}`,
  answer,
};
