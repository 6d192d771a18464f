/** What is answered where nothing is known; the tag holds it, for pages without an engine. */
import type { PrivacyReport, RecommendRequest, RecommendResult } from './api.ts';
import { readRequest } from './recommend/request.ts';

export const NO_REPORT: PrivacyReport = {
  budget: null,
  epsilonSpent: 0,
  statement: 'Nothing has left this browser.',
  reports: [],
};

/** Without a catalogue: the page's own candidates in the page's own order. */
export function nothing(request?: RecommendRequest): RecommendResult {
  const { among, exclude, limit, isBad } = readRequest(request);
  const items = (among ?? [])
    .filter((id) => !exclude.has(id))
    .slice(0, limit)
    .map((id) => ({ id, score: 0, why: [] }));
  const source = among === null ? 'popular' : 'given';
  const state = isBad ? 'bad-request' : 'no-catalogue';
  return { items, source, state, version: 0, modelHash: null };
}
