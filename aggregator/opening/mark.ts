/**
 * The high-water mark of the helper's journal. It lies beside the keys and is raised before an
 * answer leaves, so that a journal which is older than an answer is found out (SPEC.md, S9).
 */
import { canonicalBytes } from '../../shared/bytes/canonical.ts';
import { fromUtf8 } from '../../shared/bytes/utf8.ts';
import { hash, integer, literal, object } from '../../shared/protocol/shape.ts';
import { type Disk, writeWhole } from '../accumulate/disk.ts';

const MARK_FILE = 'mark.json';

export interface Mark {
  /** Identity of the journal, 32 random bytes in hex; its frames are sealed with it. */
  readonly journal: string;
  /** 'none' until the first start has made the journal; 'stopped' once it was found too old. */
  readonly state: 'none' | 'begun' | 'stopped';
  /** Frames that some answer rests on, and the hash chain over them. */
  readonly frames: number;
  readonly chain: string;
}

const MARK = object({
  journal: hash,
  state: literal('none', 'begun', 'stopped'),
  frames: integer(0, 2 ** 52),
  chain: hash,
});

/** @throws DiskError; ShapeError or RangeError for a file that is no mark. */
export async function readMark(keys: Disk): Promise<Mark> {
  const value: unknown = JSON.parse(fromUtf8(await keys.read(MARK_FILE)));
  MARK(value, 'mark');
  return value as Mark;
}

/** After a crash there is the old mark or the new one. @throws DiskError */
export function writeMark(keys: Disk, mark: Mark): Promise<void> {
  return writeWhole(keys, MARK_FILE, canonicalBytes(mark));
}

/** The mark of a journal that is yet to be made. @param journal 32 random bytes, hex. */
export function newMark(journal: string): Mark {
  return { journal, state: 'none', frames: 0, chain: journal };
}
