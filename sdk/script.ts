/**
 * The script tag: reads its settings from its own element, creates `window.vitrine`, and replays
 * what a stub has queued. A second copy does nothing.
 *
 *   <script async src="…/vitrine.js" data-site data-endpoint data-trust
 *     [data-assets] [data-consent="required | none | personalise | contribute"]
 *     [data-max-epsilon] [data-debug]></script>
 *
 * data-trust is the site's root key, or that and the helper's identity key behind a space.
 *
 * A stub is `{ queue: [method, arguments, resolve?][] }`; a method may be 'consent.set'.
 */
import type { InitOptions, Vitrine } from './api.ts';
import { init } from './index.ts';

type Queued = readonly [string, ArrayLike<unknown>, ((value: unknown) => void)?];

/** The part of a script element that is read. */
export interface TagElement {
  readonly src: string;
  readonly dataset: Readonly<Record<string, string | undefined>>;
}

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
  start: (site: string, options: InitOptions) => Vitrine = init,
): Vitrine | null {
  const before = page.vitrine as { queue?: unknown } | undefined;
  if (before !== undefined && !Array.isArray(before.queue)) return null;
  const { site, endpoint, trust, assets, consent, maxEpsilon, debug } = element?.dataset ?? {};
  if (!site || !endpoint || !trust) {
    console.error('vitrine: the script tag needs data-site, data-endpoint and data-trust');
    return null;
  }
  let client: Vitrine;
  try {
    client = start(site, {
      endpoint,
      trust,
      assetBase: assets ?? new URL('.', element?.src).href,
      consent: CONSENTS[consent ?? 'required'] ?? 'required',
      ...(maxEpsilon !== undefined && { maxEpsilon: Number(maxEpsilon) }),
      ...(debug !== undefined && { debug: true }),
    });
  } catch (error) {
    console.error(`vitrine: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
  page.vitrine = client;
  for (const call of (before?.queue as readonly Queued[] | undefined) ?? []) replay(client, call);
  return client;
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
