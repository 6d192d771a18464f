/** The hooks on a server: React's own renderer, no window, and no request. */
import * as React from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { Vitrine } from '../../sdk/api.ts';
import { createHooks, type Hooks } from '../../sdk/react.ts';

const { createElement: e } = React;

function App({ hooks }: { readonly hooks: Hooks }): unknown {
  const [consent] = hooks.useConsent();
  return e(
    'p',
    null,
    JSON.stringify([
      hooks.useVitrine(),
      hooks.useRecommendations({ model: 'related', itemId: 'a' }),
      hooks.useProfile(),
      hooks.useSegments(),
      hooks.useStatus(),
      consent,
    ]),
  );
}

function page(client: Vitrine | null): string {
  const hooks = createHooks(React, client);
  return renderToString(e(App, { hooks })).replaceAll('&quot;', '"');
}

const LOADING = '{"data":null,"isLoading":true}';
const FIRST = `<p>[null,${[LOADING, LOADING, LOADING, LOADING].join()},{"personalise":false,"contribute":false}]</p>`;

describe('React hooks on a server', () => {
  it('render their beginning, without a window', () => {
    expect(typeof window).toBe('undefined');
    expect(page(null)).toBe(FIRST);
  });

  it('ask a given client nothing, and say what hydration says', () => {
    const asked: string[] = [];
    const client = new Proxy({} as Vitrine, {
      get(_, name) {
        if (name === 'consent') return { get: () => ({ personalise: true, contribute: true }) };
        asked.push(String(name));
        return () => Promise.reject(new Error('asked'));
      },
    });
    expect(page(client)).toBe(FIRST);
    expect(asked).toEqual([]);
  });
});
