/** What stayed here: interests, intent and segments with their why, and the history itself. */
import type { Interest, Profile, Segment, Vitrine } from '../../sdk/index.ts';
import { goodOf } from '../basket.ts';
import { h } from '../dom.ts';
import { brandOf, categoryOf } from '../shop.ts';
import { clockTime, decimal, locale, t } from '../text/locale.ts';

const PRICE_WORDS = [t('price0'), t('price1'), t('price2'), t('price3'), t('price4')];

function bars(title: string, list: readonly Interest[], name: (id: string) => string): HTMLElement {
  const rows = list
    .slice(0, 5)
    .map((one) =>
      h(
        'li',
        {},
        h('span', { class: 'bar-name' }, name(one.id)),
        h('meter', { min: 0, max: 1, value: one.weight, 'aria-label': name(one.id) }),
        h('span', { class: 'bar-value' }, `${Math.round(one.weight * 100)} %`),
        h(
          'span',
          { class: 'bar-why' },
          `${t('why')}: ${one.why.map(({ event, count }) => `${event} × ${count}`).join(', ')}`,
        ),
      ),
    );
  return h('div', { class: 'bars' }, h('h4', {}, title), h('ul', {}, ...rows));
}

function intent(profile: Profile): HTMLElement {
  const { probability, version, why } = profile.intent;
  const percent = probability === null ? '' : `${Math.round(probability * 100)} %`;
  return h(
    'div',
    { class: 'panel-block' },
    h('h4', {}, t('intentTitle')),
    h('p', {}, probability === null ? t('intentNone') : t('intentText', { percent, version })),
    why.length === 0
      ? null
      : h(
          'p',
          { class: 'bar-why' },
          `${t('why')}: ${why
            .slice(0, 4)
            .map(({ input, amount }) => `${input} ${amount > 0 ? '+' : ''}${decimal(amount)}`)
            .join(', ')}`,
        ),
  );
}

function segment(one: Segment): HTMLElement {
  const why = one.why.map(
    ({ field, op, value, actual, holds }) =>
      `${field} ${typeof actual === 'number' ? decimal(actual) : (actual ?? '–')} ${op} ${value} ${holds ? '✓' : '✗'}`,
  );
  return h(
    'li',
    { 'data-segment': one.id, 'data-member': String(one.member) },
    h('strong', {}, one.label),
    ` · ${one.member ? t('yes') : t('no')}`,
    h('span', { class: 'bar-why' }, `${t('why')}: ${why.join('; ')}`),
  );
}

interface HistoryEvent {
  readonly name: string;
  readonly atMs: number;
  readonly items: readonly { readonly id: string }[];
  readonly term?: string;
  readonly page?: string;
}

function history(profile: Profile, events: readonly HistoryEvent[]): HTMLElement {
  const rows = events
    .slice(-40)
    .reverse()
    .map((event) => {
      const [first] = event.items;
      const good = first === undefined ? null : goodOf(first.id);
      const more = event.items.length > 1 ? ` +${event.items.length - 1}` : '';
      const what = good?.name[locale] ?? first?.id ?? event.term ?? event.page ?? '';
      return h('li', {}, h('time', {}, clockTime(event.atMs)), ` ${event.name} `, `${what}${more}`);
    });
  return h(
    'details',
    { class: 'panel-block', 'data-key': 'history' },
    h('summary', {}, t('historyTitle')),
    h('p', {}, t('historyCount', { events: profile.events, sessions: profile.sessions })),
    h('ol', { class: 'history' }, ...rows),
  );
}

export async function stayed(vitrine: Vitrine): Promise<Node[]> {
  const [profile, segments, data] = await Promise.all([
    vitrine.profile(),
    vitrine.segments(),
    vitrine.exportData(),
  ]);
  if (profile.events === 0) return [h('p', { class: 'quiet' }, t('stayedNothing'))];
  const { category, brand, priceBand } = profile.interests;
  const events = (data.events ?? []) as readonly HistoryEvent[];
  return [
    h('h3', {}, t('interests')),
    bars(t('byCategory'), category, (id) => categoryOf(id)?.name[locale] ?? id),
    bars(t('byBrand'), brand, (id) => brandOf(id)?.name[locale] ?? id),
    bars(t('byPrice'), priceBand, (id) => PRICE_WORDS[Number(id)] ?? id),
    intent(profile),
    h(
      'div',
      { class: 'panel-block' },
      h('h4', {}, t('segmentsTitle')),
      h('ul', { class: 'panel-list' }, ...segments.map(segment)),
    ),
    history(profile, events),
  ];
}
