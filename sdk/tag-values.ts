/** Small values of the tag. */
import { plain } from './capture/hear-plain.ts';
import type { Consent } from './database/database.ts';

/** What both allow. */
export const both = (one: Consent, other: Consent | null): Consent => ({
  personalise: one.personalise && other?.personalise !== false,
  contribute: one.contribute && other?.contribute !== false,
});

/** What the page hands over may change, or not be fit to travel. */
export function copy<T>(value: T): T {
  try {
    return structuredClone(value);
  } catch {
    return plain(value) as T;
  }
}
