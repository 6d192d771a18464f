/** A report taken apart for whoever wants to see what left: every byte of it is in a field. */
import { toHex } from '../shared/bytes/hex.ts';
import { decodeInt32LE } from '../shared/field/fixed.ts';
import {
  decodeReportHeader,
  type PayloadTask,
  PRIVUNIT_SEED_BYTES,
  payloadLength,
  REPORT_HEADER_BYTES,
  SEALED_SEED_BYTES,
} from '../shared/protocol/report.ts';
import type { Tier } from '../shared/protocol/task.ts';

export interface InspectedField {
  readonly name: string;
  /** Offset and length in bytes. */
  readonly offset: number;
  readonly length: number;
  readonly value: string;
}

export interface Inspection {
  readonly fields: readonly InspectedField[];
  /** The noised fixed-point vector, or the leader's share of it, as sent; none of a seed. */
  readonly coordinates: Int32Array;
}

/**
 * @param task of the report; without it 32 bytes of the local tier are shown as what they may be, a
 * PrivUnitG seed or eight coordinates: the header does not say which.
 * @throws Refusal when the header is not a report's, RangeError for a payload of no report, or of
 * another than to `task`.
 */
export function inspectReport(bytes: Uint8Array, task?: PayloadTask): Inspection {
  const header = decodeReportHeader(bytes);
  const length = bytes.length - REPORT_HEADER_BYTES;
  if (task !== undefined && (header.tier !== task.tier || length !== payloadLength(task))) {
    throw new RangeError('bytes must be a report of the task');
  }
  const payload = payloadFields(header.tier, length, task?.mechanism.name);
  const vector = payload.find(({ name }) => name === 'vector' || name === 'share');
  return {
    coordinates: decodeInt32LE(bytes, REPORT_HEADER_BYTES, (vector?.length ?? 0) / 4),
    fields: [
      { name: 'magic', offset: 0, length: 4, value: 'VTR1' },
      { name: 'version', offset: 4, length: 1, value: String(bytes[4]) },
      { name: 'tier', offset: 5, length: 1, value: header.tier },
      { name: 'reserved', offset: 6, length: 2, value: '0' },
      { name: 'report-id', offset: 8, length: 16, value: toHex(header.id) },
      { name: 'task', offset: 24, length: 32, value: toHex(header.taskHash) },
      { name: 'round', offset: 56, length: 32, value: toHex(header.roundHash) },
      ...payload,
    ],
  };
}

type MechanismName = PayloadTask['mechanism']['name'];

const SEED = 'ChaCha20 seed of a PrivUnitG vector, which the server makes from it';

function payloadFields(
  tier: Tier,
  length: number,
  mechanism: MechanismName | undefined,
): InspectedField[] {
  const offset = REPORT_HEADER_BYTES;
  if (tier === 'split') {
    const shared = length - SEALED_SEED_BYTES;
    const share = `${shared / 4} × uint32, masked: random to whoever lacks the seed`;
    const seed = 'sealed for the second server: random to everyone else';
    return [
      { name: 'share', offset, length: shared, value: share },
      { name: 'sealed-seed', offset: offset + shared, length: SEALED_SEED_BYTES, value: seed },
    ];
  }
  if (mechanism === 'privunit') return [{ name: 'seed', offset, length, value: SEED }];
  const integers = `${length / 4} × int32`;
  const open = mechanism === undefined && tier === 'local' && length === PRIVUNIT_SEED_BYTES;
  const value = open ? `${SEED}, or ${integers}` : integers;
  return [{ name: open ? 'payload' : 'vector', offset, length, value }];
}
