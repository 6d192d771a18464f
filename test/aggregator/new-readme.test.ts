/** The README's chapter for shops shows what `vitrine new` writes, and the attributes that are read. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { snippetsOf } from '../../aggregator/new-snippets.ts';
import { type Asset, WORKER_FILES } from '../../aggregator/operate/assets.ts';

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const [, chapter = ''] = /^## A shop embeds it\n([\s\S]*?)^## /m.exec(read('README.md')) ?? [];

/** Text of the first fenced block of this language behind a heading, without its indentation. */
function block(language: string, after: string): string {
  const rest = chapter.slice(chapter.indexOf(after));
  const [, indent = '', text = ''] =
    new RegExp(`^( *)\`\`\`${language}\n([\\s\\S]*?)^ *\`\`\`$`, 'm').exec(rest) ?? [];
  return text.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
}

const asset = (text: string): Asset => {
  const bytes = new TextEncoder().encode(text);
  return { type: 'text/javascript', bytes, gzipped: bytes, integrity: 'sha384-…' };
};
const files = new Map([
  ['vitrine.js', asset('')],
  ['vitrine-elements.js', asset('')],
  ['stub.js', asset('/* dist/stub.js */')],
]);
const written = snippetsOf({
  site: 'my-shop',
  endpoint: 'https://vitrine.my-shop.example',
  trust: "<root key> <helper's identity key>",
  assets: { version: 'x.y.z', files, releases: new Map([['x.y.z', files]]) },
});
const file = (name: string): string => written[name] ?? '';

describe('the README', () => {
  it('shows the tag for HTML, WooCommerce and Next.js as it is written', () => {
    const plain = block('html', '### The tag on each platform');
    expect(plain).toMatch(/^<script>/);
    expect(file('snippet.html').replace(/<!--[\s\S]*/, '')).toBe(plain);
    const php = block('php', '**WooCommerce**');
    const named = '<!-- my-shop/snippet.html -->\n';
    expect(php).toContain(named);
    expect(php.replace(named, file('snippet.html'))).toBe(file('snippets/woocommerce.php'));
    const tsx = block('tsx', '**Next.js**');
    expect(tsx).toContain('export function Vitrine');
    expect(file('snippets/next.tsx')).toContain(tsx);
    expect(chapter).toContain("{% render 'vitrine' %}");
    expect(file('snippets/shopify.liquid')).toContain("{% render 'vitrine' %}");
  });

  it('shows the policy as it is written, but for the hash, and names the files to copy', () => {
    const lines = block('', '### Content-Security-Policy').trim().split('\n');
    expect(lines).toHaveLength(2);
    const policy = file('snippets/csp.txt').replace(/sha256-[\w+/=]+/g, 'sha256-…');
    for (const line of lines) expect(policy).toContain(`   ${line}\n`);
    const patterns = ['vitrine-engine.js', 'worker-*.js', '*.wasm'];
    for (const pattern of patterns) expect(chapter).toContain(`\`${pattern}\``);
    const covers = (name: string) => (pattern: string) =>
      new RegExp(`^${pattern.replace('.', '\\.').replace('*', '.*')}$`).test(name);
    for (const name of WORKER_FILES)
      expect([name, patterns.some(covers(name))]).toEqual([name, true]);
  });

  it('has every attribute that the tag reads', () => {
    const [, head = ''] = /^\/\*\*([\s\S]*?)\*\//.exec(read('sdk/script.ts')) ?? [];
    const attributes = [...new Set(head.match(/data-[a-z]+(-[a-z]+)*/g))].filter(
      (name) => !name.startsWith('data-layer'),
    );
    expect(attributes.length).toBeGreaterThan(9);
    const table = chapter.slice(chapter.indexOf('### Settings of the tag'));
    for (const name of attributes) expect(table).toContain(`\`${name}\``);
  });
});
