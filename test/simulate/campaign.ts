/** Simulated shoppers meet the home page's campaign: rule B9 of BEHAVIOUR.md. */
import { campaign } from '../../demo-shop/catalogue/campaign.ts';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { CountsArchitecture } from '../../shared/model/architecture.ts';
import { entryNames } from '../../shared/model/statistic.ts';
import { SeededRandom } from './random.ts';

const DAY_MS = 86_400_000;

/** The measure task's architecture: a purchase within a fortnight of an exposure counts. */
export const CAMPAIGN: CountsArchitecture = {
  name: 'counts',
  statistic: {
    name: 'campaign',
    campaign: campaign.id,
    arms: campaign.arms.map(({ id }) => id),
    windowMs: 14 * DAY_MS,
  },
};

/** Share of visits that meet the banner. */
const NOTICED = 0.9;
/** By arm: odds that a visit with a look and no purchase ends in one after all. */
const PERSUADED = [0.06, 0.2];

/**
 * The same history with the banner on it: the arm is drawn once a shopper, the home page of most
 * visits shows it, and some visits then end in a purchase of the good looked at last.
 */
export function meetCampaign(events: readonly ShopEvent[], seed: string): ShopEvent[] {
  const random = new SeededRandom(`campaign/${seed}`);
  const arm = random.below(campaign.arms.length);
  const sessions = new Set(events.map(({ session }) => session));
  return [...sessions].flatMap((session) => {
    const visit = events.filter((event) => event.session === session);
    const shown = random.chance(NOTICED);
    const persuaded = random.chance(PERSUADED[arm] as number);
    return shown ? withBanner(visit, arm, persuaded) : visit;
  });
}

function withBanner(visit: readonly ShopEvent[], arm: number, persuaded: boolean): ShopEvent[] {
  const home = visit.findIndex(({ name, page }) => name === 'page_view' && page === 'home');
  const creative = campaign.arms[arm]?.id;
  const last = visit.at(-1);
  if (home === -1 || creative === undefined || last === undefined) return [...visit];
  const { atMs, session } = visit[home] as ShopEvent;
  const banner: ShopEvent = {
    ...{ name: 'view_promotion', atMs: atMs + 300, session, items: [] },
    ...{ promotion: campaign.id, creative },
  };
  const met = [...visit.slice(0, home + 1), banner, ...visit.slice(home + 1)];
  const look = visit.findLast(({ name }) => name === 'view_item');
  const bought = visit.some(({ name }) => name === 'purchase');
  if (!persuaded || bought || look === undefined) return met;
  const { items } = look;
  return [
    ...met,
    { name: 'begin_checkout', atMs: last.atMs + 10_000, session, items },
    { name: 'purchase', atMs: last.atMs + 30_000, session, items },
  ];
}

/** Published sums by arm in words; how noisy they are the demo's panel says. */
export function countWords(means: Float32Array, reports: number): string {
  return entryNames(CAMPAIGN.statistic)
    .map(({ name, of }, i) => `${of} ${name} ${((means[i] as number) * reports).toFixed(0)}`)
    .join(', ');
}
