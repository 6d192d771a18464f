/** What runs on a GPU gives way to the CPU when the GPU fails, and nothing acknowledged is lost. */
import type { AverageBackend } from './backend.ts';
import { type Gram, gramOf } from './robust/gram.ts';

/** Errors of the arguments are the caller's; all others are the backend's. */
function isOfArguments(error: unknown): boolean {
  return error instanceof RangeError || error instanceof TypeError;
}

/**
 * Sums by `first` until it fails, and by `second` from then on; the sum that failed is made anew, so
 * that the caller notices nothing.
 * @param onFall hears why, once.
 */
export function withFallback(
  first: AverageBackend,
  second: AverageBackend,
  onFall: (error: Error) => void,
): AverageBackend {
  let fallen = false;
  return {
    get name() {
      return (fallen ? second : first).name;
    },
    async sum(reports, offset, into) {
      if (!fallen) {
        try {
          return await first.sum(reports, offset, into);
        } catch (error) {
          if (isOfArguments(error)) throw error;
          if (!fallen) onFall(error as Error);
          fallen = true;
        }
      }
      await second.sum(reports, offset, into);
    },
  };
}

/** As `withFallback`, to the Gram matrix in float64. */
export function gramWithFallback(first: Gram, onFall: (error: Error) => void): Gram {
  let fallen = false;
  return async (rows, offset, d) => {
    if (!fallen) {
      try {
        return await first(rows, offset, d);
      } catch (error) {
        if (isOfArguments(error)) throw error;
        if (!fallen) onFall(error as Error);
        fallen = true;
      }
    }
    return gramOf(rows, offset, d);
  };
}
