/**
 * Reads the public log (C2SP tlog-tiles): believes the root of a signed checkpoint alone, and
 * computes it from the tiles themselves.
 */
import { assertInteger } from '../assert/assert.ts';
import { equalBytes } from '../bytes/concat.ts';
import { sha256 } from '../bytes/hash.ts';
import { fromHex, toHex } from '../bytes/hex.ts';
import { fromUtf8 } from '../bytes/utf8.ts';
import {
  type Checkpoint,
  isCosignedBy,
  isSignedBy,
  LogError,
  MAX_NOTE_BYTES,
  type Note,
  parseCheckpoint,
  parseNote,
} from './checkpoint.ts';
import { foldNodes, leafHash } from './merkle.ts';
import { PATHS } from './paths.ts';
import {
  decodeBundle,
  type FetchFile,
  HASH_BYTES,
  type KeptCheckpoint,
  MAX_ENTRY_BYTES,
  TILE_WIDTH,
  type TileName,
  tilePath,
} from './tiles.ts';

/** 256^6 leaves are above 2^47. */
const MAX_LEVEL = 6;
/** Full tiles that a reader keeps. */
const KEPT_TILES = 64;

export interface LogReaderOptions {
  readonly fetch: FetchFile;
  /** `logOrigin` of the site. */
  readonly origin: string;
  /** The log's Ed25519 key, base64url. */
  readonly logKey: string;
  /** The last one verified, or null at first contact. */
  readonly last: KeptCheckpoint | null;
}

interface Verified extends Checkpoint {
  readonly note: Note;
  /** The partial tiles of the right edge by level; with them the root was computed. */
  readonly edge: ReadonlyMap<number, readonly Uint8Array[]>;
}

/**
 * Reads one log. Nothing is believed but what the root of a signed checkpoint commits to, and a
 * checkpoint only when it extends the last one. Sends no size of its own: the tiles it asks for are
 * those of the served checkpoint.
 */
export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #tiles = new Map<string, Uint8Array[]>();
  #last: KeptCheckpoint | null;
  #verified: Verified | null = null;

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#last = options.last;
  }

  /** The last checkpoint that was believed, or what it began with. */
  get last(): KeptCheckpoint | null {
    return this.#last;
  }

  /** Leaves of the verified tree; 0 before the first `update`. */
  get size(): number {
    return this.#verified?.size ?? 0;
  }

  /**
   * Verifies a checkpoint and takes it: its signature, its tree, and that the last one's is the
   * beginning of it.
   * @param text the signed note, where it is not the served one.
   * @throws LogError bad-checkpoint, bad-tile or log-fork; what `fetch` throws.
   */
  async update(text?: string): Promise<KeptCheckpoint> {
    const { fetch, origin, logKey } = this.#options;
    const note = parseNote(text ?? decode(await fetch(PATHS.checkpoint, MAX_NOTE_BYTES)));
    const checkpoint = parseCheckpoint(note.text);
    if (checkpoint.origin !== origin) throw new LogError('bad-checkpoint', 'of another log');
    if (!(await isSignedBy(note, origin, logKey))) {
      throw new LogError('bad-checkpoint', 'not signed by the key of the log');
    }
    const last = this.#last;
    const { size, root } = checkpoint;
    const kept = { size, root: toHex(root) };
    if (last !== null && size < last.size) {
      throw new LogError('log-fork', `${size} entries after ${last.size}`);
    }
    if (last !== null && size === last.size && kept.root !== last.root) {
      throw new LogError('log-fork', `another tree of ${size} entries`);
    }
    if (this.#verified?.size === size) this.#verified = { ...this.#verified, note };
    else {
      const edge = await this.#edgeOf(size);
      if (!equalBytes(await rootOf((level) => edge.get(level) ?? []), root)) {
        throw new LogError('bad-tile', 'the tiles do not make the root');
      }
      const verified = { ...checkpoint, note, edge };
      if (last !== null) await this.#assertExtends(verified, last);
      this.#verified = verified;
    }
    this.#last = kept;
    return kept;
  }

  /**
   * @param keys of the witness, any of which will do.
   * @throws LogError not-cosigned unless the verified checkpoint has the witness's cosignature.
   */
  async assertCosigned(name: string, keys: readonly string[]): Promise<void> {
    const note = this.#verified?.note;
    if (note !== undefined) {
      for (const key of keys) if (await isCosignedBy(note, name, key)) return;
    }
    throw new LogError('not-cosigned', 'the checkpoint has no cosignature of the witness');
  }

  /** @throws LogError not-in-log unless `leaf` is the verified tree's leaf `index`. */
  async includes(index: number, leaf: Uint8Array): Promise<void> {
    const verified = this.#holding(index);
    if (!equalBytes(await this.#node(verified, 0, index), await leafHash(leaf))) {
      throw new LogError('not-in-log', `entry ${index} is another one`);
    }
  }

  /** Bytes of one entry. @throws LogError not-in-log, bad-tile; what `fetch` throws. */
  async entry(index: number): Promise<Uint8Array> {
    this.#holding(index);
    const entries = await this.entries(Math.floor(index / TILE_WIDTH));
    return entries[index % TILE_WIDTH] as Uint8Array;
  }

  /**
   * The entries of bundle `index`, from leaf 256·index on, all of them verified.
   * @throws LogError not-in-log, bad-tile; what `fetch` throws.
   */
  async entries(index: number): Promise<Uint8Array[]> {
    const start = index * TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, this.#holding(start).size - start);
    const path = PATHS.tiles + tilePath({ level: 'entries', index, width });
    const limit = width * (2 + MAX_ENTRY_BYTES);
    const entries = decodeBundle(await this.#options.fetch(path, limit), width);
    for (const [i, entry] of entries.entries()) await this.includes(start + i, entry);
    return entries;
  }

  #holding(index: number): Verified {
    assertInteger('index', index, 0);
    const verified = this.#verified;
    if (verified === null || index >= verified.size) {
      throw new LogError('not-in-log', `no entry ${index} among ${this.size}`);
    }
    return verified;
  }

  async #edgeOf(size: number): Promise<Map<number, Uint8Array[]>> {
    const edge = new Map<number, Uint8Array[]>();
    for (let level = 0; level <= MAX_LEVEL; level++) {
      const nodes = Math.floor(size / TILE_WIDTH ** level);
      const width = nodes % TILE_WIDTH;
      if (width === 0) continue;
      edge.set(level, await this.#fetch({ level, index: Math.floor(nodes / TILE_WIDTH), width }));
    }
    return edge;
  }

  /** The root of the first `last.size` leaves, from the new tree, must be the last one's. */
  async #assertExtends(tree: Verified, last: KeptCheckpoint): Promise<void> {
    const root = await rootOf(async (level) => {
      const nodes = Math.floor(last.size / TILE_WIDTH ** level);
      const width = nodes % TILE_WIDTH;
      if (width === 0) return [];
      return (await this.#tile(tree, level, Math.floor(nodes / TILE_WIDTH))).slice(0, width);
    });
    if (!equalBytes(root, fromHex(last.root))) {
      throw new LogError('log-fork', `the tree of ${last.size} entries is no part of the new one`);
    }
  }

  async #node(tree: Verified, level: number, index: number): Promise<Uint8Array> {
    const tile = await this.#tile(tree, level, Math.floor(index / TILE_WIDTH));
    return tile[index % TILE_WIDTH] as Uint8Array;
  }

  /** A tile that the root commits to: of the right edge, or full and below a node that is. */
  async #tile(tree: Verified, level: number, index: number): Promise<readonly Uint8Array[]> {
    const nodes = Math.floor(tree.size / TILE_WIDTH ** level);
    if (index === Math.floor(nodes / TILE_WIDTH)) return tree.edge.get(level) ?? [];
    const name = { level, index, width: TILE_WIDTH };
    const path = tilePath(name);
    const kept = this.#tiles.get(path);
    if (kept !== undefined) return kept;
    const tile = await this.#fetch(name);
    const root = await foldNodes(tile, null);
    if (root === null || !equalBytes(root, await this.#node(tree, level + 1, index))) {
      throw new LogError('bad-tile', `${path} is not in the tree`);
    }
    const oldest = this.#tiles.keys().next().value;
    if (this.#tiles.size >= KEPT_TILES && oldest !== undefined) this.#tiles.delete(oldest);
    this.#tiles.set(path, tile);
    return tile;
  }

  async #fetch(name: TileName): Promise<Uint8Array[]> {
    const length = name.width * HASH_BYTES;
    const bytes = await this.#options.fetch(PATHS.tiles + tilePath(name), length);
    if (bytes.length !== length)
      throw new LogError('bad-tile', `${tilePath(name)} has no such width`);
    return Array.from({ length: name.width }, (_, i) =>
      bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES),
    );
  }
}

/** Root of a tree from the nodes of its right edge, level by level. */
async function rootOf(
  nodes: (level: number) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>,
): Promise<Uint8Array> {
  let root: Uint8Array | null = null;
  for (let level = 0; level <= MAX_LEVEL; level++) root = await foldNodes(await nodes(level), root);
  return root ?? sha256(new Uint8Array());
}

function decode(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw new LogError('bad-checkpoint', 'not UTF-8');
  }
}

/**
 * What a witness does before it cosigns: `note` is the log's checkpoint and extends the last one
 * that the witness cosigned. The new tree's tiles may be served before the checkpoint is.
 * @returns what to keep, durably and before the cosignature leaves.
 * @throws LogError bad-checkpoint, bad-tile or log-fork; what `fetch` throws.
 */
export function assertConsistentExtension(
  note: string,
  options: LogReaderOptions,
): Promise<KeptCheckpoint> {
  return new LogReader(options).update(note);
}
