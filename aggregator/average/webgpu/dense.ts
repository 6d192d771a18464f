/**
 * Sums of int32 vectors on a GPU, exact: as in the WASM kernel, each coordinate keeps Σx mod 2^32
 * and Σ(x >> 16), from which the sum follows for up to 2^15 reports.
 *
 * Here for completeness: the bytes cross the bus once, which takes as long as adding them on the
 * CPU does (bench `gpu`).
 */
import { type AverageBackend, assertReports } from '../backend.ts';
import type { Buffers } from './buffers.ts';
import type { Device } from './device.ts';

/** Σ(x & 0xffff) stays below 2^31 and Σ(x >> 16) within 2^30. */
const MAX_ROWS = 2 ** 15;
const GROUP = 64;
/** Coordinates a pass: 4 MiB a row, and 4,096 workgroups of the 65,535 that a dispatch may have. */
const WINDOW = 2 ** 20;

const SHADER = /* wgsl */ `
struct Shape { stride: u32, rows: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> rows: array<vec4<i32>>;
@group(0) @binding(2) var<storage, read_write> low: array<vec4<i32>>;
@group(0) @binding(3) var<storage, read_write> high: array<vec4<i32>>;

@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= shape.stride) { return; }
  var l = low[i];
  var h = high[i];
  for (var r = 0u; r < shape.rows; r++) {
    let x = rows[r * shape.stride + i];
    l += x;
    h += x >> vec4<u32>(16u);
  }
  low[i] = l;
  high[i] = h;
}`;

/** `bytes` at `from` of every report, one row after the other, each padded to `width`. */
function gather(
  reports: readonly Uint8Array[],
  from: number,
  bytes: number,
  width: number,
  staging: Uint8Array,
): void {
  for (const [r, report] of reports.entries()) {
    staging.set(report.subarray(from, from + bytes), r * width);
  }
}

/** Exact sums of a window of `d` coordinates at byte `from` of at most 2^15 reports. */
async function sumWindow(
  { maxBytes }: Device,
  pipeline: GPUComputePipeline,
  buffers: Buffers,
  reports: readonly Uint8Array[],
  from: number,
  sums: Float64Array,
): Promise<void> {
  const stride = Math.ceil(sums.length / 4);
  const width = 16 * stride;
  const perPass = Math.min(reports.length, Math.max(1, Math.floor(maxBytes / width)));
  const staging = new Uint8Array(perPass * width);
  const rows = buffers.storage(staging.length);
  const [low, high] = [buffers.storage(width), buffers.storage(width)];
  for (let first = 0; first < reports.length; first += perPass) {
    const part = reports.slice(first, first + perPass);
    gather(part, from, 4 * sums.length, width, staging);
    buffers.write(rows, staging);
    const shape = buffers.shape([stride, part.length]);
    buffers.dispatch(pipeline, [shape, rows, low, high], [Math.ceil(stride / GROUP), 1]);
    await buffers.done();
  }
  const l = await buffers.read(low, width);
  const h = await buffers.read(high, width);
  for (let i = 0; i < sums.length; i++) {
    const upper = h[i] as number;
    const rest = ((l[i] as number) - (upper << 16)) >>> 0;
    sums[i] = (sums[i] as number) + (upper * 65_536 + rest);
  }
}

/** `into` is changed at the end, and not when the GPU fails. */
export function denseBackend(device: Device): AverageBackend {
  const compiled = device.pipeline(SHADER);
  const window = Math.min(WINDOW, 4 * Math.floor(device.maxBytes / 16));
  return {
    name: 'webgpu',
    label: device.label,
    async sum(reports, offset, into) {
      assertReports(reports, offset, into);
      if (reports.length === 0) return;
      const pipeline = await compiled();
      const sums = new Float64Array(into.length);
      for (let start = 0; start < into.length; start += window) {
        const target = sums.subarray(start, start + window);
        for (let first = 0; first < reports.length; first += MAX_ROWS) {
          const part = reports.slice(first, first + MAX_ROWS);
          const at = offset + 4 * start;
          await device.run((buffers) => sumWindow(device, pipeline, buffers, part, at, target));
        }
      }
      for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + (sums[i] as number);
    },
  };
}
