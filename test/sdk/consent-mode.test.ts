/** Google consent mode, as its documentation says. */
import { describe, expect, it, vi } from 'vitest';
import { BOTH, freshPage, listen, NONE, PERSONALISE, page, renewPage } from './consent-page.ts';

freshPage();

describe('Google consent mode', () => {
  // gtag pushes its own `arguments`, which is no array.
  function gtag(..._all: unknown[]): void {
    // biome-ignore lint/complexity/noArguments: this is what gtag does
    page.dataLayer.push(arguments);
  }
  const types = (personalization_storage: string, analytics_storage: string) => ({
    ...{ ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'granted' },
    ...{ personalization_storage, analytics_storage },
  });
  const GRANTED = types('granted', 'granted');
  const DENIED = types('denied', 'denied');

  it.each([
    ['arguments', (mode: string, all: object) => gtag('consent', mode, all)],
    ['an array', (mode: string, all: object) => page.dataLayer.push(['consent', mode, all])],
    [
      'an event',
      (mode: string, all: object) => page.dataLayer.push({ event: `consent_${mode}`, ...all }),
    ],
    [
      'an event around it',
      (mode: string, all: object) => page.dataLayer.push({ event: `${mode} Consent`, state: all }),
    ],
  ])('reads default and update as %s, before and after it listens', (_name, push) => {
    push('default', DENIED);
    push('update', types('granted', 'denied'));
    const { said } = listen();
    push('update', GRANTED);
    push('update', { analytics_storage: 'denied' });
    push('update', DENIED);
    expect(said).toEqual([
      ['consent-mode', PERSONALISE],
      ['consent-mode', BOTH],
      ['consent-mode', PERSONALISE],
      ['consent-mode', NONE],
    ]);
  });

  it('takes a default that denies for no decision, and so erases nothing', () => {
    const { said } = listen();
    gtag('consent', 'default', { ...DENIED, wait_for_update: 500 });
    vi.advanceTimersByTime(10_000);
    gtag('consent', 'update', { ad_storage: 'granted', analytics_storage: 'granted' });
    expect(said).toEqual([]);
  });

  it('believes a default that grants after its wait, unless an update comes before', () => {
    const { said } = listen();
    gtag('consent', 'default', { ...GRANTED, wait_for_update: 500 });
    vi.advanceTimersByTime(499);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(said).toEqual([['consent-mode', BOTH]]);
    renewPage();
    const other = listen();
    gtag('consent', 'default', { ...GRANTED, wait_for_update: 500 });
    gtag('consent', 'update', DENIED);
    vi.advanceTimersByTime(1000);
    expect(other.said).toEqual([['consent-mode', NONE]]);
  });

  it.each([
    ['before', [{ ...DENIED, region: ['DE'] }, GRANTED]],
    ['after', [GRANTED, { ...DENIED, region: ['DE'] }]],
    ['only', [{ ...GRANTED, region: ['US-CA'] }]],
  ])('evaluates no regions: a regional default %s grants nothing', (_name, defaults) => {
    const { said } = listen();
    for (const one of defaults) gtag('consent', 'default', one);
    vi.advanceTimersByTime(1000);
    expect(said).toEqual([]);
    gtag('consent', 'update', GRANTED);
    expect(said).toEqual([['consent-mode', BOTH]]);
  });

  it('listens to the array of that name, and leaves other entries alone', () => {
    page.shopLayer = [];
    const { said } = listen({ consentMode: true }, 'shopLayer');
    const layer = page.shopLayer as unknown[];
    gtag('consent', 'update', GRANTED);
    for (const other of [
      null,
      7,
      'consent',
      ['consent'],
      ['consent', 'update', null],
      ['consent', 'declare', GRANTED],
      { event: 'purchase', ...GRANTED },
      { event: 'consent_update' },
      () => undefined,
      ['consent', 'update', types('yes', 'true')],
    ]) {
      layer.push(other);
    }
    expect(said).toEqual([]);
    layer.push(['consent', 'update', GRANTED]);
    expect(said).toEqual([['consent-mode', BOTH]]);
    expect(layer).toHaveLength(11);
  });

  it('hears nothing more once it is undone', () => {
    const { said, undo } = listen();
    gtag('consent', 'default', GRANTED);
    undo();
    gtag('consent', 'update', GRANTED);
    vi.advanceTimersByTime(1000);
    expect(said).toEqual([]);
    expect(page.dataLayer).toHaveLength(2);
  });
});
