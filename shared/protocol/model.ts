/**
 * Wire format of a model, version 1. Little endian.
 *
 *   0  4   magic "VTM1"
 *   4  4   d, uint32
 *   8  4d  weights, float32
 *
 * A model is addressed by the SHA-256 of these bytes.
 */
import { ShapeError } from './shape.ts';

const MAGIC = 0x314d5456;

export function encodeModel(weights: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(8 + 4 * weights.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, weights.length, true);
  for (let i = 0; i < weights.length; i++) view.setFloat32(8 + 4 * i, weights[i] as number, true);
  return bytes;
}

/** @throws ShapeError on another length than d declares, or a weight that is not finite. */
export function decodeModel(bytes: Uint8Array, d: number): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (
    bytes.length !== 8 + 4 * d ||
    view.getUint32(0, true) !== MAGIC ||
    view.getUint32(4, true) !== d
  ) {
    throw new ShapeError('model', `a model of ${d} weights`);
  }
  const weights = new Float32Array(d);
  for (let i = 0; i < d; i++) weights[i] = view.getFloat32(8 + 4 * i, true);
  if (!weights.every(Number.isFinite)) throw new ShapeError('model', 'finite weights');
  return weights;
}
