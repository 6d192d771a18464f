/** What came back: versions, rounds, parts that stand, and why nothing happens when nothing does. */
import { bar } from './charts.ts';
import type { ClientStatus, TaskLine } from './client.ts';
import { h } from './dom.ts';
import type { Said, Speech } from './speech.ts';

export function back(speech: Speech, { tasks, parts, catalogue, backend }: ClientStatus): Node[] {
  const { t, number } = speech;
  if (tasks.length === 0 && catalogue === null) return [h('p.note', t('nothingBack'))];
  const hash = catalogue?.hash.slice(0, 12);
  return [
    h(
      'section',
      h('h3', t('tasks')),
      h(
        'ul.reports',
        { role: 'list' },
        tasks.map((one) => task(speech, one)),
      ),
    ),
    h(
      'section',
      { hidden: parts.length === 0 },
      h('h3', t('parts')),
      h(
        'ul.rows',
        { role: 'list' },
        parts.map((one) => part(speech, one)),
      ),
    ),
    h(
      'p.quiet.small',
      catalogue !== null && t('catalogue', { items: number(catalogue.items), hash }),
      ' ',
      backend !== null && t('backend', { backend: backend.backend }),
    ),
  ];
}

function version({ t }: Speech, number: number): string {
  return number > 0 ? t('version', { version: number }) : t('noVersion');
}

function part(
  speech: Speech,
  { part: name, state, version: number, quality }: ClientStatus['parts'][number],
): HTMLElement {
  const { term } = speech;
  const figures = (value: number): string => speech.number(value, { maximumFractionDigits: 4 });
  return h(
    state === 'on' ? 'li.member' : 'li',
    h('span.name', term('part', name)),
    h('span.figure', term('standing', state)),
    h(
      'span.quiet.small',
      version(speech, number),
      quality !== null && ` · NDCG@10 ${figures(quality.margin)} ± ${figures(quality.deviation)}`,
    ),
  );
}

function task(speech: Speech, one: TaskLine): HTMLElement {
  const { t, time } = speech;
  const { name, kind, tier, label, modelVersion, round } = one;
  const { spent, cap } = one.participations;
  const { words, lang } = why(speech, one);
  const open =
    round === null
      ? t('noRound')
      : t('round', { round: round.round, time: time(round.deadlineMs) });
  return h(
    'li.card',
    { 'data-key': name },
    h('div.title', h('h4', name), h('span.badge', version(speech, modelVersion))),
    h('p.quiet.small', `${t(kind)} · ${tierOf(speech, tier)} · ${open}`),
    h('p', { lang }, words),
    bar(spent / Math.max(1, cap), t('cap', { spent, cap })),
    h('p.quiet.small', { 'aria-hidden': 'true' }, t('cap', { spent, cap })),
    h('p.quiet.small', { lang: 'en', hidden: label === '' }, label),
  );
}

function tierOf({ t }: Speech, tier: string): string {
  return tier === 'local' || tier === 'split' || tier === 'test' ? t(tier) : tier;
}

/** Like taskWords of sdk/status.ts, whose English comes with the task. */
function why(speech: Speech, { reason, lastOutcome: last, words }: TaskLine): Said {
  if (reason !== null || last === null) return speech.said('reason', reason ?? 'free', words);
  if (last.state === 'skipped') return speech.said('reason', last.reason, words);
  return speech.said('reason', 'took', words, { time: speech.time(last.sendAtMs) });
}
