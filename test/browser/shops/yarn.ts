/**
 * A shop as WooCommerce's classic templates make it: loop buttons that add by AJAX and tell jQuery,
 * a product form that posts, JSON-LD of the core. The receipt alone calls `track`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  escapeHtml,
  find,
  type Good,
  gaOrder,
  goodsOf,
  jsonLd,
  linesOf,
  picture,
  productLd,
  search,
} from './goods.ts';
import type { Reply, Shop, Visit } from './market.ts';

const goods = goodsOf(`
WOOL-RED   | Merino yarn, red      | yarn    | Faer  | 7.90  | Soft merino yarn, fifty grams, for things next to the skin.
WOOL-BLUE  | Merino yarn, blue     | yarn    | Faer  | 7.90  | Soft merino yarn, fifty grams, in the blue of late evening.
WOOL-MOSS  | Highland yarn, moss   | yarn    | Torv  | 6.50  | Rough highland yarn for sweaters that last.
WOOL-ALP   | Alpaca yarn, natural  | yarn    | Torv  | 9.80  | Alpaca yarn, undyed, very warm.
NEED-4     | Bamboo needles 4 mm   | needles | Pind  | 8.50  | A pair of straight needles of bamboo.
NEED-6     | Bamboo needles 6 mm   | needles | Pind  | 8.90  | A pair of thick needles of bamboo for thick yarn.
BOOK-1     | First sweater, a book | books   | Torv  | 24.00 | How to knit a first sweater from the top down.
`);
/** Posts of the shop's database: the number that buttons and forms send. */
const postId = (good: Good): number => 101 + goods.indexOf(good);
const ofPost = (id: string | null): Good | null => goods[Number(id) - 101] ?? null;

function page(title: string, { surroundings }: Visit, main: string): Reply {
  const { cdn, api, site, trust, stub } = surroundings;
  return {
    body: `<!doctype html>
<html lang="en-US"><head><meta charset="utf-8"><title>${escapeHtml(title)} &#8211; Faer &amp; Torv</title>
<link rel="icon" href="data:,"><script>${stub}</script>
<script async src="${cdn}/0.1.0/vitrine.js" data-site="${site}" data-endpoint="${api}" data-trust="${trust}"></script>
</head><body class="woocommerce"><a href="/shop/">Shop</a>
<form role="search" method="get" class="woocommerce-product-search" action="/"><input type="search" name="s"><input type="hidden" name="post_type" value="product"></form>
<main>${main}</main>
<p class="woocommerce-store-notice"><a href="#" id="ok" onclick="vitrine.consent.set({ personalise: true, contribute: true }); return false">Personal offers: yes, please</a></p>
<script src="/wp-content/shop.js"></script></body></html>`,
  };
}

const loop = (shown: readonly Good[]): string =>
  `<ul class="products columns-4">${shown
    .map(
      (one) => `<li class="product type-product post-${postId(one)} product_cat-${one.category}">
<a href="/product/${one.id.toLowerCase()}/" class="woocommerce-LoopProduct-link">${picture(one)}<h2 class="woocommerce-loop-product__title">${one.title}</h2>
<span class="price"><span class="woocommerce-Price-amount amount"><bdi><span class="woocommerce-Price-currencySymbol">$</span>${one.price.toFixed(2)}</bdi></span></span></a>
<a href="?add-to-cart=${postId(one)}" data-quantity="1" class="button product_type_simple add_to_cart_button ajax_add_to_cart" data-product_id="${postId(one)}" data-product_sku="${one.id}" aria-label="Add to cart: &ldquo;${one.title}&rdquo;" rel="nofollow">Add to cart</a></li>`,
    )
    .join('')}</ul>`;

function product(good: Good, visit: Visit, notice = ''): Reply {
  const url = `${visit.surroundings.origin}/product/${good.id.toLowerCase()}/`;
  const ld = {
    '@context': 'https://schema.org/',
    '@graph': [
      { '@type': 'BreadcrumbList', itemListElement: [] },
      { ...productLd(good, url, 'USD'), '@context': undefined, '@id': `${url}#product` },
    ],
  };
  return page(
    good.title,
    visit,
    `${notice}<div id="product-${postId(good)}" class="product type-product">${picture(good, 300)}
<h1 class="product_title entry-title">${good.title}</h1><p>${good.text}</p>
<form class="cart" action="${url}" method="post" enctype="multipart/form-data">
<div class="quantity"><input type="number" class="input-text qty text" name="quantity" value="1" min="1"></div>
<button type="submit" name="add-to-cart" value="${postId(good)}" class="single_add_to_cart_button button alt">Add to cart</button></form>
</div>${jsonLd(ld)}`,
  );
}

/** A part of a `multipart/form-data` body. */
function part(body: string, name: string): string | null {
  return new RegExp(`name="${name}"\\r\\n\\r\\n(.*?)\\r\\n`).exec(body)?.[1] ?? null;
}

function answer(visit: Visit): Reply | null {
  const { method, path, query, form, body, basket } = visit;
  const add = (good: Good, quantity: number): void => {
    basket.set(good.id, (basket.get(good.id) ?? 0) + quantity);
  };
  if (path === '/wp-content/shop.js') {
    return {
      headers: { 'content-type': 'text/javascript; charset=utf-8' },
      body: readFileSync(join(import.meta.dirname, 'yarn/shop.js'), 'utf8'),
    };
  }
  if (method === 'POST' && query.get('wc-ajax') === 'add_to_cart') {
    const good = ofPost(form.get('product_id'));
    if (good === null) return { body: '{"error":true}' };
    add(good, Number(form.get('quantity')));
    return { body: JSON.stringify({ fragments: {}, cart_hash: 'c0ffee' }) };
  }
  if (path === '/checkout/order-received/88/') {
    const order = JSON.stringify({
      transaction_id: '88',
      ...gaOrder(linesOf(goods, basket), 'USD'),
    });
    basket.clear();
    const said = `<script>vitrine.track('purchase', ${order})</script>`;
    return page('Order received', visit, `<h1>Order received</h1>${said}`);
  }
  if (path === '/' && query.has('s')) {
    const term = query.get('s') ?? '';
    const said = `<script>vitrine.track('search', ${JSON.stringify({ search_term: term })})</script>`;
    return page('Search results', visit, `${loop(search(goods, term))}${said}`);
  }
  if (path === '/' || path === '/shop/') return page('Shop', visit, loop(goods));
  const slug = /^\/product\/([\w-]+)\/$/.exec(path)?.[1];
  const good = find(goods, slug?.toUpperCase());
  if (good === null) return null;
  const posted = method === 'POST' ? ofPost(part(body, 'add-to-cart')) : null;
  if (posted === null) return product(good, visit);
  add(posted, Number(part(body, 'quantity')));
  return product(
    good,
    visit,
    '<div class="woocommerce-message" role="alert">Added to your cart.</div>',
  );
}

export const yarn: Shop = {
  ...{ name: 'yarn', goods, currency: 'USD', feed: true },
  path: ({ id }) => `/product/${id.toLowerCase()}/`,
  answer,
};
