/** How one item is drawn: the elements' own card, or the shop's template. */
import type { Card } from './client.ts';
import { h, safeUrl } from './dom.ts';

/** One item as drawn. */
export interface Face {
  readonly card: Card;
  readonly node: HTMLElement;
  /** In the page's own tree, shown through a slot. */
  readonly light: boolean;
  /** What it was drawn from: the same look needs no new drawing. */
  readonly look: string;
}

/** In the page's language; '' for a price that is none. Without a currency a plain number. */
export function money(price: unknown, currency: string | null, tag: string): string {
  if (typeof price !== 'number' || !(price >= 0) || price === Number.POSITIVE_INFINITY) return '';
  try {
    if (currency) return new Intl.NumberFormat(tag, { style: 'currency', currency }).format(price);
  } catch {
    // Not an ISO 4217 code: the number alone.
  }
  return new Intl.NumberFormat(tag, { maximumFractionDigits: 2 }).format(price);
}

/** Whether a card says more than its id: only such items are drawn. */
export function isKnown(card: Card | null | undefined): card is Card {
  const title = card?.title;
  if (typeof title !== 'string' || title.trim() === '') return false;
  return title !== card?.id || safeUrl(card?.url) !== null;
}

/** Lines that are reserved in every card, so that none is taller than its skeleton. */
export function ownCard(card: Card, tag: string): HTMLElement {
  const href = safeUrl(card.url);
  return h(
    href === null ? 'div' : 'a',
    { part: 'link', href },
    h('span', { part: 'media' }, picture(card)),
    h('span', { part: 'brand' }, text(card.brand)),
    h('span', { part: 'title' }, card.title),
    h('span', { part: 'price' }, money(card.price, card.currency, tag)),
  );
}

export function skeleton(): HTMLElement {
  const bone = (part: string): HTMLElement => h('span.bone', { part });
  return h('div', { part: 'link' }, bone('media'), bone('brand'), bone('title'), bone('price'));
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The title beside it says what it shows, so that its own text would be said twice. */
function picture(card: Card): HTMLElement | null {
  const src = safeUrl(card.image);
  if (src === null) return null;
  const image = h('img', { part: 'image', alt: '', loading: 'lazy', decoding: 'async', src });
  image.addEventListener('error', () => image.remove());
  return image;
}

/** Attributes of a template's elements that take a field of the card. */
const BOUND = ['href', 'src', 'alt', 'title', 'aria-label'] as const;

/**
 * A copy of the shop's template: `data-text="title"` sets a text, `data-href`, `data-src`,
 * `data-alt`, `data-title` and `data-aria-label` an attribute, each from a field of the card;
 * `price` is formatted. An element whose address or picture is not known loses that attribute.
 */
export function fromTemplate(template: HTMLTemplateElement, card: Card, tag: string): HTMLElement {
  const fields: Record<string, unknown> = {
    ...card,
    price: money(card.price, card.currency, tag),
  };
  const copy = document.importNode(template.content, true);
  for (const element of copy.querySelectorAll<HTMLElement>('*')) {
    const field = element.dataset.text;
    if (field !== undefined) element.textContent = text(fields[field]);
    for (const name of BOUND) {
      const bound = element.getAttribute(`data-${name}`);
      if (bound === null) continue;
      const isUrl = name === 'href' || name === 'src';
      const value = isUrl ? safeUrl(fields[bound]) : text(fields[bound]);
      if (value === null) element.removeAttribute(name);
      else element.setAttribute(name, value);
    }
  }
  const [only] = copy.children;
  return copy.children.length === 1 ? (only as HTMLElement) : h('div', null, copy);
}
