/**
 * The auditor as every browser of a round (PR53): reports made by its own code from vectors that it
 * knows, posted like any other, and the sums of all that went into them.
 */
import { fromBase64url } from '../../shared/bytes/base64url.ts';
import { concatBytes } from '../../shared/bytes/concat.ts';
import { sha256 } from '../../shared/bytes/hash.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { fromUtf8 } from '../../shared/bytes/utf8.ts';
import {
  encodeInt32LE,
  normBound,
  normBoundSquared,
  roundStochastic,
} from '../../shared/field/fixed.ts';
import { sigmaOf } from '../../shared/privacy/mechanism.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { decodeHead, recordHash } from '../../shared/protocol/records.ts';
import {
  encodeReport,
  REPORT_CONTENT_TYPE,
  REPORT_ID_BYTES,
} from '../../shared/protocol/report.ts';
import type { RoundRecord, Task } from '../../shared/protocol/task.ts';
import { exactSigmaSquared } from '../../shared/random/gaussian.ts';
import { addPrivUnit } from '../../shared/random/privunit.ts';
import { fillGaussian } from '../../shared/random/seeded.ts';
import type { RandomSource } from '../../shared/random/source.ts';
import { sealSeed } from '../../shared/sharing/seal.ts';
import {
  addInto,
  encodeUint32LE,
  expandSeed,
  leaderShare,
  SHARE_SEED_BYTES,
} from '../../shared/sharing/share.ts';
import { readJson, reasonOf, type Web } from './web.ts';

/** Signs of a vector of norm C, ±C/√d in every coordinate; null for a vector of zeros. */
export type Direction = Int8Array | null;

export interface SupplyDeps {
  readonly web: Web;
  readonly source: RandomSource;
  readonly pause: (ms: number) => Promise<void>;
  readonly timeoutMs: number;
}

/** Over the reports of one round. */
export interface Sums {
  /** Σ of the noised vectors, integer units. */
  readonly z: Float64Array;
  /** Σ of the noise that was added to them. */
  readonly noise: Float64Array;
  /** Σ of both servers' shares mod 2^32; split tier. */
  readonly leader: Uint32Array;
  readonly helper: Uint32Array;
}

export interface Supplied {
  readonly round: number;
  readonly roundHash: string;
  /** Hex, in the order of the directions. */
  readonly ids: readonly string[];
  readonly sums: Sums;
  /** Of each report, its own vector's scalar product with `probe` of the call, in units of B·√d. */
  readonly scores: readonly number[];
}

/** Exact scalar product with a vector of signs. */
export function signedSum(x: ArrayLike<number>, signs: Int8Array): number {
  let sum = 0;
  for (let i = 0; i < signs.length; i++) sum += (x[i] as number) * (signs[i] as number);
  return sum;
}

export function randomSigns(d: number, source: RandomSource): Int8Array {
  const bytes = new Uint8Array(d);
  source.fill(bytes);
  return Int8Array.from(bytes, (byte) => (byte & 1) * 2 - 1);
}

/** Variance of a browser's noise, squared integer units: PR3 and PR4; 0 without noise. */
export function browserVariance({ tier, mechanism, d, scaleBits, minReports }: Task): bigint {
  const sigma = sigmaOf(mechanism);
  if (sigma === 0) return 0n;
  const bound = normBound(2 ** scaleBits, d);
  const split = tier === 'split';
  return exactSigmaSquared(split ? (sigma * bound) / Math.sqrt(minReports / 2) : sigma * 2 * bound);
}

interface Made {
  readonly payload: Uint8Array;
  readonly z: ArrayLike<number>;
}

async function make(
  { task, header }: { task: Task; header: Parameters<typeof encodeReport>[0] },
  direction: Direction,
  sums: Sums,
  source: RandomSource,
): Promise<Made> {
  const { d, mechanism, clipL2, tier, helper } = task;
  const seed = new Uint8Array(SHARE_SEED_BYTES);
  source.fill(seed);
  if (mechanism.name === 'privunit') {
    const z = new Float64Array(d);
    addPrivUnit(seed, z);
    for (let i = 0; i < d; i++) sums.z[i] = (sums.z[i] as number) + (z[i] as number);
    return { payload: seed, z };
  }
  const B = 2 ** task.scaleBits;
  const length = clipL2 / Math.sqrt(d);
  const u =
    direction === null ? new Float64Array(d) : Float64Array.from(direction, (s) => s * length);
  const z = roundStochastic(u, B / clipL2, normBoundSquared(B, d), source);
  const variance = browserVariance(task);
  const noise = new Int32Array(d);
  if (variance > 0n) fillGaussian(noise, variance, source);
  for (let i = 0; i < d; i++) {
    z[i] = (z[i] as number) + (noise[i] as number);
    sums.noise[i] = (sums.noise[i] as number) + (noise[i] as number);
    sums.z[i] = (sums.z[i] as number) + (z[i] as number);
  }
  if (tier !== 'split') return { payload: encodeInt32LE(z), z };
  const share = await leaderShare(z, seed);
  addInto(sums.leader, share);
  addInto(sums.helper, await expandSeed(seed, d));
  const bytes = encodeUint32LE(share);
  const of = { taskHash: header.taskHash, roundHash: header.roundHash, reportId: header.id };
  const key = fromBase64url(helper?.sealingKey ?? '');
  return { payload: concatBytes(bytes, await sealSeed(key, of, seed, await sha256(bytes))), z };
}

/** Waits for a round of the task above `after`. @throws Error when none opens in time. */
async function openRound(
  { web, pause, timeoutMs }: SupplyDeps,
  taskHash: string,
  after: number,
): Promise<RoundRecord> {
  for (let waited = 0; waited <= timeoutMs; waited += 100) {
    const { round } = await readJson(web, PATHS.head(taskHash), decodeHead);
    if (round !== null && round.record.round > after) return round.record;
    await pause(100);
  }
  throw new Error(`no round opened within ${timeoutMs / 1000} s`);
}

async function send(web: Web, body: Uint8Array): Promise<void> {
  const { status, body: answer } = await web.post(PATHS.reports, body, REPORT_CONTENT_TYPE);
  if (status === 201) return;
  let code = `status ${status}`;
  try {
    code = (JSON.parse(fromUtf8(answer)) as { code?: string }).code ?? code;
  } catch (error) {
    reasonOf(error);
  }
  const hint = code.startsWith('round-')
    ? ': others report to the task, or its window is short'
    : '';
  throw new Error(`a report was refused: ${code}${hint}`);
}

/**
 * Supplies one round of the task: a report for each direction, and waits for its outcome.
 * @param after number of the round supplied last, or 0.
 * @param probes a direction for each report, for its score; the directions where left out.
 * @throws Error for a refusal, or no outcome in time; Unreachable
 */
export async function supplyRound(
  deps: SupplyDeps,
  task: Task,
  taskHash: string,
  after: number,
  directions: readonly Direction[],
  probes: readonly Direction[] = [],
): Promise<Supplied> {
  const { web, source, pause, timeoutMs } = deps;
  const record = await openRound(deps, taskHash, after);
  const roundHash = await recordHash(record);
  const sums: Sums = {
    z: new Float64Array(task.d),
    noise: new Float64Array(task.d),
    leader: new Uint32Array(task.d),
    helper: new Uint32Array(task.d),
  };
  const ids: string[] = [];
  const scores: number[] = [];
  for (const [i, direction] of directions.entries()) {
    const id = new Uint8Array(REPORT_ID_BYTES);
    source.fill(id);
    const header = {
      tier: task.tier,
      id,
      taskHash: fromHex(taskHash),
      roundHash: fromHex(roundHash),
    };
    const { payload, z } = await make({ task, header }, direction, sums, source);
    const probe = probes[i] ?? direction;
    scores.push(probe === null ? 0 : signedSum(z, probe));
    ids.push(toHex(id));
    await send(web, encodeReport(header, payload));
  }
  for (let waited = 0; waited <= timeoutMs; waited += 50) {
    const { status } = await web.get(PATHS.round(taskHash, record.round), 1 << 20);
    if (status === 200) return { round: record.round, roundHash, ids, sums, scores };
    await pause(50);
  }
  throw new Error(`round ${record.round} had no outcome within ${timeoutMs / 1000} s`);
}
