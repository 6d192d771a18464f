/** A report taken apart for whoever wants to see what left: every byte of it is in a field. */
import { toHex } from '../shared/bytes/hex.ts';
import {
  decodeCoordinates,
  decodeReportHeader,
  REPORT_HEADER_BYTES,
} from '../shared/protocol/report.ts';

export interface InspectedField {
  readonly name: string;
  /** Offset and length in bytes. */
  readonly offset: number;
  readonly length: number;
  readonly value: string;
}

export interface Inspection {
  readonly fields: readonly InspectedField[];
  /** The noised fixed-point vector, as sent. */
  readonly coordinates: Int32Array;
}

/** @throws Refusal when the bytes are not a report. */
export function inspectReport(bytes: Uint8Array): Inspection {
  const header = decodeReportHeader(bytes);
  const d = (bytes.length - REPORT_HEADER_BYTES) / 4;
  const coordinates = decodeCoordinates(bytes, d);
  return {
    coordinates,
    fields: [
      { name: 'magic', offset: 0, length: 4, value: 'VTR1' },
      { name: 'version', offset: 4, length: 1, value: String(bytes[4]) },
      { name: 'tier', offset: 5, length: 1, value: header.tier },
      { name: 'reserved', offset: 6, length: 2, value: '0' },
      { name: 'report-id', offset: 8, length: 16, value: toHex(header.id) },
      { name: 'task', offset: 24, length: 32, value: toHex(header.taskHash) },
      { name: 'round', offset: 56, length: 32, value: toHex(header.roundHash) },
      {
        name: 'vector',
        offset: REPORT_HEADER_BYTES,
        length: 4 * d,
        value: `${d} × int32`,
      },
    ],
  };
}
