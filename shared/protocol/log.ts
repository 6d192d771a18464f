/** Entries of the public log. A leaf is the canonical JSON (RFC 8785) of an entry. */
import { canonicalBytes } from '../bytes/canonical.ts';
import type {
  ModelRecord,
  OpeningRecord,
  RoundRecord,
  Signed,
  SignedRotation,
  SignedTask,
  SiteRecord,
} from './task.ts';

/** A round without an outcome: too few reports, or a helper that did not open it in time. */
export interface AbandonedEntry {
  readonly type: 'abandoned';
  readonly task: string;
  readonly round: number;
  readonly reports: number;
  readonly reason: 'too-few' | 'helper';
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
  | AbandonedEntry;

export function leafBytes(entry: LogEntry): Uint8Array {
  return canonicalBytes(entry);
}
