/** The finished bytes of a report. Takes nothing but a `Privatized` value. */
import { encodeReport, type ReportHeader } from '../../shared/protocol/report.ts';
import type { Privatized } from '../noise/privatized.ts';

/**
 * Encodes a report in wire version 1; the tier in the header is that of the value.
 *
 * @throws TypeError or RangeError for a header field of another kind or length.
 */
export function pack(value: Privatized, header: Omit<ReportHeader, 'tier'>): Uint8Array {
  return encodeReport({ ...header, tier: value.tier }, value.coordinates);
}
