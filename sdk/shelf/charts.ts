/**
 * Drawings by percentages, without a view box, so that they stretch with the page and stay sharp.
 * Each is an image with a title; columns have a table beside them that only a screen reader meets.
 */
import { h, svg } from './dom.ts';

/**
 * @param share 0 to 1, or with `isSigned` −1 to 1 from the middle
 * @param words what it shows, in words
 */
export function bar(share: number, words: string, isSigned = false): SVGElement {
  const full = isSigned ? 50 : 100;
  const width = full * Math.min(1, Math.abs(share));
  const x = isSigned ? Math.min(50, 50 + Math.sign(share) * width) : 0;
  const place = { x: `${x.toFixed(1)}%`, width: `${width.toFixed(1)}%`, height: '100%' };
  return svg(
    'svg.bar',
    { role: 'img' },
    svg('title', words),
    svg('rect.track', { width: '100%', height: '100%' }),
    svg(share < 0 ? 'rect.below' : 'rect', place),
    isSigned && svg('line', { x1: '50%', x2: '50%', y2: '100%' }),
  );
}

export interface Column {
  readonly name: string;
  /** At least 0. */
  readonly value: number;
}

/** @param heads of the table: what a name is, what a value is */
export function columns(
  title: string,
  summary: string,
  heads: readonly [string, string],
  list: readonly Column[],
): HTMLElement {
  const most = Math.max(1, ...list.map(({ value }) => value));
  const step = 100 / list.length;
  const rects = list.map(({ value }, i) => {
    const height = (100 * value) / most;
    const x = `${(i * step + step * 0.12).toFixed(2)}%`;
    const width = `${(step * 0.76).toFixed(2)}%`;
    return svg('rect', {
      x,
      width,
      y: `${(100 - height).toFixed(1)}%`,
      height: `${height.toFixed(1)}%`,
    });
  });
  const rows = list
    .filter(({ value }) => value > 0)
    .map(({ name, value }) => h('tr', h('th', { scope: 'row' }, name), h('td', String(value))));
  return h(
    'figure',
    h('figcaption', h('h3', title), h('p.quiet', summary)),
    svg('svg.plot', { role: 'img' }, svg('title', title), svg('desc', summary), rects),
    h(
      'p.ends.quiet.small',
      { 'aria-hidden': 'true' },
      h('span', list[0]?.name ?? ''),
      h('span', list.at(-1)?.name ?? ''),
    ),
    rows.length > 0 && h('div.unseen', table(heads, rows)),
  );
}

export function table(heads: readonly string[], rows: readonly HTMLElement[]): HTMLElement {
  return h(
    'table',
    h(
      'thead',
      h(
        'tr',
        heads.map((head) => h('th', { scope: 'col' }, head)),
      ),
    ),
    h('tbody', rows),
  );
}

/** Names and values in a row. */
export function facts(pairs: readonly (readonly [string, string])[], isSmall = false): HTMLElement {
  const cells = pairs.map(([name, value]) => h('div', h('dt', name), h('dd', value)));
  return h(isSmall ? 'dl.small' : 'dl', cells);
}
