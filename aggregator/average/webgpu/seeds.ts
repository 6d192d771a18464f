/**
 * PrivUnitG on a GPU: the vectors of 32-byte seeds are made from ChaCha20 and the table T, the same
 * integers as in TypeScript (PR37), and added up where they are made; no vector is ever stored.
 *
 * An invocation makes one block of the keystream, 32 coordinates, for a run of seeds.
 */
import { PRIVUNIT_SEED_BYTES } from '../../../shared/protocol/report.ts';
import { privUnitTable } from '../../../shared/random/privunit.ts';
import type { AverageBackend } from '../backend.ts';
import { assertSeeds } from '../seeds.ts';
import type { Buffers } from './buffers.ts';
import type { Device } from './device.ts';

/** |T| is below 2^15, so that an int32 holds the sum of as many. */
const MAX_SEEDS = 2 ** 16;
/** Coordinates of a ChaCha20 block. */
const BLOCK = 32;
const GROUP = 64;
/** Seeds of a run at least: its sums are then added 32 times for 16 · 32 coordinates made. */
const MIN_RUN = 16;
/** Invocations that keep a large GPU busy: seeds are split among them where d is small. */
const WANTED = 2 ** 17;
/** Coordinates of one dispatch: a small GPU makes 10^10 a second, and drivers end what takes 2 s. */
const MAX_WORK = 2 ** 32;

const EVEN = ['e0', 'e1', 'e2', 'e3'];
const ODD = ['o0', 'o1', 'o2', 'o3'];

/** RFC 8439 §2.1 on four columns, or, with their rows turned, on four diagonals. */
const QUARTERS = /* wgsl */ `
    a += b; d = turn(d ^ a, 16u);
    c += d; b = turn(b ^ c, 12u);
    a += b; d = turn(d ^ a, 8u);
    c += d; b = turn(b ^ c, 7u);`;

const SHADER = /* wgsl */ `
struct Shape { blocks: u32, firstBlock: u32, seeds: u32, perRun: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> seeds: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> cells: array<u32>;
@group(0) @binding(3) var<storage, read_write> sums: array<atomic<i32>>;

fn turn(x: vec4<u32>, n: u32) -> vec4<u32> {
  return (x << vec4<u32>(n)) | (x >> vec4<u32>(32u - n));
}

/** T[u], two int16 a word. */
fn cell(u: u32) -> i32 {
  return extractBits(bitcast<i32>(cells[u >> 1u]), 16u * (u & 1u), 16u);
}

fn cellsOf(u: vec4<u32>) -> vec4<i32> {
  return vec4<i32>(cell(u.x), cell(u.y), cell(u.z), cell(u.w));
}

@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let block = id.x;
  if (block >= shape.blocks) { return; }
  let head = vec4<u32>(0x61707865u, 0x3320646eu, 0x79622d32u, 0x6b206574u);
  let tail = vec4<u32>(shape.firstBlock + block, 0u, 0u, 0u);
  ${[...EVEN, ...ODD].map((name) => `var ${name} = vec4<i32>();`).join(' ')}
  let first = id.y * shape.perRun;
  let end = min(shape.seeds, first + shape.perRun);
  for (var s = first; s < end; s++) {
    let key = seeds[2u * s];
    let more = seeds[2u * s + 1u];
    var a = head; var b = key; var c = more; var d = tail;
    for (var round = 0u; round < 10u; round++) {${QUARTERS}
    b = b.yzwx; c = c.zwxy; d = d.wxyz;${QUARTERS}
    b = b.wxyz; c = c.zwxy; d = d.yzwx;
    }
    a += head; b += key; c += more; d += tail;
    ${['a', 'b', 'c', 'd'].map((row, k) => `e${k} += cellsOf(${row} & vec4<u32>(0xffffu)); o${k} += cellsOf(${row} >> vec4<u32>(16u));`).join('\n    ')}
  }
  let at = ${BLOCK}u * block;
  ${Array.from({ length: BLOCK }, (_, i) => {
    const [half, word] = [i % 2 === 0 ? 'e' : 'o', i >> 1];
    return `atomicAdd(&sums[at + ${i}u], ${half}${word >> 2}.${'xyzw'[word & 3]});`;
  }).join('\n  ')}
}`;

/** Two int16 a little-endian word, on any machine. */
function packedTable(): Uint32Array<ArrayBuffer> {
  const table = privUnitTable();
  return Uint32Array.from(
    { length: table.length / 2 },
    (_, i) => ((table[2 * i] as number) & 0xffff) | ((table[2 * i + 1] as number) << 16),
  );
}

/** Seeds one after the other, as ChaCha20's key words. */
function seedWords(reports: readonly Uint8Array[], offset: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(8 * reports.length);
  for (const [r, report] of reports.entries()) {
    const view = new DataView(report.buffer, report.byteOffset + offset, PRIVUNIT_SEED_BYTES);
    for (let i = 0; i < 8; i++) words[8 * r + i] = view.getUint32(4 * i, true);
  }
  return words;
}

/** How many seeds an invocation takes, and how many such runs there are. */
function runsOf(seeds: number, blocks: number): { readonly perRun: number; readonly runs: number } {
  const wanted = Math.min(Math.ceil(seeds / MIN_RUN), Math.ceil(WANTED / blocks));
  const perRun = Math.ceil(seeds / wanted);
  return { perRun, runs: Math.ceil(seeds / perRun) };
}

/** `into` is changed at the end, and not when the GPU fails. */
export function seedsBackend(device: Device): AverageBackend {
  const compiled = device.pipeline(SHADER);
  const table = packedTable();
  const window = BLOCK * Math.min(2 ** 15, Math.floor(device.maxBytes / (4 * BLOCK)));
  const sumWindow = async (
    pipeline: GPUComputePipeline,
    buffers: Buffers,
    reports: readonly Uint8Array[],
    offset: number,
    firstBlock: number,
    sums: Float64Array,
  ): Promise<void> => {
    const blocks = Math.ceil(sums.length / BLOCK);
    const words = seedWords(reports, offset);
    const seeds = buffers.storage(words.byteLength);
    const cells = buffers.storage(table.byteLength);
    const out = buffers.storage(4 * BLOCK * blocks);
    buffers.write(seeds, words);
    buffers.write(cells, table);
    const { perRun, runs } = runsOf(reports.length, blocks);
    const shape = buffers.shape([blocks, firstBlock, reports.length, perRun]);
    const groups = [Math.ceil(blocks / GROUP), runs] as const;
    buffers.dispatch(pipeline, [shape, seeds, cells, out], groups);
    const added = await buffers.read(out, 4 * BLOCK * blocks);
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (added[i] as number);
  };
  return {
    name: 'webgpu-seeds',
    label: device.label,
    async sum(reports, offset, into) {
      assertSeeds(reports, offset);
      if (reports.length === 0) return;
      const pipeline = await compiled();
      const sums = new Float64Array(into.length);
      for (let start = 0; start < into.length; start += window) {
        const target = sums.subarray(start, start + window);
        const together = Math.min(
          MAX_SEEDS,
          Math.max(1, Math.floor(MAX_WORK / target.length)),
          Math.floor(device.maxBytes / PRIVUNIT_SEED_BYTES),
        );
        for (let first = 0; first < reports.length; first += together) {
          const part = reports.slice(first, first + together);
          await device.run((buffers) =>
            sumWindow(pipeline, buffers, part, offset, start / BLOCK, target),
          );
        }
      }
      for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + (sums[i] as number);
    },
  };
}
