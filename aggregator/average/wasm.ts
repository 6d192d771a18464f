/**
 * The WebAssembly backend: reports that lie in the kernels' memory are summed where they are,
 * others are copied block by block into scratch, so that their memory is read once.
 */
import { assertReports, type SyncBackend } from './backend.ts';
import { createKernels, type Kernels, PASS, SCRATCH_BLOCK, SCRATCH_BYTES } from './kernels.ts';

const PAGE = 65_536;

/** `u32` sums into uint32 mod 2^32, `i32` exactly into float64. */
type Sums =
  | { readonly type: 'u32'; readonly into: Uint32Array }
  | { readonly type: 'i32'; readonly into: Float64Array };

function addReports(
  kernels: Kernels,
  reports: readonly Uint8Array[],
  offset: number,
  { type, into }: Sums,
): void {
  const { memory, scratch } = kernels;
  const { buffer } = memory;
  const inside: number[] = [];
  const outside: Uint8Array[] = [];
  for (const report of reports) {
    if (report.buffer === buffer) inside.push(report.byteOffset + offset);
    else outside.push(report);
  }
  const bytes = new Uint8Array(buffer);
  const block =
    type === 'u32'
      ? new Uint32Array(buffer, scratch, SCRATCH_BLOCK)
      : new Float64Array(buffer, scratch, SCRATCH_BLOCK);
  const slots = Array.from({ length: PASS }, (_, row) => scratch + SCRATCH_BLOCK * (8 + 4 * row));
  // Blocks of about the same length: a short last one costs as many calls as a long one.
  const length = Math.ceil(into.length / Math.ceil(into.length / SCRATCH_BLOCK));
  for (let start = 0; start < into.length; start += length) {
    const end = Math.min(into.length, start + length);
    block.set(into.subarray(start, end));
    kernels.add(
      type,
      inside.map((address) => address + 4 * start),
      end - start,
      scratch,
    );
    for (let r = 0; r < outside.length; r += PASS) {
      const group = outside.slice(r, r + PASS);
      for (const [row, report] of group.entries()) {
        bytes.set(report.subarray(offset + 4 * start, offset + 4 * end), slots[row]);
      }
      kernels.add(type, slots.slice(0, group.length), end - start, scratch);
    }
    into.set(block.subarray(0, end - start), start);
  }
}

/** Reports whose bytes are views on `kernels.memory.buffer` are summed in place. */
export function wasmBackendOn(kernels: Kernels): SyncBackend {
  return {
    name: 'wasm',
    sum(reports, offset, into) {
      assertReports(reports, offset, into);
      addReports(kernels, reports, offset, { type: 'i32', into });
    },
  };
}

let own: Kernels | null = null;

/** Kernels on a small memory of this module's own. @throws WebAssembly.CompileError without SIMD. */
function ownKernels(): Kernels {
  if (own === null) {
    const pages = Math.ceil(SCRATCH_BYTES / PAGE);
    own = createKernels(new WebAssembly.Memory({ initial: pages, maximum: pages }), 0);
  }
  return own;
}

/** On a small memory of its own, into which every report is copied. */
export const wasmBackend: SyncBackend = {
  name: 'wasm',
  sum(reports, offset, into) {
    wasmBackendOn(ownKernels()).sum(reports, offset, into);
  },
};

/**
 * Adds, mod 2^32, the `into.length` little-endian uint32 that begin at byte `offset` of every
 * report to `into`: the split tier's shares (RD14).
 * @throws RangeError when a report ends before its last coordinate.
 */
export function sumShares(
  reports: readonly Uint8Array[],
  offset: number,
  into: Uint32Array,
  kernels: Kernels = ownKernels(),
): void {
  assertReports(reports, offset, into);
  addReports(kernels, reports, offset, { type: 'u32', into });
}

/** Returns `magnitudeBits` of kernels.ts for any int32; outside the memory they are copied. */
export function magnitudeBitsOn({
  memory,
  scratch,
  magnitudeBits,
}: Kernels): (x: Int32Array) => number {
  const { buffer } = memory;
  const block = new Int32Array(buffer, scratch, 2 * SCRATCH_BLOCK);
  return (x) => {
    if (x.buffer === buffer) return magnitudeBits(x.byteOffset, x.length);
    let bits = 0;
    for (let start = 0; start < x.length; start += block.length) {
      const part = x.subarray(start, start + block.length);
      block.set(part);
      bits |= magnitudeBits(scratch, part.length);
    }
    return bits;
  };
}
