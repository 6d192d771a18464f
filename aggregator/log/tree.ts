/** The Merkle tree of the log in memory: what its tiles (C2SP tlog-tiles) are cut from. */
import { createHash } from 'node:crypto';
import { Frontier, leafInput } from '../../shared/protocol/merkle.ts';
import { HASH_BYTES, TILE_WIDTH, type TileName } from '../../shared/protocol/tiles.ts';

export function sha256Sync(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** The nodes of one level of tiles, one behind the other. */
class Level {
  #nodes = new Uint8Array(TILE_WIDTH * HASH_BYTES);
  #count = 0;
  /** Of the last tile, which is not full. */
  #frontier = new Frontier(sha256Sync);

  /** Returns the root of the tile that `node` fills, or null. */
  push(node: Uint8Array): Uint8Array | null {
    const at = this.#count * HASH_BYTES;
    if (at === this.#nodes.length) {
      const larger = new Uint8Array(2 * this.#nodes.length);
      larger.set(this.#nodes);
      this.#nodes = larger;
    }
    this.#nodes.set(node, at);
    this.#count += 1;
    this.#frontier.push(node);
    if (this.#count % TILE_WIDTH !== 0) return null;
    const { root } = this.#frontier;
    this.#frontier = new Frontier(sha256Sync);
    return root;
  }

  /** Null unless the level has all these nodes. */
  cut(start: number, width: number): Uint8Array | null {
    if (start + width > this.#count) return null;
    return this.#nodes.slice(start * HASH_BYTES, (start + width) * HASH_BYTES);
  }
}

export class LogTree {
  readonly #frontier = new Frontier(sha256Sync);
  readonly #levels: Level[] = [];

  get size(): number {
    return this.#frontier.size;
  }

  get root(): Uint8Array {
    return this.#frontier.root;
  }

  append(leaf: Uint8Array): void {
    let node: Uint8Array | null = sha256Sync(leafInput(leaf));
    this.#frontier.push(node);
    for (let level = 0; node !== null; level++) {
      this.#levels[level] ??= new Level();
      node = (this.#levels[level] as Level).push(node);
    }
  }

  /** The root with `leaf` appended, which it is not. */
  rootWith(leaf: Uint8Array): Uint8Array {
    return this.#frontier.rootWith(sha256Sync(leafInput(leaf)));
  }

  /** Hashes of a tile, or null where there are not as many. */
  tile(level: number, { index, width }: Omit<TileName, 'level'>): Uint8Array | null {
    return this.#levels[level]?.cut(index * TILE_WIDTH, width) ?? null;
  }
}
