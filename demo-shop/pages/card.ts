/** A good as a card. */
import { drawGood } from '../catalogue/drawing.ts';
import type { Good } from '../catalogue/types.ts';
import { h, picture } from '../dom.ts';
import { brandOf } from '../shop.ts';
import { locale, money } from '../text/locale.ts';

export function card(good: Good): HTMLElement {
  return h(
    'a',
    { class: 'card', href: `/product/${good.id}`, 'data-good': good.id },
    picture(drawGood(good), 'card-picture'),
    h('span', { class: 'card-name' }, good.name[locale]),
    h(
      'span',
      { class: 'card-line' },
      h('span', { class: 'card-brand' }, brandOf(good.brandId)?.name[locale] ?? ''),
      h('span', { class: 'card-price' }, money(good.priceCents)),
    ),
  );
}
