import { add, goodOf } from '../basket.ts';
import { drawGood } from '../catalogue/drawing.ts';
import type { Good } from '../catalogue/types.ts';
import { h, picture, replace } from '../dom.ts';
import { brandOf, categoryOf, goodsOf, itemOf, type Page, type Shop, worth } from '../shop.ts';
import { locale, money, t } from '../text/locale.ts';
import { shelf } from './shelf.ts';

function variants(good: Good, chosen: (index: number) => void): HTMLElement {
  const choices = good.variants.map((variant, i) =>
    h(
      'label',
      { class: 'swatch', title: variant.name[locale] },
      h('input', {
        type: 'radio',
        name: 'variant',
        value: variant.id,
        checked: i === 0,
        onchange: () => chosen(i),
      }),
      h('span', { class: 'swatch-colour', style: `background:${variant.colour}` }),
      h('span', { class: 'swatch-name' }, variant.name[locale]),
    ),
  );
  return h('fieldset', { class: 'swatches' }, h('legend', {}, t('variant')), ...choices);
}

function rating(shop: Shop, good: Good): HTMLElement {
  const text = h('textarea', { id: 'review', rows: 2, maxlength: 500 });
  const done = h('p', { role: 'status', class: 'quiet' });
  const stars = [1, 2, 3, 4, 5].map((count) =>
    h(
      'label',
      { class: 'star', title: t('stars', { count }) },
      h('input', { type: 'radio', name: 'stars', value: count, required: true }),
      h('span', {}, String(count)),
    ),
  );
  return h(
    'details',
    { class: 'rating' },
    h('summary', {}, t('rate')),
    h(
      'form',
      {
        onsubmit: (event) => {
          event.preventDefault();
          const data = new FormData(event.target as HTMLFormElement);
          shop.vitrine.track('rate_item', {
            items: [itemOf(good)],
            rating: Number(data.get('stars')),
            text: text.value,
          });
          done.textContent = t('rated');
        },
      },
      h('div', { class: 'stars', role: 'radiogroup', 'aria-label': t('rate') }, ...stars),
      h('label', { for: 'review' }, t('rateText')),
      text,
      h('button', { class: 'button quiet-button' }, t('rateSend')),
      done,
    ),
  );
}

function buying(shop: Shop, good: Good, variant: () => number): HTMLElement {
  const said = h('span', { role: 'status', class: 'quiet' });
  const quantity = h('input', {
    type: 'number',
    id: 'quantity',
    min: 1,
    max: 9,
    value: 1,
    inputmode: 'numeric',
  });
  const toBasket = (): void => {
    const count = Math.min(9, Math.max(1, Math.round(Number(quantity.value)) || 1));
    const chosen = good.variants[variant()]?.id ?? '';
    add(good.id, chosen, count);
    shop.vitrine.track('add_to_cart', {
      ...worth([{ good, quantity: count }]),
      items: [itemOf(good, chosen, count)],
    });
    said.textContent = t('added');
  };
  const wish = h('button', {
    class: 'button quiet-button',
    onclick: () => {
      shop.vitrine.track('add_to_wishlist', {
        ...worth([{ good, quantity: 1 }]),
        items: [itemOf(good)],
      });
      wish.textContent = t('wished');
    },
  });
  wish.textContent = t('wish');
  return h(
    'div',
    { class: 'buying' },
    h('label', { for: 'quantity' }, t('quantity')),
    quantity,
    h('button', { class: 'button', id: 'add', onclick: toBasket }, t('addToBasket')),
    wish,
    said,
  );
}

export function productPage(shop: Shop, id: string): Page | null {
  const good = goodOf(id);
  if (good === null) return null;
  const category = categoryOf(good.categoryId);
  let variant = 0;
  return {
    name: 'product',
    title: good.name[locale],
    render: (main) => {
      const image = h('div', { class: 'product-picture' }, picture(drawGood(good), 'fill'));
      const choose = (index: number): void => {
        variant = index;
        replace(image, picture(drawGood(good, index), 'fill'));
      };
      const words = h(
        'div',
        { class: 'product-words' },
        h(
          'a',
          { class: 'crumb', href: `/shelf/${good.categoryId}` },
          category?.name[locale] ?? good.categoryId,
        ),
        h('h1', {}, good.name[locale]),
        h('p', { class: 'quiet' }, t('by', { brand: brandOf(good.brandId)?.name[locale] ?? '' })),
        h('p', { class: 'price' }, money(good.priceCents)),
        h('p', { class: 'product-text' }, good.text[locale]),
        variants(good, choose),
        buying(shop, good, () => variant),
        rating(shop, good),
      );
      const related = shelf(shop, {
        title: t('related'),
        request: { model: 'related', itemId: good.id, limit: 6 },
        fallback: goodsOf(good.categoryId)
          .filter((one) => one !== good)
          .slice(0, 6),
      });
      const together = shelf(shop, {
        title: t('together'),
        request: { model: 'together', itemId: good.id, limit: 6 },
        fallback: [],
      });
      const forYou = shelf(shop, {
        title: t('forYou'),
        request: { model: 'for-you', limit: 6, exclude: [good.id] },
        fallback: [],
      });
      main.append(h('article', { class: 'product' }, image, words), related, together, forYou);
      shop.vitrine.track('view_item', {
        ...worth([{ good, quantity: 1 }]),
        items: [itemOf(good)],
      });
    },
  };
}
