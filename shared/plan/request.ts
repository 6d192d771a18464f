/** What a plan is made from, and how it is refused. */
import { assertFinite, assertInteger } from '../assert/assert.ts';

export type PlanTier = 'local' | 'split';

/** Which fields the goods have; a part that needs one that is missing is off. */
export interface GoodsFields {
  readonly prices: boolean;
  readonly texts: boolean;
  readonly brands: boolean;
  readonly categories: boolean;
}

export interface PlanRequest {
  /** N: browsers that agreed to contribute and come back, in one storage epoch. */
  readonly shoppers: number;
  /** Goods of the catalogue. */
  readonly items: number;
  /** Directed edges of its item graph, missing ones included: items × degree. */
  readonly edges: number;
  /** Length of a content vector. */
  readonly content: number;
  readonly has: GoodsFields;
  /** Goods of the catalogue that the shop says sell best; absent where it says nothing. */
  readonly bestSellers?: number;
  /** `split` needs a second server. */
  readonly tier: PlanTier;
  /** Visits of one shopper in a week, on average. */
  readonly visitsPerWeek: number;
}

/**
 * No plan, and why. `bad-request`: an argument out of range; `too-few-shoppers`: no round could be
 * met; `too-little-budget`: at this budget nothing that could be learned is more than noise;
 * `bad-plan`: a task that browsers would refuse.
 */
export class PlanError extends Error {
  readonly code: 'bad-request' | 'too-few-shoppers' | 'too-little-budget' | 'bad-plan';

  constructor(code: PlanError['code'], message: string) {
    super(`${code}: ${message}`);
    this.name = 'PlanError';
    this.code = code;
  }
}

/** What a shop can do without a single report. */
export const WITHOUT_REPORTS =
  'without any report the ranker’s start weights rank by content, and profile and segments work ' +
  'in the browser: vitrine new SITE --catalogue FILE';

/** Of the goods on which the figures of parts.ts were measured: degree 10 and the item itself. */
export const USUAL_DEGREE = 11;

/** Length that the build step gives the vectors of a catalogue of more goods than that. */
export const USUAL_CONTENT = 128;

/** @throws TypeError or RangeError with the field's name. */
export function assertRequest(request: PlanRequest): void {
  assertInteger('shoppers', request.shoppers, 1, 1e9);
  assertInteger('items', request.items, 1, 1 << 24);
  assertInteger('edges', request.edges, 0, 2 ** 32);
  assertInteger('content', request.content, 0, 1024);
  const { bestSellers = 0 } = request;
  assertInteger('bestSellers', bestSellers, 0, request.items);
  assertFinite('visitsPerWeek', request.visitsPerWeek);
  if (!(request.visitsPerWeek >= 0.01 && request.visitsPerWeek <= 1000)) {
    throw new RangeError('visitsPerWeek must be from 0.01 to 1000');
  }
  if (request.tier !== 'local' && request.tier !== 'split') {
    throw new RangeError('tier must be local or split');
  }
}
