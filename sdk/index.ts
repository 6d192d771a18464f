/** Vitrine's public entry: `init` and its types. Importing it touches no global. */
import type { InitOptions, Vitrine } from './api.ts';
import { INTEGRITY } from './integrity.ts';
import { createTag } from './tag.ts';

export type * from './api.ts';
export type { EventItem, EventName, ShopEvent } from './capture/event.ts';
export type { Consent } from './database/database.ts';
export { type Inspection, inspectReport } from './inspect.ts';
export type { BackendReport } from './learn/learner.ts';
export type { RoundOutcome, SkipReason } from './post/outcome.ts';

/**
 * Starts Vitrine for one site of this origin.
 *
 * Nothing is stored, fetched or sent before consent to personalise, and nothing is sent before
 * consent to contribute.
 * @throws TypeError or RangeError for options of the wrong kind or value; nothing else, ever.
 */
export function init(site: string, options: InitOptions): Vitrine {
  // The shop's own bundle holds the hashes, as an `integrity` pins them on the tag.
  return createTag(site, options, { nonce: '', pinned: Object.keys(INTEGRITY).length > 0 });
}
