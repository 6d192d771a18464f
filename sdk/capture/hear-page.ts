/** What a page tells of itself: JSON-LD, microdata, OpenGraph and `data-vitrine-*`, now and later. */
import type { HearOptions, Mark, Marked, MicroItem, PageHeard } from './heard.ts';

const MAX_ELEMENTS = 200;
const MAX_TEXT = 100_000;
const MAX_VALUE = 5000;

type Root = Document | Element;

function all(
  root: Root,
  selector: string,
  wanted: (one: HTMLElement) => boolean = () => true,
): HTMLElement[] {
  const found: HTMLElement[] = [];
  for (const one of root.querySelectorAll<HTMLElement>(selector)) {
    if (found.length < MAX_ELEMENTS && wanted(one)) found.push(one);
  }
  return found;
}

export function readPage(document: Document, options: HearOptions): PageHeard {
  const { jsonLd, microdata, attributes } = options;
  const canonical = document.querySelector<HTMLLinkElement>('link[rel=canonical]');
  let left = 4 * MAX_TEXT;
  const each = <T>(wanted: boolean | undefined, selector: string, read: (one: HTMLElement) => T) =>
    wanted === false ? [] : all(document, selector).map(read);
  return {
    kind: 'page',
    url: document.URL,
    canonical: canonical?.href || null,
    title: document.title,
    lang: document.documentElement.lang || null,
    jsonLd: each(jsonLd, 'script[type="application/ld+json" i]', (one) => {
      const { text } = one as HTMLScriptElement;
      left -= text.length;
      return left < 0 ? '' : text;
    }),
    microdata: each(microdata, '[itemscope]:not([itemprop])', (one) => readItem(one, 0)),
    meta: Object.fromEntries(
      each(microdata, 'meta[property^="og:"],meta[property^="product:"]', (one) => [
        one.getAttribute('property'),
        cut(one.getAttribute('content')),
      ]),
    ),
    marks: each(attributes, '[data-vitrine-event]', readMark),
  };
}

const cut = (text: string | null): string => (text ?? '').trim().slice(0, MAX_VALUE);

function readItem(scope: HTMLElement, depth: number): MicroItem {
  const own = all(
    scope,
    '[itemprop]',
    (one) => one.parentElement?.closest('[itemscope]') === scope,
  );
  return {
    type: scope.getAttribute('itemtype') ?? '',
    properties: own.map((one) => [
      cut(one.getAttribute('itemprop')),
      one.hasAttribute('itemscope') && depth < 5 ? readItem(one, depth + 1) : textOf(one),
    ]),
  };
}

function textOf(element: HTMLElement): string {
  const { href, src } = element as HTMLAnchorElement & HTMLImageElement;
  const [content, value] = ['content', 'value'].map((name) => element.getAttribute(name));
  return cut(content ?? (href || src || value || element.textContent));
}

/** @returns the element's `data-vitrine-*` without that prefix. */
function marked({ dataset }: HTMLElement): Marked {
  return Object.fromEntries(
    Object.entries(dataset).flatMap(([name, value]) =>
      name.startsWith('vitrine') ? [[name.slice(7).toLowerCase(), cut(value ?? '')]] : [],
    ),
  );
}

export function readMark(element: HTMLElement): Mark {
  const item = '[data-vitrine-item]';
  const inside = all(element, item);
  const around = element.closest<HTMLElement>(item);
  const items = element.matches(item) || inside.length === 0 ? [around] : inside;
  return {
    own: marked(element),
    items: items.flatMap((one) => (one === null ? [] : [marked(one)])),
  };
}
