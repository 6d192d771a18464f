/** Waits for what a page comes to, however busy the machine is. */
import { expect } from 'vitest';

const PATIENCE_MS = 30_000;

export function soon<T>(look: () => T | Promise<T>) {
  return expect.poll(look, { timeout: PATIENCE_MS });
}
