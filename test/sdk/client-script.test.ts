import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { InitOptions, Vitrine } from '../../sdk/api.ts';
import { Emitter } from '../../sdk/emitter.ts';
import { boot, type TagElement, type TagWindow } from '../../sdk/script.ts';
import { readSettings } from '../../sdk/settings.ts';
import { stateWords, taskWords } from '../../sdk/status.ts';

const TRUST = 'A'.repeat(43);
const HELPER = 'H'.repeat(43);
const OPTIONS: InitOptions = { endpoint: '/v/', trust: TRUST, assetBase: '/assets' };

function tag(dataset: Record<string, string>): TagElement {
  return { src: 'https://cdn.test/1.2.3/vitrine.js', dataset };
}

function recorder(): { start: typeof record; calls: unknown[][]; options: InitOptions[] } {
  const calls: unknown[][] = [];
  const options: InitOptions[] = [];
  function record(site: string, given: InitOptions): Vitrine {
    options.push(given);
    readSettings(site, given);
    const client = {
      track: (...all: unknown[]) => calls.push(['track', ...all]),
      recommend: (...all: unknown[]) => {
        calls.push(['recommend', ...all]);
        return Promise.resolve('answer');
      },
      consent: { set: (...all: unknown[]) => calls.push(['consent.set', ...all]) },
    };
    return client as unknown as Vitrine;
  }
  return { start: record, calls, options };
}

describe('the script tag', () => {
  afterEach(() => vi.restoreAllMocks());

  it('reads its settings from its own element and its own folder', () => {
    const { start, options } = recorder();
    const page: TagWindow = {};
    const element = tag({ site: 'shop', endpoint: '/v', trust: TRUST, consent: 'personalise' });
    expect(boot(page, element, start)).toBe(page.vitrine);
    expect(options).toEqual([
      {
        endpoint: '/v',
        trust: TRUST,
        assetBase: 'https://cdn.test/1.2.3/',
        consent: { personalise: true, contribute: false },
      },
    ]);
  });

  it.each([
    [undefined, 'required'],
    ['required', 'required'],
    ['none', { personalise: false, contribute: false }],
    ['contribute', { personalise: true, contribute: true }],
    ['anything else', 'required'],
  ])('data-consent %j is %j', (text, consent) => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { start, options } = recorder();
    const data = { site: 'shop', endpoint: '/v', trust: TRUST, assets: '/own/' };
    boot({}, tag(text === undefined ? data : { ...data, consent: text }), start);
    expect(options[0]).toMatchObject({ consent, assetBase: '/own/' });
  });

  it('replays what a stub has queued, in order, and answers it', async () => {
    const { start, calls } = recorder();
    const answer = await new Promise((resolve) => {
      const queue = [
        ['consent.set', [{ personalise: true, contribute: false }]],
        ['track', ['view_item', { items: [] }]],
        ['no-such-method', []],
        ['recommend', [{ limit: 3 }], resolve],
        null,
      ];
      boot({ vitrine: { queue } }, tag({ site: 'shop', endpoint: '/v', trust: TRUST }), start);
    });
    expect(answer).toBe('answer');
    expect(calls).toEqual([
      ['consent.set', { personalise: true, contribute: false }],
      ['track', 'view_item', { items: [] }],
      ['recommend', { limit: 3 }],
    ]);
  });

  it('does nothing as a second copy', () => {
    const { start, options } = recorder();
    const page: TagWindow = {};
    const element = tag({ site: 'shop', endpoint: '/v', trust: TRUST });
    const first = boot(page, element, start);
    expect(boot(page, element, start)).toBeNull();
    expect(page.vitrine).toBe(first);
    expect(options).toHaveLength(1);
  });

  it('names what is missing or wrong on the console, and throws nothing', () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { start } = recorder();
    expect(boot({}, tag({ site: 'shop' }), start)).toBeNull();
    expect(boot({}, null, start)).toBeNull();
    expect(boot({}, tag({ site: 'shop', endpoint: '/v', trust: 'short' }), start)).toBeNull();
    expect(said.mock.calls.flat().join('\n')).toMatch(/data-trust[\s\S]*trust must be/);
    const twice = `${TRUST} ${TRUST}`;
    expect(boot({}, tag({ site: 'shop', endpoint: '/v', trust: twice }), start)).toBeNull();
    expect(said.mock.calls.flat().join('\n')).toContain('two different keys');
  });

  it('names the words of a list that it does not know, and goes on', () => {
    const said = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { start, options } = recorder();
    const data = { consent: 'yes', signals: 'tfc', capture: ' json-ld, datalayer' };
    boot({}, tag({ site: 'shop', endpoint: '/v', trust: TRUST, ...data }), start);
    expect(said.mock.calls.flat()).toEqual([
      'vitrine: data-consent knows no "yes"',
      'vitrine: data-signals knows no "tfc"',
      'vitrine: data-capture knows no "datalayer"',
    ]);
    expect(options[0]).toMatchObject({
      consent: 'required',
      signals: { tcf: false },
      capture: { jsonLd: true, dataLayer: false },
    });
    boot({}, tag({ site: 'shop', endpoint: '/v', trust: TRUST, signals: '' }), start);
    expect(said).toHaveBeenCalledTimes(3);
  });
});

describe('options of init', () => {
  it('have defaults and absolute folders', () => {
    expect(readSettings('shop', OPTIONS)).toMatchObject({
      endpoint: '/v',
      assetBase: '/assets/',
      consent: 'required',
      maxEpsilon: 8,
      backend: 'auto',
      allowTestTier: false,
    });
  });

  it('T1 trust is one key or two, however they are set apart', () => {
    const two = readSettings('shop', { ...OPTIONS, trust: `\n  ${TRUST}\n  ${HELPER} ` });
    expect(two.trust).toBe(`${TRUST} ${HELPER}`);
    expect(readSettings('shop', OPTIONS).trust).toBe(TRUST);
  });

  it.each([
    ['site', '', {}, RangeError],
    ['site', 7, {}, TypeError],
    ['endpoint', 'shop', { endpoint: undefined }, TypeError],
    ['trust', 'shop', { trust: 'x' }, RangeError],
    ['trust', 'shop', { trust: `${TRUST} ${TRUST} ${TRUST}` }, RangeError],
    ['trust', 'shop', { trust: `${TRUST},${TRUST}` }, RangeError],
    ['maxEpsilon', 'shop', { maxEpsilon: -1 }, RangeError],
    ['maxTotalEpsilon', 'shop', { maxTotalEpsilon: 0 }, RangeError],
    ['backend', 'shop', { backend: 'gpu' }, RangeError],
    ['consent', 'shop', { consent: 'yes' }, TypeError],
    ['storage.maxEvents', 'shop', { storage: { maxEvents: 0 } }, RangeError],
  ])('%s is checked', (name, site, change, kind) => {
    const attempt = (): unknown => readSettings(site as string, { ...OPTIONS, ...change } as never);
    expect(attempt).toThrow(kind);
    expect(attempt).toThrow(name);
  });
});

describe('importing on a server', () => {
  it('touches no browser global, and init stays quiet', async () => {
    const touched: string[] = [];
    const names = ['window', 'document', 'indexedDB', 'location', 'BroadcastChannel', 'Worker'];
    const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
    for (const name of names) {
      Object.defineProperty(globalThis, name, {
        configurable: true,
        get: () => void touched.push(name),
      });
    }
    try {
      vi.resetModules();
      const { init } = await import('../../sdk/index.ts');
      expect(touched).toEqual([]);
      const shop = init('shop', OPTIONS);
      shop.track('view_item', {});
      expect((await shop.status()).state).toBe('insecure-context');
      expect((await shop.recommend({ among: ['a'] })).items).toHaveLength(1);
      await shop.consent.set({ personalise: true, contribute: true });
      expect(shop.consent.get()).toEqual({ personalise: false, contribute: false });
      await shop.shutdown();
      expect(touched).toEqual([]);
    } finally {
      names.forEach((name, i) => {
        const descriptor = before[i];
        if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
        else Object.defineProperty(globalThis, name, descriptor);
      });
    }
  });

  it('the page side names no cookie, no localStorage and no sendBeacon', () => {
    const files = [
      'tag',
      'tag-core',
      'tag-page',
      'tag-engine',
      'engine-environment',
      'client',
      'history',
      'contribution',
      'downlink',
      'uplink',
      'spawn',
    ];
    for (const file of files) {
      const code = readFileSync(new URL(`../../sdk/${file}.ts`, import.meta.url), 'utf8');
      expect(code).not.toMatch(/localStorage|sessionStorage|document\.cookie|sendBeacon/);
    }
  });
});

describe('words', () => {
  it('put a state, a reason and an outcome into a sentence', () => {
    expect(stateWords('ready')).toBe('Ready.');
    expect(taskWords('quiet-period', 'until then', null)).toMatch(/quiet period.*\(until then\)/);
    expect(taskWords(null, '', null)).toMatch(/idle/);
    expect(taskWords(null, '', { state: 'skipped', reason: 'coin', detail: '' })).toMatch(/coin/);
  });
});

describe('events', () => {
  it('subscribe gives back its own undo', () => {
    const events = new Emitter<{ tick: number }>();
    const seen: number[] = [];
    const undo = events.on('tick', (value) => seen.push(value));
    events.emit('tick', 1);
    undo();
    undo();
    events.emit('tick', 2);
    expect(seen).toEqual([1]);
  });
});
