/** The contract of every database, against Chromium's IndexedDB. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Sealed } from './contract-page.ts';
import type { Outcome } from './contract-runner.ts';
import { type Launched, launchChromium, type Served, serveStatic } from './launch.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

let folder: string;
let served: Served;
let browser: Launched;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrine-contract-'));
  await build({
    configFile: false,
    root: HERE,
    logLevel: 'warn',
    resolve: { alias: { vitest: join(HERE, 'contract-runner.ts') } },
    build: {
      target: ['es2022'],
      outDir: folder,
      emptyOutDir: true,
      minify: false,
      rollupOptions: {
        input: join(HERE, 'contract-page.ts'),
        output: { format: 'iife', entryFileNames: 'contract.js', codeSplitting: false },
      },
    },
  });
  const page = '<!doctype html><link rel="icon" href="data:,"><script src="/contract.js"></script>';
  served = await serveStatic([folder], { texts: { '/': page } });
  browser = await launchChromium();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await served?.close();
  await rm(folder, { recursive: true, force: true });
});

it('PR33 stores in Chromium nothing legible, under a key that gives its bytes to no script', async () => {
  const page = await browser.browser.newPage();
  await page.goto(served.url);
  const found = await page.evaluate(async () => {
    const { sealedWords } = window as unknown as { sealedWords(): Promise<Sealed> };
    return sealedWords();
  });
  expect(found.read).toBe(found.words[0]);
  expect(found.records).toBe(70);
  expect(found.legible.length).toBeGreaterThan(0);
  for (const word of found.words) expect(found.legible).not.toContain(word);
  expect(found).toMatchObject({
    extractable: false,
    exported: ['InvalidAccessError', 'InvalidAccessError'],
  });
  await page.close();
});

it('is kept by IndexedDB in Chromium', async () => {
  const page = await browser.browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(served.url);
  const outcomes = await page.evaluate(() =>
    (window as unknown as { runContract(): Promise<Outcome[]> }).runContract(),
  );
  expect(outcomes.length).toBeGreaterThan(20);
  expect(outcomes.filter(({ failure }) => failure !== '')).toEqual([]);
  expect(problems).toEqual([]);
});
