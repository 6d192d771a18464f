/**
 * PrivUnitG vectors from their seeds in AssemblyScript: PR37 and PR38 of shared/privacy/SPEC.md.
 * Compiled by `test/wasm.ts`; TypeScript does not read it. `seeds.ts` calls it.
 */
import { Keystream, start } from '../../../shared/random/wasm/keystream.as';

/** T of PR37, 65,536 int16, which the caller writes; before it lies the keystream. */
const TABLE: usize = 0x10000;

/** int32 sums of one block, which the caller clears and reads. */
const SUMS: usize = 0x30000;

/**
 * Adds `count` coordinates, and one more after an odd number, to the first sums: those from the
 * keystream's block `counter` on, under the key that the caller has written.
 */
export function add(counter: u32, count: i32): void {
  start(counter);
  const end = SUMS + ((<usize>count) << 2);
  for (let at = SUMS; at < end; at += 8) {
    const word = Keystream.next();
    const low = load<i16>(TABLE + ((<usize>word & 0xffff) << 1));
    const high = load<i16>(TABLE + ((<usize>word >> 16) << 1));
    store<i32>(at, load<i32>(at) + low);
    store<i32>(at, load<i32>(at, 4) + high, 4);
  }
}
