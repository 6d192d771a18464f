/**
 * Wire format of a report, version 1 (SPEC.md, rules W1 to W6). Little endian.
 *
 *   0  4   magic "VTR1"
 *   4  1   wire version, 1
 *   5  1   tier: 1 local, 2 split, 3 test
 *   6  2   reserved, 0
 *   8  16  report id
 *  24  32  task hash
 *  56  32  round hash
 *  88      payload, by tier and mechanism:
 *          local and test: d coordinates, int32
 *          local, privunit: 32, the seed of the vector
 *          split: d coordinates of the leader's share, uint32, then 80, the sealed seed of the
 *          helper's (X25519 encapsulated key 32, ciphertext 32, tag 16)
 */
import { assertBytes, assertInteger } from '../assert/assert.ts';
import { Refusal } from './refusals.ts';
import type { Task, Tier } from './task.ts';

export const REPORT_HEADER_BYTES = 88;
export const REPORT_ID_BYTES = 16;
export const REPORT_WIRE_VERSION = 1;
export const REPORT_CONTENT_TYPE = 'application/vnd.vitrine.report';

const MAGIC = [0x56, 0x54, 0x52, 0x31] as const;
const TIER_CODES: Record<Tier, number> = { local: 1, split: 2, test: 3 };

export interface ReportHeader {
  readonly tier: Tier;
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** 32 bytes. */
  readonly taskHash: Uint8Array;
  /** 32 bytes. */
  readonly roundHash: Uint8Array;
}

/** Seed of a PrivUnitG vector: a ChaCha20 key. */
export const PRIVUNIT_SEED_BYTES = 32;
/** RFC 9180, X25519 and AES-128-GCM: encapsulated key, 32-byte seed and tag. */
export const SEALED_SEED_BYTES = 80;

/** What decides the length of a report; any task record has it. */
export type PayloadTask = Pick<Task, 'tier' | 'mechanism' | 'd'>;

/** Bytes behind the header. */
export function payloadLength({ tier, mechanism, d }: PayloadTask): number {
  assertInteger('d', d, 1, 1 << 26);
  if (mechanism.name === 'privunit') return PRIVUNIT_SEED_BYTES;
  return 4 * d + (tier === 'split' ? SEALED_SEED_BYTES : 0);
}

/** Exact length of a report to a task, bytes. */
export function reportLength(task: PayloadTask): number {
  return REPORT_HEADER_BYTES + payloadLength(task);
}

/** @throws TypeError or RangeError when a header field has a wrong length. */
export function encodeReport(header: ReportHeader, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  assertBytes('header.id', header.id, REPORT_ID_BYTES);
  assertBytes('header.taskHash', header.taskHash, 32);
  assertBytes('header.roundHash', header.roundHash, 32);
  assertBytes('payload', payload);
  const bytes = new Uint8Array(REPORT_HEADER_BYTES + payload.length);
  bytes.set(MAGIC, 0);
  bytes[4] = REPORT_WIRE_VERSION;
  bytes[5] = TIER_CODES[header.tier];
  bytes.set(header.id, 8);
  bytes.set(header.taskHash, 24);
  bytes.set(header.roundHash, 56);
  bytes.set(payload, REPORT_HEADER_BYTES);
  return bytes;
}

/**
 * Reads a header and refuses by name what is not one; the coordinates are not touched.
 * @throws Refusal bad-length, bad-magic, bad-version, bad-reserved or wrong-tier.
 */
export function decodeReportHeader(bytes: Uint8Array): ReportHeader {
  if (bytes.length < REPORT_HEADER_BYTES) {
    throw new Refusal('bad-length', `${bytes.length} bytes, header has ${REPORT_HEADER_BYTES}`);
  }
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw new Refusal('bad-magic');
  if (bytes[4] !== REPORT_WIRE_VERSION) {
    throw new Refusal('bad-version', `version ${bytes[4]}, expected ${REPORT_WIRE_VERSION}`);
  }
  if (bytes[6] !== 0 || bytes[7] !== 0) throw new Refusal('bad-reserved');
  const tier = (Object.keys(TIER_CODES) as Tier[]).find((name) => TIER_CODES[name] === bytes[5]);
  if (tier === undefined) throw new Refusal('wrong-tier', `tier code ${bytes[5]}`);
  return {
    tier,
    id: bytes.slice(8, 24),
    taskHash: bytes.slice(24, 56),
    roundHash: bytes.slice(56, 88),
  };
}

/**
 * Coordinates of a whole report that carries d of them and nothing else.
 * @throws Refusal bad-length when bytes are missing or left over.
 */
export function decodeCoordinates(bytes: Uint8Array, d: number): Int32Array {
  const expected = REPORT_HEADER_BYTES + 4 * d;
  if (bytes.length !== expected) {
    throw new Refusal('bad-length', `${bytes.length} bytes, expected ${expected}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Int32Array(d);
  for (let i = 0; i < d; i++) out[i] = view.getInt32(REPORT_HEADER_BYTES + 4 * i, true);
  return out;
}
