/**
 * Tiny pages with the plain script tag, behind a gate before the shop: it writes down what passes
 * and may answer in the aggregator's place.
 */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext, Page } from 'playwright-core';
import type { ReportEntry, Status, Vitrine } from '../../sdk/api.ts';
import { decodeCatalogue } from '../../shared/model/codec.ts';
import { demoCatalogue } from '../simulate/demo-world.ts';
import type { ShopFixture } from './shop.ts';

declare global {
  interface Window {
    vitrine: Vitrine;
    /** What reached the page although nothing may. */
    problems: string[];
    /** Codes of the SDK's own 'error' events. */
    codes: string[];
  }
}

/** Real clocks on a shared machine: one more try tells a defect from a stall. */
export const ONCE_MORE = { retry: 1 } as const;

export interface Passed {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

/** Answers a request itself and returns true, or lets it pass. */
export type Answer = (path: string, response: ServerResponse, request: IncomingMessage) => boolean;

export interface Gate {
  readonly url: string;
  readonly port: number;
  /** Requests to `/v1`, in the order in which they came; those that the gate answered included. */
  readonly passed: Passed[];
  /** HTML by path. */
  readonly pages: Record<string, string>;
  /** Headers of the pages. */
  pageHeaders: Record<string, string>;
  answer: Answer | null;
  /** Put before the text of the scripts that run in Workers: a page's own globals are not theirs. */
  workerPrefix: string;
  close(): Promise<void>;
}

/** The engine and the learners. */
const WORKERS = /\/(worker-\w+|vitrine-engine)\.js$/;

/** Addresses of the learners that run in this page. */
export const learnersOf = (page: Page): string[] =>
  page
    .workers()
    .map((worker) => worker.url())
    .filter((url) => url.includes('/worker-'));

async function read(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export async function openGate(shop: Pick<ShopFixture, 'url'>): Promise<Gate> {
  const server = createServer((request, response) => {
    void handle(request, response).catch(() => response.destroy());
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?')[0] as string;
    const { method = 'GET', headers } = request;
    const page = gate.pages[path];
    if (page !== undefined) {
      const type = { 'content-type': 'text/html; charset=utf-8' };
      response.writeHead(200, { ...type, ...gate.pageHeaders }).end(page);
      return;
    }
    const body = await read(request);
    if (path.startsWith('/v1/')) gate.passed.push({ method, path, body });
    if (gate.answer?.(path, response, request)) return;
    const onward = httpRequest(shop.url + (request.url ?? '/'), { method, headers });
    onward.on('error', () => response.destroy()).end(body);
    const reply = await new Promise<IncomingMessage>((resolve) => onward.on('response', resolve));
    const prefix = WORKERS.test(path) ? gate.workerPrefix : '';
    const out = { ...reply.headers };
    delete out['content-length'];
    response.writeHead(reply.statusCode ?? 502, out);
    response.write(prefix);
    reply.pipe(response);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const gate: Gate = {
    url: `http://localhost:${port}`,
    port,
    passed: [],
    pages: {},
    pageHeaders: {},
    answer: null,
    workerPrefix: '',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return gate;
}

export interface TagOptions {
  readonly site: string;
  readonly trust: string;
  readonly consent?: 'required' | 'none' | 'personalise' | 'contribute';
  readonly endpoint?: string;
  /** Script that runs before the tag. */
  readonly before?: string;
  /** HTML behind the tag. */
  readonly after?: string;
}

const WATCH = `
  window.problems = [];
  window.codes = [];
  addEventListener('error', (event) => problems.push('error: ' + event.message));
  addEventListener('unhandledrejection', (event) => problems.push('rejection: ' + event.reason));
  console.error = (...all) => problems.push('console: ' + all.join(' '));
`;

/** A page with nothing but the tag; everything that goes wrong in it is kept in `problems`. */
export function tagPage(options: TagOptions): string {
  const { site, trust, consent = 'contribute', endpoint = '/', before = '', after = '' } = options;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>tag</title>
<link rel="icon" href="data:,"><script>${WATCH}${before}</script>
<script src="/vitrine/vitrine.js" data-site="${site}" data-endpoint="${endpoint}"
  data-trust="${trust}" data-consent="${consent}"></script>
<script>vitrine.on('error', ({ code }) => codes.push(code));</script>${after}
</head><body>shop</body></html>`;
}

/** A page of this context whose uncaught errors are kept. */
export async function newPage(context: BrowserContext, problems: string[]): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(`pageerror: ${error.message}`));
  return page;
}

export const problemsOf = (page: Page): Promise<string[]> => page.evaluate(() => window.problems);

export const statusOf = (page: Page): Promise<Status> =>
  page.evaluate(() => window.vitrine.status());

export const reportsOf = (page: Page): Promise<readonly ReportEntry[]> =>
  page.evaluate(async () => (await window.vitrine.privacyReport()).reports);

/** Ids of the items that its stored history has as viewed, oldest first. */
export const storedIds = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const { events } = (await window.vitrine.exportData()) as {
      events: { name: string; items: { id: string }[] }[];
    };
    return events.filter(({ name }) => name === 'view_item').map(({ items }) => items[0]?.id ?? '');
  });

/** How many events the page itself knows of. */
export const eventsOf = (page: Page): Promise<number> =>
  page.evaluate(async () => (await window.vitrine.profile()).events);

/** Names of the databases of the page's origin. */
export const databasesOf = (page: Page): Promise<string[]> =>
  page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name ?? ''));

/** What recommend() answers to a page that has candidates of its own, and how long it took. */
export const recommendOf = (
  page: Page,
): Promise<{ source: string; ids: string[]; version: number; ms: number }> =>
  page.evaluate(async () => {
    const start = performance.now();
    const answer = await window.vitrine.recommend({ limit: 3 });
    const own = await window.vitrine.recommend({ among: ['own-1', 'own-2'] });
    const ids = (answer.items.length > 0 ? answer : own).items.map(({ id }) => id);
    const { source, version } = answer;
    return { source, ids, version, ms: performance.now() - start };
  });

/** Ids of the demo's goods. */
export async function goodIds(count: number): Promise<string[]> {
  const { bytes, hash } = await demoCatalogue();
  return decodeCatalogue(bytes, hash).ids.slice(0, count) as string[];
}

export const track = (page: Page, ids: readonly string[]): Promise<void> =>
  page.evaluate((all) => {
    for (const id of all) window.vitrine.track('view_item', { items: [{ item_id: id }] });
  }, ids);

/** Bytes 8 to 24 of a report (SPEC.md, W1), in hex. */
export const reportIdOf = (body: Uint8Array): string =>
  Buffer.from(body.subarray(8, 24)).toString('hex');

/** Looks until there is an answer. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  ms = 45_000,
): Promise<T> {
  const end = Date.now() + ms;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The window in which nothing may happen. */
export const nothingHappens = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, 2000));
