/** A window as far as the consent adapters use one, and what they said. */
import { beforeEach, vi } from 'vitest';
import { adaptConsent } from '../../sdk/consent/adapt.ts';

export const BOTH = { personalise: true, contribute: true };
export const PERSONALISE = { personalise: true, contribute: false };
export const NONE = { personalise: false, contribute: false };
export const ALL = { tcf: true, consentMode: true, shopify: true };

export type Page = Window & Record<string, unknown> & { dataLayer: unknown[] };

export let page: Page;

/** A window with timers and a document, as far as the adapters use one. */
function newPage(): Page {
  return Object.assign(new EventTarget(), {
    document: new EventTarget(),
    setTimeout: (run: (...all: unknown[]) => void, ms: number, ...all: unknown[]) =>
      setTimeout(run, ms, ...all),
    dataLayer: [],
  }) as unknown as Page;
}

export function listen(signs: Partial<typeof ALL> = {}, layer?: string) {
  const said: unknown[] = [];
  const off = { tcf: false, consentMode: false, shopify: false };
  const chosen = Object.keys(signs).length === 0 ? ALL : { ...off, ...signs };
  const undo = adaptConsent(chosen, page, (consent, from) => said.push([from, consent]), layer);
  return { said, undo };
}

/** Another window in the same test. */
export function renewPage(other: Page = newPage()): void {
  page = other;
}

/** Registers a fresh window and a fake clock before each test of the calling file. */
export function freshPage(): void {
  beforeEach(() => {
    renewPage();
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });
}
