/**
 * PrivUnitG: reports are seeds, and the sum is over the vectors made from them (PR38). Nothing but
 * one block of a vector is held at a time. Coordinates are int16 and n ≤ 2^22, so that every sum is
 * an integer below 2^53 and the order of arrival leaves no trace.
 */
import { fromBase64url } from '../../shared/bytes/base64url.ts';
import { PRIVUNIT_SEED_BYTES } from '../../shared/protocol/report.ts';
import { addPrivUnit, privUnitTable } from '../../shared/random/privunit.ts';
import type { SyncBackend } from './backend.ts';
import { BINARY } from './seeds/binary.ts';

/** Byte addresses in the module's memory, as in its source; the key is part of the keystream. */
const KEY = 16;
const TABLE = 0x1_0000;
const SUMS = 0x3_0000;

/** Coordinates of a block, at most what the sums have room for; 32 make a block of ChaCha20. */
const BLOCK = 16_384;
const COORDINATES_A_COUNTER = 32;

/** |T| is below 2^15, so that an int32 holds the sum of as many. */
const MAX_SEEDS = 2 ** 16;

/** @throws RangeError when a report ends before its seed does. */
export function assertSeeds(reports: readonly Uint8Array[], offset: number): void {
  for (const [i, report] of reports.entries()) {
    if (report.length < offset + PRIVUNIT_SEED_BYTES) {
      throw new RangeError(`reports[${i}] is shorter than a seed`);
    }
  }
}

function seedsOf(reports: readonly Uint8Array[], offset: number): Uint8Array[] {
  assertSeeds(reports, offset);
  return reports.map((report) => report.subarray(offset, offset + PRIVUNIT_SEED_BYTES));
}

/** In TypeScript: what the others are compared with. */
export const plainSeedBackend: SyncBackend = {
  name: 'seeds',
  sum(reports, offset, into) {
    for (const seed of seedsOf(reports, offset)) addPrivUnit(seed, into);
  },
};

interface Engine {
  readonly bytes: Uint8Array;
  readonly sums: Int32Array;
  /** What `seeds/vectors.as.ts` exports. */
  readonly add: (counter: number, count: number) => void;
}

let engine: Engine | null = null;

/** @throws WebAssembly.CompileError without SIMD. */
function open(): Engine {
  const module = new WebAssembly.Module(fromBase64url(BINARY));
  const { memory, add } = new WebAssembly.Instance(module).exports;
  const { buffer } = memory as WebAssembly.Memory;
  const table = privUnitTable();
  new Int16Array(buffer, TABLE, table.length).set(table);
  return {
    bytes: new Uint8Array(buffer),
    sums: new Int32Array(buffer, SUMS, BLOCK),
    add: add as Engine['add'],
  };
}

function addSeeds(
  { bytes, sums, add }: Engine,
  seeds: readonly Uint8Array[],
  into: Float64Array,
): void {
  for (let start = 0; start < into.length; start += BLOCK) {
    const count = Math.min(BLOCK, into.length - start);
    sums.fill(0);
    for (const seed of seeds) {
      bytes.set(seed, KEY);
      add(start / COORDINATES_A_COUNTER, count);
    }
    for (let i = 0; i < count; i++) {
      into[start + i] = (into[start + i] as number) + (sums[i] as number);
    }
  }
}

/** In WebAssembly. */
export const seedBackend: SyncBackend = {
  name: 'seeds',
  sum(reports, offset, into) {
    const seeds = seedsOf(reports, offset);
    engine ??= open();
    for (let first = 0; first < seeds.length; first += MAX_SEEDS) {
      addSeeds(engine, seeds.slice(first, first + MAX_SEEDS), into);
    }
  },
};
