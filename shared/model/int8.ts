/**
 * A model in a byte per weight: symmetric, one scale for each part (a matrix, or a row of one), as in
 * Jacob et al., arXiv:1712.05877, §2.1 with the zero point at 0.
 *
 *   0  4   magic "VTQ1", little endian as all that follows
 *   4  4   parts p, uint32
 *   8  8p  length, uint32, and scale, float32, of each part
 *   …  d   int8; weight = scale × value
 *
 * For keeping and ranking a model where memory is dear. It is no wire format: rounds train from the
 * float32 model whose hash the records name, a step of theirs is far smaller than a step of int8, and
 * a browser that trains needs that model anyway.
 */
import { assertBytes } from '../assert/assert.ts';
import { type Architecture, headsOf, parameterCount, towerShapes } from './architecture.ts';
import { columnsOf } from './heads/inputs.ts';
import { outputsOf } from './heads/label.ts';

const MAGIC = 0x31515456;
const LARGEST = 127;

/** Lengths of the matrices of a trained architecture, in weight order; their sum is d. */
export function weightParts(architecture: Architecture): readonly number[] {
  switch (architecture.name) {
    case 'tower':
      return towerShapes(architecture).map(({ rows, columns }) => rows * columns);
    case 'head':
    case 'trunk': {
      const { inputs, hidden } = architecture;
      const outputs = headsOf(architecture).map(({ label }) => outputsOf(label));
      const columns = columnsOf(inputs) + 1;
      if (hidden === 0) return outputs.map((output) => columns * output);
      return [columns * hidden, ...outputs.map((output) => (hidden + 1) * output)];
    }
    default:
      return [parameterCount(architecture)];
  }
}

/** Bytes of `encodeInt8` for d weights in p parts. */
export function int8Size(d: number, parts: number): number {
  return 8 + 8 * parts + d;
}

/** @throws RangeError for parts that do not add up to the weights, or a weight that is not finite. */
export function encodeInt8(weights: ArrayLike<number>, parts: readonly number[]): Uint8Array {
  const d = parts.reduce((sum, length) => sum + length, 0);
  if (d !== weights.length) throw new RangeError(`parts must add up to ${weights.length} weights`);
  const bytes = new Uint8Array(int8Size(d, parts.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, parts.length, true);
  let at = 0;
  for (const [p, length] of parts.entries()) {
    let largest = 0;
    for (let i = at; i < at + length; i++) {
      const size = Math.abs(weights[i] as number);
      if (!(size < Infinity)) throw new RangeError('weights must be finite');
      if (size > largest) largest = size;
    }
    view.setUint32(8 + 8 * p, length, true);
    view.setFloat32(12 + 8 * p, largest / LARGEST, true);
    const scale = view.getFloat32(12 + 8 * p, true);
    for (let i = at; i < at + length; i++) {
      const value = scale > 0 ? Math.round((weights[i] as number) / scale) : 0;
      view.setInt8(8 + 8 * parts.length + i, Math.max(-LARGEST, Math.min(LARGEST, value)));
    }
    at += length;
  }
  return bytes;
}

/** @throws RangeError for anything but the bytes of d weights, and for a scale that is none. */
export function decodeInt8(bytes: Uint8Array, d: number): Float32Array<ArrayBuffer> {
  assertBytes('bytes', bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts =
    bytes.length >= 8 && view.getUint32(0, true) === MAGIC ? view.getUint32(4, true) : -1;
  if (parts < 0 || bytes.length !== int8Size(d, parts)) {
    throw new RangeError(`bytes must be an int8 model of ${d} weights`);
  }
  const weights = new Float32Array(d);
  let at = 0;
  for (let p = 0; p < parts; p++) {
    const length = view.getUint32(8 + 8 * p, true);
    const scale = view.getFloat32(12 + 8 * p, true);
    if (!(scale >= 0 && scale < Infinity)) throw new RangeError('bytes hold a scale that is none');
    if (length > d - at) throw new RangeError('bytes hold parts of more weights');
    for (let i = at; i < at + length; i++) {
      weights[i] = scale * view.getInt8(8 + 8 * parts + i);
    }
    at += length;
  }
  if (at !== d) throw new RangeError('bytes hold parts of fewer weights');
  return weights;
}

/** The weights as an int8 model gives them back; each is off by at most half its part's scale. */
export function quantise(
  weights: ArrayLike<number>,
  parts: readonly number[],
): Float32Array<ArrayBuffer> {
  return decodeInt8(encodeInt8(weights, parts), weights.length);
}
