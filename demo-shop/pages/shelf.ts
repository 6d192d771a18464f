/** A shelf that asks Vitrine for its order and asks again when the answer would differ. */
import type { RecommendRequest, RecommendResult } from '../../sdk/index.ts';
import { goodOf } from '../basket.ts';
import type { Good } from '../catalogue/types.ts';
import { h, replace } from '../dom.ts';
import type { Shop } from '../shop.ts';
import { t } from '../text/locale.ts';
import { card } from './card.ts';

/** Where an answer came from, in words. */
export function sourceWords(result: RecommendResult): string {
  if (result.source === 'model') return t('sourceModel', { version: result.version });
  if (result.source === 'given') return t('sourceGiven');
  return result.source === 'content' ? t('sourceContent') : t('sourcePopular');
}

export interface ShelfOptions {
  readonly title: string;
  readonly request: RecommendRequest;
  /** Shown until, and if never, an answer comes. */
  readonly fallback: readonly Good[];
  readonly className?: string;
}

/** The element fills itself; `data-source` and `data-version` say what ranked it. */
export function shelf(shop: Shop, options: ShelfOptions): HTMLElement {
  const source = h('p', { class: 'shelf-source' });
  const row = h('div', { class: options.className ?? 'row' }, ...options.fallback.map(card));
  const section = h(
    'section',
    { class: 'shelf', 'data-shelf': options.request.model ?? 'for-you' },
    h('div', { class: 'shelf-head' }, h('h2', {}, options.title), source),
    row,
  );
  const fill = async (): Promise<void> => {
    const result = await shop.vitrine.recommend(options.request);
    section.dataset.source = result.source;
    section.dataset.version = String(result.version);
    source.textContent = sourceWords(result);
    const list = result.items.flatMap(({ id }) => goodOf(id) ?? []);
    if (list.length === 0) return;
    const same = list.map((good) => good.id).join() === row.dataset.order;
    if (same) return;
    row.dataset.order = list.map((good) => good.id).join();
    replace(row, ...list.map(card));
  };
  shop.vitrine.on('update', () => void fill());
  void fill();
  return section;
}
