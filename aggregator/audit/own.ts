/** The task that was made for the audit, and the rounds that the auditor supplied to it (PR53). */
import type { FetchFile } from '../../shared/protocol/tiles.ts';
import { type Batches, idsOf } from './batches.ts';
import { type CheckName, type Checks, Tally } from './check.ts';
import { isAuditTask } from './claims.ts';
import type { LoggedRound } from './history.ts';
import type { KnownTask } from './records.ts';
import type { Supplied } from './supply.ts';
import { reasonOf, UsageError } from './web.ts';

/** Coordinates that the auditor makes in one run: some minutes of work. */
const MAX_COORDINATES = 2 ** 28;

/**
 * The task of --task, or the only one whose name begins with 'audit'.
 * @throws UsageError where there is none, or it was not made for an audit.
 */
export function ownTask(tasks: readonly KnownTask[], wanted: string | null): KnownTask {
  const found = tasks.filter(({ hash, signed }) =>
    wanted === null ? isAuditTask(signed.record) : hash === wanted || signed.record.name === wanted,
  );
  const [task, another] = found;
  if (task === undefined || another !== undefined) {
    const what = wanted ?? "whose name begins with 'audit'";
    throw new UsageError(`${found.length} tasks ${what}; name one with --task`);
  }
  if (!isAuditTask(task.signed.record)) {
    const { name } = task.signed.record;
    throw new UsageError(
      `task '${name}' was not made for an audit: its name must begin with audit`,
    );
  }
  return task;
}

/** @throws UsageError for more work than one run should ask for. */
export function assertAffordable({ signed }: KnownTask, rounds: number): void {
  const { d, maxReports, name } = signed.record;
  if (rounds * maxReports * d > MAX_COORDINATES) {
    throw new UsageError(
      `task '${name}': ${rounds} rounds of ${maxReports} reports of ${d} coordinates are too many`,
    );
  }
}

/**
 * The logged rounds of what was supplied, whose batches hold those reports and no others.
 * @param name of the check that says so.
 */
export async function ownRounds(
  fetch: FetchFile,
  { hash, signed }: KnownTask,
  supplied: readonly Supplied[],
  rounds: readonly LoggedRound[],
  checks: Checks,
): Promise<readonly (readonly [Supplied, LoggedRound])[]> {
  const tally = new Tally();
  const own: (readonly [Supplied, LoggedRound])[] = [];
  for (const one of supplied) {
    const where = `round ${one.round}`;
    const round = rounds.find(
      (logged) => logged.taskHash === hash && logged.hash === one.roundHash,
    );
    if (!tally.look(round?.model != null, () => `${where} was not published`)) continue;
    if (round === undefined) continue;
    try {
      const served = await idsOf(fetch, round);
      const same = [...one.ids].sort().join() === served.join();
      if (tally.look(same, () => `${where} holds other reports than the auditor's`)) {
        own.push([one, round]);
      }
    } catch (error) {
      const reason = reasonOf(error);
      tally.look(false, () => `${where}: ${reason}`);
    }
  }
  const count = supplied.reduce((sum, { ids }) => sum + ids.length, 0);
  const { name } = signed.record;
  checks.tally('own-batch', name, tally, `${own.length} rounds, ${count} reports, all of them own`);
  return own;
}

/** That each id stands once in the log, in the batch of its own round. */
export function checkOnce(
  name: CheckName,
  subject: string,
  own: readonly (readonly [Supplied, LoggedRound])[],
  batches: Batches,
  checks: Checks,
): void {
  const tally = new Tally();
  for (const [{ ids }, round] of own) {
    for (const id of ids) {
      const found = batches.of(id);
      const once = found.length === 1 && found[0]?.hash === round.hash;
      tally.look(once, () => `${id} stands in ${found.length} batches`);
    }
  }
  checks.tally(name, subject, tally, `${tally.seen} ids, each in the batch of its round alone`);
}
