/**
 * A shop's origin whose pages have the policies of a test, and beside it the origin of a real
 * aggregator that serves the built files too: what `vitrine serve` is to a shop.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOrCreateKey } from '../../aggregator/keys.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { KEY_FILE } from '../../aggregator/main.ts';
import { snippetsOf } from '../../aggregator/new-snippets.ts';
import { type Assets, loadAssets } from '../../aggregator/operate/assets.ts';
import { startServer } from '../../aggregator/server.ts';
import { settingsOf } from '../../aggregator/settings.ts';
import { writeSite } from '../../aggregator/site.ts';
import { DEFAULT_SEGMENTS } from '../../shared/protocol/segments.ts';
import { build, DIST } from '../build.ts';
import { demoCatalogue } from '../simulate/demo-world.ts';
import { testDrafts } from './shop.ts';

const SITE = 'shop';

export interface PolicyPage {
  readonly headers?: Readonly<Record<string, string>>;
  readonly html: string;
}

/** A script of ours that was asked for. */
export interface Fetched {
  readonly from: 'shop' | 'cdn';
  readonly file: string;
  /** What for: 'worker', 'script' (an element, or importScripts) or 'empty' (fetch). */
  readonly as: string;
}

export interface PolicyWorld {
  /** Of the shop's pages. */
  readonly url: string;
  /** Of the aggregator and the built files. */
  readonly cdn: string;
  readonly assets: Assets;
  readonly trust: string;
  /** Files that `vitrine new` would write for this shop. */
  readonly snippets: Readonly<Record<string, string>>;
  /** By path. */
  readonly pages: Map<string, PolicyPage>;
  readonly fetched: Fetched[];
  /** Files that the CDN serves with one byte more. */
  readonly tampered: Set<string>;
  close(): Promise<void>;
}

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://localhost:${(server.address() as AddressInfo).port}`);
    });
  });

const end = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

export async function policyWorld(): Promise<PolicyWorld> {
  await build(['sdk']);
  const assets = await loadAssets(DIST);
  const folder = await mkdtemp(join(tmpdir(), 'vitrine-csp-'));
  const rootKey = await loadOrCreateKey(join(folder, 'root.key'));
  const dataDir = join(folder, 'data');
  const { publicKey: aggregatorKey } = await loadOrCreateKey(join(dataDir, KEY_FILE));
  const drafts = testDrafts({ participations: 20, windowMs: 4000 });
  await writeSite(dataDir, {
    site: SITE,
    budget: { epsilon: 90, delta: 1e-6, order: 4.5 },
    segments: DEFAULT_SEGMENTS,
    catalogue: await demoCatalogue(),
    ...{ rootKey, aggregatorKey },
    tasks: drafts
      .filter(({ name }) => name === 'wide')
      .map((draft) => ({ ...draft, expiresAtMs: Date.now() + 86_400_000 })),
  });
  const aggregator = await startServer(
    {
      ...{ host: '127.0.0.1', port: 0, tls: null, trustProxy: 0, average: null, dist: DIST },
      ...{ admin: null, settings: settingsOf() },
      sites: [{ name: SITE, prefix: '', hosts: [], dataDir, settings: settingsOf() }],
    },
    silentLogger,
  );
  const fetched: Fetched[] = [];
  const tampered = new Set<string>();
  const note = (from: Fetched['from'], { url = '', headers }: IncomingMessage): void => {
    const [, file] = /\/([a-z-]+\.(?:js|wasm))$/.exec(url) ?? [];
    if (file !== undefined) fetched.push({ from, file, as: String(headers['sec-fetch-dest']) });
  };
  const pass = (request: IncomingMessage, response: ServerResponse): void => {
    const { method, headers, url } = request;
    const { 'accept-encoding': _, ...asked } = headers;
    const onward = httpRequest(aggregator.url + url, { method, headers: asked }, (reply) => {
      // What the browser has kept is not asked for again, and not seen.
      const { 'content-length': _, ...kept } = reply.headers;
      response.writeHead(reply.statusCode ?? 502, { ...kept, 'cache-control': 'no-store' });
      if (tampered.has(/[^/]+$/.exec(url ?? '')?.[0] ?? '')) response.write(';');
      reply.pipe(response);
    });
    request.pipe(onward);
    onward.on('error', () => response.destroy());
  };
  const cdnServer = createServer((request, response) => {
    note('cdn', request);
    pass(request, response);
  });
  const pages = new Map<string, PolicyPage>();
  const shop = createServer((request, response) => {
    note('shop', request);
    const path = request.url ?? '/';
    if (path.startsWith('/v1/')) return pass(request, response);
    const page = pages.get(path);
    const own = /^\/(own|isolated)\/([a-z-]+\.(?:js|wasm))$/.exec(path);
    if (page !== undefined) {
      const type = { 'content-type': 'text/html; charset=utf-8' };
      response.writeHead(200, { ...type, ...page.headers }).end(page.html);
    } else if (own !== null && assets.files.has(own[2] as string)) {
      const coep = own[1] === 'isolated' && { 'cross-origin-embedder-policy': 'require-corp' };
      const type = assets.files.get(own[2] as string)?.type;
      response.writeHead(200, { 'content-type': type, ...coep });
      response.end(readFileSync(join(DIST, own[2] as string)));
    } else response.writeHead(404).end();
  });
  const [url, cdn] = await Promise.all([listen(shop), listen(cdnServer)]);
  const { publicKey: trust } = rootKey;
  return {
    ...{ url, cdn, assets, trust, pages, fetched, tampered },
    snippets: snippetsOf({ site: SITE, endpoint: cdn, trust, assets }),
    async close() {
      await Promise.all([end(shop), end(cdnServer)]);
      await aggregator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
