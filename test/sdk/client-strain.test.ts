/** A low battery and a wish to save data stop what can wait. */
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../sdk/environment.ts';
import type { Strain } from '../../sdk/strain.ts';
import { watchStrain } from '../../sdk/strain.ts';
import type { WorkerApi } from '../../sdk/worker-api.ts';
import { ask, BOTH, browser, freshBrowser, open, server, store } from './client-open.ts';

freshBrowser();

describe('a device that is to be spared', () => {
  /** A learner that trains until it is stopped. */
  function endless(): { stops: number } {
    const seen = { stops: 0 };
    const make = browser.worker;
    browser.worker = (config, page) => ({
      ...(make?.(config, page) as WorkerApi),
      train: () => new Promise(() => undefined),
      abort: async () => void seen.stops++,
    });
    return seen;
  }

  it.each(['low-battery', 'save-data'] as const)(
    '%s: starts no training and fetches nothing for it, until it is over',
    async (strain) => {
      browser.strain = strain;
      const { shop, tab } = await open({ consent: BOTH });
      await browser.pass(60_000);
      expect(browser.workersStarted).toBe(0);
      expect((await shop.status()).tasks[0]).toMatchObject({ reason: strain });
      expect((await ask(shop.recommend())).items.length).toBeGreaterThan(0);
      browser.strain = null;
      server.openRound(2, browser.nowMs);
      await tab.fire('strain');
      await browser.pass(60_000);
      expect(server.received).toHaveLength(1);
    },
  );

  it.each([
    [
      'a low battery',
      async (tab: { fire(event: 'strain'): Promise<void> }) => {
        browser.strain = 'low-battery';
        await tab.fire('strain');
      },
    ],
    ['a hidden page', (tab: { fire(event: 'hidden'): Promise<void> }) => tab.fire('hidden')],
  ])('%s stops a training at once; nothing is charged', async (_name, stop) => {
    endless();
    const { shop, tab, outcomes } = await open({ consent: BOTH });
    await browser.pass(20_000);
    expect(browser.workersAlive).toBe(1);
    await stop(tab as never);
    expect(browser.workersAlive).toBe(0);
    await browser.pass(10);
    expect(outcomes).toMatchObject([{ state: 'skipped', reason: 'aborted' }]);
    expect((await shop.privacyReport()).reports).toEqual([]);
  });

  it('shutdown() stops a training at once', async () => {
    endless();
    const { shop } = await open({ consent: BOTH });
    await browser.pass(20_000);
    expect(browser.workersAlive).toBe(1);
    const done = shop.shutdown();
    await browser.settle();
    expect(browser.workersAlive).toBe(0);
    await done;
    expect(await store()?.readLedger()).toEqual([]);
  });

  it('trains with save-data where the shop says so', async () => {
    browser.strain = 'save-data';
    const { outcomes } = await open({ consent: BOTH, training: { whenSaveData: true } });
    await browser.pass(60_000);
    expect(outcomes.map(({ state }) => state)).toEqual(['enqueued']);
  });

  it('GPC is heeded unless the shop says to ignore it', async () => {
    browser.gpc = true;
    const { outcomes } = await open({ consent: BOTH, signals: { gpc: 'ignore' } });
    await browser.pass(60_000);
    expect(outcomes.map(({ state }) => state)).toEqual(['enqueued']);
  });
});

describe('watchStrain', () => {
  const battery = (charging: boolean, level: number) =>
    Object.assign(new EventTarget(), { charging, level });
  const connection = (saveData: boolean) => Object.assign(new EventTarget(), { saveData });
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

  it.each<[string, object, ReturnType<Environment['strain']>[]]>([
    ['nothing that it says of itself', {}, []],
    ['a low battery', { getBattery: async () => battery(false, 0.19) }, ['low-battery']],
    ['a battery of a fifth', { getBattery: async () => battery(false, 0.2) }, []],
    ['a low battery that charges', { getBattery: async () => battery(true, 0.01) }, []],
    ['a wish to save data', { connection: connection(true) }, ['save-data']],
    ['a network without it', { connection: connection(false) }, []],
    ['a battery that may not be asked', { getBattery: () => Promise.reject(new Error()) }, []],
  ])('a device with %s', async (_name, device, expected) => {
    const told: (Strain | null)[] = [];
    const undo = watchStrain(device as Navigator, (strain) => told.push(strain));
    await settled();
    expect(told).toEqual(expected);
    undo();
  });

  it('tells of changes, until it is undone', async () => {
    const cell = battery(false, 0.5);
    const network = connection(false);
    const told: (Strain | null)[] = [];
    const device = { getBattery: async () => cell, connection: network };
    const undo = watchStrain(device as never, (strain) => told.push(strain));
    await settled();
    cell.level = 0.1;
    cell.dispatchEvent(new Event('levelchange'));
    cell.level = 0.05;
    cell.dispatchEvent(new Event('levelchange'));
    cell.charging = true;
    cell.dispatchEvent(new Event('chargingchange'));
    network.saveData = true;
    network.dispatchEvent(new Event('change'));
    undo();
    network.saveData = false;
    network.dispatchEvent(new Event('change'));
    expect(told).toEqual(['low-battery', null, 'save-data']);
  });

  it('throws nothing where getBattery does', async () => {
    const told: unknown[] = [];
    const device = {
      getBattery: () => {
        throw new Error('permissions policy');
      },
    };
    watchStrain(device as never, (strain) => told.push(strain));
    await settled();
    expect(told).toEqual([]);
  });
});
