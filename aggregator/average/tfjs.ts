/**
 * Sums of int32 vectors by TensorFlow.js, on whatever backend it has, exactly: tensors are float32,
 * so that a coordinate goes as two halves of 16 bits, and no more rows are added up than keep every
 * partial sum, in whatever order the backend takes, an integer that float32 holds.
 */
import { type AverageBackend, assertReports } from './backend.ts';
import type { LoadedTfjs, Tensorflow } from './tfjs-load.ts';

/** 2^8 · (2^16 − 1) < 2^24: float32 holds all integers up to there. */
const MAX_ROWS = 2 ** 8;
/** Numbers of a tensor at most: 64 MiB. */
const MAX_NUMBERS = 2 ** 24;
/** Coordinates of a window at most, so that rows of long vectors still go together. */
const WINDOW = 2 ** 18;

/** Low halves of every row's coordinates, unsigned, then its high halves, signed. */
function halves(reports: readonly Uint8Array[], from: number, width: number): Float32Array {
  const numbers = new Float32Array(2 * width * reports.length);
  for (const [r, report] of reports.entries()) {
    const view = new DataView(report.buffer, report.byteOffset + from, 4 * width);
    const low = 2 * width * r;
    for (let i = 0; i < width; i++) {
      const x = view.getInt32(4 * i, true);
      numbers[low + i] = x & 0xffff;
      numbers[low + width + i] = x >> 16;
    }
  }
  return numbers;
}

async function sumOf(tf: Tensorflow, numbers: Float32Array, rows: number): Promise<Float32Array> {
  const sums = tf.tidy(() => tf.sum(tf.tensor2d(numbers, [rows, numbers.length / rows]), 0));
  try {
    return (await sums.data()) as Float32Array;
  } finally {
    sums.dispose();
  }
}

/** `into` is changed at the end, and not when tfjs fails. */
export function tfjsBackend({ tf, label }: LoadedTfjs, name = 'tfjs'): AverageBackend {
  return {
    name,
    label,
    async sum(reports, offset, into) {
      assertReports(reports, offset, into);
      const all = new Float64Array(into.length);
      for (let start = 0; start < all.length; start += WINDOW) {
        const window = all.subarray(start, start + WINDOW);
        const { length } = window;
        const together = Math.min(MAX_ROWS, Math.floor(MAX_NUMBERS / (2 * length)));
        for (let first = 0; first < reports.length; first += together) {
          const part = reports.slice(first, first + together);
          const sums = await sumOf(tf, halves(part, offset + 4 * start, length), part.length);
          for (let i = 0; i < length; i++) {
            const sum = (sums[length + i] as number) * 65_536 + (sums[i] as number);
            window[i] = (window[i] as number) + sum;
          }
        }
      }
      for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + (all[i] as number);
    },
  };
}
