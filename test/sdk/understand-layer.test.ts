import { describe, expect, it } from 'vitest';
import { listenIn } from './hearing.ts';

const SHIRT = {
  item_id: 'SKU_12345',
  item_name: 'Stan and Friends Tee',
  item_brand: 'Google',
  item_category: 'Apparel',
  item_variant: 'green',
  price: 10.01,
  quantity: 3,
};
const UA_SHIRT = {
  name: 'Triblend Android T-Shirt',
  id: '12345',
  price: '15.25',
  brand: 'Google',
  category: 'Apparel',
  variant: 'Gray',
  quantity: 1,
};

describe('GA4 in the data layer', () => {
  it('is told with every field that the history keeps', () => {
    const heard = listenIn();
    heard.push(
      { ecommerce: null },
      { event: 'add_to_cart', ecommerce: { currency: 'USD', value: 30.03, items: [SHIRT] } },
    );
    expect(heard.events).toMatchObject([
      {
        name: 'add_to_cart',
        value: 30.03,
        currency: 'USD',
        items: [
          {
            id: 'SKU_12345',
            name: 'Stan and Friends Tee',
            brand: 'Google',
            category: 'Apparel',
            variant: 'green',
            price: 10.01,
            quantity: 3,
          },
        ],
      },
    ]);
  });

  it("gtag's arguments", () => {
    const heard = listenIn();
    heard.push(
      ['js', '2026-01-01T00:00:00Z'],
      ['config', 'G-1'],
      ['set', { currency: 'EUR' }],
      ['event', 'purchase', { transaction_id: 'T1', value: '1.299,00 €', items: [SHIRT] }],
      ['event', 'view_search_results', { search_term: 'tee' }],
      ['consent', 'update', { analytics_storage: 'granted' }],
    );
    expect(heard.said()).toEqual(['purchase SKU_12345×3', 'search tee']);
    expect(heard.events[0]).toMatchObject({ value: 1299, currency: 'EUR' });
  });

  it('items of the older gtag, with id and name', () => {
    const heard = listenIn();
    heard.push(['event', 'view_item', { items: [{ id: 'P1', name: 'One', price: '2.0' }] }]);
    expect(heard.events[0]?.items).toEqual([{ id: 'P1', name: 'One', price: 2, quantity: 1 }]);
  });

  it('an event that is pushed after its ecommerce, until that is cleared', () => {
    const heard = listenIn();
    heard.push({ ecommerce: { currency: 'EUR', items: [SHIRT] } }, { event: 'view_item' });
    expect(heard.said()).toEqual(['view_item SKU_12345×3']);
    heard.push({ ecommerce: null }, { event: 'add_to_cart' });
    expect(heard.said()).toHaveLength(1);
    heard.push({ event: 'add_to_cart', ecommerce: { items: [] } });
    expect(heard.said()).toHaveLength(1);
  });

  it.each([
    ['1.299,00 €', 1299],
    ['1,299.00', 1299],
    ['￥1299', 1299],
    ['１，２９９．００', 1299],
    ['¥1,280', 1280],
    ['1 234,50 kr', 1234.5],
  ])('a price of %s', (price, value) => {
    const heard = listenIn();
    heard.push({ event: 'view_item', ecommerce: { items: [{ item_id: 'A', price }] } });
    expect(heard.events[0]?.items[0]?.price).toBe(value);
  });

  it('quantities as texts, and none that is no number', () => {
    const heard = listenIn();
    const items = [
      { item_id: 'A', quantity: '2' },
      { item_id: 'B', quantity: 'many' },
      { item_id: 'C', quantity: Number.NaN },
    ];
    heard.push({ event: 'add_to_cart', ecommerce: { items } });
    expect(heard.said()).toEqual(['add_to_cart A×2,B×1,C×1']);
  });

  it('items beside the event, as one object, or numbered', () => {
    const heard = listenIn();
    heard.push({ event: 'view_item', items: [{ item_id: 'A' }] });
    heard.push({ event: 'add_to_cart', ecommerce: { items: { item_id: 'B' } } });
    heard.push({ event: 'add_to_wishlist', ecommerce: { items: { 0: { item_id: 'C' } } } });
    heard.push({ event: 'remove_from_cart', ecommerce: [{ item_id: 'D' }] });
    const names = ['view_item A×1', 'add_to_cart B×1', 'add_to_wishlist C×1'];
    expect(heard.said()).toEqual([...names, 'remove_from_cart D×1']);
  });

  it('promotions, each as one', () => {
    const heard = listenIn();
    const promotion = { promotion_id: 'SUMMER', creative_name: 'Banner' };
    heard.push({ event: 'view_promotion', ecommerce: promotion });
    const promotions = [{ id: 'JUNE', creative: 'a' }, { id: 'JULY' }];
    heard.push({ ecommerce: { promoView: { promotions } } });
    expect(heard.events.map(({ promotion, creative }) => [promotion, creative])).toEqual([
      ['SUMMER', 'Banner'],
      ['JUNE', 'a'],
    ]);
  });

  it('what is nobody’s event is passed over', () => {
    const heard = listenIn();
    heard.push(
      { 'gtm.start': 1, event: 'gtm.js' },
      { event: 'view_item' },
      { event: 'select_item', ecommerce: { items: [SHIRT] } },
      'text',
      null,
      [],
      [[]],
      { ecommerce: 'x' },
      { ecommerce: { items: 'x', detail: 1, add: null } },
      { event: { toString: 1 }, ecommerce: { items: [null, 1, {}, { item_id: {} }] } },
    );
    expect(heard.events).toEqual([]);
  });
});

describe('enhanced ecommerce of Universal Analytics', () => {
  it('all its actions', () => {
    const heard = listenIn();
    const products = [UA_SHIRT];
    heard.push(
      { ecommerce: { currencyCode: 'EUR', impressions: [{ ...UA_SHIRT, list: 'Results' }] } },
      { event: 'productClick', ecommerce: { click: { actionField: { list: 'x' }, products } } },
      { ecommerce: { detail: { actionField: { list: 'Gallery' }, products } } },
      { event: 'addToCart', ecommerce: { currencyCode: 'EUR', add: { products } } },
      { event: 'removeFromCart', ecommerce: { remove: { products } } },
      { event: 'checkout', ecommerce: { checkout: { actionField: { step: 1 }, products } } },
      { event: 'checkout', ecommerce: { checkout: { actionField: { step: 2 }, products } } },
      { ecommerce: { purchase: { actionField: { id: 'T9', revenue: '35.43' }, products } } },
    );
    expect(heard.said()).toEqual([
      'view_item_list 12345×1',
      'view_item 12345×1',
      'add_to_cart 12345×1',
      'remove_from_cart 12345×1',
      'begin_checkout 12345×1',
      'purchase 12345×1',
    ]);
    expect(heard.events[1]).toMatchObject({
      currency: 'EUR',
      items: [{ name: 'Triblend Android T-Shirt', brand: 'Google', price: 15.25, variant: 'Gray' }],
    });
    expect(heard.events[5]).toMatchObject({ value: 35.43, currency: 'EUR' });
  });

  it('transactions of the first Analytics', () => {
    const heard = listenIn();
    const transactionProducts = [{ sku: 'DD44', name: 'T-Shirt', price: 11.99, quantity: 1 }];
    heard.push({ transactionId: '1234', transactionTotal: 38.26, transactionProducts });
    expect(heard.said()).toEqual(['purchase DD44×1']);
  });

  it('names of the first Analytics 4 in the places of the older one', () => {
    const heard = listenIn();
    const items = [{ item_id: 'a', item_name: 'A', price: 10, quantity: 2 }];
    heard.push({ event: 'view_item', ecommerce: { detail: { items } } });
    const purchase = { transaction_id: 'T1', value: 20, currency: 'EUR', items };
    for (let times = 0; times < 2; times++)
      heard.push({ event: 'purchase', ecommerce: { purchase } });
    expect(heard.said()).toEqual(['view_item a×2', 'purchase a×2']);
    expect(heard.events.at(-1)?.value).toBe(20);
  });

  it('both dialects in one push are one event', () => {
    const heard = listenIn();
    const ecommerce = { items: [{ ...SHIRT, item_id: '12345' }], detail: { products: [UA_SHIRT] } };
    heard.push({ event: 'view_item', ecommerce });
    const both = { items: [{ item_id: '12345' }], add: { products: [UA_SHIRT] } };
    heard.push({ event: 'add_to_cart', ecommerce: both });
    expect(heard.said()).toEqual(['view_item 12345×1', 'add_to_cart 12345×1']);
  });
});
