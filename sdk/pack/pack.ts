/** The finished bytes of a report. Takes nothing but a `Privatized` value. */
import { fromBase64url } from '../../shared/bytes/base64url.ts';
import { concatBytes } from '../../shared/bytes/concat.ts';
import { sha256 } from '../../shared/bytes/hash.ts';
import { encodeInt32LE } from '../../shared/field/fixed.ts';
import { encodeReport, type ReportHeader } from '../../shared/protocol/report.ts';
import type { HelperKeys } from '../../shared/protocol/task.ts';
import type { RandomSource } from '../../shared/random/source.ts';
import { sealSeed } from '../../shared/sharing/seal.ts';
import { encodeUint32LE, leaderShare, SHARE_SEED_BYTES } from '../../shared/sharing/share.ts';
import type { Privatized } from '../noise/privatized.ts';

/** What the split tier takes besides: whom the seed is sealed to, and where it comes from. */
export interface Sealing {
  readonly helper: Pick<HelperKeys, 'sealingKey'> | null;
  readonly source: Pick<RandomSource, 'fill'>;
}

/**
 * Encodes a report in wire version 1 (W1 to W10); the tier in the header is that of the value. In
 * the split tier the value is spent: its coordinates are zeros afterwards.
 *
 * @throws TypeError or RangeError for a header field of another kind or length, and in the split
 * tier without a helper.
 */
export async function pack(
  value: Privatized,
  header: Omit<ReportHeader, 'tier'>,
  sealing?: Sealing,
): Promise<Uint8Array<ArrayBuffer>> {
  const { tier, payload } = value;
  const whole: ReportHeader = { ...header, tier };
  if (payload.form === 'seed') return encodeReport(whole, payload.seed);
  if (tier !== 'split') return encodeReport(whole, encodeInt32LE(payload.coordinates));
  return encodeReport(whole, await share(payload.coordinates, header, sealing));
}

/** The leader's share of z and, sealed, the helper's. */
async function share(
  z: Int32Array,
  { taskHash, roundHash, id: reportId }: Omit<ReportHeader, 'tier'>,
  sealing: Sealing | undefined,
): Promise<Uint8Array> {
  if (!sealing?.helper) throw new TypeError('sealing must name a helper in the split tier');
  const key = fromBase64url(sealing.helper.sealingKey);
  const seed = new Uint8Array(SHARE_SEED_BYTES);
  sealing.source.fill(seed);
  try {
    const bytes = encodeUint32LE(await leaderShare(z, seed));
    const of = { taskHash, roundHash, reportId };
    return concatBytes(bytes, await sealSeed(key, of, seed, await sha256(bytes)));
  } finally {
    seed.fill(0);
    z.fill(0);
  }
}
