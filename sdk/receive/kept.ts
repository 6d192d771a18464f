/** What meta.site holds: signed JSON as it came. Signatures are verified again when it is used. */
import { LogError } from '../../shared/protocol/checkpoint.ts';
import type { SiteRecord } from '../../shared/protocol/task.ts';
import type { KeptCheckpoint } from '../../shared/protocol/tiles.ts';

export interface Kept {
  /** Signed<SiteRecord>, or null. */
  readonly site: unknown;
  /** Signed<Task> by hash. */
  readonly tasks: Readonly<Record<string, unknown>>;
  /** Largest round number seen of each task, by hash. */
  readonly rounds: Readonly<Record<string, number>>;
  /** Last verified checkpoint of each log, by its key. */
  readonly logs: Readonly<Record<string, KeptCheckpoint>>;
  /** Keys that any site record has revoked; they stay so. */
  readonly revoked: readonly string[];
}

const NOTHING: Kept = { site: null, tasks: {}, rounds: {}, logs: {}, revoked: [] };

/** Anything of another form counts as nothing kept: it is fetched again. */
export function readKept(value: unknown): Kept {
  if (!isRecord(value)) return NOTHING;
  const { site, tasks, rounds, logs, revoked } = value;
  if (!isRecord(tasks) || !isRecord(rounds)) return NOTHING;
  const numbers = Object.entries(rounds).filter(([, round]) => Number.isInteger(round));
  return {
    site: site ?? null,
    tasks,
    rounds: Object.fromEntries(numbers) as Kept['rounds'],
    logs: isRecord(logs) ? checkpointsOf(logs) : {},
    revoked: Array.isArray(revoked) ? revoked.filter((key) => typeof key === 'string') : [],
  };
}

function checkpointsOf(logs: Record<string, unknown>): Kept['logs'] {
  const found = Object.entries(logs).filter(
    ([, one]) =>
      isRecord(one) &&
      Number.isSafeInteger(one.size) &&
      /^[0-9a-f]{64}$/.test(String(one.root)) &&
      Number(one.size) >= 0,
  );
  return Object.fromEntries(found) as Kept['logs'];
}

/**
 * A new site record, without the tasks that it no longer lists. Round numbers, checkpoints and
 * revocations stay.
 */
export function withSite(kept: Kept, signed: { readonly record: SiteRecord }): Kept {
  const listed = new Set(signed.record.tasks.map(({ hash }) => hash));
  const tasks = Object.entries(kept.tasks).filter(([hash]) => listed.has(hash));
  const revoked = [...new Set([...kept.revoked, ...signed.record.revoked])];
  return { ...kept, site: signed, tasks: Object.fromEntries(tasks), revoked };
}

export function withTask(kept: Kept, hash: string, signed: unknown): Kept {
  return { ...kept, tasks: { ...kept.tasks, [hash]: signed } };
}

export function withRound(kept: Kept, taskHash: string, round: number): Kept {
  const seen = Math.max(round, kept.rounds[taskHash] ?? 0);
  return { ...kept, rounds: { ...kept.rounds, [taskHash]: seen } };
}

/** The larger one stays. @throws LogError log-fork for another tree of the same size. */
export function withCheckpoint(kept: Kept, logKey: string, checkpoint: KeptCheckpoint): Kept {
  const known = kept.logs[logKey];
  if (known !== undefined && known.size === checkpoint.size && known.root !== checkpoint.root) {
    throw new LogError(
      'log-fork',
      `another tree of ${known.size} entries was seen by another page`,
    );
  }
  if (known !== undefined && known.size >= checkpoint.size) return kept;
  return { ...kept, logs: { ...kept.logs, [logKey]: checkpoint } };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
