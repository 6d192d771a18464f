/** One shop page per call in a fresh browser and server for each test. */
import { afterEach, beforeEach } from 'vitest';
import type { InitOptions, Vitrine, VitrineEvents } from '../../sdk/api.ts';
import type { Database } from '../../sdk/database/database.ts';
import { createClient } from '../../sdk/surface.ts';
import { FakeBrowser } from './client-browser.ts';
import { FakeServer, zeroWorker } from './client-server.ts';

export const BOTH = { personalise: true, contribute: true };
export const PERSONALISE = { personalise: true, contribute: false };
export const NONE = { personalise: false, contribute: false };
export const NOW = 1_700_000_000_000;
export const ITEM = { item_id: 'item-1', item_name: 'Teapot', price: '12,50' };

export let server: FakeServer;
export let browser: FakeBrowser;
const clients: Vitrine[] = [];

export interface Opened {
  readonly shop: Vitrine;
  readonly tab: ReturnType<FakeBrowser['tab']>;
  readonly errors: string[];
  readonly updates: string[];
  readonly outcomes: VitrineEvents['round']['outcome'][];
  readonly ready: VitrineEvents['ready'][];
}

/** Registers a fresh browser and server before each test of the calling file. */
export function freshBrowser(): void {
  beforeEach(async () => {
    await serveWith(await FakeServer.start({ nowMs: NOW }));
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((one) => one.shutdown()));
  });
}

export async function serveWith(other: FakeServer): Promise<void> {
  server = other;
  browser = new FakeBrowser(server);
  browser.worker = zeroWorker(server);
}

export async function open(options: Partial<InitOptions> = {}, settle = true): Promise<Opened> {
  const tab = browser.tab();
  const shop = createClient(
    'shop',
    { endpoint: '/vitrine', trust: server.root.publicKey, assetBase: '/assets', ...options },
    tab,
  );
  clients.push(shop);
  const opened: Opened = { shop, tab, errors: [], updates: [], outcomes: [], ready: [] };
  shop.on('error', ({ code }) => opened.errors.push(code));
  shop.on('update', ({ cause }) => opened.updates.push(cause));
  shop.on('round', ({ outcome }) => opened.outcomes.push(outcome));
  shop.on('ready', (status) => opened.ready.push(status));
  if (settle) await browser.pass(100);
  return opened;
}

export const store = (): Database | undefined => browser.stores.get('vitrine/shop');

/** A question and the time that its answer may take. */
export async function ask<T>(question: Promise<T>, ms = 3000): Promise<T> {
  await browser.pass(ms);
  return question;
}

/** Past the quiet period of the fake task, in its first round. */
export const QUIET_MS = 10_000;

/** A page that has been open for a while. */
export async function later(
  options: Parameters<typeof open>[0] = { consent: BOTH },
  ms = QUIET_MS + 5000,
): Promise<Opened> {
  const page = await open(options);
  await browser.pass(ms);
  return page;
}
