/**
 * The built demo in front of a real aggregator and helper, on one origin of its own, with every
 * request to the aggregator written down, and a crowd of simulated shoppers on call.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import type { BuiltCatalogue } from '../../aggregator/catalogue/build.ts';
import { initKeys, signTask } from '../../aggregator/ceremony.ts';
import { startHelper } from '../../aggregator/helper.ts';
import { loadOrCreateKey } from '../../aggregator/keys.ts';
import { type Aggregator, KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import { type TaskDraft, writeSite } from '../../aggregator/site.ts';
import type { ServerStatus } from '../../shared/protocol/paths.ts';
import { DEFAULT_SEGMENTS } from '../../shared/protocol/segments.ts';
import { build, DIST } from '../build.ts';
import { makeShopper } from '../simulate/behaviour.ts';
import { meetCampaign } from '../simulate/campaign.ts';
import { demoDrafts } from '../simulate/demo-site.ts';
import { demoCatalogue, demoWorld } from '../simulate/demo-world.ts';
import { createShop } from '../simulate/shop-server.ts';
import { openStreet, SimulatedShopper, type Street } from '../simulate/shopper.ts';

const SITE = 'demo-shop';

/** One request as the aggregator's side of the wire saw it. */
export interface Seen {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly bodyBytes: number;
  /** Of a POST, hex; else null. */
  readonly reportId: string | null;
}

export interface ShopFixture {
  /** The shop's origin, under which `/v1/*` reaches the aggregator too. */
  readonly url: string;
  readonly seen: readonly Seen[];
  readonly taskHashes: Readonly<Record<string, string>>;
  readonly site: string;
  readonly trust: string;
  status(): Promise<ServerStatus>;
  /** `count` fresh shoppers make and send one report each for a task; how many were accepted. */
  crowd(count: number, task: string): Promise<number>;
  close(): Promise<void>;
}

export interface FixtureOptions {
  readonly drafts?: readonly Omit<TaskDraft, 'expiresAtMs'>[];
  readonly catalogue?: BuiltCatalogue;
  /** Pages served before those of the demo shop. */
  readonly texts?: Readonly<Record<string, string>>;
}

/** The demo's tasks with periods of a test: no waiting, short windows, ε as shipped. */
export function testDrafts(change: Partial<TaskDraft> = {}): Omit<TaskDraft, 'expiresAtMs'>[] {
  return demoDrafts().map((draft) => {
    const minReports = 100;
    const one = { ...draft, quietMs: 0, separationMs: 1, windowMs: 8_000, minReports, ...change };
    if (one.tier !== 'split') return one;
    return { ...one, maxReports: Math.min(one.maxReports, 2 * one.minReports) };
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise<unknown>((resolve) => probe.close(resolve));
  return port;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export async function startShop(options: FixtureOptions = {}): Promise<ShopFixture> {
  await build(['tag', 'demo']);
  const folder = await mkdtemp(join(tmpdir(), 'vitrine-shop-'));
  const rootKey = await loadOrCreateKey(join(folder, 'root.key'));
  const dataDir = join(folder, 'aggregator');
  const { publicKey } = await loadOrCreateKey(join(dataDir, KEY_FILE));
  const keysDir = join(folder, 'helper', 'keys');
  const ring = await initKeys(keysDir);
  const drafts = (options.drafts ?? testDrafts()).map((draft) =>
    draft.tier === 'split' ? { ...draft, helper: ring.status } : draft,
  );
  const { taskHashes } = await writeSite(dataDir, {
    site: SITE,
    // The order at which six reports to each task fit ε 32, the most that a page accepts.
    budget: { epsilon: 60, delta: 1e-6, order: 4.5 },
    segments: DEFAULT_SEGMENTS,
    catalogue: options.catalogue ?? (await demoCatalogue()),
    rootKey,
    aggregatorKey: publicKey,
    tasks: drafts.map((draft) => ({ ...draft, expiresAtMs: Date.now() + 86_400_000 })),
    cosign: async (task) => signTask(task, ring),
  });
  const logger = (): void => undefined;
  const port = await freePort();
  const helper = await startHelper({
    dataDir: join(folder, 'helper', 'data'),
    keysDir,
    aggregatorUrl: `http://127.0.0.1:${port}`,
    trust: rootKey.publicKey,
    logger,
  });
  const aggregator: Aggregator = await startAggregator({ dataDir, port, logger, helper });
  const seen: Seen[] = [];
  const trust = `${rootKey.publicKey} ${ring.status.identityKey}`;
  const shop = createShop({
    shop: join(DIST, 'demo'),
    workers: DIST,
    site: SITE,
    trust,
    aggregatorPort: 1,
    proxy: false,
    quality: () => null,
  });
  const pages = getRequestListener(shop.fetch, { overrideGlobalObjects: false });
  const server = createServer(async (request, response) => {
    const path = request.url ?? '/';
    const text = options.texts?.[path.split('?')[0] as string];
    if (path.startsWith('/v1/')) {
      const body = await bodyOf(request);
      const { method = 'GET', headers } = request;
      const reportId = method === 'POST' ? body.subarray(8, 24).toString('hex') : null;
      seen.push({ method, url: path, headers, bodyBytes: body.length, reportId });
      const onward = httpRequest(aggregator.url + path, { method, headers }, (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(response);
      });
      onward.on('error', () => response.destroy()).end(body);
    } else if (path === '/demo.json') {
      const endpoint = `http://${request.headers.host}`;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ site: SITE, endpoint, trust, quality: '' }));
    } else if (text !== undefined) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(text);
    } else void pages(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const world = demoWorld();
  let street: Street | null = null;
  let arrived = 0;
  return {
    url,
    seen,
    taskHashes,
    site: SITE,
    trust,
    status: async () => (await (await fetch(`${aggregator.url}/v1/status`)).json()) as ServerStatus,
    async crowd(count, task) {
      const clock = { now: () => Date.now() };
      street ??= await openStreet({ endpoint: aggregator.url, site: SITE, trust, clock });
      let accepted = 0;
      for (let i = 0; i < count; i++) {
        arrived += 1;
        const seed = `crowd ${arrived}`;
        const events = meetCampaign(makeShopper(world, seed, Date.now()).events, seed);
        const shopper = await SimulatedShopper.arrive(street, events);
        const outcome = await shopper.contribute(taskHashes[task] as string);
        if (outcome.state !== 'enqueued') continue;
        // The random waiting time passes at once; the server's clock is the real one.
        await shopper.upload({ now: () => outcome.sendAtMs }, (state) => {
          if (state === 'sent') accepted += 1;
        });
      }
      return accepted;
    },
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await aggregator.close();
      await helper.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
