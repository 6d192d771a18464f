/** What a write may do to what is stored; both implementations ask here inside their transaction. */
import { gaussianOrder, ORDERS } from '../../shared/privacy/curve.ts';
import type { ChargeRequest, MetaValues, OutboxEntry, Retention, StoredModel } from './database.ts';
import { DatabaseError } from './database.ts';

/**
 * The value to store. A budget is only ever lowered (PR13): ε and δ each keep their smallest
 * value, and a bound at both is at least as strict as either; the order stays what it was. A
 * site's serial only rises, and an epoch begins once.
 */
export function mergeMeta<K extends keyof MetaValues>(
  key: K,
  before: MetaValues[K] | undefined,
  value: MetaValues[K],
): MetaValues[K] {
  if (before === undefined) return value;
  const rules: { [N in keyof MetaValues]?: (a: MetaValues[N], b: MetaValues[N]) => MetaValues[N] } =
    {
      budget: (a, b) => ({
        epsilon: Math.min(a.epsilon, b.epsilon),
        delta: Math.min(a.delta, b.delta),
        // A profile of before there was an order: from what it had pinned, not from what is sent.
        order: a.order ?? gaussianOrder(a.epsilon, a.delta),
      }),
      siteSerial: (a, b) => Math.max(a, b),
      epochStartMs: (a) => a,
      site: mergeSite,
    };
  return rules[key]?.(before, value) ?? value;
}

/**
 * Page and Worker both read what the receive room keeps, change it and write it back: what only
 * rises (the round numbers of each task, the serial of the site's record, the keys that are
 * revoked, the checkpoint of each log) is merged here.
 */
function mergeSite(before: unknown, value: unknown): unknown {
  if (!isRecord(before) || !isRecord(value)) return value;
  if (!isRecord(before.rounds) || !isRecord(value.rounds)) return value;
  const rounds: Record<string, unknown> = { ...before.rounds };
  for (const [task, round] of Object.entries(value.rounds)) {
    rounds[task] = Math.max(Number(round), Number(rounds[task] ?? 0));
  }
  const site = serialOf(before.site) > serialOf(value.site) ? before.site : value.site;
  const revoked = union(before.revoked, value.revoked);
  const logs = largest(before.logs, value.logs);
  return { ...value, site, rounds, ...revoked, ...logs };
}

function union(before: unknown, value: unknown): { revoked?: unknown[] } {
  if (!Array.isArray(before)) return {};
  return { revoked: [...new Set([...before, ...(Array.isArray(value) ? value : [])])] };
}

/** The checkpoint of the larger tree for each log; of one size, the one that was there. */
function largest(before: unknown, value: unknown): { logs?: Record<string, unknown> } {
  if (!isRecord(before)) return {};
  const logs: Record<string, unknown> = { ...before };
  for (const [key, one] of Object.entries(isRecord(value) ? value : {})) {
    if (sizeOf(one) > sizeOf(logs[key])) logs[key] = one;
  }
  return { logs };
}

function sizeOf(checkpoint: unknown): number {
  return isRecord(checkpoint) && Number.isSafeInteger(checkpoint.size)
    ? Number(checkpoint.size)
    : -1;
}

function serialOf(signed: unknown): number {
  const { record } = (signed ?? {}) as { record?: { serial?: unknown } };
  return typeof record?.serial === 'number' ? record.serial : -1;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws DatabaseError for a value of another kind, before anything is stored. */
export function checkMeta<K extends keyof MetaValues>(key: K, value: MetaValues[K]): void {
  const refuse = (expected: string): never => {
    throw new DatabaseError('failed', `meta.${key} must be ${expected}`);
  };
  if (key === 'budget') {
    const { epsilon, delta, order } = value as MetaValues['budget'];
    if (!(epsilon >= 0 && Number.isFinite(epsilon))) refuse('a budget with ε of at least 0');
    if (!(delta > 0 && delta < 1)) refuse('a budget with δ between 0 and 1');
    if (!ORDERS.includes(order)) refuse('a budget at an order of the accountant');
  }
  if (key === 'siteSerial' || key === 'epochStartMs') {
    if (!Number.isFinite(value as number)) refuse('a finite number');
  }
}

/** A report that is sent, refused or expired stays so; only what is kept of it may change. */
export function mergeOutbox(before: OutboxEntry, change: Partial<OutboxEntry>): OutboxEntry {
  const { reportId } = before;
  if (before.state === 'waiting') return { ...before, ...change, reportId };
  return change.body === null ? { ...before, body: null } : before;
}

/** A slower tab does not put an older version of the same task over a newer one. */
export function replacesModel(before: StoredModel | undefined, model: StoredModel): boolean {
  if (before === undefined || before.taskHash !== model.taskHash) return true;
  return model.modelVersion >= before.modelVersion;
}

export function waitingReport({ entry, report }: ChargeRequest): OutboxEntry {
  const { reportId, taskHash, roundHash } = entry;
  return { reportId, taskHash, roundHash, ...report, state: 'waiting', attempts: 0, last: '' };
}

/**
 * Coins that are kept. Round numbers only rise, so that an older coin is never asked for again,
 * unless another tab still looks at a round that has just ended.
 */
export const MAX_COINS = 1024;

export const coinKey = (taskHash: string, roundHash: string): string => `${taskHash}/${roundHash}`;

/** Events before this time are too old: measured from the newest, as time is told by events. */
export function oldestKept(newestMs: number, { maxAgeMs }: Retention): number {
  return newestMs - maxAgeMs;
}
