/** The hooks in a page: StrictMode, one request for many users, no tearing, undo on unmount. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build as bundle } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classicScript } from '../../vite.config.ts';
import { scene } from './elements/client.ts';
import { scripted } from './elements/scripted.ts';
import { soon } from './elements/soon.ts';
import { type Launched, launchChromium, type Served, serveStatic } from './launch.ts';

interface ReactPage {
  readonly asked: Record<string, number>;
  readonly torn: readonly string[];
  readonly scene: { results: { items: unknown[] } };
  rendersOf(): number;
  fire(name: string): void;
  listening(): number;
}

let folder: string;
let server: Served;
let browser: Launched;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitrine-react-'));
  const script = classicScript('test/browser/react/page.ts', 'page.js');
  await bundle({
    ...script,
    mode: 'development',
    // StrictMode's second mount is React's development build's.
    define: { 'process.env.NODE_ENV': '"development"' },
    build: { ...script.build, outDir: folder, minify: false },
  });
  const html =
    '<!doctype html><html lang="en"><title>react</title><link rel="icon" href="data:,"><div id="root"></div><script src="/page.js"></script>';
  server = await serveStatic([folder], { texts: { '/': html } });
  browser = await launchChromium();
  page = await browser.browser.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.addInitScript({ content: `(${scripted})(${JSON.stringify(scene(false))})` });
  await page.goto(server.url);
  await page.locator('#one[data-loading=false]').waitFor();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const asked = (name: string): Promise<number> =>
  page.evaluate((of) => (window as unknown as ReactPage).asked[of] ?? 0, name);
const text = (id: string): Promise<string | null> => page.locator(`#${id}`).textContent();

describe('React hooks in StrictMode', () => {
  it('ask once for two users of one request, however often they render', async () => {
    const before = await page.evaluate(() => (window as unknown as ReactPage).rendersOf());
    for (let i = 0; i < 5; i++) await page.click('#render');
    const after = await page.evaluate(() => (window as unknown as ReactPage).rendersOf());
    expect(after).toBeGreaterThan(before + 4);
    expect(await asked('recommend')).toBe(1);
    expect(await asked('profile')).toBe(1);
    expect(await text('one')).toBe('g0 g1 g2 g3 g4 g5 g6 g7 g8 g9');
    await soon(() => text('rest')).toBe('212 2 ready true');
  });

  it('follow the client, all users in one commit', async () => {
    await page.evaluate(() => {
      const { scene, fire } = window as unknown as ReactPage;
      scene.results.items = scene.results.items.toReversed();
      fire('update');
    });
    await soon(() => text('two')).toBe('g9 g8 g7 g6 g5 g4 g3 g2 g1 g0');
    expect(await asked('recommend')).toBe(2);
    expect(await page.evaluate(() => (window as unknown as ReactPage).torn)).toEqual([]);
  });

  it('read and change consent', async () => {
    expect(await text('withdraw')).toBe('{"personalise":true,"contribute":true}');
    await page.click('#withdraw');
    await soon(() => text('withdraw')).toBe('{"personalise":true,"contribute":false}');
  });

  it('let go of the client when the last user unmounts, and come again', async () => {
    const listening = (): Promise<number> =>
      page.evaluate(() => (window as unknown as ReactPage).listening());
    expect(await listening()).toBeGreaterThan(0);
    await page.click('#toggle');
    await soon(listening).toBe(0);
    const before = await asked('recommend');
    await page.evaluate(() => (window as unknown as ReactPage).fire('update'));
    expect(await asked('recommend')).toBe(before);
    await page.click('#toggle');
    await soon(() => asked('recommend')).toBe(before + 1);
    expect(problems).toEqual([]);
  });
});
