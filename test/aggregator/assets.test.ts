/** The browser's files from the same server: types, caching, integrity, and nothing else of the disk. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ASSET_FILES, AssetError, loadAssets } from '../../aggregator/operate/assets.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { ask, type Got, type Operated, operated } from './operated.ts';

let root = '';
let dist = '';
let server: Operated;
const contentOf = (name: string): string => `// ${name} `.repeat(50);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitrine-assets-'));
  dist = join(root, 'dist');
  await mkdir(dist);
  await writeFile(join(root, 'package.json'), '{"version":"1.20.3"}');
  for (const name of ASSET_FILES) await writeFile(join(dist, name), contentOf(name));
  await writeFile(join(dist, 'cli.js'), 'secret');
  const sites = [
    { name: 'a', prefix: '/a' },
    { name: 'b', hosts: ['b.example'] },
  ];
  server = await operated(sites, { dist });
});

afterAll(async () => {
  await server?.end();
  await rm(root, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Got> =>
  ask(server.url + path, { headers: { host: 'b.example', ...headers } });

describe('the browser’s files', () => {
  it('H13 have their types, and live for ever under their version alone', async () => {
    for (const name of ASSET_FILES) {
      for (const [path, caching] of [
        [`/${name}`, 'public, max-age=300'],
        [`/1.20.3/${name}`, 'public, max-age=31536000, immutable'],
      ] as const) {
        const got = await get(path);
        expect([path, got.status, got.bytes.toString()]).toEqual([path, 200, contentOf(name)]);
        expect(got.headers).toMatchObject({
          'cache-control': caching,
          'content-type': name.endsWith('.wasm')
            ? 'application/wasm'
            : 'text/javascript; charset=utf-8',
          'access-control-allow-origin': '*',
          'cross-origin-resource-policy': 'cross-origin',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
        });
        for (const absent of ['etag', 'last-modified', 'set-cookie', 'content-security-policy']) {
          expect([path, absent, got.headers[absent]]).toEqual([path, absent, undefined]);
        }
      }
    }
  });

  it('H13 beside models and catalogue under a site’s prefix', async () => {
    const got = await ask(`${server.url}/a/1.20.3/vitrine.js`);
    expect([got.status, got.bytes.toString()]).toEqual([200, contentOf('vitrine.js')]);
    expect((await ask(`${server.url}/a${PATHS.site}`)).status).toBe(200);
  });

  it('come compressed to who says so, and caches are told', async () => {
    for (const [accept, encoding] of [
      ['gzip', 'gzip'],
      ['br, gzip;q=0.5', 'gzip'],
      ['gzip;q=0', undefined],
      ['x-gzip', undefined],
      ['br', undefined],
      ['', undefined],
    ] as const) {
      const got = await get('/worker-wasm.js', { 'accept-encoding': accept });
      expect([accept, got.headers['content-encoding']]).toEqual([accept, encoding]);
      expect(got.headers.vary).toBe('Accept-Encoding');
      const bytes = encoding === undefined ? got.bytes : gunzipSync(got.bytes);
      expect(bytes.toString()).toBe(contentOf('worker-wasm.js'));
    }
  });

  it('H1 are all there is of the folder', async () => {
    for (const path of [
      '/cli.js',
      '/package.json',
      '/1.20.3/cli.js',
      '/1.20.4/vitrine.js',
      '/1.20/vitrine.js',
      '/1x20.3/vitrine.js',
      '/1.20.3/1.20.3/vitrine.js',
      '/../vitrine.js',
      '/%76itrine.js',
      '/vitrine.js/',
      '/vitrine.mjs',
    ]) {
      expect([path, (await get(path)).code]).toEqual([path, 'not-found']);
    }
    expect((await get('/vitrine.js?v=1')).code).toBe('query-not-allowed');
    const post = await ask(`${server.url}/a/vitrine.js`, { method: 'POST' });
    expect([post.code, post.headers.allow]).toEqual(['method-not-allowed', 'GET, HEAD']);
  });

  it('have the integrity that a tag names', async () => {
    const { version, files } = await loadAssets(dist);
    expect(version).toBe('1.20.3');
    for (const name of ASSET_FILES) {
      const digest = createHash('sha384').update(contentOf(name)).digest('base64');
      expect(files.get(name)?.integrity).toBe(`sha384-${digest}`);
    }
  });

  it('are missed at the start, by name, before a port is taken', async () => {
    const start = operated([{ name: 'site' }], { dist: root });
    await expect(start).rejects.toThrow(AssetError);
    const partial = join(root, 'partial/dist');
    await mkdir(partial, { recursive: true });
    await writeFile(join(root, 'partial/package.json'), '{"version":"1.0.0"}');
    await expect(loadAssets(partial)).rejects.toThrow(/bad-dist: .*vitrine\.js .*npm run build/);
    await writeFile(join(root, 'partial/package.json'), '{"version":"next"}');
    await expect(loadAssets(partial)).rejects.toThrow('names no version');
  });

  it('H1 are nowhere without the setting', async () => {
    const plain = await operated();
    try {
      for (const path of ['/vitrine.js', '/1.20.3/vitrine.js']) {
        expect((await ask(plain.url + path)).code).toBe('not-found');
      }
    } finally {
      await plain.end();
    }
  });
});
