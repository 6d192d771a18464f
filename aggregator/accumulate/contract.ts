/** A round's batch as the round sees it: `OpenBatch` in one process, or one of many partitions. */
import type { CloseRecord } from './close.ts';
import type { SpentId } from './spent.ts';

export interface Batch {
  /** Reports that are on disk. */
  readonly count: number;
  /** Report ids, 16 bytes each as a latin1 string. */
  readonly ids: Iterable<string>;
  readonly path: string;
  /** Set once membership is fixed, before a restart as well. */
  readonly closed: CloseRecord | null;
  /** Seed of the server's noise, journalled with the close record; null outside the split tier. */
  readonly noiseSeed: Uint8Array | null;
  /** What `setPrepared` was given, before a restart as well; else null. */
  readonly prepared: Uint8Array | null;
  /** Exact sum over the batch; meaningful once it is closed, and empty in the split tier. */
  readonly sum: Float64Array;
  /** Why a report could not be written lately, or null. */
  readonly lastError: Error | null;
  /** Whether it takes no more reports, where it knows better than by its count. */
  readonly full?: boolean;
  has(id: string): boolean;
  /** @throws Refusal report-conflict, round-full, round-closed or not-ready. */
  add(id: string, body: Uint8Array): Promise<void>;
  find(id: string, body: Uint8Array): Promise<'same' | 'other'> | null;
  probe(): Promise<void>;
  close(nowMs: () => number, noiseSeed?: Uint8Array | null): Promise<CloseRecord>;
  setPrepared(bytes: Uint8Array): Promise<void>;
  walk(visit: (bodies: readonly Uint8Array[]) => void | Promise<void>): Promise<void>;
  /** Ids and body hashes, where they are had without reading the bodies. */
  spent?(): Promise<readonly SpentId[]>;
  /** Calls `changed` when its count may have changed although nobody has added to it here. */
  watch?(changed: () => void): void;
  /** Deletes what it keeps of the reports besides its journal, once the round has ended. */
  discard?(): Promise<void>;
  stop(): Promise<void>;
}
