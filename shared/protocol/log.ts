/** Entries of the public log. A leaf is the canonical JSON (RFC 8785) of an entry. */
import { canonicalBytes } from '../bytes/canonical.ts';
import type {
  ModelRecord,
  OpeningRecord,
  RestoreRecord,
  RoundRecord,
  Signed,
  SignedRotation,
  SignedTask,
  SiteRecord,
  VerdictRecord,
} from './task.ts';

/**
 * Why a round has no version: too few reports, a helper that did not open it in time, an opened
 * sum that no honest batch has (RD18), or the operator's word (RD23).
 */
export const ABANDON_REASONS = ['too-few', 'helper', 'implausible', 'operator'] as const;

/** A round without a version. */
export interface AbandonedEntry {
  readonly type: 'abandoned';
  readonly task: string;
  readonly round: number;
  readonly reports: number;
  readonly reason: (typeof ABANDON_REASONS)[number];
  readonly closedAtMs: number;
}

/** What both servers attest of one batch of the split tier; its model's entry follows. */
export interface OpeningEntry {
  readonly type: 'opening';
  readonly leader: Signed<OpeningRecord>;
  readonly helper: Signed<OpeningRecord>;
}

export type LogEntry =
  | { readonly type: 'site'; readonly site: Signed<SiteRecord> }
  | { readonly type: 'task'; readonly task: SignedTask }
  | { readonly type: 'rotation'; readonly rotation: SignedRotation }
  | { readonly type: 'round'; readonly round: Signed<RoundRecord> }
  | OpeningEntry
  | { readonly type: 'model'; readonly model: Signed<ModelRecord> }
  | AbandonedEntry
  | { readonly type: 'restore'; readonly restore: Signed<RestoreRecord> }
  | { readonly type: 'verdict'; readonly verdict: Signed<VerdictRecord> };

/** The entry of a version, made or restored. */
export function versionEntry({
  record,
  signature,
}: Signed<ModelRecord | RestoreRecord>): LogEntry & { readonly type: 'model' | 'restore' } {
  return record.type === 'model'
    ? { type: 'model', model: { record, signature } }
    : { type: 'restore', restore: { record, signature } };
}

export function leafBytes(entry: LogEntry): Uint8Array {
  return canonicalBytes(entry);
}
