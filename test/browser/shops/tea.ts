/**
 * A shop behind the strictest policy in use: scripts by nonce and `strict-dynamic`, no inline
 * style, no eval, Trusted Types with one policy by name, Workers of its own origin alone. What
 * happens is marked in the HTML by `data-vitrine-*`.
 */
import {
  escapeHtml,
  find,
  type Good,
  goodsOf,
  jsonLd,
  linesOf,
  picture,
  productLd,
  search,
} from './goods.ts';
import { type Reply, redirect, type Shop, type Visit } from './market.ts';

const goods = goodsOf(`
assam-1  | Assam, second flush    | black  | Gardens | 12.40 | Black tea, malty and strong, good with milk.
keemun   | Keemun                 | black  | Hill    | 14.80 | Black tea with a note of cocoa and pine.
darjee   | Darjeeling, first flush| black  | Gardens | 19.50 | Black tea picked in March, light as flowers.
ceylon   | Ceylon, high grown     | black  | Hill    | 11.20 | Black tea, bright and brisk, for the morning.
sencha   | Sencha                 | green  | Gardens | 13.90 | Green tea, steamed, with the taste of grass and sea.
gyokuro  | Gyokuro                | green  | Hill    | 32.00 | Green tea from the shade, thick and sweet.
mint     | Peppermint             | herbal | Gardens | 6.90  | Peppermint leaves and nothing else.
pot-1    | Glass pot, 0.8 l       | pots   | Klar    | 29.00 | A glass pot with a sieve, to see the leaves open.
`);

const NONCE = 'b2xpdmUtdHJlZQ';

function policy(api: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${NONCE}' 'strict-dynamic'`,
    `style-src 'nonce-${NONCE}'`,
    "img-src 'self' data:",
    `connect-src 'self' ${new URL(api).origin}`,
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types vitrine',
  ].join('; ');
}

function page(title: string, { surroundings }: Visit, main: string): Reply {
  const { api, cdn, site, trust, stub } = surroundings;
  return {
    headers: { 'content-security-policy': policy(api), 'referrer-policy': 'same-origin' },
    body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)} ~ Leaf &amp; Water</title>
<link rel="icon" href="data:,"><style nonce="${NONCE}">svg { width: 6rem; height: 6rem }</style>
<script nonce="${NONCE}">${stub}</script>
<script nonce="${NONCE}" async src="${cdn}/0.1.0/vitrine.js" data-site="${site}" data-endpoint="${api}"
  data-trust="${trust}" data-workers="/vitrine/"></script>
</head><body><header><a href="/">Leaf &amp; Water</a> <a href="/basket">Basket</a>
<form action="/search"><input type="search" name="q" aria-label="Search"></form></header><main>${main}</main>
<p id="ask">Keep a memory of your tea? <button id="keep">Yes</button></p>
<script nonce="${NONCE}">
document.getElementById('keep').addEventListener('click', () => {
  vitrine.consent.set({ personalise: true, contribute: true });
});
</script></body></html>`,
  };
}

const marks = (good: Good): string =>
  `data-vitrine-item="${good.id}" data-vitrine-name="${escapeHtml(good.title)}" data-vitrine-category="${good.category}" data-vitrine-price="${good.price}" data-vitrine-currency="EUR"`;

const list = (shown: readonly Good[]): string =>
  `<ul>${shown.map((one) => `<li><a href="/tea/${one.id}">${picture(one)}${escapeHtml(one.title)}</a></li>`).join('')}</ul>`;

function answer(visit: Visit): Reply | null {
  const { method, path, query, form, basket, surroundings } = visit;
  if (method === 'POST' && path === '/basket') {
    const good = find(goods, form.get('id'));
    if (good === null) return { status: 422, body: '' };
    basket.set(good.id, (basket.get(good.id) ?? 0) + Number(form.get('quantity')));
    return redirect('/basket');
  }
  if (method === 'POST' && path === '/order') {
    const rows = linesOf(goods, basket).map(
      ([good, n]) =>
        `<li ${marks(good)} data-vitrine-quantity="${n}">${n} × ${escapeHtml(good.title)}</li>`,
    );
    basket.clear();
    const order =
      'data-vitrine-event="purchase" data-vitrine-transaction="T-3" data-vitrine-on="view"';
    return page('Thank you', visit, `<h1>Thank you</h1><ul ${order}>${rows.join('')}</ul>`);
  }
  if (path === '/') return page('Tea', visit, list(goods));
  if (path === '/search') {
    const term = query.get('q') ?? '';
    const marked = `data-vitrine-event="search" data-vitrine-term="${escapeHtml(term)}"`;
    return page('Search', visit, `<section ${marked}>${list(search(goods, term))}</section>`);
  }
  if (path === '/basket') {
    const rows = linesOf(goods, basket).map(
      ([good, n]) => `<li>${n} × ${escapeHtml(good.title)}</li>`,
    );
    const buy = '<form method="post" action="/order"><button id="buy">Order</button></form>';
    return page('Basket', visit, `<ul>${rows.join('')}</ul>${buy}`);
  }
  const good = path.startsWith('/tea/') ? find(goods, path.slice('/tea/'.length)) : null;
  if (good === null) return null;
  const ld = jsonLd(productLd(good, surroundings.origin + path, 'EUR'));
  return page(
    good.title,
    visit,
    `${ld}${picture(good)}<h1>${escapeHtml(good.title)}</h1><p>${good.text}</p>
<form method="post" action="/basket"><input type="hidden" name="id" value="${good.id}">
<select name="quantity"><option>1<option>2<option>3</select>
<button id="add" data-vitrine-event="add_to_cart" ${marks(good)}>Into the basket</button></form>`,
  );
}

export const tea: Shop = {
  ...{ name: 'tea', goods, currency: 'EUR', feed: true, files: '/vitrine/' },
  path: ({ id }) => `/tea/${id}`,
  answer,
};
