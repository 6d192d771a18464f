/**
 * Pages that stand for real shops, each driven as a shopper would, with the built files: what the
 * history holds, what is recommended, what was sent, and that the page never noticed.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { type Launched, launchChromium } from './launch.ts';
import { bikes, wheels } from './shops/bikes.ts';
import { bikesJourney } from './shops/bikes-journey.ts';
import { books } from './shops/books.ts';
import { booksJourney } from './shops/books-journey.ts';
import { ci } from './shops/ci.ts';
import { ciJourney } from './shops/ci-journey.ts';
import { lamps } from './shops/lamps.ts';
import { lampsJourney } from './shops/lamps-journey.ts';
import { type Market, openMarket } from './shops/market.ts';
import { mugs } from './shops/mugs.ts';
import { mugsJourney } from './shops/mugs-journey.ts';
import { pans } from './shops/pans.ts';
import { pansJourney } from './shops/pans-journey.ts';
import { shoes } from './shops/shoes.ts';
import { shoesJourney } from './shops/shoes-journey.ts';
import type { Stage } from './shops/shopper.ts';
import { tea } from './shops/tea.ts';
import { teaJourney } from './shops/tea-journey.ts';
import { tees } from './shops/tees.ts';
import { teesJourney } from './shops/tees-journey.ts';
import { tools } from './shops/tools.ts';
import { toolsJourney } from './shops/tools-journey.ts';
import { yarn } from './shops/yarn.ts';
import { yarnJourney } from './shops/yarn-journey.ts';

const SHOPS = [bikes, books, ci, lamps, mugs, pans, shoes, tea, tees, tools, wheels, yarn];

/** Whatever a page asks of the world outside fails, and so is written on its console. */
const NO_WORLD = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost';

/** Most of it is waiting, so that shops wait together. */
const WAITING = { timeout: 300_000 } as const;

let market: Market;
let browser: Launched;
const stage = (): Stage => ({ market, browser });

beforeAll(async () => {
  [market, browser] = await Promise.all([
    openMarket(SHOPS),
    launchChromium({ args: [NO_WORLD], without: ['--disable-back-forward-cache'] }),
  ]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await market?.close();
});

describe.concurrent('a shop of rendered pages', WAITING, () => lampsJourney(stage));
describe.concurrent('a single-page shop', WAITING, () => teesJourney(stage));
describe.concurrent('a shop under a strict policy', WAITING, () => teaJourney(stage));
describe.concurrent('a shop with the tag on a CDN', WAITING, () => toolsJourney(stage));
describe.concurrent('a shop with a first-party proxy', WAITING, () => bikesJourney(stage));
describe.concurrent('a shop with a data layer', WAITING, () => shoesJourney(stage));
describe.concurrent('a shop with a consent manager', WAITING, () => booksJourney(stage));
describe.concurrent('a Chinese shop', WAITING, () => ciJourney(stage));
describe.concurrent('a WooCommerce shop', WAITING, () => yarnJourney(stage));
describe.concurrent('a Shopify shop', WAITING, () => mugsJourney(stage));
describe.concurrent('a shop that does nothing', WAITING, () => pansJourney(stage));
