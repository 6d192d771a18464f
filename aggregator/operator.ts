/**
 * What the operator asks of one task's rounds, and has on disk before anything follows from it
 * (SPEC.md, RD23): pause, the end of the open round, an earlier version.
 */
import { canonicalBytes } from '../shared/bytes/canonical.ts';
import { fromUtf8 } from '../shared/bytes/utf8.ts';
import { flag, integer, nullable, object } from '../shared/protocol/shape.ts';
import type { RestoreRecord } from '../shared/protocol/task.ts';
import type { Versions } from '../shared/protocol/versions.ts';
import { type Disk, DiskError, writeWhole } from './accumulate/disk.ts';

export const OPERATOR_FILE = 'operator.json';

export type OperatorCode =
  /** The site has no task of this hash. */
  | 'unknown-task'
  /** No version has this number. */
  | 'unknown-version'
  /** The task's gate has not admitted the version. */
  | 'not-admitted'
  /** A statistic has no versions to go back to. */
  | 'not-trained'
  /** No round that could be abandoned is open. */
  | 'nothing-open'
  /** It is so already. */
  | 'already';

/** What the operator asked for cannot be done; nothing has changed. */
export class OperatorError extends Error {
  readonly code: OperatorCode;

  constructor(code: OperatorCode, message: string) {
    super(`${code}: ${message}`);
    this.name = 'OperatorError';
    this.code = code;
  }
}

/** The file with the operator's wishes does not hold them. */
export class CorruptWishes extends Error {
  readonly code = 'corrupt-operator';

  constructor(path: string, cause: unknown) {
    super(`corrupt-operator: ${path}: ${(cause as Error).message}`, { cause });
    this.name = 'CorruptWishes';
  }
}

interface Wishes {
  /** No round opens. */
  readonly paused: boolean;
  /** No round opens before. */
  readonly resumedAtMs: number;
  /** Number of a round that closes at once. */
  readonly close: number | null;
  /** Number of a round that closes at once and ends without a version. */
  readonly abandon: number | null;
  readonly restore: { readonly of: number; readonly atMs: number } | null;
}

const NONE: Wishes = {
  paused: false,
  resumedAtMs: 0,
  close: null,
  abandon: null,
  restore: null,
};
const TIME = integer(0, 2 ** 52);
const ROUND = nullable(integer(1, 2 ** 40));
const WISHES = object({
  paused: flag,
  resumedAtMs: TIME,
  close: ROUND,
  abandon: ROUND,
  restore: nullable(object({ of: integer(0, 2 ** 40), atMs: TIME })),
});

export class Operator {
  readonly #disk: Disk;
  readonly #path: string;
  #wishes = NONE;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
  }

  get paused(): boolean {
    return this.#wishes.paused;
  }

  get resumedAtMs(): number {
    return this.#wishes.resumedAtMs;
  }

  /** Whether a round is to end now. */
  ends(round: number): boolean {
    return this.#wishes.close === round || this.abandons(round);
  }

  abandons(round: number): boolean {
    return this.#wishes.abandon === round;
  }

  /** @throws CorruptWishes, DiskError */
  async load(): Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#disk.read(this.#path);
    } catch (error) {
      if (error instanceof DiskError && error.code === 'missing') return;
      throw error;
    }
    try {
      const wishes: unknown = JSON.parse(fromUtf8(bytes));
      WISHES(wishes, 'operator');
      this.#wishes = wishes as Wishes;
    } catch (cause) {
      throw new CorruptWishes(this.#path, cause);
    }
  }

  /** @param close the open round, where it closes at once. @throws OperatorError already; DiskError */
  async pause(close: number | null): Promise<void> {
    if (this.paused && close === null) throw new OperatorError('already', 'paused');
    await this.#write({ paused: true, close });
  }

  /** @throws OperatorError already; DiskError */
  async resume(nowMs: number): Promise<void> {
    if (!this.paused) throw new OperatorError('already', 'not paused');
    await this.#write({ paused: false, resumedAtMs: nowMs });
  }

  async abandon(round: number): Promise<void> {
    await this.#write({ abandon: round });
  }

  /** @param open the open round, which ends without a version first. */
  async restore(of: number, atMs: number, open: number | null): Promise<void> {
    await this.#write({ restore: { of, atMs }, abandon: open });
  }

  /** What a restore that was asked for says, and is not in the log yet; null otherwise. */
  pending(
    versions: Versions,
  ): Pick<
    RestoreRecord,
    'modelVersion' | 'model' | 'previousModel' | 'of' | 'restoredAtMs'
  > | null {
    const { restore } = this.#wishes;
    if (restore === null) return null;
    const { of, atMs } = restore;
    const served = versions.served?.record;
    if (served?.type === 'restore' && served.of === of && served.restoredAtMs === atMs) return null;
    const model = versions.modelOf(of);
    if (model === null)
      throw new RangeError(`${this.#path} names a version that is not in the log`);
    const { next: modelVersion, model: previousModel } = versions;
    return { modelVersion, model, previousModel, of, restoredAtMs: atMs };
  }

  /** The restore is in the log. */
  async restored(): Promise<void> {
    if (this.#wishes.restore !== null) await this.#write({ restore: null });
  }

  async #write(change: Partial<Wishes>): Promise<void> {
    const wishes = { ...this.#wishes, ...change };
    await writeWhole(this.#disk, this.#path, canonicalBytes(wishes));
    this.#wishes = wishes;
  }
}

/**
 * Number under which the weights of `version` were made, if they may be served again.
 * @throws OperatorError unknown-version, not-admitted or already
 */
export function restorable(versions: Versions, version: number): number {
  const origin = versions.originOf(version);
  if (origin === null) throw new OperatorError('unknown-version', `there is no version ${version}`);
  if (!versions.isServable(origin)) {
    throw new OperatorError('not-admitted', `the gate has not admitted version ${version}`);
  }
  if (origin === versions.origin) {
    throw new OperatorError('already', `the weights of version ${version} are served`);
  }
  return origin;
}
