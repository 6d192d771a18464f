/** The profile of nobody: what is said where nothing is known. Small, since the tag holds it too. */
import type { Estimate, NextCategory, Profile, Rhythm } from './result.ts';

export const NO_ESTIMATE: Estimate = {
  probability: null,
  source: 'none',
  version: 0,
  method: 'none',
  why: [],
};

const NO_RHYTHM: Rhythm = {
  hours: new Array<number>(24).fill(0),
  weekdays: new Array<number>(7).fill(0),
  visitsPerWeek: null,
  daysBetweenVisits: null,
  daysBetweenPurchases: null,
};

export const NO_CATEGORY: NextCategory = { source: 'none', version: 0, categories: [] };

/** Before consent, or where nothing can be read. */
export const NO_PROFILE: Profile = {
  state: 'empty',
  events: 0,
  sessions: 0,
  basics: { device: null, locale: null, visitor: null, traits: {} },
  interests: { category: [], brand: [], priceBand: [] },
  rhythm: NO_RHYTHM,
  value: { ...NO_ESTIMATE, tier: null },
  priceSensitivity: NO_ESTIMATE,
  intent: NO_ESTIMATE,
  churn: NO_ESTIMATE,
  nextCategory: NO_CATEGORY,
  vector: null,
};
