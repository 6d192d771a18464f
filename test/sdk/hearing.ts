/** An Understanding that is told of a page, and remembers what it made of it. */
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { Heard, PageHeard } from '../../sdk/capture/heard.ts';
import { normalise } from '../../sdk/capture/normalise.ts';
import { Understanding, type Understood } from '../../sdk/capture/understand.ts';
import type { PageProduct } from '../../sdk/capture/understand-product.ts';

export interface Hearing {
  /** What `normalise` keeps of the calls, in order. */
  readonly events: ShopEvent[];
  readonly products: PageProduct[];
  readonly problems: string[];
  readonly from: string[];
  /** Names of the calls, kept or not. */
  readonly calls: string[];
  tell(heard: Heard, afterMs?: number): void;
  /** One push of a data layer. */
  push(...entries: unknown[]): void;
  track(name: string, parameters: unknown): void;
  /** A page with these JSON-LD documents, and what it holds back told. */
  page(url: string, jsonLd?: readonly unknown[], more?: Partial<PageHeard>): void;
  wait(ms: number): void;
  /** `name id×quantity,…` of every event but page views. */
  said(): string[];
  views(): number;
}

export function aPage(
  url: string,
  jsonLd: readonly unknown[] = [],
  more: Partial<PageHeard> = {},
): PageHeard {
  return {
    kind: 'page',
    url: new URL(url, 'https://shop.example').href,
    canonical: null,
    title: 'A page',
    lang: 'en',
    jsonLd: jsonLd.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
    microdata: [],
    marks: [],
    meta: {},
    ...more,
  };
}

/** @param before a history of earlier pages */
export function listenIn(before: readonly ShopEvent[] = [], startMs = 1_000_000): Hearing {
  const events: ShopEvent[] = [];
  const products: PageProduct[] = [];
  const problems: string[] = [];
  const from: string[] = [];
  const calls: string[] = [];
  const understanding = new Understanding({ past: () => [...before, ...events] });
  let nowMs = startMs;
  const keep = (understood: Understood): void => {
    products.push(...understood.products);
    problems.push(...understood.problems);
    for (const call of understood.calls) {
      calls.push(call.name);
      const session = before.at(-1)?.session ?? 1;
      const event = normalise(call.name, call.parameters, { atMs: nowMs, session });
      if (event === null) continue;
      events.push(event);
      from.push(call.from);
    }
  };
  const hearing: Hearing = {
    events,
    products,
    problems,
    from,
    calls,
    tell(heard, afterMs = 100) {
      nowMs += afterMs;
      keep(understanding.hear(heard, nowMs));
    },
    push(...entries) {
      for (const entry of entries) hearing.tell({ kind: 'layer', entry });
    },
    track: (name, parameters) => hearing.tell({ kind: 'call', name, parameters }),
    page(url, jsonLd, more) {
      hearing.tell(aPage(url, jsonLd, more));
      hearing.wait(1500);
    },
    wait(ms) {
      nowMs += ms;
      keep(understanding.settle(nowMs));
    },
    said: () =>
      events.flatMap(({ name, items, term }) => {
        const what = items.map(({ id, quantity }) => `${id}×${quantity}`).join(',');
        return name === 'page_view' ? [] : [[name, what || term].filter(Boolean).join(' ')];
      }),
    views: () => events.filter(({ name }) => name === 'page_view').length,
  };
  return hearing;
}

/** Two products as their pages describe them. */
export const LAMP = {
  '@context': 'https://schema.org',
  '@type': 'Product',
  name: 'Desk lamp &amp; shade',
  sku: 'L-1',
  image: ['/lamp.jpg'],
  description: '<p>A lamp</p>',
  brand: { '@type': 'Brand', name: 'Lumen' },
  category: 'Home > Lamps',
  offers: { '@type': 'Offer', price: '1.299,00 €', priceCurrency: 'EUR', url: '/p/lamp' },
};
export const MUG = {
  '@type': 'Product',
  name: 'Mug',
  sku: 'M-1',
  offers: { price: 5 },
  url: '/p/mug',
};
