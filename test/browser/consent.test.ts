/** Consent managers on a page, and what their withdrawal does to what is stored and under way. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import {
  databasesOf,
  nothingHappens,
  ONCE_MORE,
  problemsOf,
  reportsOf,
  statusOf,
  tagPage,
  track,
  until,
} from './hostile.ts';
import { gate, goods, posts, scene, shop, visit, waiting } from './scene.ts';

scene();

/** A consent manager's stub; `cmp(purposes)` is what the shopper answers. */
const TCF = `
  window.__tcfapi = (command, version, callback) => {
    if (command !== 'addEventListener' || version !== 2) throw new Error(command);
    window.heard = callback;
  };
  window.cmp = (...purposes) => heard({
    gdprApplies: true, cmpStatus: 'loaded', eventStatus: 'useractioncomplete', listenerId: 1,
    purpose: { consents: Object.fromEntries(purposes.map((id) => [id, true])) },
  }, true);`;

const GTAG = `
  window.dataLayer = [];
  window.gtag = function () { dataLayer.push(arguments); };
  gtag('consent', 'default', { personalization_storage: 'denied', analytics_storage: 'denied' });`;

type Answer = (page: Page, personalise: boolean, contribute: boolean) => Promise<void>;

const byTcf: Answer = (page, personalise, contribute) =>
  page.evaluate(
    ([one, two]) => {
      const purposes = [...(one ? [1, 5, 6] : []), ...(two ? [9, 10] : [])];
      (window as unknown as { cmp(...all: number[]): void }).cmp(...purposes);
    },
    [personalise, contribute] as const,
  );

const byGtag: Answer = (page, personalise, contribute) =>
  page.evaluate(
    ([one, two]) => {
      const word = (yes: boolean): string => (yes ? 'granted' : 'denied');
      const { gtag } = window as unknown as { gtag(...all: unknown[]): void };
      const types = { personalization_storage: word(one), analytics_storage: word(two) };
      gtag('consent', 'update', types);
    },
    [personalise, contribute] as const,
  );

const consentOf = (page: Page): Promise<{ personalise: boolean; contribute: boolean }> =>
  page.evaluate(() => window.vitrine.consent.get());

describe.each([
  ['IAB TCF', TCF, byTcf],
  ['Google consent mode', GTAG, byGtag],
] as const)('%s', ONCE_MORE, (name, before, answer) => {
  const path = `/${name.replaceAll(' ', '-')}`;
  const open = (): Promise<Page> => {
    gate.pages[path] = tagPage({ ...shop, endpoint: gate.url, consent: 'required', before });
    return visit(path);
  };

  it('gives consent, is withdrawn with a report that waits, and at last erases', async () => {
    const page = await open();
    await nothingHappens();
    expect(await databasesOf(page)).toEqual([]);
    expect(gate.passed).toEqual([]);
    await page.route('**/v1/reports', (route) => route.abort());
    await answer(page, true, true);
    await until('consent', async () => (await consentOf(page)).contribute);
    await track(page, goods);
    const { id } = await waiting(page);

    await answer(page, true, false);
    await until('the withdrawal', async () => !(await consentOf(page)).contribute);
    await until('the deletion', async () =>
      (await reportsOf(page)).some((one) => one.reportId === id && one.state === 'expired'),
    );
    expect(await page.evaluate((one) => window.vitrine.reportBytes(one), id)).toBeNull();
    await page.unroute('**/v1/reports');
    await nothingHappens();
    expect(posts()).toEqual([]);
    expect((await statusOf(page)).tasks[0]?.reason).toBe('no-consent');

    await answer(page, false, false);
    await until('the erasure', async () => (await databasesOf(page)).length === 0);
    expect((await consentOf(page)).personalise).toBe(false);
    await track(page, goods);
    await nothingHappens();
    expect(await databasesOf(page)).toEqual([]);
    expect(await page.evaluate(() => [document.cookie, localStorage.length])).toEqual(['', 0]);
    expect(await problemsOf(page)).toEqual([]);
  });

  it('ends the round that is running when contribute is withdrawn', async () => {
    const page = await open();
    const outcome = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          window.vitrine.on('round', (one) => resolve(JSON.stringify(one.outcome)));
        }),
    );
    const training = page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          window.vitrine.on('progress', ({ stage, step }) => {
            if (stage === 'train' && step > 1) resolve();
          });
        }),
    );
    await answer(page, true, true);
    await until('consent', async () => (await consentOf(page)).contribute);
    await track(page, goods);
    await training;
    await answer(page, true, false);
    expect(JSON.parse(await outcome)).toMatchObject({ state: 'skipped', reason: 'aborted' });
    expect(await reportsOf(page)).toEqual([]);
    expect(posts()).toEqual([]);
  });

  it('is overridden, and ended, by the word of the page', async () => {
    const page = await open();
    await answer(page, true, true);
    await until('consent', async () => (await consentOf(page)).contribute);
    await page.evaluate(() => window.vitrine.consent.set({ personalise: true, contribute: false }));
    await answer(page, false, false);
    await answer(page, true, true);
    await nothingHappens();
    expect(await consentOf(page)).toEqual({ personalise: true, contribute: false });
    expect(await databasesOf(page)).toHaveLength(1);
  });
});
