/** A plan as text for people. */
import type { Plan, PlannedPart } from '../shared/plan/planner.ts';
import { digits } from '../shared/plan/why.ts';

const DAY_MS = 86_400_000;
const count = (n: number): string => n.toLocaleString('en-GB');

/** Columns as wide as their widest cell, two spaces between them; the last is ragged. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => [...(row[column] ?? '')].length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] as number) - [...cell].length))
      .join('  ')
      .trimEnd(),
  );
}

const HEAD = ['part', 'size', 'd', 'of K', 'rounds', 'reports', 'days', 'ε', 'why'];

function row({ name, on, size, units, why, task }: PlannedPart<unknown>): string[] {
  if (!on || task === null) return [name, 'off', '', '', '', '', '', '', why];
  const { d, rounds, minReports, reports, windowMs, epsilon } = task;
  return [
    ...[name, size, count(d), String(units), String(rounds)],
    ...[`${count(minReports)} to ${count(reports)}`, String((rounds * windowMs) / DAY_MS)],
    ...[epsilon.toFixed(2), why],
  ];
}

/** The parts of a plan, a line each. */
export function planTable({ parts }: Plan<unknown>): string {
  return `${aligned([HEAD, ...parts.map(row)]).join('\n')}\n`;
}

/** What is planned in all, and what it rests on. */
export function planSummary(plan: Plan<unknown>, epsilonPerParticipation: number): string {
  const { request, epsilon, delta, participations, spare } = plan;
  const { shoppers, items, bestSellers, tier, visitsPerWeek } = request;
  const best = bestSellers === undefined ? '' : ` (${count(bestSellers)} known best sellers)`;
  const against = tier === 'split' ? 'whoever does not control both servers' : 'everyone';
  const visits = visitsPerWeek === 1 ? 'once a week' : `${digits(visitsPerWeek)} times a week`;
  return [
    `${count(shoppers)} shoppers who contribute and visit ${visits}, ${count(items)} goods${best}, ${tier} tier`,
    `ε ${epsilon} in all at δ ${delta} against ${against}: ${participations} participations (K) of ε ${epsilonPerParticipation.toFixed(2)}, ${spare} of them spare`,
    '',
  ].join('\n');
}
