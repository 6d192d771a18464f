/** An audit in words: a table of checks, the statements by view, and what none of it proves. */
import type { Statement, Viewer } from '../../shared/privacy/statement.ts';
import type { AuditResult } from './audit.ts';
import type { Check, Outcome } from './check.ts';

/** What an audit from outside cannot show; printed with every one. */
export const LIMITS: readonly string[] = [
  'Neither known input nor canaries prove how the servers behave on real batches: a server that ' +
    'knows the task that was made for the audit can be honest there and nowhere else.',
  'That a server added the noise that it attests to a batch of other browsers cannot be seen from ' +
    'outside; while one of the two servers is honest, the statement holds.',
  'What is shown to other networks than this one is seen by comparing from there (--compare, or ' +
    'the --state file of another place).',
  'What a script does that a browser has already been given, and what the shop logs, is not audited.',
];

const MARKS: Readonly<Record<Outcome, string>> = { pass: 'ok', fail: 'FAIL', skipped: '-' };

/** Columns of a check's line before its detail. */
const WIDTHS = [5, 16, 12] as const;
const LINE = 100;

function wrap(text: string, indent: number, width = LINE): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** What a server says must not steer the terminal. */
const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');

/** A report's id is told by its first digits. */
const short = (subject: string): string =>
  /^[0-9a-f]{32}$/.test(subject) ? `${subject.slice(0, 8)}…` : subject;

function checkLine({ name, subject, outcome, detail }: Check): string {
  const cells = [MARKS[outcome], name, short(plain(subject))];
  const head = cells.map((cell, i) => cell.padEnd(WIDTHS[i] as number)).join(' ');
  return `  ${head} ${wrap(plain(detail), head.length + 3)}`;
}

const VIEWERS: Readonly<Record<Viewer, string>> = {
  opened: 'whoever sees results',
  aggregator: 'aggregator',
  helper: 'helper',
  update: 'one report',
  collusion: 'both servers together',
  network: 'the network',
  participation: 'taking part',
  shop: 'the shop',
};

const figure = (epsilon: number | null): string => (epsilon === null ? '-' : epsilon.toFixed(3));

function statementLines(task: string, tier: string, { text, views, delta }: Statement): string {
  const rows = (Object.keys(VIEWERS) as Viewer[]).map((viewer) => {
    const { claim, epsilonPerReport, epsilonTotal } = views[viewer];
    const head = [
      VIEWERS[viewer].padEnd(22),
      figure(epsilonPerReport).padStart(9),
      figure(epsilonTotal).padStart(9),
    ].join(' ');
    return `    ${head}  ${wrap(claim, head.length + 6)}`;
  });
  const columns = `    ${'seen by'.padEnd(22)} ${'ε/report'.padStart(9)} ${'ε in all'.padStart(9)}`;
  const title = `  Task ${plain(task)}, ${tier} tier, δ = ${delta}`;
  return [title, `    ${wrap(text, 4)}`, columns, ...rows].join('\n');
}

/** Names of the checks that failed, each once. */
export function failedChecks({ checks }: Pick<AuditResult, 'checks'>): readonly string[] {
  return [...new Set(checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name))];
}

/** The whole audit as text, with a last line that says what came of it. */
export function auditText(result: AuditResult, url: string): string {
  const { checks, statements } = result;
  const count = (outcome: Outcome): number =>
    checks.filter((check) => check.outcome === outcome).length;
  const failed = failedChecks(result);
  const verdict = failed.length === 0 ? 'All checks hold' : `FAILED: ${failed.join(', ')}`;
  return [
    `Audit of ${url}${result.site === '' ? '' : `, site '${plain(result.site)}'`}`,
    '',
    'Checks',
    ...checks.map(checkLine),
    '',
    'What is claimed, by view',
    ...statements.map(({ task, tier, statement }) => statementLines(task, tier, statement)),
    '',
    'What this does not prove',
    ...LIMITS.map((limit) => `  ${wrap(limit, 2)}`),
    '',
    `${verdict}: ${count('pass')} ok, ${count('fail')} failed, ${count('skipped')} left out`,
    '',
  ].join('\n');
}
