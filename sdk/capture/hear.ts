/**
 * The ears of the tag: what the page says anyway, as plain data. Nothing is understood here, and
 * nothing of the page is changed but the data layer's `push`.
 */
import { layerOf, onPush } from './data-layer.ts';
import { readMark, readPage } from './hear-page.ts';
import { plain } from './hear-plain.ts';
import { hearShops } from './hear-shops.ts';
import type { Heard, HearOptions } from './heard.ts';

/** A page has settled when nothing asked for so long; looking in vain waits twice as long. */
const SETTLE_MS = 250;
const MAX_SETTLE_MS = 8000;
const MAX_CLICK_TEXT = 80;
/** Entries of a data layer from before us: the newest, and so many of them at once. */
const MAX_OLD = 100;
const SLICE_MS = 16;

/**
 * Listens to the page until the undo that it returns is called; a new call hears everything that
 * still stands in the page again. Never throws.
 */
export function hear(options: HearOptions, page: Window, tell: (heard: Heard) => void): () => void {
  const { document } = page;
  const end = new AbortController();
  const undo: (() => void)[] = [];
  const quietly = (run: () => void): void => {
    try {
      run();
    } catch {
      // A page of a stranger kind: what is not understood is not heard.
    }
  };
  const on = (target: EventTarget, names: string, run: (event: Event) => void): void => {
    const guarded = (event: Event): void => quietly(() => run(event));
    for (const name of names.split(' ')) {
      target.addEventListener(name, guarded, { capture: true, signal: end.signal });
    }
  };

  const { dataLayer = true, attributes, autocapture } = options;
  const array = dataLayer === true ? 'dataLayer' : dataLayer;
  let old: unknown[] = [];
  const catchUp = (): void => {
    const untilMs = performance.now() + SLICE_MS;
    old = old.slice(-MAX_OLD);
    while (old.length > 0 && performance.now() < untilMs) {
      const entry = plain(old.shift());
      quietly(() => tell({ kind: 'layer', entry }));
    }
    if (old.length > 0) page.setTimeout(catchUp);
  };
  if (array) {
    const end = onPush(page, array, (entry, pushed) => {
      if (pushed && old.length === 0) tell({ kind: 'layer', entry: plain(entry) });
      // A copy: it may be another by its turn.
      else if (old.push(pushed ? plain(entry) : entry) === 1) queueMicrotask(catchUp);
    });
    undo.push(end, () => {
      old = [];
    });
    catchUp();
  }

  const find = hearShops(page, options, on, tell, undo);
  on(page, 'click', ({ target }) => {
    const clicked = target as Element;
    const mark = clicked.closest<HTMLElement>('[data-vitrine-event]');
    if (mark !== null && attributes !== false) {
      const quantity = mark.closest('form')?.querySelector<HTMLInputElement>('[name=quantity]');
      const { own, items } = readMark(mark);
      tell({
        kind: 'mark',
        mark: { own: { ...(quantity && { quantity: quantity.value }), ...own }, items },
      });
    } else if (autocapture) {
      const button = clicked.closest<HTMLInputElement>('a,button,[role=button],[type=submit]');
      const card = button?.closest('li,article,[class*=product],[class*=card]');
      if (button === null) return;
      const link = button.closest('a') ?? card?.querySelector('a');
      const text = button.textContent || button.value;
      tell({ kind: 'click', text: text.trim().slice(0, MAX_CLICK_TEXT), url: link?.href ?? null });
    }
  });

  let last = '';
  let waitMs = SETTLE_MS;
  let timer = 0;
  const look = (): void => {
    timer = 0;
    if (end.signal.aborted) return;
    quietly(() => {
      find();
      if (array) layerOf(page, array).look();
      const heard = readPage(document, options);
      const now = JSON.stringify({ ...heard, title: '' });
      waitMs = now === last ? Math.min(2 * waitMs, MAX_SETTLE_MS) : SETTLE_MS;
      if (now !== last) tell(heard);
      last = now;
    });
  };
  const idle = (): void => {
    if (page.requestIdleCallback) page.requestIdleCallback(look, { timeout: 1000 });
    else look();
  };
  const later = (): void => {
    timer ||= page.setTimeout(idle, waitMs);
  };
  const soon = (): void => {
    page.clearTimeout(timer);
    timer = 0;
    waitMs = SETTLE_MS;
    later();
  };
  const begin = (): void => {
    const observer = new MutationObserver(later);
    const attributeFilter = ['content', 'href'];
    observer.observe(document, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter,
    });
    undo.push(() => observer.disconnect());
    look();
  };
  // The Navigation API where there is one; elsewhere a route shows itself by what it changes.
  const { navigation } = page as unknown as { navigation?: EventTarget };
  if (navigation) on(navigation, 'currententrychange', soon);
  on(page, 'popstate hashchange load pageshow click', soon);
  if (document.readyState === 'loading') on(document, 'DOMContentLoaded', begin);
  else quietly(begin);
  return () => {
    end.abort();
    for (const one of undo.splice(0)) quietly(one);
  };
}
