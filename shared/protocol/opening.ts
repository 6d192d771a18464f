/**
 * Messages by which a batch is opened (SPEC.md, S rules). Little endian.
 *
 * prepare, aggregator to helper:
 *   0  4    magic "VTO1"
 *   4  32   task hash
 *  36  32   round hash
 *  68  4    count, uint32
 *  72  128n per report, ids ascending: id 16, SHA-256 of the leader's share 32, sealed seed 80
 *
 * opened, helper to aggregator:
 *   0  4    magic "VTO2"
 *   4  4    length of the record, uint32
 *   8  …    JSON of the helper's signed opening record
 *      4d   the helper's noised share, uint32
 */
import { assertBytes, assertInteger } from '../assert/assert.ts';
import { canonicalBytes } from '../bytes/canonical.ts';
import { concatBytes } from '../bytes/concat.ts';
import { sha256Hex } from '../bytes/hash.ts';
import { ByteReader, ByteWriter } from '../bytes/reader.ts';
import { fromUtf8 } from '../bytes/utf8.ts';
import { decodeOpening, decodeSigned } from './records.ts';
import { Refusal } from './refusals.ts';
import { REPORT_ID_BYTES, SEALED_SEED_BYTES } from './report.ts';
import { type Check, hash, integer, list, literal, object, ShapeError } from './shape.ts';
import type { OpeningRecord, Signed } from './task.ts';

/** Routes of the helper. */
export const HELPER_PATHS = {
  livez: '/livez',
  readyz: '/readyz',
  /** GET of `HelperStatus`. */
  keys: '/v1/helper/keys',
  prepare: '/v1/helper/prepare',
  open: '/v1/helper/open',
  cosign: '/v1/helper/cosign',
} as const;

export const PREPARE_CONTENT_TYPE = 'application/vnd.vitrine.prepare';
export const OPENED_CONTENT_TYPE = 'application/vnd.vitrine.opened';

/** Reports of one batch at most; a task's `maxReports` is no larger. */
const MAX_BATCH = 2 ** 22;

const PREPARE_MAGIC = 0x314f5456;
const OPENED_MAGIC = 0x324f5456;
const PREPARE_HEADER_BYTES = 72;
const ROW_BYTES = REPORT_ID_BYTES + 32 + SEALED_SEED_BYTES;
/** Of the signed record's JSON, which is below 1 KiB. */
const MAX_RECORD_BYTES = 4096;

/** What the helper is told of one report. */
export interface SealedReport {
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** SHA-256 of the leader's share, 32 bytes. */
  readonly leaderShareHash: Uint8Array;
  /** 80 bytes. */
  readonly sealed: Uint8Array;
}

export interface PrepareMessage {
  /** 32 bytes each. */
  readonly taskHash: Uint8Array;
  readonly roundHash: Uint8Array;
  /** Ids ascending, byte by byte. */
  readonly reports: readonly SealedReport[];
}

/** Why the helper does not count a report; all occurrences of a repeated id are named once. */
export type RejectReason = 'bad-seal' | 'spent' | 'repeated';

export interface RejectedReport {
  /** 32 hex digits. */
  readonly id: string;
  readonly reason: RejectReason;
}

/** JSON answer to prepare. */
export interface PrepareAnswer {
  /** Ascending by id. */
  readonly rejected: readonly RejectedReport[];
  /** Merkle root (RFC 6962) over the ids that are not rejected, ascending. */
  readonly batch: string;
  /** How many those are. */
  readonly reports: number;
}

/** JSON body of open. */
export interface OpenRequest {
  /** SHA-256 of the prepare message by which the batch was prepared, hex. */
  readonly prepared: string;
  /** The leader's attestation of its noised share over the accepted ids. */
  readonly leader: Signed<OpeningRecord>;
}

export interface OpenedAnswer {
  readonly opening: Signed<OpeningRecord>;
  /** The helper's noised share, d × uint32 as bytes. */
  readonly share: Uint8Array;
}

/** Public answer of GET keys: what a site needs to name this helper in a task. */
export interface HelperStatus {
  readonly identityKey: string;
  readonly sealingKey: string;
  readonly sealingKeyExpiresAtMs: number;
}

const reportId: Check = (value, path) => {
  if (typeof value !== 'string' || !/^[0-9a-f]{32}$/.test(value)) {
    throw new ShapeError(path, '32 lower-case hex digits');
  }
};

const PREPARED = object({
  rejected: list(
    object({ id: reportId, reason: literal('bad-seal', 'spent', 'repeated') }),
    MAX_BATCH,
  ),
  batch: hash,
  reports: integer(0, MAX_BATCH),
});

const OPEN = object({ prepared: hash, leader: () => undefined });

/** Length of a prepare message, bytes. */
export function prepareLength(reports: number): number {
  return PREPARE_HEADER_BYTES + ROW_BYTES * reports;
}

/** @throws TypeError or RangeError for a field of a wrong length or ids that descend. */
export function encodePrepare({ taskHash, roundHash, reports }: PrepareMessage): Uint8Array {
  assertBytes('taskHash', taskHash, 32);
  assertBytes('roundHash', roundHash, 32);
  assertInteger('reports.length', reports.length, 1, MAX_BATCH);
  const writer = new ByteWriter();
  writer.u32(PREPARE_MAGIC).bytes(taskHash).bytes(roundHash).u32(reports.length);
  let previous: Uint8Array | null = null;
  for (const { id, leaderShareHash, sealed } of reports) {
    assertBytes('reports.id', id, REPORT_ID_BYTES);
    assertBytes('reports.leaderShareHash', leaderShareHash, 32);
    assertBytes('reports.sealed', sealed, SEALED_SEED_BYTES);
    if (previous !== null && compareIds(previous, id) > 0) {
      throw new RangeError('reports must be ascending by id');
    }
    previous = id;
    writer.bytes(id).bytes(leaderShareHash).bytes(sealed);
  }
  return writer.finish();
}

/** @throws Refusal bad-message for another magic or length, and for ids that descend. */
export function decodePrepare(bytes: Uint8Array): PrepareMessage {
  const reader = new ByteReader(bytes);
  if (bytes.length < PREPARE_HEADER_BYTES || reader.u32() !== PREPARE_MAGIC) {
    throw new Refusal('bad-message', 'not a prepare message');
  }
  const taskHash = reader.bytes(32);
  const roundHash = reader.bytes(32);
  const count = reader.u32();
  if (count < 1 || count > MAX_BATCH || bytes.length !== prepareLength(count)) {
    throw new Refusal('bad-message', `${bytes.length} bytes for ${count} reports`);
  }
  const reports: SealedReport[] = [];
  let previous: Uint8Array | null = null;
  for (let i = 0; i < count; i++) {
    const id = reader.bytes(REPORT_ID_BYTES);
    if (previous !== null && compareIds(previous, id) > 0) {
      throw new Refusal('bad-message', 'ids descend');
    }
    previous = id;
    reports.push({
      id,
      leaderShareHash: reader.bytes(32),
      sealed: reader.bytes(SEALED_SEED_BYTES),
    });
  }
  reader.end();
  return { taskHash, roundHash, reports };
}

/** Order of ids: byte by byte, as of their hex digits. */
export function compareIds(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** @throws ShapeError naming the field. */
export function decodePrepareAnswer(value: unknown): PrepareAnswer {
  PREPARED(value, 'prepared');
  return value as PrepareAnswer;
}

/** @throws ShapeError naming the field. */
export function decodeOpenRequest(value: unknown): OpenRequest {
  OPEN(value, 'open');
  const { prepared, leader } = value as { prepared: string; leader: unknown };
  return { prepared, leader: decodeSigned(leader, decodeOpening) };
}

export function encodeOpened({ opening, share }: OpenedAnswer): Uint8Array {
  const record = canonicalBytes(opening);
  const head = new ByteWriter().u32(OPENED_MAGIC).u32(record.length).finish();
  return concatBytes(head, record, share);
}

/**
 * An opened answer whose share has `d` coordinates and the hash that its record names. The
 * record's signature and what it says of the batch are the caller's to check.
 * @throws Refusal bad-message
 */
export async function decodeOpened(bytes: Uint8Array, d: number): Promise<OpenedAnswer> {
  assertInteger('d', d, 1);
  const reader = new ByteReader(bytes);
  if (bytes.length < 8 || reader.u32() !== OPENED_MAGIC) {
    throw new Refusal('bad-message', 'not an opened answer');
  }
  const length = reader.u32();
  if (length > MAX_RECORD_BYTES || bytes.length !== 8 + length + 4 * d) {
    throw new Refusal('bad-message', `${bytes.length} bytes for ${d} coordinates`);
  }
  const opening = openingOf(reader.bytes(length));
  const share = reader.bytes(4 * d);
  if ((await sha256Hex(share)) !== opening.record.share) {
    throw new Refusal('bad-message', 'the share is not the one that its record names');
  }
  return { opening, share };
}

function openingOf(bytes: Uint8Array): Signed<OpeningRecord> {
  try {
    return decodeSigned(JSON.parse(fromUtf8(bytes)), decodeOpening);
  } catch (error) {
    throw new Refusal('bad-message', (error as Error).message);
  }
}
