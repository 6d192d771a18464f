/**
 * Bench `page`: what a shop's page pays. With ten thousand stored events, milliseconds of the
 * page's thread for every public call (`trackP95Ms` and the others under `callsP95Ms`; the gate is
 * 5 ms); and the same page with and without us, five loads each: tasks over 50 ms
 * (`longTasksWith`, `longTasksWithout`), and those of them whose long animation frame names one of
 * our scripts (`longTasksOurs`; the gate is 0).
 */
import type { Page } from 'playwright-core';
import { build as bundle } from 'vite';
import { classicScript } from '../../vite.config.ts';
import { goodIds } from '../browser/hostile.ts';
import { launchChromium } from '../browser/launch.ts';
import { type ShopFixture, startShop, testDrafts } from '../browser/shop.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import type { PageShop } from './page-shop.ts';

declare const pageShop: PageShop;

const GATE_MS = 5;
/** Long Tasks API: a task is long from here on. */
const LONG_MS = 50;
const SCRIPT = '/page-shop.js';
/** After a page is ready, its timers and idle callbacks have run by then. */
const REST_MS = 1500;

interface Seen {
  readonly tasks: number[];
  /** Of our scripts, by long animation frames. */
  readonly ours: number[];
}

/** Runs before anything else of the page. */
const WATCH = `<script>
  window.seen = { tasks: [], ours: [] };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.tasks.push(duration);
  }).observe({ type: 'longtask', buffered: true });
  new PerformanceObserver((list) => {
    for (const { scripts } of list.getEntries())
      for (const { sourceURL, duration } of scripts)
        if (/page-shop|vitrine/.test(sourceURL)) seen.ours.push(duration);
  }).observe({ type: 'long-animation-frame', buffered: true });
</script>`;

/** A category page as shops have them: sixty goods, their JSON-LD, and a busy data layer. */
function shopPage(ids: readonly string[], script: string): string {
  const list = ids.map((id, i) => ({
    '@type': 'ListItem',
    position: i + 1,
    item: { '@type': 'Product', sku: id, name: `Good ${id}`, offers: { price: 12.5 + i } },
  }));
  const jsonLd = { '@context': 'https://schema.org', '@type': 'ItemList', itemListElement: list };
  const items = ids.map((id) => ({ item_id: id, item_name: `Good ${id}`, price: 12.5 }));
  const tiles = ids.map((id) => `<li data-id="${id}"><a href="#${id}">Good ${id}</a> 12.50 €</li>`);
  return `<!doctype html><html lang="en"><title>shop</title><link rel="icon" href="data:,">
    ${WATCH}<script>window.dataLayer = [{ event: 'view_item_list',
      ecommerce: { currency: 'EUR', items: ${JSON.stringify(items)} } }];</script>
    <script type="application/ld+json">${JSON.stringify(jsonLd)}</script>
    ${script}<ul>${tiles.join('')}</ul></html>`;
}

async function ourScript(): Promise<string> {
  const config = classicScript('test/bench/page-shop.ts', 'page-shop.js');
  const made = await bundle({ ...config, build: { ...config.build, write: false } });
  const [output] = [made].flat();
  if (output === undefined || !('output' in output)) throw new Error('nothing was bundled');
  return output.output[0].code;
}

async function load(page: Page, url: string, calls: () => Promise<void>): Promise<Seen> {
  await page.goto(url);
  await calls();
  await page.waitForTimeout(REST_MS);
  const seen = await page.evaluate('seen');
  await page.close();
  return seen as Seen;
}

/** Resolves when the engine answers from the stored history. */
async function awake(page: Page, history: number): Promise<void> {
  const known = await page.evaluate(async () => {
    const { vitrine } = window as unknown as { vitrine: import('../../sdk/index.ts').Vitrine };
    for (let i = 0; i < 600; i++) {
      const { state, catalogue } = await vitrine.status();
      if (state === 'ready' && catalogue !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return (await vitrine.profile()).events;
  });
  if (known < history) throw new Error(`${known} of ${history} stored events are known`);
}

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const history = quick ? 500 : 10_000;
  const loads = quick ? 1 : 5;
  const rounds = quick ? 5 : 100;
  const ids = await goodIds(60);
  const texts: Record<string, string> = { [SCRIPT]: await ourScript() };
  const shop: ShopFixture = await startShop({ drafts: testDrafts(), texts });
  const { site, trust } = shop;
  const tag = `<script async src="${SCRIPT}" data-site="${site}" data-endpoint="/"
    data-trust="${trust}"></script>`;
  texts['/seed'] = `<!doctype html><title>seed</title><script src="${SCRIPT}"></script>`;
  texts['/with'] = shopPage(ids, tag);
  texts['/without'] = shopPage(ids, '');
  const chromium = await launchChromium();
  try {
    const context = await chromium.browser.newContext();
    const first = await context.newPage();
    await first.goto(`${shop.url}/seed`);
    await first.evaluate(([s, i, n]) => pageShop.seed(s, i, n), [site, ids, history] as const);
    await first.close();

    const took: Record<string, number[]> = {};
    const withUs: Seen[] = [];
    const without: Seen[] = [];
    for (let i = 0; i < loads; i++) {
      const plain = await context.newPage();
      without.push(await load(plain, `${shop.url}/without`, async () => {}));
      const ours = await context.newPage();
      const work = async (): Promise<void> => {
        await ours.waitForFunction('window.vitrine');
        await awake(ours, history);
        const times = await ours.evaluate(([g, r]) => pageShop.calls(g, r), [ids, rounds] as const);
        for (const [name, all] of Object.entries(times))
          took[name] = [...(took[name] ?? []), ...all];
      };
      withUs.push(await load(ours, `${shop.url}/with`, work));
    }
    return figures(history, took, withUs, without);
  } finally {
    await chromium.close();
    await shop.close();
  }
}

function figures(
  history: number,
  took: Readonly<Record<string, readonly number[]>>,
  withUs: readonly Seen[],
  without: readonly Seen[],
): BenchResults {
  const callsP95Ms = Object.fromEntries(
    Object.entries(took).map(([name, all]) => [name, p95(all)] as const),
  );
  const { track = Number.NaN } = callsP95Ms;
  const long = (all: readonly Seen[]): number[] => all.flatMap(({ tasks }) => tasks);
  const ours = withUs.flatMap((one) => one.ours).filter((ms) => ms > LONG_MS);
  const slowest = Math.max(...Object.values(callsP95Ms));
  return {
    ...{ history, loads: withUs.length, gateMs: GATE_MS },
    withinGate: slowest < GATE_MS && ours.length === 0,
    trackP95Ms: track,
    slowestCallP95Ms: slowest,
    longTasksWith: long(withUs).length,
    longTasksWithout: long(without).length,
    longTasksOurs: ours.length,
    longestOursMs: Math.max(0, ...withUs.flatMap((one) => one.ours)),
    longestWithMs: Math.max(0, ...long(withUs)),
    longestWithoutMs: Math.max(0, ...long(without)),
    callsP95Ms,
  };
}

function p95(all: readonly number[]): number {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(0.95 * sorted.length))] ?? Number.NaN;
}
