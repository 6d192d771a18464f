/** Consent adapters on pages whose managers behave as their documentations say. */
import { describe, expect, it, vi } from 'vitest';
import { BOTH, freshPage, listen, NONE, PERSONALISE, page, renewPage } from './consent-page.ts';

freshPage();

describe('IAB TCF', () => {
  type Callback = (data: unknown, success: boolean) => void;

  /** A consent manager; with `stub`, its calls are queued until `load`. */
  function manager({ stub = false } = {}) {
    const listeners = new Map<number, Callback>();
    const commands: string[] = [];
    let queue: unknown[][] | null = stub ? [] : null;
    let last: unknown = null;
    const run = (command: string, version: number, callback: Callback, id?: number): void => {
      commands.push(`${command} ${version}`);
      if (command === 'removeEventListener') {
        callback(null, listeners.delete(id as number));
      } else if (command === 'addEventListener') {
        const listenerId = listeners.size + 1;
        listeners.set(listenerId, callback);
        if (last !== null) callback({ ...(last as object), listenerId }, true);
      } else throw new Error(command);
    };
    page.__tcfapi = (...all: unknown[]) => {
      if (queue === null) run(...(all as Parameters<typeof run>));
      else queue.push(all);
    };
    return {
      commands,
      listeners,
      load() {
        for (const all of queue ?? []) run(...(all as Parameters<typeof run>));
        queue = null;
      },
      tell(data: object, success = true) {
        last = { gdprApplies: true, cmpStatus: 'loaded', ...data };
        for (const [listenerId, callback] of listeners) {
          callback({ ...(last as object), listenerId }, success);
        }
      },
    };
  }
  const given = (...ids: number[]) => ({
    consents: Object.fromEntries(ids.map((id) => [id, true])),
    legitimateInterests: Object.fromEntries([1, 5, 6, 9, 10].map((id) => [id, true])),
  });
  const loaded = (...ids: number[]) => ({ eventStatus: 'tcloaded', purpose: given(...ids) });

  it.each([
    [[1, 5, 6, 9, 10], BOTH],
    [[1, 5, 6], PERSONALISE],
    [[1, 5, 6, 9], PERSONALISE],
    [[1, 5, 9, 10], NONE],
    [[5, 6, 9, 10], NONE],
    [[1, 2, 3, 4, 7, 8, 11], NONE],
    [[], NONE],
  ])('takes consent to purposes %j for %j; a legitimate interest is none', (ids, consent) => {
    const cmp = manager();
    cmp.tell(loaded(...ids));
    expect(listen().said).toEqual([['tcf', consent]]);
    expect(cmp.commands).toEqual(['addEventListener 2']);
  });

  it('hears a change of mind, and nothing twice', () => {
    const cmp = manager();
    const { said } = listen();
    cmp.tell({ eventStatus: 'cmpuishown', purpose: given() });
    cmp.tell({ eventStatus: 'useractioncomplete', purpose: given(1, 5, 6, 9, 10) });
    cmp.tell({ eventStatus: 'useractioncomplete', purpose: given(1, 5, 6, 9, 10) });
    cmp.tell({ eventStatus: 'cmpuishown', purpose: given() });
    cmp.tell({ eventStatus: 'useractioncomplete', purpose: given() });
    expect(said).toEqual([
      ['tcf', BOTH],
      ['tcf', NONE],
    ]);
  });

  it.each([
    ['the shopper is still asked', { ...loaded(1, 5, 6), eventStatus: 'cmpuishown' }, true],
    ['the manager is not loaded', { ...loaded(1, 5, 6), cmpStatus: 'loading' }, true],
    ['the manager failed', { ...loaded(1, 5, 6), cmpStatus: 'error' }, true],
    ['the call failed', loaded(1, 5, 6), false],
    ['the GDPR does not apply', { ...loaded(1, 5, 6), gdprApplies: false }, true],
  ])('says nothing while %s', (_name, data, success) => {
    const cmp = manager();
    const { said } = listen();
    cmp.tell(data, success);
    expect(said).toEqual([]);
  });

  it('waits in the queue of a stub', () => {
    const cmp = manager({ stub: true });
    const { said } = listen();
    cmp.tell(loaded(1, 5, 6));
    expect(cmp.commands).toEqual([]);
    cmp.load();
    expect(said).toEqual([['tcf', PERSONALISE]]);
  });

  it('finds a manager that comes later, within a limit', () => {
    const { said } = listen();
    vi.advanceTimersByTime(5000);
    manager().tell(loaded(1, 5, 6));
    vi.advanceTimersByTime(250);
    expect(said).toEqual([['tcf', PERSONALISE]]);
    renewPage();
    const late = listen();
    vi.advanceTimersByTime(21_000);
    expect(vi.getTimerCount()).toBe(0);
    manager().tell(loaded(1, 5, 6));
    expect(late.said).toEqual([]);
  });

  it('takes its listener back with the next word, even one that the stub still holds', () => {
    const cmp = manager();
    cmp.tell(loaded(1));
    const first = listen();
    first.undo();
    cmp.tell(loaded(1, 5, 6));
    expect([first.said, cmp.listeners.size]).toEqual([[['tcf', NONE]], 0]);
    const late = manager({ stub: true });
    late.tell(loaded(1, 5, 6));
    const { said, undo } = listen();
    undo();
    late.load();
    expect([said, late.listeners.size]).toEqual([[], 0]);
  });
});

describe('Shopify', () => {
  function privacy(preferences: boolean, analytics: boolean, banner = false) {
    return {
      preferencesProcessingAllowed: () => preferences,
      analyticsProcessingAllowed: () => analytics,
      shouldShowBanner: () => banner,
    };
  }

  it.each([
    [privacy(true, true), [BOTH]],
    [privacy(true, false), [PERSONALISE]],
    [privacy(false, true), [NONE]],
    [privacy(false, false, true), []],
    [{}, []],
  ])('reads customerPrivacy %#', (customerPrivacy, consents) => {
    page.Shopify = { customerPrivacy };
    expect(listen().said).toEqual(consents.map((one) => ['shopify', one]));
  });

  it('asks for the feature where it is not loaded, and hears the banner', () => {
    const shop: Record<string, unknown> = {};
    const asked: unknown[] = [];
    shop.loadFeatures = (features: unknown, done: (error?: unknown) => void) => {
      asked.push(features);
      shop.customerPrivacy = privacy(false, false, true);
      done();
    };
    page.Shopify = shop;
    const { said, undo } = listen();
    expect(asked).toEqual([[{ name: 'consent-tracking-api', version: '0.1' }]]);
    expect(said).toEqual([]);
    shop.customerPrivacy = privacy(true, true);
    page.document.dispatchEvent(new Event('visitorConsentCollected'));
    expect(said).toEqual([['shopify', BOTH]]);
    undo();
    shop.customerPrivacy = privacy(false, false);
    page.document.dispatchEvent(new Event('visitorConsentCollected'));
    expect(said).toHaveLength(1);
  });
});

describe('signs together', () => {
  const tcf = (ids: number[]) => {
    const consents = Object.fromEntries(ids.map((id) => [id, true]));
    page.__tcfapi = (_command: string, _version: number, callback: (...all: unknown[]) => void) =>
      callback(
        { cmpStatus: 'loaded', eventStatus: 'tcloaded', listenerId: 1, purpose: { consents } },
        true,
      );
  };

  it('must agree, and are heard together at the start', () => {
    tcf([1, 5, 6, 9, 10]);
    page.Shopify = {
      customerPrivacy: {
        preferencesProcessingAllowed: () => true,
        analyticsProcessingAllowed: () => false,
      },
    };
    const { said } = listen();
    expect(said).toEqual([['tcf', PERSONALISE]]);
    page.dataLayer.push(['consent', 'update', { personalization_storage: 'denied' }]);
    expect(said[1]).toEqual(['consent-mode', NONE]);
  });

  it('that are switched off are not touched', () => {
    tcf([1, 5, 6]);
    Object.defineProperty(page, 'Shopify', {
      get: () => {
        throw new Error('touched');
      },
    });
    const push = page.dataLayer.push;
    expect(listen({ tcf: true }).said).toEqual([['tcf', PERSONALISE]]);
    expect(page.dataLayer.push).toBe(push);
  });

  it('that throw, stay silent and reach no page', () => {
    page.__tcfapi = () => {
      throw new Error('tcf');
    };
    page.Shopify = {
      get customerPrivacy() {
        throw new Error('shopify');
      },
    };
    page.dataLayer.push({
      get event() {
        throw new Error('layer');
      },
    });
    expect(listen().said).toEqual([]);
  });

  it('store nothing and need nothing of the page but what they name', () => {
    tcf([1, 5, 6, 9, 10]);
    const touched = new Set<PropertyKey>();
    const watched = new Proxy(page, {
      get(target, name) {
        touched.add(name);
        const value = Reflect.get(target, name) as unknown;
        return name === 'addEventListener' ? target.addEventListener.bind(target) : value;
      },
    });
    renewPage(watched);
    listen();
    const names = ['Shopify', '__tcfapi', 'addEventListener', 'dataLayer', 'document'];
    expect([...touched].sort()).toEqual(names);
  });
});
