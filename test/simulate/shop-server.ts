/**
 * The demo shop's web server: static files of the build, `index.html` for addresses of pages, and
 * `/demo.json`, in which the page finds its site, endpoint and trust anchor. Under https it also
 * passes `/v1/*` on to the aggregator, so that a phone has one origin and one certificate.
 */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { Hono } from 'hono';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
  '.ico': 'image/x-icon',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};

const NO_STORE = { 'cache-control': 'no-store' } as const;

export interface ShopOptions {
  /** Folder of the built shop. */
  readonly shop: string;
  /** Folder of the Worker files, served under `/vitrine/`. */
  readonly workers: string;
  readonly site: string;
  /** The site's root key, base64url. */
  readonly trust: string;
  readonly aggregatorPort: number;
  /** Serve the aggregator under the shop's own origin. */
  readonly proxy: boolean;
  /** The last measured quality of the published ranker, or null. */
  readonly quality: () => unknown;
}

/** A file below `root`, or null; an address never leaves the folder. */
async function fileBelow(root: string, path: string): Promise<Uint8Array | null> {
  const full = normalize(join(root, path));
  if (!full.startsWith(normalize(root) + sep)) return null;
  try {
    return await readFile(full);
  } catch {
    return null;
  }
}

function answer(path: string, bytes: Uint8Array): Response {
  // Vite names built files by their content: `name-HASH8.ext`.
  const named = /-[\w-]{8}\.\w+$/.test(path);
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'cache-control': named ? 'public, max-age=31536000, immutable' : 'no-cache',
      'x-content-type-options': 'nosniff',
    },
  });
}

export function createShop(options: ShopOptions): Hono {
  const app = new Hono();

  app.get('/demo.json', (context) => {
    const url = new URL(context.req.url);
    const endpoint = options.proxy
      ? `https://${context.req.header('host') ?? url.host}`
      : `http://${url.hostname}:${options.aggregatorPort}`;
    const { site, trust } = options;
    return context.json({ site, endpoint, trust, quality: '/quality.json' }, 200, NO_STORE);
  });

  app.get('/quality.json', (context) => context.json(options.quality() ?? null, 200, NO_STORE));

  if (options.proxy) {
    app.all('/v1/*', async (context) => {
      const { req } = context;
      const url = new URL(req.url);
      const type = req.header('content-type');
      const body = req.method === 'POST' ? await req.arrayBuffer() : null;
      const reply = await fetch(
        `http://127.0.0.1:${options.aggregatorPort}${url.pathname}${url.search}`,
        { method: req.method, body, headers: type === undefined ? {} : { 'content-type': type } },
      );
      return new Response(reply.body, reply);
    });
  }

  app.get('/vitrine/*', async (context) => {
    const path = decodeURIComponent(new URL(context.req.url).pathname).slice('/vitrine/'.length);
    const bytes =
      (await fileBelow(options.workers, path)) ??
      (await fileBelow(options.shop, `vitrine/${path}`));
    return bytes === null ? context.notFound() : answer(path, bytes);
  });

  app.get('*', async (context) => {
    const path = decodeURIComponent(new URL(context.req.url).pathname);
    const file = path === '/' ? null : await fileBelow(options.shop, path);
    if (file !== null) return answer(path, file);
    if (extname(path) !== '') return context.notFound();
    const index = await fileBelow(options.shop, 'index.html');
    return index === null ? context.notFound() : answer('index.html', index);
  });

  return app;
}
