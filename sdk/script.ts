/**
 * The script tag: reads its settings from its own element, creates `window.vitrine`, and replays
 * what a stub has queued. A second copy does nothing.
 *
 *   <script async src="…/vitrine.js" data-site data-endpoint data-trust
 *     [data-assets] [data-workers] [data-consent="required | none | personalise | contribute"]
 *     [data-signals="tcf consent-mode shopify"]
 *     [data-capture="data-layer json-ld microdata attributes shopify woocommerce autocapture"]
 *     [data-max-epsilon] [data-debug]></script>
 *
 * data-trust is the site's root key, or that and the helper's identity key behind a space.
 * data-signals and data-capture list what is on; without them the defaults hold.
 *
 * A stub is `{ queue: [method, arguments, resolve?][] }`; a method may be 'consent.set'.
 */
import type { InitOptions, Vitrine } from './api.ts';
import { createTag } from './tag.ts';
import type { OwnElement } from './tag-engine.ts';

type Queued = readonly [string, ArrayLike<unknown>, ((value: unknown) => void)?];

/** The part of a script element that is read. */
export interface TagElement {
  readonly src: string;
  readonly nonce?: string | undefined;
  readonly integrity?: string | undefined;
  readonly dataset: Readonly<Record<string, string | undefined>>;
}

/** Of the package: the build writes it, and what is not bundled knows none. */
declare const VITRINE_VERSION: string | undefined;

/** `window` as far as the tag uses it. */
export interface TagWindow {
  vitrine?: unknown;
}

const CONSENTS: Readonly<Record<string, InitOptions['consent']>> = {
  required: 'required',
  none: { personalise: false, contribute: false },
  personalise: { personalise: true, contribute: false },
  contribute: { personalise: true, contribute: true },
};

/** @returns null when the tag has nothing to do, or lacks a setting that it names on the console. */
export function boot(
  page: TagWindow,
  element: TagElement | null,
  start: (site: string, options: InitOptions, own: OwnElement) => Vitrine = createTag,
): Vitrine | null {
  // An element with this id is `window.vitrine` too.
  const before = page.vitrine as { track?: unknown; queue?: unknown } | undefined;
  const queue = Array.isArray(before?.queue) ? (before.queue as Queued[]) : null;
  if (typeof before?.track === 'function' && queue === null) return null;
  const {
    site,
    endpoint,
    trust,
    consent = 'required',
    maxEpsilon,
    debug,
    ...data
  } = element?.dataset ?? {};
  if (!site || !endpoint || !trust) {
    console.error('vitrine: the script tag needs data-site, data-endpoint and data-trust');
    return null;
  }
  if (CONSENTS[consent] === undefined) unknown('consent', consent);
  let client: Vitrine;
  try {
    const own = { nonce: element?.nonce ?? '', pinned: !!element?.integrity };
    const options: InitOptions = {
      endpoint,
      trust,
      assetBase: data.assets ?? folderOf(element?.src ?? ''),
      consent: CONSENTS[consent] ?? 'required',
      ...(data.workers !== undefined && { workerUrl: data.workers }),
      ...(data.signals !== undefined && { signals: listed('signals', SIGNALS, data.signals) }),
      ...(data.capture !== undefined && { capture: listed('capture', CAPTURE, data.capture) }),
      ...(maxEpsilon !== undefined && { maxEpsilon: Number(maxEpsilon) }),
      ...(debug !== undefined && { debug: true }),
    };
    client = start(site, options, own);
  } catch (error) {
    console.error(`vitrine: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
  page.vitrine = client;
  for (const call of queue?.splice(0) ?? []) replay(client, call);
  // What kept a hold of the stub goes on calling it.
  if (queue !== null) {
    queue.push = (...calls) => {
      for (const call of calls) replay(client, call);
      return 0;
    };
  }
  return client;
}

/** The `latest` folder changes under a page's feet: the other files come from the version's own. */
function folderOf(src: string): string {
  const folder = new URL('.', src).href;
  return typeof VITRINE_VERSION === 'undefined'
    ? folder
    : folder.replace(/\/latest\/$/, `/${VITRINE_VERSION}/`);
}

const SIGNALS = ['tcf', 'consentMode', 'shopify'];
const CAPTURE = [
  'dataLayer',
  'jsonLd',
  'microdata',
  'attributes',
  'shopify',
  'woocommerce',
  'autocapture',
];

function unknown(attribute: string, word: string): void {
  console.warn(`vitrine: data-${attribute} knows no "${word}"`);
}

/** `tcf consent-mode` → each name of those that there are, true where it is listed. */
function listed(
  attribute: string,
  names: readonly string[],
  list: string,
): Record<string, boolean> {
  const on = list.split(/[\s,]+/).map((word) => {
    const name = word.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    if (word && !names.includes(name)) unknown(attribute, word);
    return name;
  });
  return Object.fromEntries(names.map((name) => [name, on.includes(name)]));
}

function replay(client: Vitrine, [method, parameters, resolve]: Queued): void {
  try {
    const path = method.split('.');
    const owner = path.length === 2 && path[0] === 'consent' ? client.consent : client;
    const run = (owner as unknown as Record<string, (...all: unknown[]) => unknown>)[
      path.at(-1) as string
    ];
    if (typeof run !== 'function') return;
    const result = run.apply(owner, Array.from(parameters));
    resolve?.(result);
  } catch {
    // A call that cannot be read is left out, like any other unreadable event.
  }
}

if (typeof document !== 'undefined') {
  boot(window as TagWindow, document.currentScript as HTMLScriptElement | null);
}
