/** From an empty folder to a site that a browser believes: `vitrine new`, then `vitrine serve`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initKeys, signTask } from '../../aggregator/ceremony.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { configOf, serverConfigOf } from '../../aggregator/serve-command.ts';
import { startServer } from '../../aggregator/server.ts';
import { listen } from '../../aggregator/socket.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import { fetchTransport } from '../../sdk/receive/fetch.ts';
import { Receiver } from '../../sdk/receive/receiver.ts';
import { decodeCatalogue } from '../../shared/model/codec.ts';
import { decodeSigned, decodeSite } from '../../shared/protocol/records.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { contents, type NewWorld, newWorld, run, trustIn } from './new-world.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let world: NewWorld;
let { folder, feed, at, make } = {} as NewWorld;

beforeEach(async () => {
  world = await newWorld();
  ({ folder, feed, at, make } = world);
});

afterEach(() => world?.end());

/** What a browser of the shop does before it takes part. */
function receiver(endpoint: string, trust: string): Receiver {
  return new Receiver({
    transport: fetchTransport(endpoint),
    db: memoryDatabase(),
    ...{
      trust,
      site: 'tea-shop',
      endpoint,
      maxEpsilon: 8,
      maxTotalEpsilon: 32,
      allowTestTier: false,
    },
    clock: { now: () => Date.now() },
  } as ConstructorParameters<typeof Receiver>[0]);
}

async function believed(endpoint: string, trust: string): Promise<readonly Task[]> {
  const browser = receiver(endpoint, trust);
  const site = await browser.site();
  const tasks: Task[] = [];
  for (const { hash } of site.tasks) {
    const task = await browser.task(hash);
    const head = await browser.head(task, hash);
    expect(head.round?.round).toBe(1);
    await browser.assertLogged(task, head);
    expect(await browser.model(head.modelHash, task.d)).toHaveLength(task.d);
    const catalogue = decodeCatalogue(await browser.catalogue(task.catalogue), task.catalogue);
    expect(catalogue.ids).toEqual(['a', 'b', 'c', 'd']);
    tasks.push(task);
  }
  return tasks;
}

async function served<T>(use: (url: string) => Promise<T>, ...flags: string[]): Promise<T> {
  const args = [
    '--config',
    at('server/vitrine.json'),
    '--port',
    '0',
    '--admin-port',
    '0',
    ...flags,
  ];
  const config = configOf(args, {});
  if (config === null) throw new Error('no configuration');
  const server = await startServer(serverConfigOf(config), silentLogger);
  try {
    return await use(server.url);
  } finally {
    await server.close();
  }
}

describe('from an empty folder to a shopper', () => {
  it('R2 L9 serve: records verify, a round is open, the tag’s files are there', async () => {
    await make('--catalogue', feed);
    const trust = trustIn(await readFile(at('snippet.html'), 'utf8'));
    await served(async (url) => {
      const tasks = await believed(url, trust);
      expect(tasks.map(({ name, tier }) => [name, tier])).toEqual([['wide', 'local']]);
      const script = await fetch(`${url}/3.2.1/vitrine.js`);
      expect([script.status, await script.text()]).toEqual([200, 'content of vitrine.js']);
      await expect(believed(url, 'A'.repeat(43))).rejects.toThrow();
    });
  });

  it('S4 T2 with a helper: its task waits for its signature, then browsers believe both', async () => {
    const keysDir = join(folder, 'helper/keys');
    const ring = await initKeys(keysDir);
    const keys = join(folder, 'helper.json');
    await writeFile(keys, JSON.stringify(ring.status));
    const helperUrl = 'http://127.0.0.1:1';
    const first = await make('--catalogue', feed, '--helper-keys', keys, '--helper-url', helperUrl);
    expect(first.code).toBe(0);
    expect(first.out).toContain('intent.task.json');
    const site = async () =>
      decodeSigned(JSON.parse(await readFile(at('server/data/site.json'), 'utf8')), decodeSite)
        .record;
    expect((await site()).tasks.map(({ name }) => name)).toEqual(['wide']);
    const wide = (await site()).tasks[0]?.hash;

    const unsigned: unknown = JSON.parse(await readFile(at('root/intent.task.json'), 'utf8'));
    const wrong = await make('--helper-signature', 'A'.repeat(86));
    expect(wrong.code).toBe(1);
    expect((await site()).tasks).toHaveLength(1);
    expect((await make('--helper-signature', signTask(unsigned, ring))).code).toBe(0);
    expect((await site()).tasks.map(({ name }) => name)).toEqual(['wide', 'intent']);
    expect((await site()).tasks[0]?.hash).toBe(wide);
    const kept = await contents(at());
    expect((await make()).code).toBe(0);
    expect(await contents(at())).toEqual(kept);

    const trust = trustIn(await readFile(at('snippet.html'), 'utf8'));
    expect(trust.split(' ')).toEqual([trust.split(' ')[0], ring.status.identityKey]);
    const settings = JSON.parse(await readFile(at('server/vitrine.json'), 'utf8')) as object;
    expect(settings).toMatchObject({ helper: helperUrl });
    await served(async (url) => {
      const browser = receiver(url, trust);
      const tasks = await Promise.all(
        (await browser.site()).tasks.map(({ hash }) => browser.task(hash)),
      );
      expect(tasks.map(({ name, tier }) => [name, tier])).toEqual([
        ['wide', 'local'],
        ['intent', 'split'],
      ]);
    });
  });
});

describe('the command in a process', () => {
  let child: ChildProcess | null = null;
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  it('vitrine serve starts from the settings that vitrine new wrote, and stops at a signal', async () => {
    await make('--catalogue', feed);
    const trust = trustIn(await readFile(at('snippet.html'), 'utf8'));
    const main = join(ROOT, 'aggregator/vitrine.js');
    const args = [main, 'serve', '--config', at('server/vitrine.json'), '--port', '0'];
    const env = { ...process.env, VITRINE_ADMIN_PORT: '0' };
    child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const ended = new Promise<number | null>((resolve) => child?.once('exit', resolve));
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child?.stdout as NodeJS.ReadableStream }).once('line', resolve);
      void ended.then((code) => reject(new Error(`exit ${code}: ${errors}`)));
    });
    const { url, admin } = JSON.parse(line) as { url: string; admin: string };
    expect(await believed(url, trust)).toHaveLength(1);
    const token = (await readFile(at('server/admin.token'), 'utf8')).trim();
    const metrics = await fetch(`${admin}/metrics`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await metrics.text()).toContain('vitrine_ready{site="site"} 1');
    child.kill('SIGTERM');
    expect(await ended, errors).toBe(0);
    expect(errors).toContain('"stopped"');
    expect(errors).not.toContain(token);
  }, 60_000);

  it('vitrine serve ends with 1 and the name of what is wrong, before it opens a port', async () => {
    const settings = join(folder, 'bad.json');
    await writeFile(settings, '{"data":"d","prot":1}');
    const { code, err } = await run('serve', '--config', settings);
    expect([code, err]).toEqual([1, `vitrine: bad-config: ${settings}: prot is no setting\n`]);
    expect((await run('serve', '--prot', '1')).code).toBe(2);
  });

  it('no-key tells a key that cannot be read from one that is none', async () => {
    const data = join(folder, 'empty');
    const serve = (): ReturnType<typeof run> => run('serve', '--data', data, '--port', '0');
    const key = join(data, 'aggregator.key');
    expect((await serve()).err).toContain(`no-key: ${key} cannot be read (ENOENT)`);
    await mkdir(data);
    await writeFile(key, '{}');
    expect((await serve()).err).toContain(`no-key: ${key} holds no Ed25519 key pair`);
  });

  it('an address that is not of this machine is bad-host, by its flag', async () => {
    const host = '203.0.113.7';
    await expect(listen(createServer(), host, 0)).rejects.toMatchObject({
      code: 'bad-host',
      message: `bad-host: --host ${host} is no address of this machine`,
    });
    const admin = listen(createServer(), host, 0, { flag: '--admin-port' });
    await expect(admin).rejects.toThrow(`--admin-host ${host}`);
  });

  it('a signal that comes twice at once, as under npx, is one; a later one ends the process', async () => {
    const socket = join(ROOT, 'aggregator/socket.ts');
    const code = async (script: string): Promise<number | null> => {
      const text = `import { closeAtSignal } from ${JSON.stringify(socket)};
        setInterval(() => undefined, 1000);
        const both = () => ['SIGINT', 'SIGTERM'].map((name) => process.kill(process.pid, name));
        ${script}`;
      const args = ['--import', 'tsx', '--input-type=module', '-e', text];
      child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' });
      return new Promise((resolve) => child?.once('exit', resolve));
    };
    const drains = `closeAtSignal('x', () => new Promise((end) => setTimeout(end, 50))); both();`;
    const hangs = `closeAtSignal('x', () => new Promise(() => setTimeout(both, 600))); both();`;
    expect(await code(drains)).toBe(0);
    expect(await code(hangs)).toBe(130);
  }, 30_000);
});
