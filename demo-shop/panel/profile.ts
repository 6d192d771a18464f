/** What the profile says: basics, interests, rhythm and estimates, each with its why. */
import type { Estimate, Interest, Profile, Reason } from '../../sdk/index.ts';
import { goodOf } from '../basket.ts';
import { h } from '../dom.ts';
import { brandOf, categoryOf } from '../shop.ts';
import { agoWords, decimal, locale, t, weekdayWords } from '../text/locale.ts';

const PRICE_WORDS = [t('price0'), t('price1'), t('price2'), t('price3'), t('price4')];
const percent = (share: number): string => `${Math.round(share * 100)} %`;

export function whyLine(words: string): HTMLElement | null {
  return words === '' ? null : h('p', { class: 'bar-why' }, `${t('why')}: ${words}`);
}

function block(title: string, ...children: readonly (Node | null)[]): HTMLElement {
  return h('section', { class: 'panel-block' }, h('h4', {}, title), ...children);
}

function facts(pairs: readonly (readonly [string, string])[]): HTMLElement {
  const rows = pairs.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)));
  return h('dl', { class: 'facts' }, ...rows);
}

export function basics({ basics: known, events, sessions }: Profile): HTMLElement {
  const device = { phone: t('phone'), tablet: t('tablet'), desktop: t('desktop') };
  const visitor = { new: t('visitorNew'), returning: t('visitorReturning') };
  const traits = Object.entries(known.traits).map(([name, value]) => `${name}: ${value}`);
  return facts([
    [t('device'), known.device === null ? '–' : device[known.device]],
    [t('browserLanguage'), known.locale ?? '–'],
    [t('visitor'), known.visitor === null ? '–' : visitor[known.visitor]],
    [t('visits'), t('visitsText', { events, sessions })],
    ...(traits.length === 0 ? [] : [[t('traits'), traits.join(', ')] as const]),
  ]);
}

function bars(title: string, list: readonly Interest[], name: (id: string) => string): HTMLElement {
  const rows = list.slice(0, 4).map((one) => {
    const why = one.why.map(({ event, count }) => `${event} × ${count}`).join(', ');
    return h(
      'li',
      {},
      h('span', { class: 'bar-name' }, name(one.id)),
      h('meter', { min: 0, max: 1, value: one.weight, 'aria-label': name(one.id) }),
      h('span', { class: 'bar-value' }, percent(one.weight)),
      h('span', { class: 'bar-why' }, `${agoWords(one.lastMs)} · ${why}`),
    );
  });
  return h('div', { class: 'bars' }, h('h4', {}, title), h('ul', {}, ...rows));
}

export function interests({ interests: known }: Profile): HTMLElement[] {
  return [
    bars(t('byCategory'), known.category, (id) => categoryOf(id)?.name[locale] ?? id),
    bars(t('byBrand'), known.brand, (id) => brandOf(id)?.name[locale] ?? id),
    bars(t('byPrice'), known.priceBand, (id) => PRICE_WORDS[Number(id)] ?? id),
  ];
}

/** Bars without figures, with what the tallest says in words. */
function strip(shares: readonly number[], label: string, name: (i: number) => string): HTMLElement {
  const most = Math.max(...shares);
  const best = shares.indexOf(most);
  const columns = shares.map((share, i) =>
    h('span', {
      style: `height: ${most === 0 ? 0 : Math.round((100 * share) / most)}%`,
      title: `${name(i)}: ${percent(share)}`,
    }),
  );
  const words = most === 0 ? '–' : t('mostly', { when: name(best), percent: percent(most) });
  return h(
    'figure',
    { class: 'strip' },
    h('div', { class: 'strip-bars', role: 'img', 'aria-label': `${label}: ${words}` }, ...columns),
    h('figcaption', {}, `${label}: ${words}`),
  );
}

export function rhythm({ rhythm: known }: Profile): HTMLElement {
  const days = (value: number | null): string =>
    value === null ? '–' : t('days', { days: decimal(value, value < 10 ? 1 : 0) });
  const hour = (i: number): string => `${i}:00–${(i + 1) % 24}:00`;
  return block(
    t('rhythmTitle'),
    strip(known.hours, t('rhythmHours'), hour),
    strip(known.weekdays, t('rhythmDays'), weekdayWords),
    facts([
      [t('betweenVisits'), days(known.daysBetweenVisits)],
      [t('betweenPurchases'), days(known.daysBetweenPurchases)],
    ]),
  );
}

function reasons(why: readonly Reason[]): string {
  return why
    .slice(0, 4)
    .map(({ input, amount, events }) => {
      const item = events.find((one) => one.item !== null)?.item ?? null;
      const good = item === null ? null : (goodOf(item)?.name[locale] ?? item);
      const sign = amount > 0 ? '+' : '';
      return `${input} ${sign}${decimal(amount)}${good === null ? '' : ` (${good})`}`;
    })
    .join(', ');
}

function sourceOf({ source, version }: Estimate): string {
  if (source === 'model') return t('estimateModel', { version });
  return source === 'rule' ? t('estimateRule') : t('estimateNone');
}

function estimate(title: string, one: Estimate, words: string): HTMLElement {
  const { probability } = one;
  const meter = { class: 'wide', min: 0, max: 1, 'aria-label': title };
  return h(
    'section',
    { class: 'panel-block estimate' },
    h('h4', {}, title),
    h(
      'p',
      {},
      probability === null ? null : h('strong', {}, words),
      h('span', { class: 'quiet' }, `${probability === null ? '' : ' · '}${sourceOf(one)}`),
    ),
    probability === null ? null : h('meter', { ...meter, value: probability }),
    whyLine(reasons(one.why)),
  );
}

export function estimates({ value, priceSensitivity, intent, churn }: Profile): HTMLElement[] {
  const tiers = { low: t('tierLow'), middle: t('tierMiddle'), high: t('tierHigh') };
  const of = (one: Estimate): string => percent(one.probability ?? 0);
  return [
    estimate(t('intentTitle'), intent, of(intent)),
    estimate(
      t('valueTitle'),
      value,
      value.tier === null ? '' : `${tiers[value.tier]}, ${of(value)}`,
    ),
    estimate(t('priceTitle'), priceSensitivity, of(priceSensitivity)),
    estimate(t('churnTitle'), churn, of(churn)),
  ];
}
