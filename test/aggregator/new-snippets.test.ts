/** What `vitrine new` writes for pages: one tag for every platform, their policy, and the files. */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { transformWithOxc } from 'vite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { snippetsOf } from '../../aggregator/new-snippets.ts';
import { WORKER_FILES } from '../../aggregator/operate/assets.ts';
import { contents, type NewWorld, newWorld } from './new-world.ts';

const STUB = 'window.vitrine ||= { note: `a "quoted" \\\\ text` };';

let world: NewWorld;
let { folder, feed, dist, at, make } = {} as NewWorld;

beforeEach(async () => {
  world = await newWorld();
  ({ folder, feed, dist, at, make } = world);
  await writeFile(join(dist, 'stub.js'), `${STUB}\n`);
});

afterEach(() => world?.end());

const read = (...path: string[]): Promise<string> => readFile(at(...path), 'utf8');

/** Elements of a page by name, in order, with their attributes and text. */
function scriptsOf(page: string): Record<string, string>[] {
  const live = page.replace(/<!--[\s\S]*?-->/g, '');
  return [...live.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)].map(
    ([, attributes = '', text = '']) => ({
      ...Object.fromEntries(
        [...attributes.matchAll(/([\w-]+)(?:="([^"]*)")?/g)].map(([, name, value = '']) => [
          name?.toLowerCase(),
          value,
        ]),
      ),
      text,
    }),
  );
}

// Without declarations, as in a shop that has none.
const load = createRequire(import.meta.url);
const React = load('react') as { createElement(of: unknown, props: object): unknown };
const { renderToStaticMarkup } = load('react-dom/server') as {
  renderToStaticMarkup(element: unknown): string;
};

/** What the component of the file renders, as Next.js sends it. */
async function rendered(tsx: string, props: object): Promise<string> {
  const { code } = await transformWithOxc(tsx, 'vitrine.tsx', { jsx: { runtime: 'classic' } });
  const make = new Function(
    'React',
    `${code.replace('export function', 'function')}; return Vitrine;`,
  );
  return renderToStaticMarkup(React.createElement(make(React), props));
}

describe('the tag of each platform', () => {
  it('is that of plain HTML: Shopify, WooCommerce, Next.js', async () => {
    await make('--catalogue', feed, '--endpoint', 'https://vitrine.shop.example');
    const snippet = await read('snippet.html');
    const own = scriptsOf(snippet);
    expect(own).toEqual([
      { text: STUB },
      {
        async: '',
        src: 'https://vitrine.shop.example/3.2.1/vitrine.js',
        crossorigin: 'anonymous',
        integrity: expect.stringMatching(/^sha384-[\w+/]{64}$/),
        'data-site': 'tea-shop',
        'data-endpoint': 'https://vitrine.shop.example',
        'data-trust': expect.stringMatching(/^[\w-]{43}$/),
        text: '',
      },
    ]);

    const liquid = await read('snippets/shopify.liquid');
    const [, raw] =
      /\{%- endcomment -%\}\s*\{% raw %\}\n([\s\S]*)\{% endraw %\}\n$/.exec(liquid) ?? [];
    expect(raw).toBe(snippet);

    const php = await read('snippets/woocommerce.php');
    const [, head, body] = /^(<\?php[\s\S]*?\?>)\n([\s\S]*)<\?php \}, 1 \);\n$/.exec(php) ?? [];
    expect(head).toContain("add_action( 'wp_head', function () { ?>");
    expect(body).toBe(snippet);
    expect(body).not.toMatch(/<\?|\?>/);

    const tsx = await read('snippets/next.tsx');
    const page = scriptsOf(await rendered(tsx, {}));
    // React puts asynchronous scripts first; the stub is then a no-op, or comes in time.
    expect(page.reverse()).toEqual(own);
    const withNonce = scriptsOf(await rendered(tsx, { nonce: 'n0nce' }));
    expect(withNonce.map(({ nonce }) => nonce)).toEqual(['n0nce', 'n0nce']);
  });

  it('goes without stub and integrity where nothing is built', () => {
    const wanted = { site: 'tea-shop', endpoint: 'https://shop.example', trust: 'key' };
    const all = Object.values(snippetsOf({ ...wanted, assets: null }));
    for (const text of all) expect(text).not.toMatch(/sha\d|<script>|STUB/);
    expect(scriptsOf(all[0] ?? '')).toMatchObject([{ src: 'https://shop.example/vitrine.js' }]);
  });
});

describe('the policy', () => {
  it('names the hash of the stub, the routes, and the files to copy, which are there', async () => {
    await make('--catalogue', feed, '--endpoint', 'https://vitrine.shop.example/tea');
    const policy = await read('snippets/csp.txt');
    const digest = createHash('sha256').update(STUB).digest('base64');
    const script = `script-src 'sha256-${digest}' https://vitrine.shop.example`;
    expect(policy).toContain(
      `${script} 'wasm-unsafe-eval'; connect-src https://vitrine.shop.example; worker-src blob:\n`,
    );
    expect(policy).toContain(
      `${script}; connect-src https://vitrine.shop.example; worker-src 'self'\n`,
    );
    expect(policy).toContain(
      "require-trusted-types-for 'script', both need: trusted-types vitrine\n",
    );
    expect(policy).toContain('https://vitrine.shop.example/tea/3.2.1/integrity.json');
    const named = [...policy.matchAll(/^ +server\/assets\/3\.2\.1\/(\S+)$/gm)].map(
      ([, name]) => name,
    );
    expect(named).toEqual([
      ...['vitrine-engine.js', 'worker-wasm.js', 'worker-webgpu.js'],
      ...['tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm.wasm'],
    ]);
    expect(named).toEqual(WORKER_FILES);
    for (const name of WORKER_FILES)
      expect(await read('server/assets/3.2.1', name)).toContain(name);
  });
});

describe('the browser’s files', () => {
  it('H13 are with the server, and a new version leaves those of older pages', async () => {
    const first = await make('--catalogue', feed);
    expect(first.out).toContain('made  server/assets/3.2.1\n');
    expect(JSON.parse(await read('server/vitrine.json'))).toMatchObject({ dist: './assets' });
    const { version, integrity } = JSON.parse(await read('server/assets/3.2.1/integrity.json'));
    expect([version, Object.keys(integrity).length]).toEqual(['3.2.1', 8]);
    const before = await contents(at('server/assets'));
    const again = await make();
    expect(again.out).toContain('kept  server/assets/3.2.1\n');
    expect(await contents(at('server/assets'))).toEqual(before);

    await writeFile(join(folder, 'package/package.json'), '{"version":"3.10.0"}');
    await writeFile(join(dist, 'vitrine.js'), 'newer');
    const later = await make();
    expect(later.out).toContain('made  server/assets/3.10.0\n');
    expect(await readdir(at('server/assets'))).toEqual(['3.10.0', '3.2.1']);
    expect(await contents(at('server/assets'))).toMatchObject(before);
    expect(await read('server/assets/3.10.0/vitrine.js')).toBe('newer');
    expect(await read('snippet.html')).toContain('/3.10.0/vitrine.js');
  });

  it('that were changed by hand are put right', async () => {
    await make('--catalogue', feed);
    const before = await contents(at('server/assets'));
    await writeFile(at('server/assets/3.2.1/vitrine.js'), 'another');
    expect((await make()).out).toContain('made  server/assets/3.2.1\n');
    expect(await contents(at('server/assets'))).toEqual(before);
  });
});
