/**
 * The log that a cluster works on, whatever engine keeps it (DESIGN.md §5). Names form a tree, like
 * paths: `batch/7f3a/12/0`. Each name has a log of frames (then it is called a partition) or a value
 * or both, and `drop` removes a name with all that lies below it.
 *
 * What every engine promises, held by test/contract/update-log.ts:
 * - A frame or a value is there as a whole or not at all, whatever its size, whoever dies.
 * - Of several writers that append after the same offset, or save over the same revision, exactly
 *   one wins; the others are `Fenced`. A writer that was frozen and wakes up is one of them.
 * - What was acknowledged is read back, byte for byte, after a kill of any process and of the
 *   engine. What it takes to lose it is said by `promise`.
 */

/** Bytes of one frame at most: a group commit of reports. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** Bytes of one value at most: a snapshot of a partition. */
export const MAX_VALUE_BYTES = 32 * 1024 * 1024;

const MAX_NAME_LENGTH = 200;
const NAME = /^[a-z0-9_-]+(?:\/[a-z0-9_-]+)*$/;

/** What an operator may accept by name although it weakens the promise. */
export const ACCEPTABLE = ['file-unsynced', 'jetstream-unsynced', 'postgres-unsynced'] as const;
export type Accepted = (typeof ACCEPTABLE)[number];

/**
 * - `fenced`: somebody else has appended, saved or dropped; nothing of this call counts.
 * - `unavailable`: the engine did not answer as it should, now or in time. Whether an append or a
 *   save counts is unknown, and it may still come to count later; `last` or `load` tells how far
 *   things are, and the next append or save after that answer settles it.
 * - `unsafe-engine`: a setting of the engine would break the promise and was not accepted by name.
 * - `missing-package`: the engine's client is not installed; the message has the command.
 * - `damaged`: what the engine holds is not what was written.
 */
export type EngineErrorCode =
  | 'fenced'
  | 'unavailable'
  | 'unsafe-engine'
  | 'missing-package'
  | 'damaged';

/** A named failure of the engine. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'EngineError';
    this.code = code;
  }
}

/** Another writer came first, or the name was dropped. The caller has lost what it held. */
export class Fenced extends EngineError {
  constructor(message: string, options?: ErrorOptions) {
    super('fenced', message, options);
    this.name = 'Fenced';
  }
}

export interface Frame {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Value {
  /** Rises with every save; 0 where there is none. */
  readonly revision: number;
  readonly bytes: Uint8Array | null;
}

/**
 * Offsets and revisions are safe integers that rise, with gaps; 0 stands before the first. They
 * mean nothing outside their name. A name that was dropped is not used again, since a writer from
 * before could take it up; let it hold a round or another number that rises.
 *
 * Every method throws TypeError for a name that is none: parts of `a-z 0-9 _ -`, joined by `/`, 200
 * characters at most; RangeError for numbers that are none and for bytes past the limits; and
 * `EngineError`. Bytes that are given must not change until the call resolves; bytes that come back
 * belong to the caller.
 */
export interface UpdateLog {
  readonly engine: 'file' | 'jetstream' | 'postgres';
  /** What an acknowledgement means with this engine as configured, in one sentence. */
  readonly promise: string;

  /**
   * Appends one frame and resolves with its offset once it is durable. It counts only if `after` is
   * the offset of the partition's last frame (0 for none), which fences every writer but one.
   * One call at a time and partition; calls on several partitions may overlap.
   * @throws Fenced when the partition has moved on; EngineError `unavailable` when the outcome is
   * unknown: read back from `after` before the next append.
   */
  append(partition: string, after: number, bytes: Uint8Array): Promise<number>;

  /**
   * Frames whose offset is higher than `after`, in order: all that were acknowledged before the
   * call, and maybe later ones. It ends, it does not wait. Nothing for an unknown partition.
   */
  read(partition: string, after: number): AsyncIterable<Frame>;

  /** Offset of the partition's last frame, those that were acknowledged at least; 0 for none. */
  last(partition: string): Promise<number>;

  /** The value of a name: snapshots, leases. */
  load(key: string): Promise<Value>;

  /**
   * Replaces the value if `expected` is its revision (0: if there is none); resolves with the new
   * revision once it is durable. The value before it is gone then.
   * @throws Fenced when the revision is another one.
   */
  save(key: string, expected: number, bytes: Uint8Array): Promise<number>;

  /** Removes a name and every name below it, frames and values. An unknown one is fine. */
  drop(name: string): Promise<void>;

  /**
   * Names that have frames or a value: `prefix` itself and those below it, sorted; '' lists all.
   * One that has only what a dead writer left of its first frame may be among them.
   * A prefix ends where a part of the name ends: `a/b` lists `a/b` and `a/b/c`, not `a/bc`.
   */
  list(prefix: string): Promise<readonly string[]>;

  /** Lets go of the engine. Calls after it throw EngineError `unavailable`. */
  close(): Promise<void>;
}

/** @throws TypeError unless `name` is one. */
export function assertName(name: string, argument: string): void {
  if (typeof name !== 'string' || name.length > MAX_NAME_LENGTH || !NAME.test(name)) {
    throw new TypeError(`${argument} is not a name of the log: ${JSON.stringify(name)}`);
  }
}

/** @throws TypeError unless `prefix` is a name or ''. */
export function assertPrefix(prefix: string): void {
  if (prefix !== '') assertName(prefix, 'prefix');
}

/** @throws RangeError unless `position` is an offset or a revision, 0 included. */
export function assertPosition(position: number, argument: string): void {
  if (!Number.isSafeInteger(position) || position < 0) {
    throw new RangeError(`${argument} must be a safe integer of at least 0, got ${position}`);
  }
}

/** @throws TypeError unless `bytes` is a Uint8Array; RangeError when it is longer than `limit`. */
export function assertBytes(bytes: Uint8Array, limit: number): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('bytes must be a Uint8Array');
  if (bytes.length > limit) {
    throw new RangeError(`bytes must have at most ${limit} bytes, got ${bytes.length}`);
  }
}
