import { describe, expect, it } from 'vitest';
import {
  ask,
  BOTH,
  browser,
  freshBrowser,
  ITEM,
  NONE,
  open,
  PERSONALISE,
  server,
  store,
} from './client-open.ts';

freshBrowser();

const NAME = 'vitrine/shop';

describe('PR35 erase()', () => {
  it('PR35 resolves when everything is gone, in every state of the page', async () => {
    const first = await open({ consent: BOTH });
    first.shop.track('view_item', { items: [ITEM] });
    await browser.pass(1000);
    await ask(first.shop.erase(), 3000);
    expect(browser.stores.size).toBe(0);
    // Nothing is stored, nothing to erase.
    await ask(first.shop.erase(), 3000);
    await first.shop.consent.set(PERSONALISE);
    expect(browser.stores.size).toBe(1);
    await first.shop.shutdown();
    await ask(first.shop.erase(), 3000);
    expect(browser.stores.size).toBe(0);
    expect((await first.shop.status()).state).toBe('shutdown');
  });

  it('PR35 erases from a page that only remembers by itself', async () => {
    const first = await open({ consent: BOTH });
    await first.shop.shutdown();
    expect(browser.stores.size).toBe(1);
    browser.storage = 'held';
    const { shop } = await open({ consent: BOTH });
    shop.track('view_item', { items: [ITEM] });
    expect((await shop.status()).storage).toBe('memory');
    await ask(shop.erase(), 3000);
    expect(browser.stores.size).toBe(0);
    expect(await shop.exportData()).toEqual({});
  });

  it('PR35 rejects by name when something is left, and says so as an error event', async () => {
    const { shop, errors } = await open({ consent: BOTH });
    browser.sticky = true;
    const refused = expect(shop.erase()).rejects.toMatchObject({
      name: 'DatabaseError',
      code: 'failed',
    });
    await browser.pass(3000);
    await refused;
    expect(errors).toContain('failed');
    expect(browser.stores.has(NAME)).toBe(true);
    expect(shop.consent.get()).toEqual(NONE);
    browser.sticky = false;
    await ask(shop.erase(), 3000);
    expect(browser.stores.size).toBe(0);
  });

  it('PR35 a tab that is about to start while another erases does not write', async () => {
    const one = await open({ consent: BOTH });
    const two = await open({ consent: BOTH }, false);
    const erased = one.shop.erase();
    two.shop.track('view_item', { items: [ITEM] });
    await ask(erased, 60_000);
    expect(browser.stores.size).toBe(0);
    expect(two.shop.consent.get()).toEqual(NONE);
    expect((await two.shop.status()).state).toBe('consent-required');
  });

  it('a page that finds nothing stored erases nothing that another has stored meanwhile', async () => {
    const first = await open();
    let find = (): void => undefined;
    const found = new Promise<void>((resolve) => {
      find = resolve;
    });
    const make = browser.tab.bind(browser);
    browser.tab = () => {
      const tab = make();
      const look = tab.databaseExists;
      const late = async (name: string): Promise<boolean> => {
        const exists = await look(name);
        await found;
        return exists;
      };
      return Object.assign(tab, { databaseExists: late });
    };
    await open();
    await ask(first.shop.consent.set(PERSONALISE));
    first.shop.track('view_item', { items: [ITEM] });
    await browser.pass(1000);
    find();
    await browser.pass(5000);
    expect(browser.stores.size).toBe(1);
    expect(first.shop.consent.get()).toEqual(PERSONALISE);
    expect((await ask(first.shop.profile())).events).toBeGreaterThan(0);
  });

  it('PR35 ends the training of another tab and its Worker; nothing is sent', async () => {
    const two = await open({ consent: BOTH });
    let erased: Promise<void> | null = null;
    const one = await open({ consent: BOTH });
    two.shop.on('progress', ({ stage }) => {
      if (stage === 'train') erased ??= one.shop.erase();
    });
    one.shop.on('progress', ({ stage }) => {
      if (stage === 'train') erased ??= two.shop.erase();
    });
    await browser.pass(60_000);
    expect(browser.workersStarted).toBe(1);
    expect(erased).not.toBeNull();
    await erased;
    expect(browser.workersAlive).toBe(0);
    expect(browser.stores.size).toBe(0);
    expect(store()).toBeUndefined();
    await browser.pass(60_000);
    expect(browser.stores.size).toBe(0);
    expect(server.received).toEqual([]);
  });
});

describe('PR34 what the shopper is shown', () => {
  it('PR34 lists every report with its statement, its bytes, and its time to the hour', async () => {
    const { shop } = await open({ consent: BOTH });
    await browser.pass(200_000);
    const { reports, statement } = await ask(shop.privacyReport());
    const ledger = (await store()?.readLedger()) ?? [];
    expect(ledger.length).toBeGreaterThan(0);
    expect(reports.map(({ reportId }) => reportId)).toEqual(ledger.map(({ reportId }) => reportId));
    for (const [i, one] of reports.entries()) {
      expect(one.statement).toBe(ledger[i]?.statement);
      expect(one.statement).toContain('differentially private');
      expect(statement).toContain(one.statement);
      expect(one.atMs % 3_600_000).toBe(0);
      expect(Math.abs(one.atMs - (ledger[i]?.atMs ?? 0))).toBeLessThanOrEqual(1_800_000);
      const bytes = await shop.reportBytes(one.reportId);
      expect(bytes).toHaveLength(one.bytes);
    }
  });
});
