/** A helper without a port: memory, log, noise and openings put together. */
import { randomBytes } from 'node:crypto';
import { assertBytes } from '../shared/assert/assert.ts';
import { fromBase64url } from '../shared/bytes/base64url.ts';
import { Refusal } from '../shared/protocol/refusals.ts';
import type { FetchFile } from '../shared/protocol/tiles.ts';
import { seedOpener } from '../shared/sharing/seal.ts';
import type { Disk } from './accumulate/disk.ts';
import type { HelperKeyRing } from './ceremony.ts';
import type { HelperService } from './helper-app.ts';
import type { Logger } from './logger.ts';
import { NOISE_SEED_BYTES } from './noise/noise.ts';
import { Memory } from './opening/memory.ts';
import { NoiseAhead } from './opening/noise-ahead.ts';
import { Openings } from './opening/openings.ts';
import { Witness } from './opening/witness.ts';
import type { Clock } from './time.ts';

const LATER_MS = 5;

/** What a helper works with besides its port; tests bring their own disks and time. */
export interface HelperParts {
  readonly keys: HelperKeyRing;
  /** Journal and shares of the generation of these keys. */
  readonly data: Disk;
  /** Its mark. */
  readonly mark: Disk;
  readonly fetch: FetchFile;
  readonly trust: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Seeds of the noise, 32 bytes each and none twice; the system's generator when left out. */
  readonly seed?: () => Uint8Array;
  /** Calls `work` later, outside any request. */
  readonly later?: (work: () => void) => void;
}

export interface RunningHelper extends HelperService {
  /** Noise drawn ahead, in vectors. */
  readonly pool: { readonly ready: number; readonly drawing: number };
  /** Compares the memory with the checkpoint that is served; draws noise for the log's tasks. */
  look(): Promise<void>;
  /** Ends the work that is under way and closes the journal. */
  stop(): Promise<void>;
}

/**
 * A helper without a port.
 * @throws MemoryError, CorruptJournal, DiskError; RangeError for a key that is none.
 */
export async function runHelper(parts: HelperParts): Promise<RunningHelper> {
  const { keys, logger, clock, trust, fetch } = parts;
  assertBytes('trust', fromBase64url(trust), 32);
  const memory = await Memory.open({ data: parts.data, keys: parts.mark });
  let stopped: string | null = null;
  let work: Promise<unknown> = Promise.resolve();
  const alone = <T>(next: () => Promise<T>): Promise<T> => {
    const done = work.then(() => {
      if (stopped !== null) throw new Refusal('not-ready', stopped);
      return next();
    });
    work = done.catch(() => undefined);
    return done;
  };
  const nowMs = (): number => clock.nowMs();
  const later = parts.later ?? ((draw: () => void): void => void setTimeout(draw, LATER_MS));
  const own = { ...keys.status, trust };
  const { signer, status } = keys;
  const witness = new Witness({
    memory,
    signer,
    own,
    fetch,
    nowMs,
    alone,
    rolledBack: (error) => {
      if (stopped !== null) return;
      stopped = error.message;
      logger('error', 'journal-rolled-back', { reason: error.message });
      work = work
        .then(() => memory.stop())
        .catch((cause: unknown) => {
          logger('error', 'mark-failed', { reason: (cause as Error).message });
        });
    },
  });
  const noise = new NoiseAhead({
    seed: parts.seed ?? (() => randomBytes(NOISE_SEED_BYTES)),
    use: (seed) => memory.useNoise(seed),
    later,
  });
  /** Draws noise for the tasks of the log before somebody asks. */
  const warm = async (): Promise<void> => {
    for (const [hash, task] of await witness.tasks()) {
      if (task.expiresAtMs > nowMs()) noise.ready(hash, task);
    }
  };
  const opener = await seedOpener(keys.sealing);
  const log = () => witness.log();
  const openings = new Openings({ memory, noise, signer, opener, own, log, nowMs, alone });
  return {
    status,
    signer,
    get notReady() {
      return stopped ?? memory.failed?.message ?? null;
    },
    get pool() {
      return noise.pool;
    },
    async maxReports() {
      return Math.max(0, ...(await witness.tasks()).map(([, task]) => task.maxReports));
    },
    prepare: (body, authenticate) => openings.prepare(body, authenticate),
    open: (request, authenticate) => openings.open(request, authenticate),
    async cosign(note, authenticate) {
      const line = await witness.cosign(note, authenticate);
      later(() => void warm().catch(() => undefined));
      return line;
    },
    async look() {
      await witness.look();
      await warm();
    },
    async stop() {
      stopped ??= 'stopping';
      await work;
      await memory.close();
    },
  };
}
