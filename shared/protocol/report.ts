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
 *  88  4d  coordinates, int32
 */
import { assertBytes, assertInteger } from '../assert/assert.ts';
import { Refusal } from './refusals.ts';
import type { Tier } from './task.ts';

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

/** Exact length of a report of d coordinates, bytes. */
export function reportLength(d: number): number {
  assertInteger('d', d, 1, 1 << 26);
  return REPORT_HEADER_BYTES + 4 * d;
}

/** @throws TypeError or RangeError when a header field has a wrong length. */
export function encodeReport(header: ReportHeader, coordinates: Int32Array): Uint8Array {
  assertBytes('header.id', header.id, REPORT_ID_BYTES);
  assertBytes('header.taskHash', header.taskHash, 32);
  assertBytes('header.roundHash', header.roundHash, 32);
  const bytes = new Uint8Array(reportLength(coordinates.length));
  bytes.set(MAGIC, 0);
  bytes[4] = REPORT_WIRE_VERSION;
  bytes[5] = TIER_CODES[header.tier];
  bytes.set(header.id, 8);
  bytes.set(header.taskHash, 24);
  bytes.set(header.roundHash, 56);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < coordinates.length; i++) {
    view.setInt32(REPORT_HEADER_BYTES + 4 * i, coordinates[i] as number, true);
  }
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
 * Coordinates of a whole report of d coordinates.
 * @throws Refusal bad-length when bytes are missing or left over.
 */
export function decodeCoordinates(bytes: Uint8Array, d: number): Int32Array {
  if (bytes.length !== reportLength(d)) {
    throw new Refusal('bad-length', `${bytes.length} bytes, expected ${reportLength(d)}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Int32Array(d);
  for (let i = 0; i < d; i++) out[i] = view.getInt32(REPORT_HEADER_BYTES + 4 * i, true);
  return out;
}
