/** What a page says from visit to visit, and beside other ways of telling. */
import { describe, expect, it } from 'vitest';
import type { Mark, MicroItem } from '../../sdk/capture/heard.ts';
import { LAMP, listenIn, MUG } from './hearing.ts';

describe('from page to page without a reload', () => {
  it('by product, not by address', () => {
    const heard = listenIn();
    heard.page('/p/lamp', [LAMP]);
    heard.page('/collections/all/p/lamp?ref=menu', [{ ...LAMP, description: 'new' }]);
    heard.page('/p/mug', [MUG]);
    heard.page('/p/lamp', [LAMP]);
    expect(heard.said()).toEqual(['view_item L-1×1', 'view_item M-1×1', 'view_item L-1×1']);
    expect(heard.views()).toBe(3);
  });

  it('a route whose structured data come later than the address', () => {
    const heard = listenIn();
    heard.page('/p/lamp', [LAMP]);
    heard.page('/p/mug', [LAMP]);
    heard.page('/p/mug', [MUG]);
    expect(heard.said()).toEqual(['view_item L-1×1', 'view_item M-1×1']);
    expect(heard.views()).toBe(2);
  });

  it('a route to another variant of another product, whose data come later', () => {
    const heard = listenIn();
    heard.page('/p/lamp?color=1', [LAMP]);
    heard.page('/p/mug?color=2', [LAMP]);
    heard.page('/p/mug?color=2', [MUG]);
    expect(heard.said()).toEqual(['view_item L-1×1', 'view_item M-1×1']);
  });

  it('products that have nothing but an address', () => {
    const heard = listenIn();
    const nameless = (name: string) => ({ '@type': 'Product', name, offers: { price: 1 } });
    heard.page('/item?id=1', [nameless('One')]);
    heard.page('/item?id=2', [nameless('One')]);
    heard.page('/item?id=2', [nameless('Two')]);
    heard.page('/#/item/3', [nameless('Three')]);
    expect(heard.said()).toEqual([
      'view_item /item?id=1×1',
      'view_item /item?id=2×1',
      'view_item /#/item/3×1',
    ]);
  });

  it('lists in between', () => {
    const heard = listenIn();
    heard.page('/p/lamp', [LAMP]);
    heard.page('/collections/all', []);
    heard.page('/p/lamp', [LAMP]);
    expect(heard.events.map(({ page, name }) => page ?? name)).toEqual([
      ...['product', 'view_item', 'list', 'product', 'view_item'],
    ]);
  });
});

describe('beside the data layer', () => {
  it('one view when both tell of the same, by either order', () => {
    const view = { event: 'view_item', ecommerce: { items: [{ item_id: 'L-1' }] } };
    const before = listenIn();
    before.push(view);
    before.page('/p/lamp', [LAMP]);
    const behind = listenIn();
    behind.page('/p/lamp', [LAMP]);
    behind.push(view);
    expect([before.said(), behind.said()]).toEqual([['view_item L-1×1'], ['view_item L-1×1']]);
  });

  it("by the shop's own name of the product", () => {
    const heard = listenIn();
    heard.push({ event: 'view_item', ecommerce: { items: [{ item_id: '4711' }] } });
    heard.page('/p/lamp', [LAMP]);
    expect(heard.said()).toEqual(['view_item 4711×1']);
    expect(heard.products.map(({ id }) => id)).toEqual(['4711']);
  });

  it('a variant that only the address tells of', () => {
    const heard = listenIn();
    heard.track('view_item', { items: [{ item_id: 'L-1' }] });
    heard.page('/p/lamp', [LAMP]);
    heard.page('/p/lamp?color=2', [LAMP]);
    expect(heard.said()).toEqual(['view_item L-1×1', 'view_item L-1×1']);
  });

  it('pages that the shop tracks itself are not told twice', () => {
    const heard = listenIn();
    heard.track('page_view', { page: 'home' });
    heard.page('/', []);
    heard.page('/about', []);
    expect(heard.views()).toBe(1);
  });
});

describe('microdata, OpenGraph and marks', () => {
  const micro = (type: string, ...properties: MicroItem['properties'][number][]): MicroItem => ({
    type: `https://schema.org/${type}`,
    properties,
  });
  const mug = micro(
    'Product',
    ['name', 'Mug'],
    ['sku', 'M-1'],
    ['brand', micro('Brand', ['name', 'Clay'])],
    ['offers', micro('Offer', ['price', '5,00 €'], ['priceCurrency', 'EUR'])],
  );

  it('where there is no JSON-LD of a product', () => {
    const heard = listenIn();
    heard.page('/p/mug', [{ '@type': 'Organization' }], { microdata: [mug] });
    expect(heard.products[0]).toMatchObject({
      id: 'M-1',
      brand: 'Clay',
      price: 5,
      currency: 'EUR',
    });
    const both = listenIn();
    both.page('/p/mug', [LAMP], { microdata: [mug] });
    expect([heard.said(), both.said()]).toEqual([['view_item M-1×1'], ['view_item L-1×1']]);
  });

  it('OpenGraph, where there is neither', () => {
    const heard = listenIn();
    const meta = {
      'og:type': 'product',
      'og:title': 'Mug',
      'og:url': 'https://shop.example/p/mug',
      'product:price:amount': '5.00',
      'product:price:currency': 'EUR',
      'product:retailer_item_id': 'M-1',
    };
    heard.page('/p/mug', [], { meta });
    expect(heard.said()).toEqual(['view_item M-1×1']);
    expect(heard.products[0]).toMatchObject({ title: 'Mug', price: 5 });
  });

  const item = { item: 'M-1', name: 'Mug', price: '5,00', currency: 'EUR' };
  const mark = (event: string, more = {}): Mark => ({ own: { event, ...more }, items: [item] });

  it('what is marked is told when it shows, what a click does by the click', () => {
    const heard = listenIn();
    const marks = [mark('view_item'), mark('add_to_cart'), mark('view_item', { on: 'click' })];
    heard.page('/p/mug', [], { marks });
    heard.page('/p/mug#more', [], { marks });
    expect(heard.said()).toEqual(['view_item M-1×1']);
    heard.tell({ kind: 'mark', mark: mark('add_to_cart', { quantity: '2' }) });
    heard.tell({ kind: 'mark', mark: mark('view_promotion') });
    expect(heard.said()).toEqual(['view_item M-1×1', 'add_to_cart M-1×2']);
    expect(heard.events.at(-1)).toMatchObject({ currency: 'EUR', items: [{ price: 5 }] });
  });

  it('a mark without an item means the product of the page', () => {
    const heard = listenIn();
    heard.page('/p/lamp', [LAMP]);
    heard.tell({ kind: 'mark', mark: { own: { event: 'add_to_cart' }, items: [] } });
    expect(heard.said()).toEqual(['view_item L-1×1', 'add_to_cart L-1×1']);
  });

  it('a click on what looks like a basket, with autocapture', () => {
    const heard = listenIn();
    const click = (text: string, url: string | null = null) =>
      heard.tell({ kind: 'click', text, url });
    heard.page('/p/lamp', [LAMP, { '@type': 'ItemList', itemListElement: [{ item: MUG }] }]);
    click('In den Warenkorb');
    click('Add to cart', 'https://shop.example/p/mug');
    click('加入购物车');
    click('Read more');
    click('Add to wishlist');
    const said = ['add_to_cart L-1×1', 'add_to_cart M-1×1', 'add_to_cart L-1×1'];
    expect(heard.said().slice(1)).toEqual(said);
  });
});
