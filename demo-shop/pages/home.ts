import { categories } from '../catalogue/categories.ts';
import { drawCategory, drawGood } from '../catalogue/drawing.ts';
import { goods } from '../catalogue/goods.ts';
import { h, picture } from '../dom.ts';
import type { Page, Shop } from '../shop.ts';
import { locale, t } from '../text/locale.ts';
import { banner } from './banner.ts';
import { shelf } from './shelf.ts';

/** One good of every category: what the shop shows before it knows anything. */
const opening = categories.flatMap(
  (category) => goods.find((good) => good.id === category.coverGoodId) ?? [],
);

function hero(): HTMLElement {
  return h(
    'section',
    { class: 'hero' },
    h(
      'div',
      { class: 'hero-text' },
      h('h1', {}, t('heroTitle')),
      h('p', {}, t('heroText')),
      h('a', { class: 'button', href: '#shelves' }, t('heroAction')),
    ),
    h(
      'div',
      { class: 'hero-pictures', 'aria-hidden': 'true' },
      ...opening.slice(0, 4).map((good) => picture(drawGood(good), 'hero-picture')),
    ),
  );
}

function shelves(): HTMLElement {
  const tiles = categories.map((category) =>
    h(
      'a',
      { class: 'tile', href: `/shelf/${category.id}` },
      picture(drawCategory(category), 'tile-picture'),
      h('span', { class: 'tile-name' }, category.name[locale]),
    ),
  );
  return h(
    'section',
    { id: 'shelves', class: 'shelves' },
    h('h2', {}, t('categories')),
    h('div', { class: 'tiles' }, ...tiles),
  );
}

export function homePage(shop: Shop): Page {
  return {
    name: 'home',
    title: t('shopName'),
    render: (main) => {
      const forYou = shelf(shop, {
        title: t('forYou'),
        request: { model: 'for-you', limit: 12 },
        fallback: opening,
      });
      main.append(hero(), banner(shop), forYou, shelves());
    },
  };
}
