/** What the ledgers of simulated shoppers say, checked against the task's promises. */
import type { Database, LedgerEntry } from '../../sdk/database/database.ts';

export interface LedgerPromise {
  readonly taskHash: string;
  readonly participations: number;
  readonly separationMs: number;
}

export interface LedgerAudit {
  /** Reports charged. */
  readonly charges: number;
  /** Reports whose acknowledgement has arrived. */
  readonly sent: number;
  /** Most charges of one shopper. */
  readonly most: number;
  readonly violations: readonly string[];
}

export const NO_AUDIT: LedgerAudit = { charges: 0, sent: 0, most: 0, violations: [] };

export function addAudits(a: LedgerAudit, b: LedgerAudit): LedgerAudit {
  return {
    charges: a.charges + b.charges,
    sent: a.sent + b.sent,
    most: Math.max(a.most, b.most),
    violations: [...a.violations, ...b.violations],
  };
}

/** Violations in one list of charges to a task: cap, separation, one per round. */
export function ledgerViolations(
  entries: readonly Pick<LedgerEntry, 'atMs' | 'roundHash' | 'reportId'>[],
  promise: LedgerPromise,
): string[] {
  const violations: string[] = [];
  if (entries.length > promise.participations) {
    violations.push(`cap: ${entries.length} charges, ${promise.participations} allowed`);
  }
  if (new Set(entries.map(({ roundHash }) => roundHash)).size < entries.length) {
    violations.push('uniqueness: two charges in one round');
  }
  if (new Set(entries.map(({ reportId }) => reportId)).size < entries.length) {
    violations.push('uniqueness: a report id used twice');
  }
  const times = entries.map(({ atMs }) => atMs).sort((x, y) => x - y);
  for (let i = 1; i < times.length; i++) {
    const apart = (times[i] as number) - (times[i - 1] as number);
    if (apart < promise.separationMs) {
      violations.push(`separation: ${apart} ms, ${promise.separationMs} asked`);
    }
  }
  return violations;
}

/** Audit of one shopper's database: the rules above, and a charge for everything that was sent. */
export async function auditLedger(db: Database, promise: LedgerPromise): Promise<LedgerAudit> {
  const entries = (await db.readLedger()).filter(({ taskHash }) => taskHash === promise.taskHash);
  const charged = new Set(entries.map(({ reportId }) => reportId));
  const outbox = (await db.readOutbox()).filter(({ taskHash }) => taskHash === promise.taskHash);
  const sent = outbox.filter(({ state }) => state === 'sent');
  const violations = ledgerViolations(entries, promise);
  for (const { reportId } of sent) {
    if (!charged.has(reportId)) violations.push('a report was sent that is not in the ledger');
  }
  return { charges: entries.length, sent: sent.length, most: entries.length, violations };
}
