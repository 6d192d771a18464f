/**
 * What tfjs-core needs of its surroundings before its first tensor; stands for the package's
 * base_side_effects.js, which also brings storage and network code that we do not ship.
 */
import '@tensorflow/tfjs-core/dist/flags.js';
import { env } from '@tensorflow/tfjs-core/dist/environment.js';
import { buffer } from '@tensorflow/tfjs-core/dist/ops/buffer.js';
import { cast } from '@tensorflow/tfjs-core/dist/ops/cast.js';
import { clone } from '@tensorflow/tfjs-core/dist/ops/clone.js';
import { print } from '@tensorflow/tfjs-core/dist/ops/print.js';
import type { Platform } from '@tensorflow/tfjs-core/dist/platforms/platform.js';
import { setOpHandler } from '@tensorflow/tfjs-core/dist/tensor.js';

setOpHandler({ buffer, cast, clone, print });

const platform: Platform = {
  fetch: () => Promise.reject(new Error('tfjs fetches nothing here')),
  now: () => performance.now(),
  encode: (text) => new TextEncoder().encode(text),
  decode: (bytes, encoding) => new TextDecoder(encoding).decode(bytes),
  isTypedArray: (value): value is Float32Array | Int32Array | Uint8Array | Uint8ClampedArray =>
    ArrayBuffer.isView(value) && !(value instanceof DataView),
};

/** Under Node the packages load tfjs-core's own build, which has set a platform already. */
export function ensurePlatform(): void {
  if (env().platform === undefined) env().setPlatform('vitrine', platform);
}
