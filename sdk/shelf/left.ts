/** What left: the budget, every report, and each of its bytes. */
import { bar, facts, table } from './charts.ts';
import type { PrivacyAccount, ReportLine, TaskLine } from './client.ts';
import { h } from './dom.ts';
import { fieldsOf, type Taken } from './report.ts';
import type { Speech } from './speech.ts';

/** Bytes of reports that were looked at, by id; null where they are no longer kept. */
export type Looked = ReadonlyMap<string, Uint8Array | null>;

const SHOWN_NUMBERS = 64;

export function left(
  speech: Speech,
  account: PrivacyAccount,
  tasks: readonly TaskLine[],
  looked: Looked,
): Node[] {
  const { t } = speech;
  const { reports, statement } = account;
  const count = (...states: ReportLine['state'][]): number =>
    reports.filter(({ state }) => states.includes(state)).length;
  const sentence = t('someLeft', {
    sent: count('sent'),
    waiting: count('waiting'),
    other: count('refused', 'expired'),
  });
  return [
    h('p', reports.length === 0 ? t('nothingLeft') : sentence),
    h('section', h('h3', t('budget')), budget(speech, account)),
    h(
      'ul.reports',
      { role: 'list' },
      [...reports].reverse().map((one) => report(speech, one, tasks, looked)),
    ),
    h('details', h('summary', t('statement')), promises(speech, tasks), english(speech, statement)),
  ];
}

/** In Chinese, by the figures of the tasks. */
function promises(speech: Speech, tasks: readonly TaskLine[]): Node[] {
  return tasks.flatMap(({ name, tier, epsilonPerReport, participations: { cap } }) => {
    const values = { task: name, epsilon: speech.epsilon(epsilonPerReport), cap };
    const { words } = speech.said('promise', tier, '', values);
    return words === '' ? [] : h('p.small', words);
  });
}

/** What the SDK says in English alone. */
function english({ t, tag }: Speech, words: string): Node[] {
  return [
    h('p.quiet.small', { hidden: tag.startsWith('en') }, t('original')),
    ...words.split('\n').map((one) => h('p.small', { lang: 'en' }, one)),
  ];
}

function budget({ t, epsilon }: Speech, { budget: site, epsilonSpent }: PrivacyAccount): Node[] {
  if (site === null) return [h('p.quiet', t('budgetNone'))];
  const delta = site.delta.toExponential();
  const values = { spent: epsilon(epsilonSpent), total: epsilon(site.epsilon), delta };
  const words = t('budgetText', values);
  return [bar(epsilonSpent === 'none' ? 1 : epsilonSpent / site.epsilon, words), h('p', words)];
}

function report(
  speech: Speech,
  one: ReportLine,
  tasks: readonly TaskLine[],
  looked: Looked,
): HTMLElement {
  const { t, number, epsilon } = speech;
  const { reportId: id, task, round, state, bytes, detail } = one;
  return h(
    'li.card',
    { 'data-key': id, 'data-state': state },
    h('div.title', h('h4', t('report', { task, round })), h('span.badge', t(state))),
    facts(
      [
        [t('made'), speech.time(one.atMs)],
        [t('at'), number(bytes)],
        ['ε', epsilon(one.epsilon)],
        ['δ', one.delta.toExponential()],
      ],
      true,
    ),
    h('p.quiet.small', { lang: 'en', hidden: detail === '' }, detail),
    h('details', { 'data-look': id }, h('summary', t('look')), taken(speech, looked.get(id))),
    h(
      'details',
      h('summary', t('statement')),
      promises(
        speech,
        tasks.filter(({ name }) => name === task),
      ),
      english(speech, one.statement),
    ),
  );
}

function taken(speech: Speech, bytes: Uint8Array | null | undefined): Node[] {
  const { t, term, number } = speech;
  const found: Taken | null = bytes ? fieldsOf(bytes) : null;
  if (!bytes || found === null) return [h('p.quiet', t(bytes === undefined ? 'starting' : 'gone'))];
  const rows = found.fields.map(({ name, offset, length, value }) =>
    h(
      'tr',
      h('td', h('code', length === 1 ? `${offset}` : `${offset}–${offset + length - 1}`)),
      h(
        'th',
        { scope: 'row' },
        h('code', name),
        ' ',
        h('span.quiet', term('field', name, { count: number(length / 4) })),
      ),
      h(
        'td',
        value !== '' && h('b', value, ' '),
        h('code.hex', hex(bytes.subarray(offset, offset + length))),
      ),
    ),
  );
  const { numbers } = found;
  const list = [
    ...numbers.subarray(0, SHOWN_NUMBERS),
    ...(numbers.length > SHOWN_NUMBERS ? ['…'] : []),
  ];
  return [
    h(
      'div.scroll',
      { tabindex: 0, role: 'group', 'aria-label': t('look') },
      table([t('at'), t('field'), t('content')], rows),
    ),
    h('p.small', { hidden: list.length === 0 }, t('numbers', { list: list.join(' ') })),
  ];
}

/** In groups of four bytes, between which a line may break. */
function hex(bytes: Uint8Array): string {
  const pairs = Array.from(
    bytes,
    (byte, i) => byte.toString(16).padStart(2, '0') + (i % 4 === 3 ? ' ' : ''),
  );
  return pairs.join('').trim();
}
