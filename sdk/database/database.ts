/**
 * What the SDK keeps in the shopper's browser, as one interface with two implementations
 * (IndexedDB and memory) under one contract suite. Rules PR13 to PR23 of shared/privacy/SPEC.md
 * are kept here: the charge is one strict transaction with the finished bytes.
 */
import type { RdpCurve } from '../../shared/privacy/curve.ts';
import type { ModelRecord, RestoreRecord, SiteBudget } from '../../shared/protocol/task.ts';
import type { ShopEvent } from '../capture/event.ts';

export interface Consent {
  /** Store history and rank on this device. */
  readonly personalise: boolean;
  /** Send noised reports. */
  readonly contribute: boolean;
}

/** One row of small, singular state. */
export interface MetaValues {
  consent: Consent;
  /** When this storage epoch began: the first write after consent to personalise. */
  epochStartMs: number;
  /** The site's budget as pinned; only ever lowered, at the order of first contact. */
  budget: SiteBudget;
  /** Largest serial of a site record seen; an older one is refused. */
  siteSerial: number;
  /** Latest verified site record and tasks, as signed JSON, for starts without network. */
  site: unknown;
  /** What the shop said of its shopper by `traits()`, as checked by sdk/profile/traits.ts. */
  traits: Readonly<Record<string, string | number | boolean>>;
}

/** Every key of `MetaValues`: the type refuses a list that lacks one. */
export const META_KEYS: readonly (keyof MetaValues)[] = Object.keys({
  consent: 0,
  epochStartMs: 0,
  budget: 0,
  siteSerial: 0,
  site: 0,
  traits: 0,
} satisfies Record<keyof MetaValues, 0>) as (keyof MetaValues)[];

export interface StoredEvent extends ShopEvent {
  /** Rises with every stored event; unique in this profile. */
  readonly key: number;
}

/** A good that a page told of; what it is, is for sdk/features/page-catalogue.ts to say. */
export interface StoredGood {
  /** Rises with every stored good. */
  readonly key: number;
  /** Days since 1970, UTC, on which it was seen last. */
  readonly day: number;
  readonly good: unknown;
}

export interface StoredModel {
  readonly taskName: string;
  readonly taskHash: string;
  /** 0 is the task's initial model. */
  readonly modelVersion: number;
  readonly modelHash: string;
  readonly weights: Float32Array;
  readonly record: ModelRecord | RestoreRecord | null;
  readonly storedAtMs: number;
}

/** One charge: a report that was made, whether or not it reached the server. */
export interface LedgerEntry {
  readonly key: number;
  readonly taskHash: string;
  readonly taskName: string;
  readonly roundHash: string;
  readonly round: number;
  /** Hex of the 16 random bytes. */
  readonly reportId: string;
  readonly atMs: number;
  readonly epsilon: number | 'none';
  readonly delta: number;
  readonly curve: RdpCurve;
  readonly bytes: number;
  /** What the accountant says of the report's task, in words. */
  readonly statement: string;
}

export type OutboxState = 'waiting' | 'sent' | 'refused' | 'expired';

export interface OutboxEntry {
  readonly reportId: string;
  readonly taskHash: string;
  readonly roundHash: string;
  /** The finished report; null once it is sent, refused or expired and `keepBytes` is over. */
  readonly body: Uint8Array | null;
  readonly state: OutboxState;
  readonly sendAtMs: number;
  readonly deadlineMs: number;
  readonly attempts: number;
  /** Refusal code or network state of the last attempt, '' before one. */
  readonly last: string;
}

/** What a charge asks; everything asynchronous has been done before it. */
export interface ChargeRequest {
  readonly entry: Omit<LedgerEntry, 'key' | 'atMs'>;
  readonly report: Pick<OutboxEntry, 'body' | 'sendAtMs' | 'deadlineMs'>;
  readonly nowMs: number;
  readonly participations: number;
  readonly separationMs: number;
}

export type ChargeRefusal =
  | 'no-consent'
  | 'cap-spent'
  | 'separation'
  | 'already-in-round'
  | 'budget-spent';

export type ChargeResult =
  | { readonly ok: true; readonly entry: LedgerEntry }
  | { readonly ok: false; readonly reason: ChargeRefusal };

export interface Retention {
  readonly maxEvents: number;
  readonly maxAgeMs: number;
}

export type DatabaseState = 'ready' | 'memory' | 'blocked' | 'quota' | 'closed';

/** Everything rejects with DatabaseError (a named state); nothing else escapes. */
export interface Database {
  /** 'memory' when IndexedDB is absent or forbidden: nothing outlives the page, nothing is sent. */
  readonly state: DatabaseState;
  /** Records of the history that could not be decrypted and were deleted, since it was opened. */
  readonly damaged: number;
  getMeta<K extends keyof MetaValues>(key: K): Promise<MetaValues[K] | undefined>;
  setMeta<K extends keyof MetaValues>(key: K, value: MetaValues[K]): Promise<void>;

  /**
   * Appends in a transaction that a page on its way out does not abort; then drops what is over
   * the ring (by more than a 64th of it) or too old, oldest first.
   *
   * @param replaced keys of events in whose place the new ones come; what is gone already is no
   * error. What this connection stored by itself goes in the same transaction.
   * @returns the keys of the events
   */
  appendEvents(
    events: readonly ShopEvent[],
    retention: Retention,
    replaced?: readonly number[],
  ): Promise<number[]>;
  /** Oldest first; only the newest `limit` when given. */
  readEvents(limit?: number): Promise<StoredEvent[]>;

  /** The newest model of a task name. */
  getModel(taskName: string): Promise<StoredModel | undefined>;
  /** Replaces the older version of the same task name. */
  putModel(model: StoredModel): Promise<void>;
  /** The encoded catalogue by hash; at most the one current catalogue is kept. */
  getCatalogue(hash: string): Promise<Uint8Array | undefined>;
  putCatalogue(hash: string, bytes: Uint8Array): Promise<void>;
  /** A part of the public cards, by hash. */
  getCards(hash: string): Promise<Uint8Array | undefined>;
  /** Keeps a part, and of the others only `current`. */
  putCards(hash: string, bytes: Uint8Array, current: readonly string[]): Promise<void>;
  /** Goods that pages told of, oldest first. */
  readGoods(): Promise<StoredGood[]>;
  /**
   * Keeps goods in place of the `replaced`; of all the newest 5,000 of `maxAgeMs`.
   * @returns their keys
   */
  putGoods(
    goods: readonly { readonly good: unknown; readonly atMs: number }[],
    replaced: readonly number[],
    retention: Pick<Retention, 'maxAgeMs'>,
  ): Promise<number[]>;

  /**
   * The round's coin: drawn once by `draw` per (task, round), then the same. Of the newest 1,024;
   * older ones are dropped.
   */
  coin(taskHash: string, roundHash: string, draw: () => boolean): Promise<boolean>;
  /** The larger of now and the last time in the ledger (rule PR19). */
  ledgerNow(nowMs: number): Promise<number>;
  /** Cap, separation, uniqueness and budget are read again inside the one strict transaction. */
  charge(request: ChargeRequest): Promise<ChargeResult>;
  /** The check of `charge` without a charge. */
  canCharge(request: Omit<ChargeRequest, 'report'>): Promise<ChargeRefusal | null>;
  readLedger(): Promise<LedgerEntry[]>;
  readOutbox(): Promise<OutboxEntry[]>;
  updateOutbox(reportId: string, change: Partial<OutboxEntry>): Promise<void>;
  /** Deletes reports that are not sent; their charges stay. */
  dropUnsent(): Promise<number>;

  /** Everything stored, decrypted, as plain JSON-able values (typed arrays as base64url). */
  exportAll(): Promise<Record<string, unknown>>;
  /** Deletes the whole database, verifies that nothing is left, and closes it. */
  erase(): Promise<void>;
  close(): void;
}

/** A storage failure by name; `cause` is the browser's own error. */
export class DatabaseError extends Error {
  readonly code: 'blocked' | 'quota' | 'closed' | 'version' | 'failed';

  constructor(code: DatabaseError['code'], message: string, cause?: unknown) {
    super(`${code}: ${message}`, { cause });
    this.name = 'DatabaseError';
    this.code = code;
  }
}
