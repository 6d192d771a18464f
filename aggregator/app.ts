/** The HTTP interface (shared/protocol/paths.ts; SPEC.md, H rules) as a Hono app. */
import { type Context, Hono } from 'hono';
import { canonicalJson } from '../shared/bytes/canonical.ts';
import { PATHS } from '../shared/protocol/paths.ts';
import { Refusal } from '../shared/protocol/refusals.ts';
import { parseTilePath } from '../shared/protocol/tiles.ts';
import { type Assets, assetReply } from './operate/assets.ts';
import { withOrigin } from './operate/origins.ts';
import {
  CORS_HEADERS,
  jsonReply,
  preflightHeaders,
  type Reply,
  refusalReply,
  replyOf,
  SECURITY_HEADERS,
} from './replies.ts';
import { type ReportDeps, takeReport } from './reports.ts';
import type { Service } from './service.ts';

export interface AppDeps extends ReportDeps {
  readonly service: Service;
  /** The browser's files, where this server serves them. */
  readonly assets?: Assets | null;
}

const IMMUTABLE = { 'cache-control': 'public, max-age=31536000, immutable' };
const HASH = ':hash{[0-9a-f]{64}}';
const ROUND = ':round{[1-9][0-9]{0,12}}';
const ASSET = ':asset{[a-z-]+\\.(?:js|json|wasm)}';
const VERSION = ':version{latest|[0-9]+\\.[0-9]+\\.[0-9]+}';
/** A Worker would take the policy of its script for its own. */
const { 'content-security-policy': _, ...ASSET_HEADERS } = SECURITY_HEADERS;

function answer({ status, headers, text }: Reply): Response {
  return new Response(text, { status, headers });
}

function body(
  bytes: Uint8Array | string,
  type: string,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(bytes as Uint8Array<ArrayBuffer> | string, {
    headers: { ...SECURITY_HEADERS, ...CORS_HEADERS, 'content-type': type, ...headers },
  });
}

function found<T>(value: T | null): T {
  if (value === null) throw new Refusal('not-found');
  return value;
}

const json = (text: string | Uint8Array, headers: Readonly<Record<string, string>>): Response =>
  body(text, 'application/json', headers);

/** `deps.service` is a started service; routes need nothing else. */
export function createApp(deps: AppDeps): Hono {
  const { service, logger } = deps;
  const app = new Hono();
  const noStore = { 'cache-control': 'no-store' };

  app.onError((error, c) => {
    const { reply } = replyOf(error, service.settings.retryAfterSeconds, (reason) =>
      logger('error', 'request-failed', { method: c.req.method, reason }),
    );
    return answer(reply);
  });
  app.notFound(() => answer(refusalReply(new Refusal('not-found'), 1)));
  app.use(async (c, next) => {
    if (c.req.raw.url.includes('?')) throw new Refusal('query-not-allowed');
    await next();
    const { origins } = service.settings;
    if (origins === '*') return;
    const { status, body: stream, headers } = c.res;
    const allowed = withOrigin(Object.fromEntries(headers), origins, c.req.header('origin'));
    c.res = undefined;
    c.res = new Response(stream, { status, headers: allowed });
  });

  const asset = (c: Context): Response => {
    const { asset: name = '', version = null } = c.req.param() as Record<string, string>;
    const reply = assetReply(deps.assets ?? null, version, name, c.req.header('accept-encoding'));
    const { bytes, headers } = found(reply);
    return new Response(bytes as Uint8Array<ArrayBuffer>, {
      headers: { ...ASSET_HEADERS, ...CORS_HEADERS, ...headers },
    });
  };
  const file = async (c: Context, folder: string, end: string): Promise<Uint8Array> =>
    found(await service.files.get(`${folder}/${c.req.param('hash')}.${end}`));

  const gets: readonly (readonly [string, (c: Context) => Response | Promise<Response>])[] = [
    [PATHS.livez, () => answer(jsonReply(200, { status: 'ok' }))],
    [
      PATHS.readyz,
      () => {
        const reason = service.notReady;
        if (reason === null) return answer(jsonReply(200, { status: 'ready' }));
        return answer(jsonReply(503, { status: 'not-ready', reason }));
      },
    ],
    [PATHS.status, () => answer(jsonReply(200, service.status()))],
    [PATHS.site, () => json(service.siteText, noStore)],
    [PATHS.keys, () => json(service.keysText, noStore)],
    [
      PATHS.checkpoint,
      () => body(service.published.checkpoint, 'text/plain; charset=utf-8', noStore),
    ],
    [
      `${PATHS.tiles}/*`,
      async (c) => {
        const tile = found(parseTilePath(c.req.path.slice(PATHS.tiles.length)));
        const bytes = found(await service.published.tile(tile));
        return body(bytes, 'application/octet-stream', IMMUTABLE);
      },
    ],
    [PATHS.task(HASH), async (c) => json(await file(c, 'tasks', 'json'), IMMUTABLE)],
    [PATHS.head(HASH), (c) => json(found(service.head(c.req.param('hash') ?? '')), noStore)],
    [
      PATHS.model(HASH),
      async (c) => body(await file(c, 'models', 'bin'), 'application/octet-stream', IMMUTABLE),
    ],
    [
      PATHS.catalogue(HASH),
      async (c) => body(await file(c, 'catalogues', 'bin'), 'application/octet-stream', IMMUTABLE),
    ],
    [
      PATHS.round(HASH, ROUND as unknown as number),
      async (c) => {
        const { hash = '', round = '' } = c.req.param() as Record<string, string>;
        return json(canonicalJson(found(await service.round(hash, Number(round)))), IMMUTABLE);
      },
    ],
    [
      PATHS.ids(HASH, ROUND as unknown as number),
      async (c) => {
        const { hash = '', round = '' } = c.req.param() as Record<string, string>;
        const ids = found(await service.ids(hash, Number(round)));
        return body(ids, 'application/octet-stream', IMMUTABLE);
      },
    ],
    [
      PATHS.share(HASH),
      async (c) => body(await file(c, 'shares', 'bin'), 'application/octet-stream', IMMUTABLE),
    ],
    [`/${ASSET}`, asset],
    [`/${VERSION}/${ASSET}`, asset],
  ];
  for (const [path, handler] of gets) app.get(path, handler);
  app.post(PATHS.reports, async (c) => answer(await takeReport(deps, c.req.raw)));

  const methods = [...gets.map(([path]) => [path, 'GET, HEAD']), [PATHS.reports, 'POST']] as const;
  for (const [path, allow] of methods as readonly (readonly [string, string])[]) {
    app.all(path, (c) => {
      if (c.req.method === 'OPTIONS' && path.startsWith('/v1/')) {
        const preflight = preflightHeaders(service.settings.tokens !== 'off');
        const headers = { ...SECURITY_HEADERS, ...CORS_HEADERS, ...preflight };
        return new Response(null, { status: 204, headers });
      }
      const reply = refusalReply(new Refusal('method-not-allowed'), 1);
      return answer({ ...reply, headers: { ...reply.headers, allow } });
    });
  }
  return app;
}
