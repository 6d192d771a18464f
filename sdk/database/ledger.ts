/** Whether a charge fits: rules PR13 and PR15 to PR19 of shared/privacy/SPEC.md, without storage. */
import { addCurves, epsilonAtOrder, zeroCurve } from '../../shared/privacy/curve.ts';
import type { ChargeRefusal, ChargeRequest, LedgerEntry, MetaValues } from './database.ts';

export interface LedgerState {
  readonly consent: MetaValues['consent'] | undefined;
  readonly budget: MetaValues['budget'] | undefined;
  readonly entries: readonly LedgerEntry[];
}

/** The larger of now and the last time in the ledger (PR19). */
export function ledgerTime(entries: readonly LedgerEntry[], nowMs: number): number {
  return entries.reduce((latest, { atMs }) => Math.max(latest, atMs), nowMs);
}

/**
 * The first reason for which `request` may not be charged, or null.
 *
 * Without a pinned budget nothing fits. A report that claims nothing ('none', the test tier) has
 * the zero curve and fits any budget.
 */
export function refusalOf(
  state: LedgerState,
  request: Omit<ChargeRequest, 'report'>,
): ChargeRefusal | null {
  const { consent, budget, entries } = state;
  const { entry } = request;
  if (consent?.contribute !== true) return 'no-consent';
  const sameTask = entries.filter(({ taskHash }) => taskHash === entry.taskHash);
  // By number too: two records of one number are two stories of one round.
  const same = (one: LedgerEntry): boolean =>
    one.roundHash === entry.roundHash || one.round === entry.round;
  if (sameTask.some(same)) return 'already-in-round';
  if (!(sameTask.length < request.participations)) return 'cap-spent';
  const last = sameTask.reduce(
    (latest, { atMs }) => Math.max(latest, atMs),
    Number.NEGATIVE_INFINITY,
  );
  const sinceLast = ledgerTime(entries, request.nowMs) - last;
  if (!(sinceLast >= request.separationMs)) return 'separation';
  // Nor with one that was pinned before there was an order, until the site is met again.
  if (budget?.order === undefined) return 'budget-spent';
  const spent = entries.reduce((sum, { curve }) => addCurves(sum, curve), zeroCurve());
  const composed = epsilonAtOrder(addCurves(spent, entry.curve), budget.order, budget.delta);
  return composed <= budget.epsilon || isZero(entry.curve) ? null : 'budget-spent';
}

const isZero = (curve: readonly number[]): boolean => curve.every((value) => value === 0);

/** The entry as it is stored, but for its key. */
export function chargedEntry(
  entries: readonly LedgerEntry[],
  request: ChargeRequest,
): Omit<LedgerEntry, 'key'> {
  return { ...request.entry, atMs: ledgerTime(entries, request.nowMs) };
}
