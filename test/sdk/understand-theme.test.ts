import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_NAMES } from '../../sdk/capture/event.ts';
import type { Heard } from '../../sdk/capture/heard.ts';
import { Understanding } from '../../sdk/capture/understand.ts';
import { aPage, listenIn } from './hearing.ts';

const line = (variant_id: number, quantity: number, sku = '') => ({
  id: variant_id,
  variant_id,
  product_id: 900,
  sku,
  quantity,
  title: 'Shirt - Red',
  product_title: 'Shirt',
  vendor: 'Loom',
  product_type: 'Shirts',
  price: 2999,
  final_price: 2999,
});
const cart = (...items: unknown[]) => ({
  token: 'c1-a',
  currency: 'EUR',
  item_count: items.length,
  items,
});

function shopify(name: string, detail: unknown): Heard {
  return { kind: 'theme', from: 'shopify', name, detail };
}
function woo(name: string, detail: unknown): Heard {
  return { kind: 'theme', from: 'woocommerce', name, detail };
}

describe("Shopify's themes", () => {
  const META = {
    currency: 'EUR',
    page: { pageType: 'product', resourceId: 900 },
    product: {
      id: 900,
      vendor: 'Loom',
      type: 'Shirts',
      variants: [
        { id: 111, price: 2999, name: 'Shirt - Red', sku: 'S-R' },
        { id: 222, price: 2999, name: 'Shirt - Blue', sku: '' },
      ],
    },
  };

  it('a basket with totals gives what came and went, with prices in hundredths', () => {
    const heard = listenIn();
    heard.tell(shopify('cart:updated', { cart: cart(line(111, 2, 'S-R')) }));
    heard.tell(
      shopify('cart-update', { source: 'x', cartData: cart(line(111, 3, 'S-R')) }),
      20_000,
    );
    heard.tell(shopify('cart:change', { cart: cart(line(111, 3, 'S-R'), line(222, 1)) }));
    heard.tell(shopify('cart:change', { cart: cart(line(222, 1)) }));
    expect(heard.said()).toEqual([
      'add_to_cart S-R×2',
      'add_to_cart S-R×1',
      'add_to_cart 222×1',
      'remove_from_cart S-R×3',
    ]);
    expect(heard.events[0]).toMatchObject({
      currency: 'EUR',
      items: [{ name: 'Shirt', brand: 'Loom', category: 'Shirts', price: 29.99 }],
    });
  });

  it('the form, the answer with the new quantity, and the data layer are one', () => {
    const heard = listenIn();
    heard.tell(shopify('meta', META));
    heard.page('/products/shirt?variant=111', []);
    heard.tell(shopify('form', { id: '111', quantity: '2' }));
    heard.tell(shopify('cart-update', { productVariantId: '111', cartData: line(111, 2, 'S-R') }));
    heard.push({ event: 'add_to_cart', ecommerce: { items: [{ item_id: 'S-R', quantity: 2 }] } });
    expect(heard.said()).toEqual(['view_item S-R×1', 'add_to_cart S-R×2']);
    heard.tell(shopify('cart-update', { cartData: line(111, 3, 'S-R') }), 20_000);
    expect(heard.said().at(-1)).toBe('add_to_cart S-R×1');
  });

  it('a group whose address names no variant is viewed as the first one that the script names', () => {
    const hasVariant = ['222', '111'].map((id) => ({
      ...{ '@type': 'Product', name: `Shirt ${id}`, sku: id === '111' ? 'S-R' : undefined },
      offers: { url: `/products/shirt?variant=${id}`, price: 29.99 },
    }));
    const group = { '@type': 'ProductGroup', productGroupID: '900', name: 'Shirt', hasVariant };
    const heard = listenIn();
    heard.tell(shopify('meta', META));
    heard.page('/products/shirt', [group]);
    expect(heard.said()).toEqual(['view_item S-R×1']);
    const variants = [{ id: 10001 }, { id: 10002 }];
    const offers = variants.map(({ id }) => ({ url: `/products/x?variant=${id}`, sku: `X${id}` }));
    const other = listenIn();
    other.tell(shopify('meta', { ...META, product: { id: 1, variants: [...variants].reverse() } }));
    other.page('/products/x', [{ '@type': 'Product', name: 'X', offers }]);
    expect(other.said()).toEqual(['view_item X10002×1']);
  });

  it('a page whose script alone tells of its product', () => {
    const heard = listenIn();
    heard.tell(shopify('meta', META));
    heard.page('/products/shirt?variant=222', []);
    expect(heard.said()).toEqual(['view_item 222×1']);
    expect(heard.products[0]).toMatchObject({
      ...{ id: '222', groupId: '900', title: 'Shirt - Blue', brand: 'Loom' },
      ...{ price: 29.99, currency: 'EUR' },
    });
  });

  it('an event without a basket says nothing', () => {
    const heard = listenIn();
    for (const detail of [null, {}, { cart: null }, { items: 1 }, { cart: { items: [] } }]) {
      heard.tell(shopify('cart:refresh', detail));
    }
    expect(heard.events).toEqual([]);
  });

  it('an old basket of the history is no reason to take away', () => {
    const old = listenIn();
    old.track('add_to_cart', { items: [{ item_id: 'OLD' }] });
    const heard = listenIn(old.events, 9_000_000);
    heard.tell(shopify('cart:updated', { cart: cart(line(222, 1)) }));
    expect(heard.said()).toEqual(['add_to_cart 222×1']);
  });
});

describe('WooCommerce', () => {
  it('classic buttons, with all that a line had when it goes', () => {
    const heard = listenIn();
    const button = { product_id: '12', product_sku: 'W-1', quantity: '2' };
    heard.tell(woo('added_to_cart', button));
    heard.tell(woo('removed_from_cart', { product_id: '12', product_sku: 'W-1' }));
    expect(heard.said()).toEqual(['add_to_cart W-1×2', 'remove_from_cart W-1×2']);
  });

  it('forms: simple, with variations, grouped', () => {
    const heard = listenIn();
    heard.tell(woo('form', { 'add-to-cart': '12', quantity: '3' }));
    heard.tell(woo('form', { 'add-to-cart': '12', product_id: '12', variation_id: '77' }));
    heard.tell(woo('form', { 'add-to-cart': '50', 'quantity[51]': '1', 'quantity[52]': '0' }));
    const said = ['add_to_cart 12×3', 'add_to_cart 77×1', 'add_to_cart 51×1'];
    expect(heard.said()).toEqual(said);
  });

  it('a form on the page of a product names that product', () => {
    const heard = listenIn();
    const offers = { price: 12, priceCurrency: 'EUR' };
    heard.page('/product/wool', [{ '@type': 'Product', sku: 'WOOL', name: 'Wool', offers }]);
    heard.tell(woo('form', { 'add-to-cart': '101', quantity: '3' }));
    heard.tell(woo('store', { items: [{ id: 101, sku: '', quantity: 1 }] }));
    heard.tell(woo('form', { 'add-to-cart': '50', 'quantity[51]': '1' }));
    const said = ['view_item WOOL×1', 'add_to_cart WOOL×3', 'remove_from_cart WOOL×2'];
    expect(heard.said()).toEqual([...said, 'add_to_cart 51×1']);
    expect(heard.events[2]).toMatchObject({
      currency: 'EUR',
      items: [{ name: 'Wool', price: 12 }],
    });
  });

  it("blocks: the totals of the store, in the currency's smallest units", () => {
    const heard = listenIn();
    const prices = { price: '1900', currency_minor_unit: 2 };
    const product = { id: 12, sku: 'W-1', name: 'Cap', prices };
    for (const quantity of [1, 4, 4]) {
      const totals = { currency_code: 'EUR' };
      heard.tell(woo('store', { items: [{ ...product, quantity }], totals }), 20_000);
    }
    heard.tell(woo('store', { items: [], totals: {} }));
    expect(heard.said()).toEqual([
      'add_to_cart W-1×1',
      'add_to_cart W-1×3',
      'remove_from_cart W-1×4',
    ]);
    const items = [{ name: 'Cap', price: 19 }];
    expect(heard.events[0]).toMatchObject({ currency: 'EUR', items });
  });

  it('a button that names nothing means the product of the page', () => {
    const heard = listenIn();
    heard.page('/product/cap', [{ '@type': 'Product', sku: 'W-1', name: 'Cap', offers: {} }]);
    heard.tell(woo('wc-blocks_added_to_cart', null));
    expect(heard.said()).toEqual(['view_item W-1×1', 'add_to_cart W-1×1']);
  });
});

describe('anything at all', () => {
  const keys = fc.constantFrom(
    ...['event', 'ecommerce', 'items', 'item_id', 'price', 'quantity', 'detail', 'products', 'add'],
    ...['purchase', 'actionField', '@type', '@graph', 'offers', 'sku', 'name', 'hasVariant', 'url'],
    ...['cart', 'item_count', 'variant_id', 'product', 'variants', 'page', 'currency', '__proto__'],
  );
  const words = fc.constantFrom(
    ...[
      'Product',
      'ProductGroup',
      'add_to_cart',
      'view_item',
      'purchase',
      '12,50 €',
      '/p/1',
      '',
      'A',
    ],
    ...EVENT_NAMES,
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      words,
      fc.double(),
      fc.constantFrom(null, true, Number.NaN, -1, 1e308),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 6 }),
    ),
  }));
  const heard = fc.oneof(
    value.map((entry): Heard => ({ kind: 'layer', entry })),
    fc.tuple(value, value).map(([name, parameters]): Heard => ({ kind: 'call', name, parameters })),
    fc
      .tuple(words, value, fc.boolean())
      .map(([name, detail, from]) => (from ? shopify(name, detail) : woo(name, detail))),
    fc
      .tuple(words, fc.webUrl(), value, value)
      .map(
        ([path, canonical, one, other]): Heard =>
          aPage(path, [one, JSON.stringify(other) ?? ''], { canonical }),
      ),
    fc.tuple(value, fc.string()).map(([mess, text]): Heard => aPage('/', [text], mess as never)),
    value.map((mark) => ({ kind: 'mark', mark }) as never as Heard),
    value.map((mess) => mess as Heard),
  );

  it('never throws, tells no NaN, and stays within bounds', () => {
    fc.assert(
      fc.property(fc.array(heard, { maxLength: 12 }), (all) => {
        const understanding = new Understanding();
        let nowMs = 0;
        for (const one of all) {
          nowMs += 700;
          const { calls, products } = understanding.hear(one, nowMs);
          expect(calls.length + products.length).toBeLessThanOrEqual(500);
          const made = [...calls.filter(({ from }) => from !== 'call'), ...products];
          expect(JSON.stringify(made).length).toBeLessThan(2_000_000);
          for (const { id, title, price } of products) {
            expect(id !== '' && id.length <= 300 && title.length <= 300).toBe(true);
            expect(price === null || Number.isFinite(price)).toBe(true);
          }
          for (const { name, from, parameters } of calls) {
            if (from === 'call') continue;
            expect(EVENT_NAMES).toContain(name);
            for (const item of (parameters.items ?? []) as { quantity?: unknown }[]) {
              expect(Number.isNaN(item.quantity)).toBe(false);
            }
          }
        }
        understanding.settle(nowMs, true);
      }),
      { numRuns: 400 },
    );
  });

  it('texts of any kind as JSON-LD', () => {
    const parts = fc.array(
      fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', '\n', '//', '/*', 'a', '@type'),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(parts, (all) => {
        expect(() => new Understanding().hear(aPage('/', [all.join('')]), 0)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it('long runs of anything take no minute', () => {
    const runs = [' ', '\n', '"', '<', '&', '{', '[', ',', '/', '-', '\\', '/*', '<a ', ';', '\t}'];
    for (const run of runs) {
      const heard = listenIn();
      const long = run.repeat(390_000 / run.length);
      heard.page('/', [long, `{"@type":"Product","name":"${long.slice(0, 100_000)}`]);
      heard.page(`/p?color=${encodeURIComponent(long.slice(0, 500))}`, []);
      expect(heard.views()).toBe(2);
    }
  });

  it('a page of thousands of products and names takes no minute', () => {
    const offers = { price: 1 };
    const products = Array.from({ length: 3000 }, (_, n) => {
      return { '@type': 'Product', sku: `S${n}`, name: `N${n}`, productID: 'same', offers };
    });
    const heard = listenIn();
    for (let page = 0; page < 5; page++) heard.page(`/c/${page}`, [products]);
    expect(heard.products.length).toBeLessThanOrEqual(5 * 250);
    expect(heard.products.length).toBeGreaterThan(100);
  });
});
