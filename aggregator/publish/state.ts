/**
 * State of a server optimiser on disk (RD21): `VTS1`, d of m and of v as uint32, SHA-256 of the
 * model that it belongs to, m and v as float64, and SHA-256 of all that; little endian. The states
 * of the version that is served and of a candidate are kept.
 */
import { concatBytes, equalBytes } from '../../shared/bytes/concat.ts';
import { sha256 } from '../../shared/bytes/hash.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import type { TaskRecipe } from '../../shared/model/recipe.ts';
import { type Disk, DiskError, writeWhole } from '../accumulate/disk.ts';
import { initialState, type OptimizerState } from './optimizer.ts';

const MAGIC = utf8('VTS1');
const HASH_BYTES = 32;
const HEADER_BYTES = 12 + HASH_BYTES;

/** The state of a version that was made in a round cannot be read back. */
export class CorruptState extends Error {
  readonly code = 'corrupt-state';

  constructor(path: string, reason: string) {
    super(`corrupt-state: ${path}: ${reason}`);
    this.name = 'CorruptState';
  }
}

/** Beside the rounds of the task. */
export function statePath(taskHash: string, version: number): string {
  return `rounds/${taskHash}/${version}.state`;
}

/** @param model hash of the version's model, hex. */
export async function encodeState(
  { m, v }: OptimizerState,
  model: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const numbers = new DataView(new ArrayBuffer(8 * (m.length + v.length)));
  for (const [i, one] of m.entries()) numbers.setFloat64(8 * i, one, true);
  for (const [i, one] of v.entries()) numbers.setFloat64(8 * (m.length + i), one, true);
  const lengths = new DataView(new ArrayBuffer(8));
  lengths.setUint32(0, m.length, true);
  lengths.setUint32(4, v.length, true);
  const parts = [MAGIC, new Uint8Array(lengths.buffer), fromHex(model)];
  const content = concatBytes(...parts, new Uint8Array(numbers.buffer));
  return concatBytes(content, await sha256(content));
}

/**
 * @param like a state of the same optimiser and length.
 * @param model hash of the model that it must belong to, hex.
 * @returns null for anything else.
 */
export async function decodeState(
  bytes: Uint8Array,
  like: OptimizerState,
  model: string,
): Promise<OptimizerState | null> {
  const content = bytes.subarray(0, -HASH_BYTES);
  const [m, v] = [like.m.length, like.v.length];
  if (content.length !== HEADER_BYTES + 8 * (m + v)) return null;
  if (!equalBytes(await sha256(content), bytes.subarray(-HASH_BYTES))) return null;
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const fits =
    equalBytes(content.subarray(0, 4), MAGIC) &&
    view.getUint32(4, true) === m &&
    view.getUint32(8, true) === v &&
    equalBytes(content.subarray(12, HEADER_BYTES), fromHex(model));
  if (!fits) return null;
  const read = (from: number, length: number): Float64Array =>
    Float64Array.from({ length }, (_, i) => view.getFloat64(HEADER_BYTES + 8 * (from + i), true));
  return { m: read(0, m), v: read(m, v) };
}

/** A version of a task, and its model. */
export interface StatedVersion {
  readonly taskHash: string;
  readonly version: number;
  /** Hex. */
  readonly model: string;
  /** False for the initial version and a restored one, whose state begins anew. */
  readonly fromRound: boolean;
}

/** @throws CorruptState, DiskError */
export async function readState(
  disk: Disk,
  { taskHash, version, model, fromRound }: StatedVersion,
  optimizer: TaskRecipe['server'],
  d: number,
): Promise<OptimizerState | null> {
  const initial = initialState(optimizer, d);
  if (initial === null || !fromRound) return initial;
  const path = statePath(taskHash, version);
  let bytes: Uint8Array;
  try {
    bytes = await disk.read(path);
  } catch (error) {
    if (error instanceof DiskError && error.code === 'missing') {
      throw new CorruptState(path, 'it is missing');
    }
    throw error;
  }
  const state = await decodeState(bytes, initial, model);
  if (state === null) throw new CorruptState(path, 'it is damaged, or of another version');
  return state;
}

/** Writes the state of a version durably. @throws DiskError */
export async function writeState(
  disk: Disk,
  { taskHash, version, model }: Omit<StatedVersion, 'fromRound'>,
  state: OptimizerState,
): Promise<void> {
  await writeWhole(disk, statePath(taskHash, version), await encodeState(state, model));
}
