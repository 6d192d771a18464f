/** What meta.site holds: signed JSON as it came. Signatures are verified again when it is used. */
import type { SiteRecord } from '../../shared/protocol/task.ts';

export interface Kept {
  /** Signed<SiteRecord>, or null. */
  readonly site: unknown;
  /** Signed<Task> by hash. */
  readonly tasks: Readonly<Record<string, unknown>>;
  /** Largest round number seen of each task, by hash. */
  readonly rounds: Readonly<Record<string, number>>;
}

const NOTHING: Kept = { site: null, tasks: {}, rounds: {} };

/** Anything of another form counts as nothing kept: it is fetched again. */
export function readKept(value: unknown): Kept {
  if (!isRecord(value)) return NOTHING;
  const { site, tasks, rounds } = value;
  if (!isRecord(tasks) || !isRecord(rounds)) return NOTHING;
  const numbers = Object.entries(rounds).filter(([, round]) => Number.isInteger(round));
  return { site: site ?? null, tasks, rounds: Object.fromEntries(numbers) as Kept['rounds'] };
}

/** A new site record, without the tasks that it no longer lists. Round numbers stay. */
export function withSite(kept: Kept, signed: { readonly record: SiteRecord }): Kept {
  const listed = new Set(signed.record.tasks.map(({ hash }) => hash));
  const tasks = Object.entries(kept.tasks).filter(([hash]) => listed.has(hash));
  return { ...kept, site: signed, tasks: Object.fromEntries(tasks) };
}

export function withTask(kept: Kept, hash: string, signed: unknown): Kept {
  return { ...kept, tasks: { ...kept.tasks, [hash]: signed } };
}

export function withRound(kept: Kept, taskHash: string, round: number): Kept {
  const seen = Math.max(round, kept.rounds[taskHash] ?? 0);
  return { ...kept, rounds: { ...kept.rounds, [taskHash]: seen } };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
