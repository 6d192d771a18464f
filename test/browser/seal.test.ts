/** Shares and seals made in Chromium are those of Node, on its own X25519 and on the fallback. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build as bundle } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256 } from '../../shared/bytes/hash.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { generateSealingKeys, sealSeed, seedOpener } from '../../shared/sharing/seal.ts';
import { classicScript } from '../../vite.config.ts';
import vectors from '../vectors/v1/sharing.json' with { type: 'json' };
import { type Launched, launchChromium, type Served, serveStatic } from './launch.ts';
import type { SealingPage } from './seal/page.ts';

declare const sealing: SealingPage;

const { seed, z, leader, taskHash, roundHash, reportId } = vectors.share;
const names = { taskHash, roundHash, reportId };
const of = {
  taskHash: fromHex(taskHash),
  roundHash: fromHex(roundHash),
  reportId: fromHex(reportId),
};

let folder: string;
let server: Served;
let browser: Launched;
let page: Page;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitrine-seal-'));
  const script = classicScript('test/browser/seal/page.ts', 'page.js');
  await bundle({ ...script, build: { ...script.build, outDir: folder } });
  const html = '<!doctype html><title>sealing</title><script src="/page.js"></script>';
  server = await serveStatic([folder], { texts: { '/': html } });
  browser = await launchChromium();
  page = await browser.browser.newPage();
  await page.goto(`${server.url}/`);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

it.each(['native', 'fallback'] as const)(
  'W9 W10 %s in Chromium: Node opens what it seals, and it opens what Node seals',
  async (engine) => {
    const keys = await generateSealingKeys();
    const made = await page.evaluate(
      ([engine, key, names, seed, z]) => sealing.seal(engine, key, names, seed, z),
      [engine, keys.publicKey, names, seed, z] as const,
    );
    expect(made.share).toBe(leader);
    const hash = await sha256(fromHex(leader));
    const opener = await seedOpener(keys);
    const opened = await opener.open(of, fromHex(made.sealed), hash);
    expect(opened && toHex(opened)).toBe(seed);

    const theirs = await page.evaluate((engine) => sealing.keys(engine), engine);
    const key = new Uint8Array(Buffer.from(theirs.publicKey, 'base64url'));
    const sealed = toHex(await sealSeed(key, of, fromHex(seed), hash));
    const open = (hash: Uint8Array): Promise<string | null> =>
      page.evaluate(
        ([engine, keys, names, sealed, hash]) => sealing.open(engine, keys, names, sealed, hash),
        [engine, theirs, names, sealed, toHex(hash)] as const,
      );
    expect(await open(hash)).toBe(seed);
    expect(await open(new Uint8Array(32))).toBeNull();
  },
);
