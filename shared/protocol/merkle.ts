/**
 * Merkle tree hash (RFC 6962 §2.1) with SHA-256: leaves and inner nodes are hashed with different
 * first bytes, and a tree of n leaves splits at the largest power of two below n.
 */
import { assertBytes } from '../assert/assert.ts';
import { sha256 } from '../bytes/hash.ts';

/** SHA-256, 32 bytes; not every platform has it without a promise, so it is given. */
export type SyncHash = (bytes: Uint8Array) => Uint8Array;

/** What is hashed for a leaf: a zero byte and the leaf. */
export function leafInput(leaf: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + leaf.length);
  input.set(leaf, 1);
  return input;
}

/** What is hashed for an inner node: a byte of one and two hashes. */
export function nodeInput(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(65);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 33);
  return input;
}

/** Root of a tree that grows leaf by leaf; holds one hash per complete subtree, log₂ n of them. */
export class Frontier {
  readonly #hash: SyncHash;
  /** Roots of the complete subtrees from left to right, each smaller than the one before. */
  readonly #roots: Uint8Array[] = [];
  #size = 0;

  constructor(hash: SyncHash) {
    this.#hash = hash;
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** @param leafHash hash of `leafInput`. */
  push(leafHash: Uint8Array): void {
    assertBytes('leafHash', leafHash, 32);
    let node = leafHash;
    for (let below = this.#size; below % 2 === 1; below = (below - 1) / 2) {
      node = this.#hash(nodeInput(this.#roots.pop() as Uint8Array, node));
    }
    this.#roots.push(node);
    this.#size += 1;
  }

  get root(): Uint8Array {
    if (this.#roots.length === 0) return this.#hash(new Uint8Array());
    return this.#roots.reduceRight((right, left) => this.#hash(nodeInput(left, right)));
  }

  /** The root after a `push`, which is not made: each complete subtree lies left of the new leaf. */
  rootWith(leafHash: Uint8Array): Uint8Array {
    return this.#roots.reduceRight((right, left) => this.#hash(nodeInput(left, right)), leafHash);
  }
}

/** Merkle tree hash over `leaves` in their order, 32 bytes. Memory does not grow with them. */
export function merkleRoot(leaves: Iterable<Uint8Array>, hash: SyncHash): Uint8Array {
  const frontier = new Frontier(hash);
  for (const leaf of leaves) frontier.push(hash(leafInput(leaf)));
  return frontier.root;
}

/** Hash of a leaf by WebCrypto. */
export function leafHash(leaf: Uint8Array): Promise<Uint8Array> {
  return sha256(leafInput(leaf));
}

/**
 * Joins the nodes of one level, left to right, and what lies to their right: `right`, the root of
 * everything behind them, or null. By WebCrypto.
 */
export async function foldNodes(
  nodes: readonly Uint8Array[],
  right: Uint8Array | null,
): Promise<Uint8Array | null> {
  let level = nodes;
  let tail = right;
  while (level.length > 0) {
    const last = level.at(-1) as Uint8Array;
    if (level.length % 2 === 1) tail = tail === null ? last : await sha256(nodeInput(last, tail));
    level = await Promise.all(
      Array.from({ length: Math.floor(level.length / 2) }, (_, i) =>
        sha256(nodeInput(level[2 * i] as Uint8Array, level[2 * i + 1] as Uint8Array)),
      ),
    );
  }
  return tail;
}
