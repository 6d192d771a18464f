/** A batch that is prepared: whose seeds opened, and what was rejected. In memory alone. */

import { toHex } from '../../shared/bytes/hex.ts';
import { merkleRoot } from '../../shared/protocol/merkle.ts';
import {
  compareIds,
  type PrepareAnswer,
  type PrepareMessage,
  type RejectedReport,
  type RejectReason,
  type SealedReport,
} from '../../shared/protocol/opening.ts';
import type { SeedOpener } from '../../shared/sharing/seal.ts';
import { addInto, expandSeed } from '../../shared/sharing/share.ts';
import { sha256Sync } from '../log/tree.ts';

export interface Preparation {
  /** Hex. */
  readonly taskHash: string;
  readonly roundHash: string;
  /** Accepted ids of 16 bytes, ascending, and their seeds in the same order. */
  readonly ids: readonly Uint8Array[];
  readonly seeds: readonly Uint8Array[];
  readonly answer: PrepareAnswer;
}

/** Operations that WebCrypto is given at once. */
const WIDTH = 64;

/**
 * Opens the seeds of a batch.
 * @param isSpent whether an id was in an opened batch.
 */
export async function prepareBatch(
  message: PrepareMessage,
  opener: SeedOpener,
  isSpent: (id: Uint8Array) => boolean,
): Promise<Preparation> {
  const { taskHash, roundHash, reports } = message;
  const rejected: RejectedReport[] = [];
  const ids: Uint8Array[] = [];
  const seeds: Uint8Array[] = [];
  const reject = (id: Uint8Array, reason: RejectReason): void => {
    rejected.push({ id: toHex(id), reason });
  };
  const distinct = runsOf(reports);
  for (let at = 0; at < distinct.length; at += WIDTH) {
    const group = distinct.slice(at, at + WIDTH);
    const opened = await Promise.all(
      group.map(({ report: { id, sealed, leaderShareHash }, repeated }) =>
        repeated || isSpent(id)
          ? null
          : opener.open({ taskHash, roundHash, reportId: id }, sealed, leaderShareHash),
      ),
    );
    for (const [i, { report, repeated }] of group.entries()) {
      const seed = opened[i] ?? null;
      if (repeated) reject(report.id, 'repeated');
      else if (isSpent(report.id)) reject(report.id, 'spent');
      else if (seed === null) reject(report.id, 'bad-seal');
      else {
        ids.push(report.id);
        seeds.push(seed);
      }
    }
  }
  const batch = toHex(merkleRoot(ids, sha256Sync));
  return {
    taskHash: toHex(taskHash),
    roundHash: toHex(roundHash),
    ids,
    seeds,
    answer: { rejected, batch, reports: ids.length },
  };
}

interface Run {
  readonly report: SealedReport;
  readonly repeated: boolean;
}

/** Each id once, and whether it came more than once. */
function runsOf(reports: readonly SealedReport[]): Run[] {
  const runs: Run[] = [];
  for (const report of reports) {
    const last = runs.at(-1);
    if (last === undefined || compareIds(last.report.id, report.id) !== 0) {
      runs.push({ report, repeated: false });
    } else runs[runs.length - 1] = { report, repeated: true };
  }
  return runs;
}

/** The helper's noised share: the shares that the seeds stand for, and the noise, mod 2^32. */
export async function noisedShare(
  seeds: readonly Uint8Array[],
  noise: Int32Array,
): Promise<Uint32Array> {
  const sum = Uint32Array.from(noise);
  for (const seed of seeds) addInto(sum, await expandSeed(seed, noise.length));
  return sum;
}
