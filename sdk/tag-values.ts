/** Small values of the tag. */
import { plain } from './capture/hear-plain.ts';
import type { Consent } from './database/database.ts';
import type { TagPage } from './tag-page.ts';

/** How long an answer waits for the engine. */
export const LOAD_MS = 5000;
/** After this an engine without consent is ended; its last messages have come by then. */
export const REST_MS = 1000;
/** An engine that has not answered by then, other tabs waited for, is given up. */
const ANSWER_MS = 15_000;

export const LATE = 0;

/** @returns LATE when an engine has had its time */
export const late = (page: Pick<TagPage, 'after'>): Promise<unknown> =>
  new Promise((resolve) => page.after(ANSWER_MS, () => resolve(LATE)));

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
