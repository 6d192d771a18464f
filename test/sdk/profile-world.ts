/** A profile the way a page gets it: followed, tallied, told. */
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { StoredModel } from '../../sdk/database/database.ts';
import { Follower } from '../../sdk/profile/follower.ts';
import type { HeadModel } from '../../sdk/profile/heads.ts';
import { profileOf } from '../../sdk/profile/profile.ts';
import type { Profile, Segment, Traits } from '../../sdk/profile/result.ts';
import { segmentsOf } from '../../sdk/profile/segments.ts';
import type { Tally } from '../../sdk/profile/tally.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { SegmentRule } from '../../shared/protocol/task.ts';
import { NOON_MS } from './features-goods.ts';

export interface Known {
  readonly profile: Profile;
  readonly tally: Tally;
  readonly follower: Follower;
  segments(rules: readonly SegmentRule[]): Segment[];
}

export async function known(
  events: readonly ShopEvent[],
  catalogue: Catalogue,
  more: {
    readonly heads?: readonly HeadModel[];
    readonly nowMs?: number;
    readonly traits?: Traits;
  } = {},
): Promise<Known> {
  const { heads = [], nowMs = NOON_MS, traits = {} } = more;
  const follower = new Follower({
    events: () => events,
    catalogue: () => catalogue,
    now: () => nowMs,
    pause: () => Promise.resolve(),
  });
  const tally = await follower.settled();
  const profile = profileOf({
    tally,
    view: { heads, events: () => follower.recent(), catalogue, nowMs },
    basics: { device: 'desktop', locale: 'en-GB', traits },
    automated: follower.automated,
  });
  return {
    profile,
    tally,
    follower,
    segments: (rules) => segmentsOf(rules, profile, tally, nowMs),
  };
}

export const stored = (modelVersion: number, weights: Float32Array): StoredModel => ({
  taskName: 'intent',
  taskHash: 'bb',
  modelVersion,
  modelHash: 'cc',
  weights,
  record: null,
  storedAtMs: 0,
});

/** Every number in a value, however deep. */
export function numbers(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(numbers);
}
