/**
 * From an empty folder to a recommendation: the package as npm packs it, the README's commands, and
 * the README's page on an origin of its own.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build as bundle } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { build } from '../build.ts';
import { until } from './hostile.ts';
import { type Launched, launchChromium, type Served, serveStatic } from './launch.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const CHAPTER = README.slice(README.indexOf('## A shop embeds it'));

const IDS = ['blue-mug', 'red-mug', 'green-tea', 'black-tea', 'tea-pot', 'milk-jug'];
const FEED = `<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>My shop</title>
${IDS.map(
  (id, i) => `<item><g:id>${id}</g:id><g:title>${id.replace('-', ' ')}</g:title>
  <g:product_type>${id.split('-')[1]}</g:product_type><g:price>${4 + i}.00 EUR</g:price></item>`,
).join('\n')}
</channel></rss>`;

const block = (language: string): string =>
  new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(CHAPTER)?.[1] ?? '';

let folder = '';
let server: ChildProcess | null = null;
let page: Served | null = null;
let browser: Launched | null = null;

beforeAll(async () => {
  await build(['sdk', 'package']);
  folder = mkdtempSync(join(tmpdir(), 'vitrine-zero-'));
  install();
}, 300_000);

afterAll(async () => {
  // The shell, npx and the server.
  if (server?.pid !== undefined && server.exitCode === null) process.kill(-server.pid, 'SIGKILL');
  await browser?.close();
  await page?.close();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

/** `npm install vitrine` without a registry: what npm would pack, where npm would put it. */
function install(): void {
  const quiet = ['--silent', '--ignore-scripts', '--pack-destination', folder];
  const packed = spawnSync('npm', ['pack', ...quiet], { cwd: ROOT, encoding: 'utf8' });
  expect([packed.status, packed.stderr]).toEqual([0, expect.any(String)]);
  const [archive = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  const home = join(folder, 'node_modules/vitrine');
  mkdirSync(home, { recursive: true });
  const unpacked = spawnSync('tar', [
    '-xzf',
    join(folder, archive),
    '-C',
    home,
    '--strip-components=1',
  ]);
  expect(unpacked.status).toBe(0);
  rmSync(join(folder, archive));
  const { bin, dependencies } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const place = join(folder, 'node_modules', name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), place);
  }
  mkdirSync(join(folder, 'node_modules/.bin'));
  for (const [name, path] of Object.entries(bin)) {
    symlinkSync(join('../vitrine', path), join(folder, 'node_modules/.bin', name));
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise<unknown>((resolve) => probe.close(resolve));
  return port;
}

function told(line: string): string {
  const ran = spawnSync(line, { cwd: folder, shell: true, encoding: 'utf8' });
  expect([line, ran.status, ran.stderr.replace(/^npm warn.*\n/gm, '')]).toEqual([line, 0, '']);
  return ran.stdout;
}

const start = (line: string): ChildProcess =>
  spawn(line, {
    cwd: folder,
    shell: true,
    detached: true,
    env: { ...process.env, VITRINE_ADMIN_PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

it('the README’s commands and page lead to a recommendation, in a browser on another origin', async () => {
  const commands = block('sh').trim().split('\n');
  expect(commands.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
    ...['npm install vitrine', 'npx vitrine catalogue', 'npx vitrine new', 'npx vitrine serve'],
  ]);
  const [, read = '', make = '', serve = ''] = commands;
  writeFileSync(join(folder, 'feed.xml'), FEED);
  expect(told(read)).toContain(`${IDS.length} goods`);
  // The usual port may be taken on this machine.
  const made = told(`${make} --endpoint http://127.0.0.1:${await freePort()}`);
  expect(made).toContain(serve);

  server = start(serve);
  let errors = '';
  server.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: server?.stdout as NodeJS.ReadableStream }).once('line', () =>
      resolve(),
    );
    server?.once('exit', (code) => reject(new Error(`exit ${code}: ${errors}`)));
  });

  const snippet = readFileSync(join(folder, 'my-shop/snippet.html'), 'utf8');
  const html = block('html');
  const place = '<!-- my-shop/snippet.html -->';
  expect(html).toContain(place);
  page = await serveStatic([], { texts: { '/': html.replace(place, () => snippet) } });
  browser = await launchChromium();
  const tab = await browser.browser.newPage();
  const problems: string[] = [];
  tab.on('pageerror', (error) => problems.push(error.message));
  tab.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('404'))
      problems.push(message.text());
  });
  await tab.goto(page.url);
  await tab.waitForFunction(() => typeof window.vitrine.track === 'function');
  expect(await tab.textContent('#for-you')).toBe('');
  await tab.evaluate(() => {
    const lists: string[] = [];
    Object.assign(window, { lists });
    const place = document.getElementById('for-you') as HTMLElement;
    new MutationObserver(() => lists.push(place.textContent ?? '')).observe(place, {
      childList: true,
    });
  });
  await tab.click('#yes');
  const lists = () => tab.evaluate(() => (window as unknown as { lists: string[] }).lists);
  // The first list may come before the catalogue has.
  await until('four goods', async () => (await lists()).at(-1)?.split(' ').length === 4);
  for (const list of await lists()) {
    for (const id of list.split(' ')) expect(['', ...IDS]).toContain(id);
  }
  expect(new Set((await lists()).at(-1)?.split(' ')).size).toBe(4);
  const status = await tab.evaluate(() => window.vitrine.status());
  expect(status).toMatchObject({
    state: 'ready',
    catalogue: { items: IDS.length },
    tasks: [{ name: 'wide', reason: 'quiet-period' }],
  });
  expect(problems).toEqual([]);
}, 180_000);

const CONSUMER = `import { init, type Vitrine } from 'vitrine';
const shop: Vitrine = init('my-shop', {
  endpoint: 'https://vitrine.my-shop.example',
  trust: 'A'.repeat(43),
  assetBase: 'https://vitrine.my-shop.example/x.y.z/',
});
shop.recommend({ limit: 4 }).then(({ items }) => console.log(items.map(({ id }) => id).join()));
`;

it('the package’s import has types, touches nothing on a server, and bundles small', async () => {
  writeFileSync(join(folder, 'main.ts'), CONSUMER);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const strict = ['--strict', '--noEmit', '--module', 'esnext', '--moduleResolution', 'bundler'];
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const flags = [...strict, '--target', 'es2022', '--lib', 'es2023,dom', '--types', ''];
  const typed = spawnSync(process.execPath, [tsc, ...flags, 'main.ts'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect([typed.status, typed.stdout]).toEqual([0, '']);
  const built = await bundle({
    configFile: false,
    root: folder,
    logLevel: 'silent',
    build: { write: false, target: 'es2022', lib: { entry: 'main.ts', formats: ['es'] } },
  });
  const [output] = (Array.isArray(built) ? built : [built]) as { output: { code?: string }[] }[];
  const chunks = (output?.output ?? []).map(({ code = '' }) => code);
  expect(chunks).toHaveLength(1);
  const [code = ''] = chunks;
  expect(code).not.toMatch(/^import /m);
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(15_000);
  // On a server: the bundle runs to its end, with an empty list.
  writeFileSync(join(folder, 'server.js'), code);
  const ran = spawnSync(process.execPath, ['server.js'], { cwd: folder, encoding: 'utf8' });
  expect([ran.status, ran.stdout, ran.stderr]).toEqual([0, '\n', '']);
}, 120_000);
