/** One event when two paths tell of it; purchases and baskets. */
import { describe, expect, it } from 'vitest';
import { listenIn } from './hearing.ts';

describe('one event when two paths tell of it', () => {
  const add = { currency: 'EUR', items: [{ item_id: 'A', quantity: 1 }] };

  it('data layer, gtag and track, in any order', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const heard = listenIn();
      const ways = [
        () => heard.push({ event: 'add_to_cart', ecommerce: add }),
        () => heard.push(['event', 'add_to_cart', add]),
        () => heard.track('add_to_cart', add),
      ];
      for (const way of order) ways[way]?.();
      expect(heard.said()).toEqual(['add_to_cart A×1']);
    }
  });

  it('two clicks that both tell of are two', () => {
    const heard = listenIn();
    for (let click = 0; click < 2; click++) {
      heard.push({ event: 'add_to_cart', ecommerce: add });
      heard.track('add_to_cart', add);
    }
    expect(heard.said()).toEqual(['add_to_cart A×1', 'add_to_cart A×1']);
  });

  it('a later one of the same way is another one', () => {
    const heard = listenIn();
    heard.push({ event: 'add_to_cart', ecommerce: add });
    heard.wait(60_000);
    heard.track('add_to_cart', add);
    expect(heard.said()).toHaveLength(2);
  });

  it("GA4's other events are no errors", () => {
    const heard = listenIn();
    for (const name of ['select_item', 'add_shipping_info', 'refund', 'select_promotion']) {
      heard.track(name, add);
    }
    heard.track('view_search_results', { search_term: 'tee' });
    heard.track('view_cart', { items: [{ item_id: 'A', quantity: 2 }] });
    heard.track('nonsense', add);
    expect(heard.calls).toEqual(['search', 'add_to_cart', 'nonsense']);
  });

  it('a view that is pushed again with every change of the hash is one', () => {
    const heard = listenIn();
    const view = (item_id: string) => ({ event: 'view_item', ecommerce: { items: [{ item_id }] } });
    heard.push(view('A'), view('A'), view('B'), view('A'));
    expect(heard.said()).toEqual(['view_item A×1', 'view_item B×1', 'view_item A×1']);
  });

  it('what the shop tracks stays as it is', () => {
    const heard = listenIn();
    const odd = { items: [{ item_id: 7, price: '9,90', extra: true }], more: 1 };
    heard.track('view_item', odd);
    heard.track('view_item', { items: [{ item_id: 'B' }] });
    heard.track('rate_item', { rating: 4, items: [{ item_id: 'B' }] });
    expect(heard.said()).toEqual(['view_item 7×1', 'view_item B×1', 'rate_item B×1']);
    expect(heard.events[0]?.items[0]).toEqual({ id: '7', price: 9.9, quantity: 1 });
  });
});

describe('a purchase', () => {
  const paid = { transaction_id: 'T1', value: 20, items: [{ item_id: 'A', quantity: 2 }] };

  it('is counted once by its transaction, however much later', () => {
    const heard = listenIn();
    heard.push({ event: 'purchase', ecommerce: paid });
    heard.wait(3_600_000);
    heard.push({ event: 'purchase', ecommerce: paid });
    heard.track('purchase', paid);
    expect(heard.said()).toEqual(['purchase A×2']);
    heard.track('purchase', { ...paid, transaction_id: 'T2' });
    expect(heard.said()).toHaveLength(2);
    expect(JSON.stringify(heard.events)).not.toMatch(/T1|T2|transaction/);
  });

  it('is the same after a reload in its session, without its id being stored', () => {
    const first = listenIn();
    first.track('purchase', paid);
    const reload = listenIn(first.events, 1_300_000);
    reload.push({ event: 'purchase', ecommerce: paid });
    reload.track('purchase', paid);
    expect(reload.said()).toEqual([]);
    const more = listenIn(first.events, 1_300_000);
    more.track('add_to_cart', { items: [{ item_id: 'A', quantity: 2 }] });
    more.track('purchase', { ...paid, transaction_id: 'T2' });
    expect(more.said()).toEqual(['add_to_cart A×2', 'purchase A×2']);
    const later = listenIn(first.events, 90_000_000);
    later.push({ event: 'purchase', ecommerce: { ...paid, transaction_id: 'T3' } });
    expect(later.said()).toEqual(['purchase A×2']);
  });
});

describe('a basket that reports totals', () => {
  const cart = (...items: [string, number][]) => ({
    event: 'view_cart',
    ecommerce: {
      currency: 'EUR',
      items: items.map(([item_id, quantity]) => ({ item_id, quantity })),
    },
  });

  it('gives what came and what went', () => {
    const heard = listenIn();
    heard.push(cart(['A', 1]));
    heard.wait(20_000);
    heard.push(cart(['A', 3], ['B', 1]));
    heard.wait(20_000);
    heard.push(cart(['A', 3], ['B', 1]));
    heard.push(cart(['B', 1]));
    heard.push(cart());
    expect(heard.said()).toEqual([
      'add_to_cart A×1',
      'add_to_cart A×2',
      'add_to_cart B×1',
      'remove_from_cart A×3',
      'remove_from_cart B×1',
    ]);
  });

  it('beside single reports, in either order', () => {
    const one = { event: 'add_to_cart', ecommerce: { items: [{ item_id: 'A', quantity: 1 }] } };
    const before = listenIn();
    before.push(one, cart(['A', 1]));
    const behind = listenIn();
    behind.push(cart(['A', 1]), one);
    expect([before.said(), behind.said()]).toEqual([['add_to_cart A×1'], ['add_to_cart A×1']]);
  });

  it('beside single reports that name the products in another way', () => {
    const heard = listenIn();
    heard.track('add_to_cart', { items: [{ item_id: 'OTHER' }] });
    heard.push(cart(['A', 1]));
    heard.wait(20_000);
    heard.push(cart(['A', 1], ['B', 1]));
    expect(heard.said()).toEqual(['add_to_cart OTHER×1', 'add_to_cart B×1']);
  });

  it('counts from nothing after a purchase', () => {
    const heard = listenIn();
    heard.push(cart(['A', 1]));
    heard.track('purchase', { transaction_id: 'T1', items: [{ item_id: 'A' }] });
    heard.wait(20_000);
    heard.push(cart(['A', 1]));
    expect(heard.said()).toEqual(['add_to_cart A×1', 'purchase A×1', 'add_to_cart A×1']);
  });

  it('counts from what earlier pages told', () => {
    const first = listenIn();
    first.track('add_to_cart', { items: [{ item_id: 'A', quantity: 2 }] });
    const second = listenIn(first.events, 2_000_000);
    second.push(cart(['A', 1], ['B', 1]));
    expect(second.said()).toEqual(['remove_from_cart A×1', 'add_to_cart B×1']);
  });
});
