/**
 * What the nodes of a cluster say to each other over HTTP, inside the operator's network and under
 * a secret that they share. Little endian.
 *
 * A group of reports, each:
 *   0  4  length of the body
 *   4  4  partition
 *   8  …  body, padded with zeros to a multiple of 8
 *
 * The result of a closed partition:
 *   0  4     n, reports
 *   4  4     d of the sum, 0 in the split tier
 *   8  48n   id (16), SHA-256 of the body (32)
 *   …  8d    sum, float64
 */

import type { RefusalCode } from '../../shared/protocol/refusals.ts';
import { REPORT_ID_BYTES } from '../../shared/protocol/report.ts';
import type { SpentId } from '../accumulate/spent.ts';

/** Carries the cluster's secret. */
export const SECRET_HEADER = 'vitrine-cluster';

export const INTERNAL = {
  reports: '/cluster/reports',
  counts: '/cluster/counts',
  close: '/cluster/close',
  result: '/cluster/result',
} as const;

/** A partition of a round. */
export interface PartitionRef {
  readonly roundHash: string;
  readonly partition: number;
}

export interface CloseRequest extends PartitionRef {
  readonly closedAtMs: number;
}

export interface PartitionCount extends PartitionRef {
  readonly count: number;
  /** A report was refused because neither it nor the round had room left. */
  readonly full: boolean;
}

export interface Addressed {
  readonly partition: number;
  readonly body: Uint8Array;
}

/**
 * What became of a report. `elsewhere`: this node does not hold the partition, or does not know the
 * round; nothing is said about the report.
 */
export type Verdict =
  | { readonly outcome: 'accepted' | 'duplicate' | 'elsewhere' }
  | { readonly code: RefusalCode; readonly detail: string };

export interface PartitionResult {
  readonly spent: readonly SpentId[];
  readonly sum: Float64Array;
}

const HEAD = 8;
const ROW = 48;
const padded = (length: number): number => length + (-length & 7);

export function encodeGroup(reports: readonly Addressed[]): Uint8Array {
  const length = reports.reduce((sum, { body }) => sum + HEAD + padded(body.length), 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { partition, body } of reports) {
    view.setUint32(at, body.length, true);
    view.setUint32(at + 4, partition, true);
    bytes.set(body, at + HEAD);
    at += HEAD + padded(body.length);
  }
  return bytes;
}

/** Bodies are views of `bytes`, 8-byte aligned in them. @throws RangeError for bytes that are no group. */
export function decodeGroup(bytes: Uint8Array): Addressed[] {
  const reports: Addressed[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const left = bytes.length - at - HEAD;
    const length = left < 0 ? 0 : view.getUint32(at, true);
    if (left < 0 || padded(length) > left) throw new RangeError('a group of reports ends early');
    const body = bytes.subarray(at + HEAD, at + HEAD + length);
    reports.push({ partition: view.getUint32(at + 4, true), body });
    at += HEAD + padded(length);
  }
  return reports;
}

export function encodeResult({ spent, sum }: PartitionResult): Uint8Array {
  const bytes = Buffer.alloc(HEAD + ROW * spent.length + 8 * sum.length);
  bytes.writeUInt32LE(spent.length, 0);
  bytes.writeUInt32LE(sum.length, 4);
  let at = HEAD;
  for (const { id, bodyHash } of spent) {
    bytes.write(id, at, 'latin1');
    bytes.set(bodyHash, at + REPORT_ID_BYTES);
    at += ROW;
  }
  for (const one of sum) at = bytes.writeDoubleLE(one, at);
  return bytes;
}

/** @throws RangeError for bytes that are no result, or a sum that is not finite. */
export function decodeResult(bytes: Uint8Array): PartitionResult {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEAD) throw new RangeError('a result ends early');
  const n = buffer.readUInt32LE(0);
  const d = buffer.readUInt32LE(4);
  if (buffer.length !== HEAD + ROW * n + 8 * d) throw new RangeError('a result ends early');
  const spent = Array.from({ length: n }, (_, i) => {
    const at = HEAD + ROW * i;
    return {
      id: buffer.toString('latin1', at, at + REPORT_ID_BYTES),
      bodyHash: Uint8Array.from(buffer.subarray(at + REPORT_ID_BYTES, at + ROW)),
    };
  });
  const sum = Float64Array.from({ length: d }, (_, i) =>
    buffer.readDoubleLE(HEAD + ROW * n + 8 * i),
  );
  if (!sum.every(Number.isSafeInteger)) throw new RangeError('a sum is not exact');
  return { spent, sum };
}
