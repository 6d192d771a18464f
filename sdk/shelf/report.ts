/**
 * A report taken apart for its reader, like sdk/inspect.ts, from whose checks a panel is spared:
 * layout of shared/protocol/report.ts. test/sdk/elements.test.ts holds both to the
 * same.
 */

interface TakenField {
  readonly name: string;
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
  /** What the bytes say; '' where they say no more than themselves. */
  readonly value: string;
}

export interface Taken {
  /** From the first byte to the last, without a gap. */
  readonly fields: readonly TakenField[];
  /** The noised numbers, or the first server's share of them; none of a seed. */
  readonly numbers: Int32Array;
}

const HEADER = { magic: 4, version: 1, tier: 1, reserved: 2, 'report-id': 16, task: 32, round: 32 };
const TIERS = ['', 'local', 'split', 'test'];
const SEED_BYTES = 32;
const SEALED_SEED_BYTES = 80;

/** Null for bytes that are no report. */
export function fieldsOf(bytes: Uint8Array): Taken | null {
  const tier = TIERS[bytes[5] ?? 0];
  if (!tier || String.fromCharCode(...bytes.subarray(0, 4)) !== 'VTR1') return null;
  const fields: TakenField[] = [];
  let offset = 0;
  const add = (name: string, length: number, value = ''): void => {
    fields.push({ name, offset, length, value });
    offset += length;
  };
  const values: Record<string, string> = {
    magic: 'VTR1',
    version: String(bytes[4]),
    tier,
    reserved: '0',
  };
  for (const [name, length] of Object.entries(HEADER)) add(name, length, values[name]);
  const payload = bytes.length - offset;
  const shared = payload - SEALED_SEED_BYTES;
  const start = offset;
  if (payload < 4 || (tier === 'split' && shared < 4)) return null;
  // A seed and eight numbers have the same length, and the header does not say which.
  if (tier === 'split') {
    add('share', shared);
    add('sealed-seed', SEALED_SEED_BYTES);
  } else add(tier === 'local' && payload === SEED_BYTES ? 'payload' : 'vector', payload);
  const of = fields.find(({ name }) => name === 'share' || name === 'vector');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const numbers = Int32Array.from({ length: (of?.length ?? 0) >> 2 }, (_, i) =>
    view.getInt32(start + 4 * i, true),
  );
  return { fields, numbers };
}
