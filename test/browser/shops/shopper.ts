/** A shopper in a browser profile of its own, and what is looked at from outside afterwards. */
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { ReportEntry, Vitrine } from '../../../sdk/api.ts';
import { reportLength } from '../../../shared/protocol/report.ts';
import { until } from '../hostile.ts';
import type { Launched } from '../launch.ts';
import { testDrafts } from '../shop.ts';
import type { Market, Seen } from './market.ts';

declare global {
  interface Window {
    vitrine: Vitrine;
  }
}

export interface Stage {
  readonly market: Market;
  readonly browser: Launched;
}

export interface Arrival {
  /** Runs before every page's own scripts. */
  readonly init?: string;
}

interface Stored {
  readonly name: string;
  readonly items: readonly { readonly id: string; readonly quantity: number }[];
  readonly term?: string;
}

/** Beside other shoppers on a machine that has other things to do. */
const KEPT_MS = 40_000;
/** Files of the built SDK, wherever they lie. */
const OUR_FILE = /\/(?:vitrine[\w-]*|worker-\w+)\.js$|\.wasm$/;

/**
 * What an export's history holds, oldest first, without views of pages and dwell, such as
 * `add_to_cart id×2`.
 */
export function historyOf(data: Record<string, unknown>): string[] {
  return ((data.events ?? []) as Stored[])
    .filter(({ name }) => name !== 'page_view' && name !== 'dwell')
    .map(({ name, items, term }) => {
      const ids = items.map(({ id, quantity }) => (quantity > 1 ? `${id}×${quantity}` : id));
      return [name, term ?? ids.join(' ')].join(' ');
    });
}

export class Shopper {
  readonly page: Page;
  readonly shop: string;
  readonly context: BrowserContext;
  /** Errors on the console and uncaught ones, of pages and Workers. */
  readonly problems: string[] = [];
  readonly #market: Market;
  readonly #from: number;

  private constructor(shop: string, { market }: Stage, context: BrowserContext, page: Page) {
    this.#market = market;
    this.#from = market.seen.length;
    this.shop = shop;
    this.context = context;
    this.page = page;
    page.on('pageerror', (error) => this.problems.push(`pageerror: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(`console: ${message.text()}`);
    });
  }

  static async arrive(shop: string, stage: Stage, { init }: Arrival = {}): Promise<Shopper> {
    const context = await stage.browser.browser.newContext();
    if (init !== undefined) await context.addInitScript(init);
    return new Shopper(shop, stage, context, await context.newPage());
  }

  get origin(): string {
    return this.#market.surroundings(this.shop).origin;
  }

  async open(path = '/'): Promise<void> {
    await this.page.goto(this.origin + path);
  }

  /** Clicks what leads to another document, and waits until that is there. */
  async follow(selector: string): Promise<void> {
    const arrived = this.page.waitForEvent('domcontentloaded');
    await this.page.click(selector);
    await arrived;
  }

  async search(term: string, field = 'input[type=search]'): Promise<void> {
    await this.page.fill(field, term);
    const arrived = this.page.waitForEvent('domcontentloaded');
    await this.page.press(field, 'Enter');
    await arrived;
  }

  /** Requests of this visit, of this shop alone: its own origin, its site's API, and the CDN. */
  seen(): Seen[] {
    return this.#market.seen
      .slice(this.#from)
      .filter(
        ({ at, path }) => at === this.shop || (at === 'api' && path.startsWith(`/${this.shop}/`)),
      );
  }

  /** Files that came from the CDN during this visit. */
  ofCdn(): Seen[] {
    return this.#market.seen
      .slice(this.#from)
      .filter(({ at, path }) => at === 'cdn' && path.startsWith(`/${this.shop}/`));
  }

  /** Those that reached the aggregator. */
  toAggregator(): Seen[] {
    return this.seen().filter(({ path }) => /\/v1\//.test(path));
  }

  reports(): Seen[] {
    return this.toAggregator().filter(({ method }) => method === 'POST');
  }

  databases(): Promise<string[]> {
    return this.page.evaluate(async () =>
      (await indexedDB.databases()).map(({ name }) => name ?? ''),
    );
  }

  async history(): Promise<string[]> {
    return historyOf(await this.page.evaluate(() => window.vitrine.exportData()));
  }

  /** Clicks what gives consent, or takes it away, and waits until that is in force. */
  async consents(selector: string, personalise = true, contribute = personalise): Promise<void> {
    await this.page.click(selector);
    await until(`${this.shop}: consent ${personalise} ${contribute}`, async () => {
      const now = await this.page.evaluate(() => window.vitrine.consent.get());
      return now.personalise === personalise && now.contribute === contribute;
    });
  }

  /** Waits until this page is listened to: a hand is slower than that. */
  async listened(): Promise<void> {
    await until(`${this.shop}: the tag`, () =>
      this.page.evaluate(() => window.vitrine.consent.get().personalise),
    );
  }

  /** Waits until the history ends with what has just happened: a look, not a glance. */
  async kept(last: string): Promise<void> {
    await until(
      `${this.shop}: ${last}`,
      async () => (await this.history()).at(-1) === last,
      KEPT_MS,
    ).catch(async (error) => {
      throw new Error(`${error.message}; kept: ${(await this.history()).join(', ')}`);
    });
  }

  async recommended(
    request: Parameters<Vitrine['recommend']>[0] = {},
  ): Promise<{ ids: string[]; source: string; state: string }> {
    return this.page.evaluate(async (asked) => {
      const { items, source, state } = await window.vitrine.recommend(asked);
      return { ids: items.map(({ id }) => id), source, state };
    }, request);
  }

  sent(): Promise<ReportEntry[]> {
    return this.page.evaluate(async () =>
      (await window.vitrine.privacyReport()).reports.filter(({ state }) => state === 'sent'),
    );
  }

  /** A report that this shopper's browser calls sent, and that the aggregator has. */
  async reportLeaves(): Promise<void> {
    await until(`${this.shop}: a report`, async () => (await this.sent()).length > 0, 60_000).catch(
      async (error) => {
        const status = await this.page.evaluate(() => window.vitrine.status());
        throw new Error(`${error.message}; ${JSON.stringify(status)}`);
      },
    );
    const { reports } = await this.#market.status(this.shop);
    expect(reports.accepted).toBeGreaterThan(0);
    // On a machine that is busy an upload may come too late.
    expect({ ...reports.refused, 'round-closed': 0 }).toEqual({ 'round-closed': 0 });
  }

  /** Waits until the status says that no learner could be started. */
  async withoutWorker(): Promise<void> {
    await until(
      `${this.shop}: no Worker`,
      async () => {
        const { tasks } = await this.page.evaluate(() => window.vitrine.status());
        return tasks.some(
          ({ lastOutcome: one }) => one?.state === 'skipped' && one.reason === 'no-worker',
        );
      },
      90_000,
    );
  }

  /** Nothing is stored, and neither data nor engine are asked for. */
  async untouched(): Promise<void> {
    expect(await this.databases()).toEqual([]);
    const ours = this.seen().filter(({ path }) => OUR_FILE.test(path) || /\/v1\//.test(path));
    const beyond = ours.filter(({ path }) => !/\/(?:vitrine|vitrine-elements)\.js$/.test(path));
    expect(beyond.map(({ path }) => path)).toEqual([]);
    expect(await this.page.evaluate(() => window.vitrine.exportData())).toEqual({});
  }

  /** What leaves and what stays, whatever the shopper did: DESIGN §2, "The envelope". */
  async leavesNoTrace(shopCookies: readonly string[] = []): Promise<void> {
    const lengths = testDrafts()
      .filter(({ name }) => name === 'wide')
      .map((one) => reportLength({ ...one, d: one.initialWeights.length }));
    for (const { method, path, headers, bodyBytes } of this.toAggregator()) {
      expect(headers.cookie, path).toBeUndefined();
      expect(headers.referer, path).toBeUndefined();
      expect(path).not.toContain('?');
      if (method === 'POST') {
        expect(path).toMatch(/\/v1\/reports$/);
        expect(lengths).toContain(bodyBytes);
      } else if (method === 'GET') expect(bodyBytes).toBe(0);
      else expect(method).toBe('OPTIONS');
    }
    const left = await this.page.evaluate(() => ({
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
    }));
    expect(left).toEqual({ local: [], session: [] });
    const cookies = await this.context.cookies();
    const theirs = new Set(['session', ...shopCookies]);
    expect(cookies.map(({ name }) => name).filter((name) => !theirs.has(name))).toEqual([]);
    expect(this.problems).toEqual([]);
  }

  async leave(): Promise<void> {
    await this.context.close();
  }
}

/** The last visit of each shop: what is seen of a shop's requests is one shopper's. */
const visits = new Map<string, Promise<unknown>>();

/** A shopper's visit, after those before to the same shop, and closed in any case. */
export async function visit(
  shop: string,
  stage: Stage,
  run: (shopper: Shopper) => Promise<void>,
  arrival?: Arrival,
): Promise<void> {
  const before = visits.get(shop);
  const mine = alone(before, () => stroll(shop, stage, run, arrival));
  visits.set(
    shop,
    mine.catch(() => undefined),
  );
  await mine;
}

async function alone(
  before: Promise<unknown> | undefined,
  run: () => Promise<void>,
): Promise<void> {
  await before;
  await run();
}

/** A visit beside the one that it is called from. */
export async function stroll(
  shop: string,
  stage: Stage,
  run: (shopper: Shopper) => Promise<void>,
  arrival?: Arrival,
): Promise<void> {
  const shopper = await Shopper.arrive(shop, stage, arrival);
  try {
    await run(shopper);
  } finally {
    await shopper.leave();
  }
}
