/** What left: the budget, every report, and the bytes of each taken apart. */
import {
  inspectReport,
  type PrivacyReport,
  type ReportEntry,
  type Vitrine,
} from '../../sdk/index.ts';
import { h } from '../dom.ts';
import { clockHour, decimal, t } from '../text/locale.ts';

const SHOWN_COORDINATES = 64;

function epsilon(value: number | 'none'): string {
  return value === 'none' ? '∞' : decimal(value);
}

function decoded(bytes: Uint8Array): Node[] {
  const { fields, coordinates } = inspectReport(bytes);
  const has = (field: string): boolean => fields.some(({ name }) => name === field);
  const note = has('sealed-seed') ? 'shareNote' : has('vector') ? 'vectorNote' : 'seedNote';
  const rows = fields.map((one) =>
    h(
      'tr',
      {},
      h('td', {}, `${one.offset}–${one.offset + one.length - 1}`),
      h('td', {}, one.name),
      h('td', { class: 'mono' }, one.value),
    ),
  );
  const shown = [...coordinates.subarray(0, SHOWN_COORDINATES)].join(' ');
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [
    h(
      'table',
      { class: 'bytes' },
      h(
        'thead',
        {},
        h('tr', {}, h('th', {}, '#'), h('th', {}, t('field')), h('th', {}, t('value'))),
      ),
      h('tbody', {}, ...rows),
    ),
    h('p', { class: 'bar-why' }, t(note)),
    h('p', { class: 'mono' }, shown + (coordinates.length > SHOWN_COORDINATES ? ' …' : '')),
    h('p', { class: 'mono hex' }, hex.replace(/(.{8})/g, '$1 ')),
  ];
}

async function report(vitrine: Vitrine, one: ReportEntry): Promise<HTMLElement> {
  const bytes = await vitrine.reportBytes(one.reportId);
  const line = t('reportLine', {
    task: one.task,
    round: one.round,
    bytes: one.bytes,
    epsilon: epsilon(one.epsilon),
  });
  return h(
    'li',
    { class: 'panel-block', 'data-report': one.reportId, 'data-state': one.state },
    h('p', {}, h('time', {}, clockHour(one.atMs)), ` ${line}`),
    h(
      'p',
      { class: 'quiet' },
      t(`reportState_${one.state}`),
      one.detail === '' ? '' : ` · ${one.detail}`,
    ),
    bytes === null
      ? h('p', { class: 'bar-why' }, t('decodeGone'))
      : h(
          'details',
          { 'data-key': one.reportId },
          h('summary', {}, t('decode')),
          ...decoded(bytes),
        ),
  );
}

function budget({ budget: site, epsilonSpent }: PrivacyReport): HTMLElement {
  if (site === null) return h('p', { class: 'quiet' }, t('budgetUnpinned'));
  const words = t('budgetText', {
    spent: epsilon(epsilonSpent),
    total: decimal(site.epsilon),
    delta: site.delta.toExponential(0),
  });
  const value = epsilonSpent === 'none' ? site.epsilon : epsilonSpent;
  return h(
    'div',
    { class: 'panel-block' },
    h('h4', {}, t('budget')),
    h('meter', { min: 0, max: site.epsilon, value, 'aria-label': words, class: 'wide' }),
    h('p', {}, words),
  );
}

export async function left(vitrine: Vitrine): Promise<Node[]> {
  const privacy = await vitrine.privacyReport();
  const newest = [...privacy.reports].reverse();
  const rows = await Promise.all(newest.map((one) => report(vitrine, one)));
  return [
    budget(privacy),
    rows.length === 0
      ? h('p', { class: 'quiet' }, t('leftNothing'))
      : h('ul', { class: 'reports' }, ...rows),
    privacy.statement === ''
      ? h('p', {})
      : h(
          'details',
          { 'data-key': 'statement', class: 'panel-block' },
          h('summary', {}, t('statement')),
          h('p', { class: 'statement' }, privacy.statement),
        ),
  ];
}
