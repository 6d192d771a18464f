/** The browser's files from the same server: types, caching, integrity, and nothing else of the disk. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ASSET_FILES,
  AssetError,
  integrityOf,
  loadAssets,
} from '../../aggregator/operate/assets.ts';
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
        [`/latest/${name}`, 'public, max-age=300'],
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
          'cross-origin-embedder-policy': 'require-corp',
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
      '/last/vitrine.js',
      '/latest/latest/vitrine.js',
      '/latest/cli.js',
      '/1.20.3/package.json',
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

  it('H13 have their integrity published, under the same caching', async () => {
    const digests = ASSET_FILES.map((name) => [
      name,
      `sha384-${createHash('sha384').update(contentOf(name)).digest('base64')}`,
    ]);
    for (const folder of ['/1.20.3', '/latest', '']) {
      const got = await get(`${folder}/integrity.json`);
      expect(got.headers).toMatchObject({
        'content-type': 'application/json',
        'access-control-allow-origin': '*',
        'cache-control':
          folder === '/1.20.3' ? expect.stringMatching(/immutable$/) : 'public, max-age=300',
      });
      expect(JSON.parse(got.bytes.toString())).toEqual({
        version: '1.20.3',
        integrity: Object.fromEntries(digests),
      });
    }
    const { version, files } = await loadAssets(dist);
    expect(version).toBe('1.20.3');
    for (const [name = '', integrity] of digests)
      expect(files.get(name)?.integrity).toBe(integrity);
  });

  it('H13 of older versions stay for the pages that name them, and latest is the newest', async () => {
    const releases = join(root, 'releases');
    const release = async (version: string, names: readonly string[]): Promise<void> => {
      const folder = join(releases, version);
      await mkdir(folder, { recursive: true });
      const text = (name: string): string => `${version} ${name}`;
      for (const name of names) await writeFile(join(folder, name), text(name));
      const integrity = names.map((name) => [name, integrityOf(Buffer.from(text(name)))]);
      const listed = { version, integrity: Object.fromEntries(integrity) };
      await writeFile(join(folder, 'integrity.json'), JSON.stringify(listed));
    };
    await release('1.9.0', ['vitrine.js', 'worker-old.js']);
    await release('1.10.0', ASSET_FILES);
    const many = await operated([{ name: 'site' }], { dist: releases });
    const text = async (path: string): Promise<string | undefined> => {
      const got = await ask(many.url + path);
      return got.status === 200 ? got.bytes.toString() : got.code;
    };
    try {
      expect(await text('/1.9.0/vitrine.js')).toBe('1.9.0 vitrine.js');
      expect(await text('/1.9.0/worker-old.js')).toBe('1.9.0 worker-old.js');
      expect(await text('/1.10.0/vitrine.js')).toBe('1.10.0 vitrine.js');
      expect(await text('/latest/vitrine.js')).toBe('1.10.0 vitrine.js');
      expect(await text('/vitrine.js')).toBe('1.10.0 vitrine.js');
      expect(await text('/latest/worker-old.js')).toBe('not-found');
      expect(await text('/1.9.0/vitrine-engine.js')).toBe('not-found');
    } finally {
      await many.end();
    }

    await writeFile(join(releases, '1.9.0/vitrine.js'), 'another');
    await expect(loadAssets(releases)).rejects.toThrow(/1\.9\.0.vitrine\.js is not what integrity/);
    for (const text of ['{}', '{"integrity":{"../cli.js":"sha384-x"}}', '{"integrity":[]}', 'x']) {
      await writeFile(join(releases, '1.9.0/integrity.json'), text);
      await expect(loadAssets(releases)).rejects.toThrow(AssetError);
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
