/** What `vitrine new` writes for the shop's pages: the tag for each platform, and their policy. */
import { createHash } from 'node:crypto';
import { type Assets, INTEGRITY_FILE, WORKER_FILES } from './operate/assets.ts';

/** Of `trustedTypes.createPolicy` in the SDK. */
const POLICY = 'vitrine';

interface SnippetInput {
  readonly site: string;
  readonly endpoint: string;
  readonly trust: string;
  /** The browser's files; null where they are not built: then no stub and no integrity. */
  readonly assets: Assets | null;
}

type Attributes = readonly (readonly [name: string, value: string])[];

function textOf(assets: Assets | null, name: string): string {
  return new TextDecoder().decode(assets?.files.get(name)?.bytes).trim();
}

function source({ endpoint, assets }: SnippetInput, name: string): Attributes {
  const integrity = assets?.files.get(name)?.integrity;
  const version = assets === null ? '' : `/${assets.version}`;
  return [
    ['src', `${endpoint}${version}/${name}`],
    ...(integrity === undefined
      ? []
      : ([
          ['crossorigin', 'anonymous'],
          ['integrity', integrity],
        ] as const)),
  ];
}

const tagOf = (input: SnippetInput): Attributes => [
  ...source(input, 'vitrine.js'),
  ['data-site', input.site],
  ['data-endpoint', input.endpoint],
  ['data-trust', input.trust],
];

const html = (attributes: Attributes): string =>
  `<script async ${attributes.map(([name, value]) => `${name}="${value}"`).join('\n  ')}></script>\n`;

const stubOf = ({ assets }: SnippetInput): string => textOf(assets, 'stub.js');

/** The tag as it stands in a page of HTML. */
function snippetOf(input: SnippetInput): string {
  const stub = stubOf(input);
  const elements = html(source(input, 'vitrine-elements.js'));
  return [
    stub === '' ? '' : `<script>${stub}</script>\n`,
    html(tagOf(input)),
    `<!-- for <vitrine-shelf> and <vitrine-privacy>:\n${elements}-->\n`,
  ].join('');
}

function liquid(input: SnippetInput): string {
  return `{%- comment -%}
  Shopify: this is snippets/vitrine.liquid; in layout/theme.liquid, before </head>, stands
  {% raw %}{% render 'vitrine' %}{% endraw %}
{%- endcomment -%}
{% raw %}
${snippetOf(input)}{% endraw %}
`;
}

function php(input: SnippetInput): string {
  return `<?php
/**
 * Plugin Name: Vitrine
 *
 * WooCommerce: this is wp-content/mu-plugins/vitrine.php.
 */
add_action( 'wp_head', function () { ?>
${snippetOf(input)}<?php }, 1 );
`;
}

/** React's names of what differs from HTML. */
const REACT: Readonly<Record<string, string>> = { crossorigin: 'crossOrigin' };

function next(input: SnippetInput): string {
  const stub = stubOf(input);
  const attributes = tagOf(input).map(
    ([name, value]) => `        ${REACT[name] ?? name}=${JSON.stringify(value)}\n`,
  );
  const inline = '      <script nonce={nonce} dangerouslySetInnerHTML={{ __html: STUB }} />\n';
  return `/** Next.js: this is app/vitrine.tsx; in app/layout.tsx, inside <head>, stands <Vitrine />. */
${stub === '' ? '' : `const STUB =\n  ${JSON.stringify(stub)};\n\n`}export function Vitrine({ nonce }: { readonly nonce?: string }) {
  return (
    <>
${stub === '' ? '' : inline}      <script
        async
        nonce={nonce}
${attributes.join('')}      />
    </>
  );
}
`;
}

/** What a page's Content-Security-Policy must allow, by two routes. */
function policy(input: SnippetInput): string {
  const { endpoint, assets } = input;
  const { origin } = new URL(endpoint);
  const digest = createHash('sha256').update(stubOf(input)).digest('base64');
  const script = `${assets === null ? '' : `'sha256-${digest}' `}${origin}`;
  const version = assets?.version ?? '';
  return `Add these to the Content-Security-Policy of the shop's pages; a page without one needs nothing.
The hash is that of the inline stub, and changes with its version; a nonce in both scripts does as well.

1. Workers started from ${origin}

   script-src ${script} 'wasm-unsafe-eval'; connect-src ${origin}; worker-src blob:

   Without worker-src blob: nothing is learned in this browser, which then recommends with what others
   have learned; without 'wasm-unsafe-eval' it learns on its GPU, or slowly.

2. Workers from the shop's own origin: no blob:, no 'wasm-unsafe-eval'

   script-src ${script}; connect-src ${origin}; worker-src 'self'

   Copy into one folder of the shop, such as /vitrine/, and name it in the tag, data-workers="/vitrine/":
${WORKER_FILES.map((name) => `     server/assets/${version}/${name}`).join('\n')}

   When the tag's version changes, copy them again. Send them without a Content-Security-Policy, and,
   where pages have Cross-Origin-Embedder-Policy, with Cross-Origin-Embedder-Policy: require-corp.

With require-trusted-types-for 'script', both need: trusted-types ${POLICY}

Integrity of every file of this version: ${endpoint}/${version}/${INTEGRITY_FILE}
`;
}

/** Texts by path in the site's folder. */
export function snippetsOf(input: SnippetInput): Readonly<Record<string, string>> {
  return {
    'snippet.html': snippetOf(input),
    'snippets/shopify.liquid': liquid(input),
    'snippets/woocommerce.php': php(input),
    'snippets/next.tsx': next(input),
    'snippets/csp.txt': policy(input),
  };
}
