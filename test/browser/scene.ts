/** One ranker with long trainings behind a gate, and fresh profiles that visit a tag page of it. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { REPORT_HEADER_BYTES } from '../../shared/protocol/report.ts';
import { type Gate, goodIds, newPage, openGate, reportsOf, tagPage, until } from './hostile.ts';
import { type Launched, launchChromium } from './launch.ts';
import { type ShopFixture, startShop, testDrafts } from './shop.ts';

export let shop: ShopFixture;
export let gate: Gate;
export let browser: Launched;
export let context: BrowserContext;
export let goods: string[];
let problems: string[] = [];

/** The ranker with rounds of 15 s and so many steps that a round can be caught in the middle. */
const drafts = (change: Parameters<typeof testDrafts>[0]) =>
  testDrafts(change)
    .filter(({ name }) => name === 'wide')
    .map((draft) => ({ ...draft, recipe: { ...draft.recipe, steps: 300 } }));

async function open(change: Parameters<typeof testDrafts>[0]): Promise<void> {
  shop = await startShop({ drafts: drafts(change) });
  gate = await openGate(shop);
  gate.pages['/tag'] = tagPage({ ...shop, endpoint: gate.url });
}

/** Another shop and gate in place of the present ones; the result puts those back. */
export async function reopen(
  change: Parameters<typeof testDrafts>[0],
): Promise<() => Promise<void>> {
  const [olderGate, olderShop] = [gate, shop];
  await open(change);
  return async () => {
    await gate.close();
    await shop.close();
    [gate, shop] = [olderGate, olderShop];
  };
}

/** Registers the hooks of a file: one shop and browser, a profile of its own for every test. */
export function scene(): void {
  beforeAll(async () => {
    await open({ participations: 20, windowMs: 15_000 });
    browser = await launchChromium();
    goods = await goodIds(6);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await gate?.close();
    await shop?.close();
  });

  beforeEach(async () => {
    gate.passed.length = 0;
    gate.answer = null;
    gate.workerPrefix = '';
    problems = [];
    context = await browser.browser.newContext();
  });

  afterEach(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });
}

export const posts = (): Buffer[] =>
  gate.passed.filter(({ method }) => method === 'POST').map(({ body }) => body);

export async function visit(path = '/tag', init = ''): Promise<Page> {
  const page = await newPage(context, problems);
  if (init !== '') await page.addInitScript(init);
  await page.goto(gate.url + path);
  return page;
}

interface Charge {
  readonly task: string;
  readonly round: number;
  readonly reportId: string;
}

export async function uniqueCharges(page: Page): Promise<Charge[]> {
  const charges = await reportsOf(page);
  const rounds = charges.map(({ task, round }) => `${task}/${round}`);
  expect(new Set(rounds).size).toBe(rounds.length);
  return [...charges];
}

/** A report that is charged and waits, and its bytes. */
export async function waiting(page: Page): Promise<{ id: string; bytes: number[] }> {
  const report = await until('a charge', async () =>
    (await reportsOf(page)).find(({ state }) => state === 'waiting'),
  );
  const bytes = await page.evaluate(
    async (id) => [...((await window.vitrine.reportBytes(id)) ?? [])],
    report.reportId,
  );
  expect(bytes.length).toBeGreaterThan(REPORT_HEADER_BYTES);
  return { id: report.reportId, bytes };
}
