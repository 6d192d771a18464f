/** Basket, checkout, order done. */
import { drop, empty, goodOf, type Line, lines, totalCents } from '../basket.ts';
import { drawGood } from '../catalogue/drawing.ts';
import type { Good } from '../catalogue/types.ts';
import { h, picture, replace } from '../dom.ts';
import { itemOf, type Page, type Shop, worth } from '../shop.ts';
import { locale, money, t } from '../text/locale.ts';
import { shelf } from './shelf.ts';

const LAST_ORDER = 'shop.order';

interface Bought {
  readonly good: Good;
  readonly line: Line;
  readonly quantity: number;
}

function bought(): Bought[] {
  return lines().flatMap((line) => {
    const good = goodOf(line.goodId);
    return good === null ? [] : [{ good, line, quantity: line.quantity }];
  });
}

function parameters(all: readonly Bought[]): Record<string, unknown> {
  return {
    ...worth(all),
    items: all.map(({ good, line }) => itemOf(good, line.variantId, line.quantity)),
  };
}

function sums(all: readonly Bought[]): HTMLElement {
  const total = money(totalCents(all.map(({ line }) => line)));
  const row = (name: string, value: string, className = ''): HTMLElement =>
    h('div', { class: `sum ${className}` }, h('dt', {}, name), h('dd', {}, value));
  return h(
    'dl',
    { class: 'sums' },
    row(t('subtotal'), total),
    row(t('delivery'), t('deliveryFree')),
    row(t('total'), total, 'sum-total'),
  );
}

function lineRow(shop: Shop, one: Bought, changed: () => void): HTMLElement {
  const { good, line } = one;
  const index = good.variants.findIndex((variant) => variant.id === line.variantId);
  const remove = (): void => {
    drop(line);
    shop.vitrine.track('remove_from_cart', parameters([one]));
    changed();
  };
  return h(
    'li',
    { class: 'line' },
    picture(drawGood(good, Math.max(0, index)), 'line-picture'),
    h(
      'span',
      { class: 'line-words' },
      h('a', { href: `/product/${good.id}` }, good.name[locale]),
      h(
        'span',
        { class: 'quiet' },
        `${good.variants[index]?.name[locale] ?? ''} × ${line.quantity}`,
      ),
    ),
    h('span', { class: 'line-price' }, money(good.priceCents * line.quantity)),
    h('button', { class: 'link', onclick: remove }, t('remove')),
  );
}

export function basketPage(shop: Shop): Page {
  return {
    name: 'basket',
    title: t('basket'),
    render: (main) => {
      const box = h('div', { class: 'narrow' });
      const fill = (): void => {
        const all = bought();
        if (all.length === 0) {
          replace(box, h('p', {}, t('basketEmpty')), h('a', { href: '/' }, t('keepBrowsing')));
          return;
        }
        replace(
          box,
          h('ul', { class: 'lines' }, ...all.map((one) => lineRow(shop, one, fill))),
          sums(all),
          h('a', { class: 'button', href: '/checkout' }, t('toCheckout')),
        );
      };
      fill();
      main.append(
        h('header', { class: 'page-head' }, h('h1', {}, t('basket'))),
        box,
        shelf(shop, { title: t('forYou'), request: { limit: 6 }, fallback: [] }),
      );
    },
  };
}

function field(id: string, label: string, autocomplete: string): HTMLElement {
  return h(
    'p',
    { class: 'field' },
    h('label', { for: id }, label),
    h('input', { id, required: true, autocomplete }),
  );
}

export function checkoutPage(shop: Shop): Page {
  return {
    name: 'checkout',
    title: t('checkout'),
    render: (main) => {
      const all = bought();
      const head = h('header', { class: 'page-head' }, h('h1', {}, t('checkout')));
      if (all.length === 0) {
        main.append(head, h('p', { class: 'narrow' }, t('basketEmpty')));
        return;
      }
      const order = (event: Event): void => {
        event.preventDefault();
        const number = String(100_000 + (Date.now() % 900_000));
        shop.vitrine.track('purchase', { ...parameters(all) });
        sessionStorage.setItem(LAST_ORDER, number);
        empty();
        location.assign('/done');
      };
      main.append(
        head,
        h(
          'form',
          { class: 'narrow', onsubmit: order },
          h('p', { class: 'note' }, t('checkoutNote')),
          field('name', t('name'), 'name'),
          field('address', t('address'), 'street-address'),
          field('city', t('city'), 'address-level2'),
          sums(all),
          h('button', { class: 'button', id: 'order' }, t('placeOrder')),
        ),
      );
      shop.vitrine.track('begin_checkout', parameters(all));
    },
  };
}

export function donePage(shop: Shop): Page {
  return {
    name: 'info',
    title: t('doneTitle'),
    render: (main) => {
      const order = sessionStorage.getItem(LAST_ORDER) ?? '';
      main.append(
        h(
          'header',
          { class: 'page-head' },
          h('h1', {}, t('doneTitle')),
          h('p', {}, t('doneText', { order })),
          h('a', { class: 'button', href: '/' }, t('keepBrowsing')),
        ),
        shelf(shop, { title: t('forYou'), request: { limit: 6 }, fallback: [] }),
      );
    },
  };
}
