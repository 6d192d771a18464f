/**
 * Gram matrix of int32 vectors on a GPU, in integers: all inner products that multi-Krum needs.
 *
 * A coordinate is written in balanced digits base 256, −128 to 127, four coordinates' digits of one
 * rank to a word, so that WGSL's `dot4I8Packed` (one instruction on most GPUs) multiplies four and
 * adds. Products of ranks a and b go to plane a + b; a plane of 2^14 coordinates fits int32. What
 * is read back is exact, and is put together in float64, exactly too.
 */
import { assertInteger } from '../../../shared/assert/assert.ts';
import { assertReports } from '../backend.ts';
import { type Gram, gramOf } from '../robust/gram.ts';
import type { Buffers } from './buffers.ts';
import type { Device } from './device.ts';
import { digitShader, GROUP, gramShader, TILE } from './gram-shaders.ts';

/**
 * Coordinates below √2^53 have four digits at most, so that a plane adds up to four products of 2^14
 * for each: 2^14 · 4 · 2^14 < 2^31.
 */
const MAX_COORDINATES = 2 ** 14;
/** Rows of a panel: with 2^14 coordinates 32 MiB, and 7 planes of 1 MiB a pair. */
const MAX_PANEL = 512;

/** Below it sums of products are exact in float64 in any order, here and in `gramOf`. */
const EXACT = 2 ** 53;

/**
 * The fewest balanced digits that hold every coordinate, 127 (or −128) times 1, 257, 65793 …; null
 * when a row's square is not below 2^53, and with it, by Cauchy and Schwarz, some |Σxy| might not be.
 */
function digitsFor(rows: readonly Uint8Array[], offset: number, d: number): number | null {
  let [low, high] = [0, 0];
  for (const row of rows) {
    const view = new DataView(row.buffer, row.byteOffset + offset, 4 * d);
    let square = 0;
    for (let i = 0; i < d; i++) {
      const x = view.getInt32(4 * i, true);
      square += x * x;
      if (x < low) low = x;
      else if (x > high) high = x;
    }
    if (square >= EXACT) return null;
  }
  let digits = 1;
  for (let ones = 1; high > 127 * ones || low < -128 * ones; ones = 256 * ones + 1) digits += 1;
  return digits;
}

interface Panel {
  readonly first: number;
  readonly rows: readonly Uint8Array[];
}

interface Shaders {
  readonly digits: number;
  readonly pipelines: { readonly cut: GPUComputePipeline; readonly multiply: GPUComputePipeline };
}

/** Uploads bytes [from, from + bytes) of the panel's rows and cuts them into digits. */
function digitsOf(
  buffers: Buffers,
  { pipelines, digits }: Shaders,
  { rows }: Panel,
  [from, bytes]: readonly [number, number],
): GPUBuffer {
  const words = Math.ceil(bytes / 16);
  const staging = new Uint8Array(rows.length * words * 16);
  for (const [r, row] of rows.entries()) {
    staging.set(row.subarray(from, from + bytes), r * words * 16);
  }
  const values = buffers.storage(staging.length);
  const out = buffers.storage(4 * words * rows.length * digits);
  buffers.write(values, staging);
  const shape = buffers.shape([rows.length, words]);
  buffers.dispatch(pipelines.cut, [shape, values, out], [Math.ceil(words / GROUP), rows.length]);
  values.destroy();
  return out;
}

/** The planes of a pair of panels, [plane][row of left][row of right]. */
async function planesOf(
  buffers: Buffers,
  { pipelines, digits }: Shaders,
  [left, right]: readonly [GPUBuffer, GPUBuffer],
  [height, width]: readonly [number, number],
  words: number,
): Promise<Int32Array> {
  const bytes = 4 * (2 * digits - 1) * height * width;
  const planes = buffers.storage(bytes);
  const shape = buffers.shape([words, height, width, left === right ? 1 : 0]);
  const tiles = [Math.ceil(width / TILE), Math.ceil(height / TILE)] as const;
  buffers.dispatch(pipelines.multiply, [shape, left, right, planes], tiles);
  const read = await buffers.read(planes, bytes);
  planes.destroy();
  return read;
}

/** Adds the planes of a pair of panels to the matrix of `n` rows, on both sides of its diagonal. */
function addPlanes(
  planes: Int32Array,
  [left, right]: readonly [Panel, Panel],
  n: number,
  into: Float64Array,
): void {
  const [height, width] = [left.rows.length, right.rows.length];
  const entries = height * width;
  const top = planes.length - entries;
  for (let i = 0; i < height; i++) {
    for (let j = left === right ? i : 0; j < width; j++) {
      const [row, column] = [left.first + i, right.first + j];
      let sum = 0;
      // From the top, so that no partial sum is larger than the sum itself.
      for (let at = top + i * width + j; at >= 0; at -= entries) {
        sum = 256 * sum + (planes[at] as number);
      }
      const total = (into[row * n + column] as number) + sum;
      into[row * n + column] = total;
      into[column * n + row] = total;
    }
  }
}

/** The first panel with itself and with all others. */
async function addPanels(
  buffers: Buffers,
  shaders: Shaders,
  panels: readonly Panel[],
  slice: readonly [number, number],
  n: number,
  into: Float64Array,
): Promise<void> {
  const [first] = panels as readonly [Panel];
  const left = digitsOf(buffers, shaders, first, slice);
  const words = Math.ceil(slice[1] / 16);
  for (const panel of panels) {
    const right = panel === first ? left : digitsOf(buffers, shaders, panel, slice);
    const size = [first.rows.length, panel.rows.length] as const;
    const planes = await planesOf(buffers, shaders, [left, right], size, words);
    if (right !== left) right.destroy();
    addPlanes(planes, [first, panel], n, into);
  }
}

/** Sizes that are less in tests. */
export interface GramSizes {
  readonly panel?: number;
  readonly coordinates?: number;
}

/**
 * The Gram matrix on this device: exactly what `gramOf` gives. Where it is not exact, that makes it.
 * Throws RangeError for short rows, and GpuError.
 */
export function gramOn(device: Device, sizes: GramSizes = {}): Gram {
  const { panel = MAX_PANEL, coordinates = MAX_COORDINATES } = sizes;
  const made = new Map<number, Shaders>();
  const shadersFor = async (digits: number): Promise<Shaders> => {
    const cut = await device.pipeline(digitShader(digits))();
    const multiply = await device.pipeline(gramShader(digits))();
    const shaders = { digits, pipelines: { cut, multiply } };
    made.set(digits, shaders);
    return shaders;
  };
  return async (rows, offset, d) => {
    assertInteger('d', d, 0, 2 ** 30);
    assertReports(rows, offset, { length: d });
    const n = rows.length;
    const digits = digitsFor(rows, offset, d);
    if (digits === null) return gramOf(rows, offset, d);
    const matrix = new Float64Array(n * n);
    const shaders = made.get(digits) ?? (await shadersFor(digits));
    const panels: Panel[] = [];
    for (let first = 0; first < n; first += panel) {
      panels.push({ first, rows: rows.slice(first, first + panel) });
    }
    for (let start = 0; start < d; start += coordinates) {
      const slice = [offset + 4 * start, 4 * Math.min(coordinates, d - start)] as const;
      for (const k of panels.keys()) {
        const rest = panels.slice(k);
        await device.run((buffers) => addPanels(buffers, shaders, rest, slice, n, matrix));
      }
    }
    return matrix;
  };
}
