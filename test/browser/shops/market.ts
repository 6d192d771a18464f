/**
 * All shops of this folder on one port, each on an origin of its own (`http://NAME.localhost:PORT`),
 * with a CDN, and in front of one real aggregator that serves a site to each. Every request of every
 * origin is written down as the wire showed it.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { buildShop } from '../../../aggregator/catalogue/shop.ts';
import { loadOrCreateKey } from '../../../aggregator/keys.ts';
import { silentLogger } from '../../../aggregator/logger.ts';
import { KEY_FILE } from '../../../aggregator/main.ts';
import { integrityOf } from '../../../aggregator/operate/assets.ts';
import { type RunningServer, startServer } from '../../../aggregator/server.ts';
import { settingsOf } from '../../../aggregator/settings.ts';
import { writeSite } from '../../../aggregator/site.ts';
import type { ServerStatus } from '../../../shared/protocol/paths.ts';
import { DEFAULT_SEGMENTS } from '../../../shared/protocol/segments.ts';
import { build, DIST } from '../../build.ts';
import { testDrafts } from '../shop.ts';
import { find, type Good, picture } from './goods.ts';

/** Long enough for a training on a loaded machine, short enough to wait for. */
const WINDOW_MS = 8_000;
/** One request, as the server saw it. */
export interface Seen {
  /** First label of the host: a shop, `cdn` or `api`. */
  readonly at: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly bodyBytes: number;
}

export interface Visit {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Fields of a form that was posted. */
  readonly form: URLSearchParams;
  readonly body: string;
  /** Good and quantity; of this browser's session with the shop. */
  readonly basket: Map<string, number>;
  readonly surroundings: Surroundings;
}

/** What a shop's page names. */
export interface Surroundings {
  readonly site: string;
  readonly trust: string;
  /** Of this shop, without a trailing slash. */
  readonly origin: string;
  /** The CDN's folder for this shop. */
  readonly cdn: string;
  /** The aggregator on its own origin, with the site's prefix. */
  readonly api: string;
  /** SRI of the tag. */
  readonly integrity: string;
  /** The inline snippet. */
  readonly stub: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Shop {
  readonly name: string;
  readonly goods: readonly Good[];
  readonly currency: string;
  /** Of a good's page. */
  path(good: Good): string;
  /** Whether its goods are published as a catalogue. */
  readonly feed: boolean;
  /** Under which the shop's own origin serves the built files, such as '/vitrine/'. */
  readonly files?: string;
  /** Under which the shop's own origin passes `/v1/*` on. */
  readonly proxy?: string;
  answer(visit: Visit): Reply | null;
}

export interface Market {
  readonly seen: readonly Seen[];
  /** Names of shops whose aggregator cannot be reached. */
  readonly down: Set<string>;
  surroundings(shop: string): Surroundings;
  status(shop: string): Promise<ServerStatus>;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};
const PRIVATE_BROWSER = 'session=';

export const redirect = (to: string): Reply => ({
  status: 303,
  headers: { location: to },
  body: '',
});

/** The shop's goods as a feed for merchants, CSV. */
function feedOf({ goods, currency, path }: Shop, origin: string): string {
  const rows = goods.map((good) => [
    ...[good.id, good.title, good.text, origin + path(good)],
    ...[`${origin}/pictures/${good.id}.svg`, `${good.price} ${currency}`],
    ...[good.brand, good.category],
  ]);
  const head = 'id,title,description,link,image_link,price,brand,product_type'.split(',');
  const quoted = (one: string): string => `"${one.replace(/"/g, '""')}"`;
  return [head, ...rows].map((row) => row.map(quoted).join(',')).join('\n');
}

async function prepare(folder: string, shop: Shop, origin: string): Promise<string> {
  const { name } = shop;
  const rootKey = await loadOrCreateKey(join(folder, `${name}.root.key`));
  const dataDir = join(folder, name);
  const { publicKey } = await loadOrCreateKey(join(dataDir, KEY_FILE));
  const catalogue = await buildShop({ feed: feedOf(shop, origin) });
  const drafts = testDrafts({ participations: 20, windowMs: WINDOW_MS });
  await writeSite(dataDir, {
    site: name,
    budget: { epsilon: 90, delta: 1e-6, order: 4.5 },
    segments: DEFAULT_SEGMENTS,
    catalogue,
    cards: shop.feed ? catalogue.cards : [],
    rootKey,
    aggregatorKey: publicKey,
    tasks: drafts
      // A site without a task publishes no catalogue.
      .filter((one) => shop.feed && one.name === 'wide')
      .map((one) => ({ ...one, expiresAtMs: Date.now() + 86_400_000 })),
  });
  return rootKey.publicKey;
}

async function startAggregators(
  folder: string,
  shops: readonly Shop[],
  origin: (shop: string) => string,
): Promise<{ server: RunningServer; trust: Map<string, string> }> {
  const trust = new Map<string, string>();
  for (const shop of shops) {
    trust.set(shop.name, await prepare(folder, shop, origin(shop.name)));
  }
  const settings = settingsOf();
  const sites = shops.map(({ name }) => ({
    ...{ name, prefix: `/${name}`, hosts: [] },
    ...{ dataDir: join(folder, name), settings },
  }));
  const alone = { tls: null, trustProxy: 0, dist: null, admin: null, average: null };
  const at = { host: '127.0.0.1', port: 0 };
  return { server: await startServer({ ...at, ...alone, settings, sites }, silentLogger), trust };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Builds what is not up to date, and opens all shops. */
export async function openMarket(shops: readonly Shop[]): Promise<Market> {
  await build(['sdk']);
  const folder = await mkdtemp(join(tmpdir(), 'vitrine-market-'));
  const integrity = integrityOf(await readFile(join(DIST, 'vitrine.js')));
  const stub = await readFile(join(DIST, 'stub.js'), 'utf8').catch(() => '');
  const seen: Seen[] = [];
  const down = new Set<string>();
  const baskets = new Map<string, Map<string, number>>();
  let sessions = 0;

  const origin = (label: string): string => `http://${label}.localhost:${port()}`;
  const port = (): number => (server.address() as AddressInfo).port;
  const surroundings = (shop: string): Surroundings => ({
    site: shop,
    trust: trust.get(shop) as string,
    origin: origin(shop),
    cdn: `${origin('cdn')}/${shop}`,
    api: `${origin('api')}/${shop}`,
    integrity,
    stub,
  });

  const passOn = (one: Seen, path: string, body: Buffer, response: ServerResponse): void => {
    if (down.has(path.split('/')[1] as string)) {
      response.destroy();
      return;
    }
    const { method, headers } = one;
    const onward = request(aggregator.url + path, { method, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    onward.on('error', () => response.destroy()).end(body);
  };

  const sendFile = async (name: string, response: ServerResponse, open: boolean): Promise<void> => {
    const bytes = /^[\w.-]+$/.test(name)
      ? await readFile(join(DIST, name)).catch(() => null)
      : null;
    const cors = {
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    };
    const head = { 'content-type': TYPES[extname(name)] ?? 'text/plain', ...(open ? cors : {}) };
    response.writeHead(bytes === null ? 404 : 200, head).end(bytes ?? '');
  };

  const basketOf = (cookie: string | undefined, response: ServerResponse): Map<string, number> => {
    const known = baskets.get(cookie?.split(PRIVATE_BROWSER)[1]?.split(';')[0] ?? '');
    if (known !== undefined) return known;
    sessions += 1;
    const basket = new Map<string, number>();
    baskets.set(`s${sessions}`, basket);
    response.setHeader('set-cookie', `${PRIVATE_BROWSER}s${sessions}; Path=/`);
    return basket;
  };

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(message.url ?? '/', 'http://localhost');
    const at = (message.headers.host ?? '').split('.')[0] as string;
    const body = await bodyOf(message);
    const { method = 'GET', headers } = message;
    const one = { at, method, path: url.pathname + url.search, headers, bodyBytes: body.length };
    seen.push(one);
    if (at === 'api') return passOn(one, one.path, body, response);
    // The CDN's files lie under a version, which is any folder here.
    if (at === 'cdn') return sendFile(url.pathname.split('/').at(-1) ?? '', response, true);
    const shop = shops.find(({ name }) => name === at);
    if (shop === undefined) return void response.writeHead(404).end();
    const { files, proxy } = shop;
    if (proxy !== undefined && url.pathname.startsWith(`${proxy}v1/`)) {
      return passOn(one, `/${at}/${one.path.slice(proxy.length)}`, body, response);
    }
    if (files !== undefined && url.pathname.startsWith(files)) {
      return sendFile(url.pathname.slice(files.length), response, false);
    }
    const shown = /^\/pictures\/(.+)\.svg$/.exec(url.pathname);
    const good = find(shop.goods, shown?.[1]);
    if (good !== null) {
      return void response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(picture(good));
    }
    const reply = shop.answer({
      ...{ method, path: url.pathname, query: url.searchParams },
      ...{ form: new URLSearchParams(body.toString()), surroundings: surroundings(at) },
      body: body.toString(),
      basket: basketOf(headers.cookie, response),
    });
    const type = { 'content-type': 'text/html; charset=utf-8' };
    if (reply === null) return void response.writeHead(404, type).end('<h1>Not found</h1>');
    response.writeHead(reply.status ?? 200, { ...type, ...reply.headers }).end(reply.body);
  };

  const server = createServer((message, response) => {
    void handle(message, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { server: aggregator, trust } = await startAggregators(folder, shops, origin);
  return {
    seen,
    down,
    surroundings,
    status: async (shop) =>
      (await (await fetch(`${aggregator.url}/${shop}/v1/status`)).json()) as ServerStatus,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await aggregator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
