/** Category and search: a list of goods in an order of the shopper's choice. */
import { categories } from '../catalogue/categories.ts';
import { goods } from '../catalogue/goods.ts';
import type { Good } from '../catalogue/types.ts';
import { h, replace } from '../dom.ts';
import { brandOf, categoryOf, goodsOf, itemOf, type Page, type Shop } from '../shop.ts';
import { locale, t } from '../text/locale.ts';
import { card } from './card.ts';
import { sourceWords } from './shelf.ts';

type Order = 'for-you' | 'shop' | 'price-up' | 'price-down';

const ORDERS: readonly { readonly id: Order; readonly words: string }[] = [
  { id: 'for-you', words: t('sortForYou') },
  { id: 'shop', words: t('sortShop') },
  { id: 'price-up', words: t('sortPriceUp') },
  { id: 'price-down', words: t('sortPriceDown') },
];

function sorted(list: readonly Good[], order: Order): Good[] {
  const factor = order === 'price-up' ? 1 : order === 'price-down' ? -1 : 0;
  return [...list].sort((a, b) => factor * (a.priceCents - b.priceCents));
}

/** @param model 're-rank' for what was found, in its order of relevance */
function ordered(
  shop: Shop,
  list: readonly Good[],
  model: 'for-you' | 're-rank' = 'for-you',
): HTMLElement {
  const box = h('div', { class: 'grid' }, ...list.map(card));
  const source = h('span', { class: 'shelf-source', role: 'status' });
  const section = h('section', { 'data-shelf': 'list' });
  let order: Order = 'for-you';
  const fill = async (): Promise<void> => {
    if (order !== 'for-you') {
      source.textContent = '';
      replace(box, ...sorted(list, order).map(card));
      return;
    }
    const among = list.map((good) => good.id);
    const result = await shop.vitrine.recommend({ model, among, limit: list.length });
    if (order !== 'for-you') return;
    section.dataset.source = result.source;
    section.dataset.version = String(result.version);
    source.textContent = sourceWords(result);
    const rank = new Map(result.items.map(({ id }, i) => [id, i]));
    const byRank = (good: Good): number => rank.get(good.id) ?? list.length;
    replace(box, ...[...list].sort((a, b) => byRank(a) - byRank(b)).map(card));
  };
  const select = h(
    'select',
    {
      id: 'order',
      onchange: (event) => {
        order = (event.target as HTMLSelectElement).value as Order;
        void fill();
      },
    },
    ...ORDERS.map(({ id, words }) => h('option', { value: id }, words)),
  );
  section.append(
    h(
      'div',
      { class: 'list-bar' },
      h('span', {}, t('goods', { count: list.length })),
      source,
      h('label', { for: 'order' }, `${t('sort')} `, select),
    ),
    box,
  );
  shop.vitrine.on('update', ({ cause }) => {
    if (cause !== 'event') void fill();
  });
  void fill();
  return section;
}

export function categoryPage(shop: Shop, id: string): Page | null {
  const category = categoryOf(id);
  if (category === null) return null;
  const list = goodsOf(id);
  return {
    name: 'list',
    title: category.name[locale],
    render: (main) => {
      main.append(
        h(
          'header',
          { class: 'page-head' },
          h('h1', {}, category.name[locale]),
          h('p', {}, category.blurb[locale]),
        ),
        h(
          'nav',
          { class: 'chips', 'aria-label': t('categories') },
          ...categories.map((one) =>
            h(
              'a',
              {
                class: 'chip',
                href: `/shelf/${one.id}`,
                'aria-current': one.id === id ? 'page' : null,
              },
              one.name[locale],
            ),
          ),
        ),
        ordered(shop, list),
      );
      shop.vitrine.track('view_item_list', { items: list.slice(0, 20).map((one) => itemOf(one)) });
    },
  };
}

/**
 * Goods whose words contain every word of the term, those first that have them in their name;
 * Chinese terms match as they stand.
 */
export function find(term: string): Good[] {
  const words = term.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const named = (good: Good): boolean =>
    words.every((word) => `${good.name.en} ${good.name.zh}`.toLowerCase().includes(word));
  const found = goods.filter((good) => {
    const brand = brandOf(good.brandId);
    const category = categoryOf(good.categoryId);
    const text = [good.name, good.text, brand?.name, category?.name]
      .flatMap((one) => (one === undefined ? [] : [one.en, one.zh]))
      .concat(good.tags)
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return [...found.filter(named), ...found.filter((good) => !named(good))];
}

export function searchPage(shop: Shop): Page {
  const { term } = shop.route;
  const list = find(term);
  return {
    name: 'search',
    title: t('search'),
    render: (main) => {
      const words =
        term === ''
          ? t('searchEmpty')
          : list.length === 0
            ? t('searchNone', { term })
            : t('searchTitle', { term });
      main.append(h('header', { class: 'page-head' }, h('h1', {}, words)));
      if (list.length > 0) main.append(ordered(shop, list, 're-rank'));
      if (term !== '') {
        shop.vitrine.track('search', { search_term: term });
        shop.vitrine.track('view_item_list', {
          items: list.slice(0, 20).map((one) => itemOf(one)),
        });
      }
    },
  };
}
