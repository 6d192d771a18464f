import { describe, expect, it } from 'vitest';
import { LAMP, listenIn, MUG } from './hearing.ts';

function only(jsonLd: unknown, url = '/p/lamp'): ReturnType<typeof listenIn> {
  const heard = listenIn();
  heard.page(url, [jsonLd]);
  return heard;
}

describe('JSON-LD of one product', () => {
  it('is a page view, a view and a product', () => {
    const heard = only(LAMP);
    expect(heard.events).toMatchObject([
      { name: 'page_view', page: 'product' },
      {
        name: 'view_item',
        value: 1299,
        currency: 'EUR',
        items: [{ id: 'L-1', name: 'Desk lamp & shade', brand: 'Lumen', price: 1299 }],
      },
    ]);
    expect(heard.products).toEqual([
      {
        id: 'L-1',
        groupId: null,
        title: 'Desk lamp & shade',
        description: 'A lamp',
        brand: 'Lumen',
        category: 'Home > Lamps',
        price: 1299,
        currency: 'EUR',
        url: 'https://shop.example/p/lamp',
        image: 'https://shop.example/lamp.jpg',
        lang: 'en',
      },
    ]);
  });

  it.each([
    ['in a graph', { '@graph': [{ '@type': 'Organization', name: 'x' }, LAMP] }],
    ['in a list', [LAMP]],
    ['as main entity', { '@type': 'WebPage', mainEntity: LAMP }],
    [
      'by reference',
      {
        '@graph': [
          { '@type': 'ItemPage', mainEntity: { '@id': '#lamp' } },
          { ...LAMP, '@id': '#lamp' },
        ],
      },
    ],
    ['with a type by address', { ...LAMP, '@type': ['http://schema.org/Product', 'Thing'] }],
    ['by its number', { ...LAMP, sku: undefined, productID: 'sku:L-1' }],
    ['by that of its offer', { ...LAMP, sku: '', offers: [{ ...LAMP.offers, sku: 'L-1' }] }],
    ['beside others', { ...LAMP, isRelatedTo: [MUG], review: { itemReviewed: MUG } }],
  ])('%s', (_, document) => {
    expect(only(document).said()).toEqual(['view_item L-1×1']);
  });

  it.each([
    ['commas too many', JSON.stringify(LAMP).replace(/}$/, ',}')],
    ['an HTML comment', `<!-- ${JSON.stringify(LAMP)} -->`],
    ['CDATA', `//<![CDATA[\n${JSON.stringify(LAMP)}\n//]]>`],
    ['a line end in a text', JSON.stringify(LAMP).replace('Desk lamp', 'Desk\n lamp')],
    ['a quote in a text', JSON.stringify(LAMP).replace('Desk lamp', 'Desk 15" lamp')],
    ['a wrong escape', JSON.stringify(LAMP).replace('Desk lamp', "Desk\\' lamp")],
    ['comments', `/* a */ ${JSON.stringify(LAMP).replace('{', '{ // b\n')};`],
    ['two documents', `${JSON.stringify(LAMP)} ${JSON.stringify({ '@type': 'WebSite' })}`],
    ['no end', JSON.stringify(LAMP).slice(0, -2)],
    ['entities', JSON.stringify({ ...LAMP, name: 'Lamp' }).replaceAll('"', '&quot;')],
  ])('mended: %s', (_, text) => {
    const heard = only(text);
    expect(heard.said()).toEqual(['view_item L-1×1']);
    expect(heard.problems).toEqual([]);
  });

  it('what cannot be mended is named, once', () => {
    const heard = listenIn();
    heard.page('/p/lamp', ['{"@type": Product, name: }', LAMP]);
    heard.page('/p/lamp#again', ['{"@type": Product, name: }', LAMP]);
    expect(heard.problems).toEqual(['bad-json-ld']);
    expect(heard.said()).toEqual(['view_item L-1×1']);
  });

  it.each([
    [{ price: '1,299.00', priceCurrency: 'usd' }, 1299, 'USD'],
    [{ price: '￥１２９９' }, 1299, 'CNY'],
    [
      { '@type': 'AggregateOffer', lowPrice: '10.50', highPrice: 20, priceCurrency: 'EUR' },
      10.5,
      'EUR',
    ],
    [{ '@type': 'AggregateOffer', offers: [{ price: 7, priceCurrency: 'GBP' }] }, 7, 'GBP'],
    [
      {
        priceSpecification: [
          { priceType: 'https://schema.org/ListPrice', price: 9 },
          { price: 8, priceCurrency: 'EUR' },
        ],
      },
      8,
      'EUR',
    ],
    [{ price: 'on request' }, null, null],
    [{ price: -1 }, null, null],
    [{ price: { '@value': '12,50 €' } }, 12.5, 'EUR'],
  ])('an offer %j', (offers, price, currency) => {
    const heard = listenIn();
    heard.page('/p/x', [{ ...LAMP, offers }], { lang: 'zh-CN' });
    expect(heard.products[0]).toMatchObject({ price, currency });
  });

  it('a category from the breadcrumb', () => {
    const itemListElement = ['Home', 'Lamps', 'Desk', 'Lamp'].map((name) => ({ item: { name } }));
    const heard = listenIn();
    heard.page('/p', [
      { ...LAMP, category: undefined },
      { '@type': 'BreadcrumbList', itemListElement },
    ]);
    expect(heard.products[0]?.category).toBe('Lamps > Desk');
  });
});

describe('what a page is about', () => {
  const list = {
    '@type': 'ItemList',
    itemListElement: [
      { '@type': 'ListItem', position: 1, item: LAMP },
      { '@type': 'ListItem', position: 2, item: MUG },
    ],
  };

  it('nothing on a list, whose products are told', () => {
    const heard = only(list, '/collections/all');
    expect(heard.said()).toEqual(['view_item_list L-1×1,M-1×1']);
    expect(heard.events[0]).toMatchObject({ name: 'page_view', page: 'list' });
    expect(heard.products.map(({ id }) => id)).toEqual(['L-1', 'M-1']);
  });

  it('several products without a list, and one of them here', () => {
    expect(only([LAMP, MUG], '/shop').said()).toEqual(['view_item_list L-1×1,M-1×1']);
    expect(only([LAMP, MUG], '/p/mug?utm_source=x').said()).toEqual(['view_item M-1×1']);
  });

  it('its product beside a list of others', () => {
    expect(only([list, { ...MUG, sku: 'M-2' }], '/p/mug').said()).toEqual(['view_item M-2×1']);
  });

  it('a search by its address', () => {
    const heard = listenIn();
    heard.page('/search?q=lamp', [list]);
    expect(heard.said()).toEqual(['search lamp', 'view_item_list L-1×1,M-1×1']);
    expect(heard.events[0]).toMatchObject({ page: 'search' });
  });
});

describe('variants', () => {
  const group = {
    '@type': 'ProductGroup',
    productGroupID: 'G',
    name: 'Shirt',
    brand: 'Loom',
    variesBy: ['https://schema.org/color'],
    hasVariant: ['red', 'blue'].map((color) => ({
      '@type': 'Product',
      sku: `S-${color}`,
      color,
      name: `Shirt ${color}`,
      offers: { price: 10, priceCurrency: 'EUR', url: `/p/shirt?color=${color}` },
    })),
  };

  it('a group is viewed as its variant, where the address names one', () => {
    expect(only(group, '/p/shirt').said()).toEqual(['view_item G×1']);
    const heard = only(group, '/p/shirt?utm_source=x&color=blue#top');
    expect(heard.said()).toEqual(['view_item S-blue×1']);
    expect(heard.products[0]).toMatchObject({ id: 'S-blue', groupId: 'G', brand: 'Loom' });
    expect(heard.products.map(({ id }) => id)).toEqual(['S-blue', 'S-red']);
  });

  it('another variant is a new view, hash and campaign are none', () => {
    const heard = listenIn();
    for (const query of [
      '?color=red',
      '?color=red#size',
      '?color=red&utm_medium=x',
      '?color=blue',
    ]) {
      heard.page(`/p/shirt${query}`, [group]);
    }
    expect(heard.said()).toEqual(['view_item S-red×1', 'view_item S-blue×1']);
    expect(heard.views()).toBe(2);
  });

  it('by address alone, where the structured data stay the same', () => {
    const heard = listenIn();
    for (const query of ['', '?tab=reviews', '?color=1', '?color=1&fbclid=2', '?color=2']) {
      heard.page(`/p/lamp${query}`, [LAMP]);
    }
    const views = heard.events.filter(({ name }) => name === 'view_item');
    expect(views.map(({ items }) => items[0]?.variant)).toEqual([undefined, 'color=1', 'color=2']);
  });

  it('offers that each have an address and a number', () => {
    const offers = [1, 2].map((n) => ({ price: n, sku: `V${n}`, url: `/p/lamp?variant=1000${n}` }));
    const heard = listenIn();
    heard.page('/p/lamp?variant=10002', [{ ...LAMP, offers }]);
    expect(heard.said()).toEqual(['view_item V2×1']);
    expect(heard.products[0]?.price).toBe(2);
  });
});
