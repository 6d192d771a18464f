import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

const START = fileURLToPath(new URL('./start.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vitrine-start-'));
let running: ChildProcess[] = [];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function launch(...flags: string[]) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', START, '--data', join(folder, 'data'), ...flags],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  running.push(child);
  let output = '';
  const heard = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const listener of heard) listener();
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number);
  const says = (words: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (output.includes(words)) resolve();
      };
      heard.add(look);
      look();
      void ended.then((code) => reject(new Error(`ended with ${code}: ${output}`)));
    });
  return { child, ended, says, output: () => output };
}

describe('npm start', () => {
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL');
    running = [];
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('serves shop and status, takes shoppers in, and ends with 0 on Ctrl-C', async () => {
    const [shop, aggregator, helper] = [await freePort(), await freePort(), await freePort()];
    const ports = ['--shop-port', String(shop), '--aggregator-port', String(aggregator)];
    const run = launch(...ports, '--helper-port', String(helper), '--shoppers', '5', '--audit');
    await run.says('Ctrl-C stops everything.');

    const page = await fetch(`http://localhost:${shop}/product/anything`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<script');
    expect((await fetch(`http://localhost:${shop}/vitrine/worker-wasm.js`)).status).toBe(200);
    const { endpoint } = (await (await fetch(`http://localhost:${shop}/demo.json`)).json()) as {
      endpoint: string;
    };
    expect(endpoint).toBe(`http://localhost:${aggregator}`);
    const ready = await fetch(`${endpoint}/readyz`);
    expect(ready.status).toBe(200);
    const status = async () =>
      (await (await fetch(`${endpoint}/v1/status`)).json()) as {
        tasks: { name: string; reports: number }[];
        reports: { refused: object };
      };
    expect((await status()).tasks.map(({ name }) => name)).toEqual([
      'wide',
      'intent',
      'campaign',
      'audit',
    ]);
    expect((await fetch(`http://localhost:${helper}/readyz`)).status).toBe(200);
    await expect
      .poll(async () => (await status()).tasks[0]?.reports, { timeout: 60_000, interval: 500 })
      .toBe(5);
    expect((await status()).reports.refused).toEqual({});

    run.child.kill('SIGINT');
    expect(await run.ended, run.output()).toBe(0);
    await expect(fetch(`${endpoint}/livez`)).rejects.toThrow();
    await expect(fetch(`http://localhost:${helper}/livez`)).rejects.toThrow();
  }, 180_000);

  it('serves both under one https origin', async () => {
    const [shop, aggregator] = [await freePort(), await freePort()];
    const ports = ['--shop-port', String(shop), '--aggregator-port', String(aggregator)];
    const helper = ['--helper-port', String(await freePort())];
    const run = launch(...ports, ...helper, '--no-population', '--https');
    await run.says('Ctrl-C stops everything.');
    const { get } = await import('node:https');
    const fetched = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const url = `https://localhost:${shop}${path}`;
        get(url, { rejectUnauthorized: false, agent: false }, (reply) => {
          let text = '';
          reply.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          reply.on('end', () => resolve(text));
        }).on('error', reject);
      });
    expect(JSON.parse(await fetched('/demo.json'))).toMatchObject({
      endpoint: `https://localhost:${shop}`,
    });
    expect(JSON.parse(await fetched('/v1/status'))).toMatchObject({ model: { version: 0 } });
    run.child.kill('SIGTERM');
    expect(await run.ended, run.output()).toBe(0);
  }, 120_000);

  it('names the flag of a port that is taken, and ends with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const run = launch('--shop-port', String(await freePort()), '--aggregator-port', String(port));
    expect(await run.ended).toBe(1);
    expect(run.output()).toContain(`port ${port} is taken`);
    expect(run.output()).toContain('--aggregator-port P');
    taken.close();
  }, 60_000);

  it('says what is wrong with a flag, and ends with 1', async () => {
    const run = launch('--shop-port', 'many');
    expect(await run.ended).toBe(1);
    expect(run.output().trim()).toBe('--shop-port many: expected a whole number from 1 to 65535');
  }, 60_000);
});
