/**
 * A shop as a Shopify theme of Dawn's kind makes it: variants by `?variant=`, a cart that answers
 * in JSON with the quantities that now lie in it, consent by the Customer Privacy API.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeHtml, find, type Good, goodsOf, jsonLd, linesOf, picture } from './goods.ts';
import type { Reply, Shop, Visit } from './market.ts';

const products = goodsOf(`
stoneware-mug | Stoneware mug | Mugs   | Kiln | 28 | A mug of stoneware that keeps coffee warm, thrown by hand.
espresso-cup  | Espresso cup  | Mugs   | Kiln | 19 | A small cup with thick walls for espresso.
travel-mug    | Travel mug    | Mugs   | Away | 34 | A mug of steel with a lid that does not drip.
dinner-plate  | Dinner plate  | Plates | Kiln | 32 | A flat plate of stoneware, 27 cm, glazed on one side.
soup-plate    | Soup plate    | Plates | Kiln | 32 | A deep plate of stoneware for soup and pasta.
water-jug     | Water jug     | Jugs   | Away | 45 | A jug of glass for a litre of water.
`);
const COLORS = ['Blue', 'White'] as const;

interface Variant {
  readonly good: Good;
  readonly id: number;
  readonly product: Good;
  readonly productId: number;
  readonly color: string;
}

const variants: Variant[] = products.flatMap((product, i) =>
  COLORS.map((color, j) => {
    const title = `${product.title} - ${color}`;
    const id = 44_001 + 10 * i + j;
    const sku = `${product.id}-${color}`.toUpperCase();
    return { product, productId: 8001 + i, id, color, good: { ...product, id: sku, title } };
  }),
);
const goods = variants.map(({ good }) => good);
const skuOf = ({ good }: Variant): string => good.id;
const ofGood = (good: Good): Variant => variants.find((one) => one.good === good) as Variant;
const variantOf = (id: unknown): Variant | undefined =>
  variants.find((one) => String(one.id) === String(id));

function meta(product: Good | null): object {
  if (product === null) return { page: { pageType: 'home' }, currency: 'EUR' };
  const own = variants.filter((one) => one.product === product);
  const id = (own[0] as Variant).productId;
  return {
    product: {
      ...{ id, gid: `gid://shopify/Product/${id}`, vendor: product.brand, type: product.category },
      variants: own.map((one) => ({
        ...{ id: one.id, price: product.price * 100, name: one.good.title },
        ...{ public_title: one.color, sku: skuOf(one) },
      })),
    },
    page: { pageType: 'product', resourceType: 'product', resourceId: id },
    currency: 'EUR',
  };
}

function page(title: string, { surroundings }: Visit, product: Good | null, main: string): Reply {
  const { cdn, api, site, trust } = surroundings;
  const told = JSON.stringify(meta(product));
  return {
    body: `<!doctype html>
<html class="js" lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)} &ndash; Kiln</title>
<link rel="icon" href="data:,">
<script>window.Shopify = { shop: 'kiln.example', locale: 'en', currency: { active: 'EUR', rate: '1.0' } };
var meta = ${told}; window.ShopifyAnalytics = { meta: meta };</script>
<script src="/cdn/shop/theme.js" defer></script>
<script async src="${cdn}/0.1.0/vitrine.js" data-site="${site}" data-endpoint="${api}" data-trust="${trust}"></script>
</head><body class="gradient"><a href="/">Kiln</a> <a href="/cart">Cart</a><main id="MainContent">${main}</main>
<div id="shopify-pc__banner" role="dialog" aria-label="Cookie consent" hidden><button id="shopify-pc__banner__btn-accept">Accept</button>
<button id="shopify-pc__banner__btn-decline">Decline</button></div></body></html>`,
  };
}

function product(found: Good, visit: Visit): Reply {
  const own = variants.filter((one) => one.product === found);
  const shown =
    own.find((one) => String(one.id) === visit.query.get('variant')) ?? (own[0] as Variant);
  const at = `/products/${found.id}`;
  const url = visit.surroundings.origin + at;
  const group = {
    ...{ '@context': 'http://schema.org/', '@id': `${at}#product`, '@type': 'ProductGroup' },
    ...{ name: found.title, description: found.text, productGroupID: String(shown.productId), url },
    ...{ brand: { '@type': 'Brand', name: found.brand }, category: found.category },
    hasVariant: own.map((one) => ({
      ...{ '@id': `${at}?variant=${one.id}#variant`, '@type': 'Product', name: one.good.title },
      ...{ sku: skuOf(one), image: `${visit.surroundings.origin}/pictures/${skuOf(one)}.svg` },
      offers: {
        ...{ '@id': `${at}?variant=${one.id}#offer`, '@type': 'Offer' },
        ...{ price: found.price.toFixed(2), priceCurrency: 'EUR', url: `${url}?variant=${one.id}` },
      },
    })),
  };
  const options = own.map(
    (one) =>
      `<label><input type="radio" name="Colour" value="${one.id}" ${one === shown ? 'checked' : ''}>${one.color}</label>`,
  );
  return page(
    found.title,
    visit,
    found,
    `<link rel="canonical" href="${url}">${picture(shown.good, 300)}<h1>${found.title}</h1><p>${found.text}</p>
<variant-selects>${options.join('')}</variant-selects>
<product-form><form method="post" action="/cart/add" class="form" novalidate><input type="hidden" name="id" value="${shown.id}">
<input type="number" name="quantity" value="1" min="1"><button type="submit" name="add" id="add">Add to cart</button></form></product-form>
${jsonLd(group)}`,
  );
}

const line = (one: Variant, quantity: number): object => ({
  ...{ id: one.id, variant_id: one.id, product_id: one.productId, sku: skuOf(one), quantity },
  ...{ key: `${one.id}:0a1b`, title: one.good.title, product_title: one.product.title },
  ...{ price: one.product.price * 100, final_price: one.product.price * 100 },
  ...{ vendor: one.product.brand, product_type: one.product.category, variant_title: one.color },
});

function cart(visit: Visit): object {
  const lines = linesOf(goods, visit.basket).map(([good, n]) => line(ofGood(good), n));
  return { token: 'c1', currency: 'EUR', item_count: lines.length, items: lines };
}

const json = (value: object): Reply => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

function answer(visit: Visit): Reply | null {
  const { path, body, basket } = visit;
  if (path === '/cdn/shop/theme.js') {
    return {
      headers: { 'content-type': 'text/javascript; charset=utf-8' },
      body: readFileSync(join(import.meta.dirname, 'mugs/theme.js'), 'utf8'),
    };
  }
  if (path === '/cart/add.js') {
    const { id, quantity } = JSON.parse(body) as { id: number; quantity: number };
    const one = variantOf(id);
    if (one === undefined) return { status: 422, body: '{"status":422}' };
    const now = (basket.get(one.good.id) ?? 0) + quantity;
    basket.set(one.good.id, now);
    return json(line(one, now));
  }
  if (path === '/cart/change.js') {
    const change = JSON.parse(body) as { line: number; quantity: number };
    const id = [...basket.keys()][change.line - 1];
    if (id === undefined) return { status: 422, body: '{}' };
    if (change.quantity === 0) basket.delete(id);
    else basket.set(id, change.quantity);
    return json(cart(visit));
  }
  if (path === '/cart') {
    const rows = linesOf(goods, basket).map(
      ([good, n], i) =>
        `<li>${good.title} <input type="number" data-line="${i + 1}" data-variant="${ofGood(good).id}" value="${n}" min="0"></li>`,
    );
    return page('Your cart', visit, null, `<cart-items><ul>${rows.join('')}</ul></cart-items>`);
  }
  if (path === '/') {
    const rows = products.map(
      (one) => `<li><a href="/products/${one.id}">${picture(one)}${one.title}</a></li>`,
    );
    return page('Kiln', visit, null, `<ul class="grid">${rows.join('')}</ul>`);
  }
  const found = path.startsWith('/products/')
    ? find(products, path.slice('/products/'.length))
    : null;
  return found === null ? null : product(found, visit);
}

export const mugs: Shop = {
  ...{ name: 'mugs', goods, currency: 'EUR', feed: true },
  path: (good) => `/products/${ofGood(good).product.id}?variant=${ofGood(good).id}`,
  answer,
};
