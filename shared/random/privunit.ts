/**
 * The vector that a PrivUnitG seed stands for: PR37 and PR38 of ../privacy/SPEC.md.
 *
 * Coordinate i is T[u16 i of the ChaCha20 keystream under the seed, nonce 0, block 0 on], two u16
 * a little-endian word, low half first, with T[u] = round(2^12·Φ⁻¹((u + ½)/2^16)).
 */
import { assertBytes } from '../assert/assert.ts';
import { BLOCK_WORDS, chachaBlock, chachaState } from './chacha.ts';

/** Integer units of T for a standard deviation. */
const PRIVUNIT_UNIT = 4096;

const CELLS = 65_536;

/** 1/√(2π), correctly rounded. */
const PEAK = 0.398_942_280_401_432_7;

/** Nearer to the edge of a cell than this, in cells, a rounding of the sum could matter. */
const MARGIN = 1e-6;

/** Φ(x + h) − Φ(x) and φ(x + h)/φ(x) by Taylor, h = 2^-12 at most: the rest is below 2^-60. */
function step(x: number, h: number): { readonly mass: number; readonly ratio: number } {
  const x2 = x * x;
  const third = (x2 - 1) / 6;
  const fourth = (x * (3 - x2)) / 24;
  const fifth = (x2 * x2 - 6 * x2 + 3) / 120;
  const mass = h * (1 + h * (-x / 2 + h * (third + h * (fourth + h * fifth))));
  const e = -h * (x + h / 2);
  const ratio = 1 + e * (1 + (e / 2) * (1 + (e / 3) * (1 + (e / 4) * (1 + e / 5))));
  return { mass, ratio };
}

/**
 * Makes T, 65,536 int16 values, odd about its middle.
 *
 * T[u] ≥ j exactly where u + ½ ≥ 2^16·Φ((j − ½)/2^12), so that Φ is summed from edge to edge of
 * the grid and nothing is inverted. Only + − × / are used, which IEEE 754 rounds correctly: every
 * engine makes the same table.
 *
 * @throws Error when an edge lies within `MARGIN` of a cell's middle; none does.
 */
export function privUnitTable(): Int16Array<ArrayBuffer> {
  const table = new Int16Array(CELLS);
  const h = 1 / PRIVUNIT_UNIT;
  let x = h / 2;
  let above = step(0, x);
  let cdf = 0.5 + PEAK * above.mass;
  let density = PEAK * above.ratio;
  let u = CELLS / 2;
  for (let j = 0; u < CELLS; j++) {
    // Middles below the upper edge of j's interval belong to j.
    const edge = cdf * CELLS - 0.5;
    if (Math.abs(edge - Math.round(edge)) < MARGIN) throw new Error('the table is not decided');
    for (; u < CELLS && u < edge; u++) {
      table[u] = j;
      table[CELLS - 1 - u] = -j;
    }
    above = step(x, h);
    cdf += density * above.mass;
    density *= above.ratio;
    x += h;
  }
  return table;
}

let shared: Int16Array<ArrayBuffer> | null = null;

/** Two coordinates a word: 32 a block. */
const BLOCK_COORDINATES = 2 * BLOCK_WORDS;

const NONCE = new Uint8Array(12);

/** The keystream of one seed, a block of coordinates at a time. */
class SeedBlocks {
  readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(BLOCK_WORDS);
  readonly #state: Uint32Array<ArrayBuffer>;

  constructor(seed: Uint8Array) {
    this.#state = chachaState(seed, NONCE, 0);
  }

  next(): void {
    chachaBlock(this.#state, this.words, 0);
  }
}

function tableOnce(): Int16Array<ArrayBuffer> {
  shared ??= privUnitTable();
  return shared;
}

function assertSeed(seed: Uint8Array): void {
  assertBytes('seed', seed, 32);
}

/** Adds the `into.length` coordinates of the vector of a 32-byte seed to `into`, exactly. */
export function addPrivUnit(seed: Uint8Array, into: Float64Array): void {
  assertSeed(seed);
  const table = tableOnce();
  const blocks = new SeedBlocks(seed);
  const { words } = blocks;
  const d = into.length;
  for (let start = 0; start < d; start += BLOCK_COORDINATES) {
    blocks.next();
    const end = Math.min(d, start + BLOCK_COORDINATES);
    for (let i = start; i < end; i++) {
      const word = words[(i - start) >> 1] as number;
      const u = i & 1 ? word >>> 16 : word & 0xffff;
      into[i] = (into[i] as number) + (table[u] as number);
    }
  }
}

/**
 * Returns Σ Gᵢwᵢ of the vector G of a 32-byte seed and integers w, exactly: every sum of its
 * terms must stay below 2^53 in magnitude, as with ‖w‖ ≤ 2^21 and d ≤ 2^24.
 *
 * The time it takes depends on d alone, but for the cache's view of T.
 */
export function dotPrivUnit(seed: Uint8Array, w: Float64Array): number {
  assertSeed(seed);
  const table = tableOnce();
  const blocks = new SeedBlocks(seed);
  const { words } = blocks;
  const d = w.length;
  let sum = 0;
  for (let start = 0; start < d; start += BLOCK_COORDINATES) {
    blocks.next();
    const end = Math.min(d, start + BLOCK_COORDINATES);
    for (let i = start; i < end; i++) {
      const word = words[(i - start) >> 1] as number;
      const u = i & 1 ? word >>> 16 : word & 0xffff;
      sum += (table[u] as number) * (w[i] as number);
    }
  }
  return sum;
}
