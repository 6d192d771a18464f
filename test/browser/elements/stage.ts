/** Pages with the built elements and a scripted client. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { build, DIST } from '../../build.ts';
import { type Launched, launchChromium, type Served, serveStatic } from '../launch.ts';
import { NOW_MS, scene } from './client.ts';
import { scripted } from './scripted.ts';

/** What the scripted client shows of itself, and what the page measured. */
export interface StageWindow {
  readonly asked: Record<string, number>;
  readonly scene: ReturnType<typeof scene>;
  readonly tracked: unknown[][];
  readonly shifts: number[];
  eraseFails: string;
  vitrine: unknown;
  fire(name: string): void;
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Refuses inline styles and scripts, eval, and every string that would become markup. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

const SHIFTS = `
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) shifts.push(entry.value);
  }).observe({ type: 'layout-shift', buffered: true });
`;

const CSS = `
  :root { color-scheme: light dark; font-family: sans-serif; }
  body { margin: 12px; }
  vitrine-shelf { display: block; min-height: 20.5rem; }

`;

const picture = (hue: number): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="hsl(${hue} 40% 60%)"/></svg>`;

let server: Served;
let browser: Launched;
const texts: Record<string, string> = { '/page.css': CSS, '/client.js': '' };
const problems: string[] = [];
const open: Page[] = [];

/** Registers the hooks of a file: one browser, a page of its own for every test. */
export function stage(): void {
  beforeAll(async () => {
    await build(['elements']);
    for (let i = 0; i < 10; i++) texts[`/pictures/${i}.svg`] = picture(36 * i);
    server = await serveStatic([DIST], { texts, headers: { 'content-security-policy': POLICY } });
    browser = await launchChromium();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  afterEach(async () => {
    for (const page of open.splice(0)) await page.context().close();
    expect(problems.splice(0)).toEqual([]);
  });
}

export interface StageOptions extends BrowserContextOptions {
  readonly lang?: string;
  /** Without `window.vitrine`. */
  readonly isAlone?: boolean;
  /** Run in the page before anything. */
  readonly before?: () => void;
}

/** @param body HTML of the page, whose scripts and styles are files, as its policy demands. */
export async function show(body: string, options: StageOptions = {}): Promise<Page> {
  const { lang = 'en', isAlone = false, before, ...context } = options;
  const made = await browser.browser.newContext({
    viewport: { width: 1100, height: 900 },
    ...context,
  });
  const page = await made.newPage();
  open.push(page);
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.clock.setSystemTime(NOW_MS);
  await page.addInitScript({ content: SHIFTS });
  const isChinese = lang.startsWith('zh');
  if (!isAlone) {
    await page.addInitScript({ content: `(${scripted})(${JSON.stringify(scene(isChinese))})` });
  }
  if (before !== undefined) await page.addInitScript(before);
  texts['/page'] = `<!doctype html><html lang="${lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Shop</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css"></head><body><main><h1>Shop</h1>${body}</main>
<script src="/vitrine-elements.js"></script></body></html>`;
  await page.goto(`${server.url}/page`);
  return page;
}

/** Rules that axe finds broken, with where. */
export async function faults(page: Page): Promise<string[]> {
  // Not as a script element, which the page's policy would refuse.
  await page.evaluate(readFileSync(AXE, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(): Promise<{
          violations: { id: string; nodes: { target: unknown; failureSummary: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(
        ({ target, failureSummary }) => `${id} ${JSON.stringify(target)} ${failureSummary}`,
      ),
    );
  });
}

export const shiftsOf = (page: Page): Promise<number[]> =>
  page.evaluate(() => (window as unknown as StageWindow).shifts);

/** Two frames: what was changed has been laid out and painted, and its shifts are told. */
export const painted = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((done) => {
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
      }),
  );
