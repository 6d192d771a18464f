/** What stayed here: the profile and the segments with their why, and the history itself. */
import type { Profile, Segment, Vitrine } from '../../sdk/index.ts';
import { goodOf } from '../basket.ts';
import { h } from '../dom.ts';
import { clockTime, decimal, locale, t } from '../text/locale.ts';
import { basics, estimates, interests, rhythm, whyLine } from './profile.ts';

const SEGMENT_WORDS: Readonly<Record<string, string>> = {
  'high-value': t('segmentHighValue'),
  'bargain-hunter': t('segmentBargain'),
  new: t('segmentNew'),
  lapsing: t('segmentLapsing'),
  'about-to-buy': t('segmentAboutToBuy'),
  'looking-around': t('segmentLooking'),
};

function segment({ id, label, member, score, why }: Segment): HTMLElement {
  const tests = why.map(({ test, actual, holds }) => {
    const isPart = typeof actual === 'number' && !Number.isInteger(actual);
    const found = isPart ? decimal(actual) : String(actual ?? '–');
    return `${test} (${found}) ${holds === null ? '?' : holds ? '✓' : '✗'}`;
  });
  const name = SEGMENT_WORDS[id] ?? label;
  return h(
    'li',
    { 'data-segment': id, 'data-member': String(member), class: member ? 'member' : '' },
    h('span', { class: 'bar-name' }, h('strong', {}, name), ` · ${member ? t('yes') : t('no')}`),
    h('meter', { min: 0, max: 1, value: score, 'aria-label': name }),
    h('span', { class: 'bar-value' }, `${Math.round(score * 100)} %`),
    whyLine(tests.join('; ')),
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
  const events = (data.events ?? []) as readonly HistoryEvent[];
  return [
    basics(profile),
    h('h3', {}, t('interests')),
    ...interests(profile),
    rhythm(profile),
    h('h3', {}, t('estimatesTitle')),
    ...estimates(profile),
    h(
      'section',
      { class: 'panel-block bars' },
      h('h4', {}, t('segmentsTitle')),
      h('ul', { class: 'panel-list' }, ...segments.map(segment)),
    ),
    history(profile, events),
  ];
}
