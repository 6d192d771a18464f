/**
 * Records of the helper's journal, one a frame. Little endian.
 *
 *   noise     u32 1, SHA-256 of the seed 32
 *   opened    u32 2, length u32, JSON of `OpenedRound`, report ids of 16 bytes
 *   cosigned  u32 3, JSON of `KeptCheckpoint`
 */
import { canonicalBytes } from '../../shared/bytes/canonical.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { ByteReader, ByteWriter } from '../../shared/bytes/reader.ts';
import { fromUtf8 } from '../../shared/bytes/utf8.ts';
import { decodePrepareAnswer, type RejectedReport } from '../../shared/protocol/opening.ts';
import { decodeOpening, decodeSigned } from '../../shared/protocol/records.ts';
import { hash, integer, object } from '../../shared/protocol/shape.ts';
import type { OpeningRecord, Signed } from '../../shared/protocol/task.ts';
import type { KeptCheckpoint } from '../../shared/protocol/tiles.ts';

/** What was answered for a round, and is answered again. */
export interface OpenedRound {
  readonly opening: Signed<OpeningRecord>;
  readonly round: number;
  /** SHA-256 of the prepare message, hex. */
  readonly prepared: string;
  readonly rejected: readonly RejectedReport[];
}

export type MemoryRecord =
  | { readonly kind: 'noise'; readonly noise: string }
  | { readonly kind: 'opened'; readonly opened: OpenedRound; readonly ids: Uint8Array }
  | { readonly kind: 'cosigned'; readonly cosigned: KeptCheckpoint };

const OPENED = object({
  opening: () => undefined,
  round: integer(1, 2 ** 40),
  prepared: hash,
  rejected: () => undefined,
});
const COSIGNED = object({ size: integer(0, 2 ** 52), root: hash });

export function encodeRecord(record: MemoryRecord): Uint8Array {
  const writer = new ByteWriter();
  if (record.kind === 'noise') return writer.u32(1).bytes(fromHex(record.noise)).finish();
  if (record.kind === 'cosigned') {
    return writer.u32(3).bytes(canonicalBytes(record.cosigned)).finish();
  }
  const json = canonicalBytes(record.opened);
  return writer.u32(2).u32(json.length).bytes(json).bytes(record.ids).finish();
}

/** @throws RangeError, SyntaxError or ShapeError for what `encodeRecord` did not write. */
export function decodeRecord(bytes: Uint8Array): MemoryRecord {
  const reader = new ByteReader(bytes);
  const kind = reader.u32();
  if (kind === 1) {
    const noise = toHex(reader.bytes(32));
    reader.end();
    return { kind: 'noise', noise };
  }
  if (kind === 3) {
    const cosigned: unknown = JSON.parse(fromUtf8(reader.bytes(reader.remaining)));
    COSIGNED(cosigned, 'cosigned');
    return { kind: 'cosigned', cosigned: cosigned as KeptCheckpoint };
  }
  if (kind !== 2) throw new RangeError(`record kind ${kind}`);
  const opened = openedOf(JSON.parse(fromUtf8(reader.bytes(reader.u32()))));
  const ids = reader.bytes(reader.remaining);
  if (ids.length !== 16 * opened.opening.record.reports) {
    throw new RangeError('another number of ids than the record says');
  }
  return { kind: 'opened', opened, ids };
}

function openedOf(value: unknown): OpenedRound {
  OPENED(value, 'opened');
  const { opening, round, prepared, rejected } = value as Record<string, unknown>;
  const record = decodeSigned(opening, decodeOpening);
  const answer = { rejected, batch: record.record.batch, reports: record.record.reports };
  return {
    opening: record,
    round: round as number,
    prepared: prepared as string,
    rejected: decodePrepareAnswer(answer).rejected,
  };
}
