import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { claimPort } from './children.ts';
import { FlagError, readStartFlags } from './flags.ts';
import { createShop } from './shop-server.ts';

describe('flags of npm start', () => {
  it('have the defaults that the help states', () => {
    expect(readStartFlags([])).toMatchObject({
      shopPort: 5173,
      aggregatorPort: 8787,
      https: false,
      data: '.vitrine',
      fresh: false,
    });
  });

  it('take ports, and numbers', () => {
    const flags = readStartFlags(['--shop-port', '6001', '--helper-port=6003', '--https']);
    expect(flags).toMatchObject({ shopPort: 6001, helperPort: 6003, https: true });
    expect(readStartFlags(['--no-population', '--shoppers', '9']).shoppers).toBe(0);
  });

  it.each([
    [['--shop-port', 'x'], '--shop-port x'],
    [['--aggregator-port', '70000'], '--aggregator-port 70000'],
    [['--helper-port', '-1'], '--helper-port'],
    [['--shop-port', '8787'], 'both 8787'],
    [['--shop-port', '8788'], '--shop-port and --helper-port are both 8788'],
    [['--nonsense'], '--nonsense'],
  ])('refuse %j by name', (argv, words) => {
    expect(() => readStartFlags(argv)).toThrow(FlagError);
    expect(() => readStartFlags(argv)).toThrow(words);
  });

  it('name the flag of a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(claimPort('--shop-port', port, '127.0.0.1')).rejects.toThrow(
      new RegExp(`port ${port} is taken.*--shop-port P`),
    );
    server.close();
    await once(server, 'close');
    await expect(claimPort('--shop-port', port, '127.0.0.1')).resolves.toBeUndefined();
  });
});

describe('shop server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-shop-'));
  const shop = join(folder, 'demo');
  const workers = join(folder, 'sdk');
  mkdirSync(join(shop, 'assets'), { recursive: true });
  mkdirSync(workers);
  writeFileSync(join(shop, 'index.html'), '<title>shop</title>');
  writeFileSync(join(shop, 'assets', 'main-abcd1234.js'), 'let a');
  writeFileSync(join(workers, 'worker-wasm.js'), 'let b');
  writeFileSync(join(folder, 'secret.txt'), 'no');
  const options = { shop, workers, site: 's', trust: 'k', aggregatorPort: 8787, proxy: false };
  const app = createShop({ ...options, quality: () => ({ version: 3 }) });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('answers pages with index.html and files with their type', async () => {
    for (const path of ['/', '/product/blue-cup', '/search']) {
      const page = await app.request(path);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(await page.text()).toBe('<title>shop</title>');
    }
    const script = await app.request('/assets/main-abcd1234.js');
    expect(script.headers.get('cache-control')).toContain('immutable');
    const worker = await app.request('/vitrine/worker-wasm.js');
    expect(await worker.text()).toBe('let b');
    expect(worker.headers.get('cache-control')).toBe('no-cache');
    expect((await app.request('/nothing.js')).status).toBe(404);
  });

  it('never leaves its folders', async () => {
    for (const path of [
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/vitrine/..%2f..%2fsecret.txt',
    ]) {
      const reply = await app.request(path);
      expect(await reply.text()).not.toBe('no');
    }
  });

  it('tells the page where the aggregator is, on another origin, or its own under https', async () => {
    const plain = await app.request('http://localhost:5173/demo.json');
    expect(await plain.json()).toEqual({
      site: 's',
      trust: 'k',
      endpoint: 'http://localhost:8787',
      quality: '/quality.json',
    });
    const secure = createShop({ ...options, proxy: true, quality: () => null });
    const reply = await secure.request('https://10.0.0.7:5173/demo.json', {
      headers: { host: '10.0.0.7:5173' },
    });
    expect(await reply.json()).toMatchObject({ endpoint: 'https://10.0.0.7:5173' });
    expect(await (await app.request('/quality.json')).json()).toEqual({ version: 3 });
  });
});
