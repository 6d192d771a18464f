/** What stayed in this browser: activity, interests, estimates, groups and the latest events. */
import type { Estimate, Interest, Profile, Reason, Segment } from '../profile/result.ts';
import { bar, columns, facts } from './charts.ts';
import { h } from './dom.ts';
import type { Names, Speech } from './speech.ts';

const DAY_MS = 86_400_000;
const DAYS = 28;
const BARS = 5;
const REASONS = 5;
const LATEST = 30;

/** One event of the export, as far as it is shown. */
export interface KeptEvent {
  readonly name: string;
  readonly atMs: number;
  readonly items?: readonly { readonly id: string; readonly name?: string }[];
  readonly term?: string;
}

/** The events of an export, the oldest first; what is not an event is left out. */
export function keptEvents(data: Readonly<Record<string, unknown>>): KeptEvent[] {
  const list = Array.isArray(data.events) ? (data.events as (KeptEvent | null)[]) : [];
  return list
    .filter((one): one is KeptEvent => Number.isFinite(one?.atMs) && typeof one?.name === 'string')
    .sort((a, b) => a.atMs - b.atMs);
}

/** Ids of the goods that are named. */
export function idsIn(
  { intent, value, priceSensitivity, churn }: Profile,
  events: readonly KeptEvent[],
): string[] {
  const reasons = [intent, value, priceSensitivity, churn].flatMap(({ why }) => why);
  return [
    ...reasons.flatMap((reason) => reason.events.flatMap(({ item }) => item ?? [])),
    ...events.slice(-LATEST).flatMap(({ items }) => items?.[0]?.id ?? []),
  ];
}

export function stayed(
  speech: Speech,
  profile: Profile,
  segments: readonly Segment[],
  events: readonly KeptEvent[],
  name: (...asked: Parameters<Names>) => string,
): Node[] {
  const { t, number } = speech;
  if (profile.events === 0) return [h('p.note', t('nothingStayed'))];
  const [first] = events;
  const bands = t('bands').split('/');
  const { category, brand, priceBand } = profile.interests;
  return [
    facts([
      [t('events'), number(profile.events)],
      [t('visits'), number(profile.sessions)],
      ...(first ? [[t('since'), speech.time(first.atMs, { dateStyle: 'medium' })] as const] : []),
    ]),
    h('p.note', { hidden: profile.state !== 'automated' }, t('automated')),
    activity(speech, events),
    h(
      'div.three',
      interests(speech, t('category'), category, (id) => name('category', id)),
      interests(speech, t('brand'), brand, (id) => name('brand', id)),
      interests(speech, t('priceBand'), priceBand, (id) => bands[Number(id)] ?? id),
    ),
    h(
      'section',
      h('h3', t('estimates')),
      h('p.quiet', t('estimatesNote')),
      h(
        'div.two',
        (['intent', 'value', 'priceSensitivity', 'churn'] as const).map((what) =>
          estimate(speech, t(what), profile[what], name),
        ),
      ),
    ),
    h(
      'section',
      { hidden: segments.length === 0 },
      h('h3', t('segments')),
      h(
        'ul.rows',
        { role: 'list' },
        segments.map((one) => segment(speech, one, name)),
      ),
    ),
    h(
      'details',
      h('summary', t('history')),
      h(
        'ol.rows.events',
        { role: 'list' },
        events
          .slice(-LATEST)
          .reverse()
          .map((one) => event(speech, one, name)),
      ),
    ),
  ];
}

function activity({ t, time, number }: Speech, events: readonly KeptEvent[]): HTMLElement {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const list = Array.from({ length: DAYS }, (_, i) => ({
    // Noon, lest a change of the clock moves a day.
    name: time(midnight + DAY_MS / 2 - (DAYS - 1 - i) * DAY_MS, { month: 'short', day: 'numeric' }),
    value: 0,
  }));
  for (const { atMs } of events) {
    const day = list[DAYS - 1 - Math.max(0, Math.ceil((midnight - atMs) / DAY_MS))];
    if (day) day.value += 1;
  }
  const most = list.reduce((best, one) => (one.value > best.value ? one : best));
  const summary = t('activityText', {
    total: number(list.reduce((sum, { value }) => sum + value, 0)),
    active: list.filter(({ value }) => value > 0).length,
    day: most.name,
    most: number(most.value),
  });
  const title = t('activity', { days: DAYS });
  return columns(title, most.value > 0 ? summary : t('none'), [t('day'), t('events')], list);
}

/** Of one bar: its name, figure and drawing, and words below. */
function row(
  name: string,
  figure: string,
  drawing: Node,
  ...below: readonly (Node | string)[]
): HTMLElement {
  return h(
    'li',
    h('span.name', name),
    h('span.figure', { 'aria-hidden': 'true' }, figure),
    drawing,
    h('span.quiet.small', below),
  );
}

function interests(
  speech: Speech,
  title: string,
  list: readonly Interest[],
  name: (id: string) => string,
): HTMLElement {
  const rows = list.slice(0, BARS).map(({ id, weight, lastMs, why }) => {
    const said = why.map(
      ({ event: of, count }) => `${speech.term('event', of)} × ${speech.number(count)}`,
    );
    const share = speech.percent(weight);
    return row(name(id), share, bar(weight, share), `${said.join(', ')} · ${speech.ago(lastMs)}`);
  });
  const none = h('p.quiet', speech.t('none'));
  return h(
    'section',
    h('h3', title),
    rows.length > 0 ? h('ul.rows', { role: 'list' }, rows) : none,
  );
}

type NameOf = Parameters<typeof stayed>[4];

function estimate(speech: Speech, title: string, one: Estimate, name: NameOf): HTMLElement {
  const { t, percent } = speech;
  const { probability, source, version, why } = one;
  const tier = ['low', 'middle', 'high'].indexOf((one as { tier?: string }).tier ?? '');
  const share = probability === null ? '–' : percent(probability);
  const by = { model: 'byModel', rule: 'byRule', none: 'byNone' } as const;
  const shown = [...why].sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount)).slice(0, REASONS);
  const most = Math.max(...shown.map(({ amount }) => Math.abs(amount)), Number.MIN_VALUE);
  return h(
    'div.card',
    h('h4', title),
    h('p.big', tier < 0 ? share : `${t('tiers').split('/')[tier]} · ${share}`),
    probability !== null && bar(probability, share),
    h('p.quiet.small', t(by[source], { version })),
    shown.length > 0 &&
      h(
        'ul.rows.small',
        { role: 'list' },
        shown.map((reason) => because(speech, reason, most, name)),
      ),
  );
}

function because(
  speech: Speech,
  { input, amount, events }: Reason,
  most: number,
  name: NameOf,
): HTMLElement {
  const figure = speech.number(amount, { signDisplay: 'exceptZero' });
  const words = `${figure}, ${speech.t(amount < 0 ? 'lowers' : 'raises')}`;
  const [cause] = events;
  return row(
    inputName(speech, input),
    figure,
    bar(amount / most, words, true),
    cause === undefined
      ? ''
      : `${speech.term('event', cause.event)} ${cause.item === null ? '' : name('item', cause.item)} · ${speech.ago(cause.atMs)}`,
  );
}

/** `~orders@30` of a head's vocabulary, in words. */
function inputName(speech: Speech, input: string): string {
  const factors = input.split('*').map((factor) => {
    const [, name = factor, days] = /^~?([^@:#]+)(?:@(\d+))?/.exec(factor) ?? [];
    const { words } = speech.said('input', name, name.replaceAll('-', ' '));
    return days === undefined ? words : `${words} (${speech.t('inDays', { days })})`;
  });
  return factors.join(' × ');
}

function segment(
  speech: Speech,
  { id, label, member, score, why }: Segment,
  name: NameOf,
): HTMLElement {
  const { t, number, percent } = speech;
  const said = name('segment', id);
  const tests = why.map(({ test, actual, holds }) => {
    const value = typeof actual === 'number' ? number(actual) : String(actual ?? '–');
    return h(
      'span.test',
      holds === null ? '? ' : holds ? '✓ ' : '✗ ',
      h('code', { lang: 'en' }, test),
      ` ${t('found', { value })}`,
    );
  });
  const figure = t(member ? 'member' : 'notMember');
  const drawing = bar(score, `${figure}, ${t('near', { share: percent(score) })}`);
  const made = row(
    said === id ? speech.said('segment', id, label).words : said,
    figure,
    drawing,
    ...tests,
  );
  made.classList.toggle('member', member);
  return made;
}

function event(
  speech: Speech,
  { name, atMs, items = [], term = '' }: KeptEvent,
  nameOf: NameOf,
): HTMLElement {
  const [first] = items;
  const what = first === undefined ? term : (first.name ?? nameOf('item', first.id));
  const more = items.length > 1 ? ` +${items.length - 1}` : '';
  return h(
    'li',
    h('span.quiet', speech.time(atMs)),
    h('span', `${speech.term('event', name)} `, h('b', what + more)),
  );
}
