/** What a shelf shows: places that never move, and in them items, bones or nothing. */
import { type Face, skeleton } from './card.ts';
import type { Card } from './client.ts';
import { h, levelOf, shadow } from './dom.ts';
import { limitOf, modelOf } from './request.ts';
import { SHELF_STYLE } from './shelf-style.ts';
import { speechAt } from './speech.ts';

export type ShelfState = 'loading' | 'ready' | 'empty' | 'fallback';

export class ShelfView {
  readonly #host: HTMLElement;
  /** By place. */
  #faces: (Face | null)[] = [];
  #next: readonly Face[] | null = null;
  readonly #heading = h('div', { id: 'heading', part: 'heading', role: 'heading' });
  readonly #list = h('ul', { part: 'list', role: 'list' });
  readonly #empty = h('p', { part: 'empty' });
  readonly #fallback = h<HTMLSlotElement>('slot');
  readonly #section = h(
    'section',
    { part: 'section', 'aria-labelledby': 'heading', 'data-state': 'loading' },
    this.#heading,
    h('div', this.#fallback, this.#list, this.#empty),
  );

  constructor(host: HTMLElement) {
    this.#host = host;
    shadow(host, SHELF_STYLE, this.#section);
    const settle = (): void => void setTimeout(() => this.#settle());
    host.addEventListener('pointerleave', settle);
    host.addEventListener('focusout', settle);
    this.#fallback.addEventListener('slotchange', () => this.#lookAtFallback());
  }

  /** The item on whose link or button an event happened, and its place. */
  chosen(event: Event): { readonly index: number; readonly card: Card } | null {
    const path = event.composedPath();
    const index = [...this.#list.children].findIndex((place) => path.includes(place));
    const card = this.#faces[index]?.card;
    const isLink = path.some((one) => one instanceof Element && one.matches('a[href],button'));
    return isLink && card ? { index, card } : null;
  }

  /** What is drawn of an item now. */
  faceOf(id: string): Face | undefined {
    return this.#faces.find((face) => face?.card.id === id) ?? undefined;
  }

  get hasItems(): boolean {
    return this.#faces.some((face) => face !== null);
  }

  get hasFallback(): boolean {
    return this.#fallback
      .assignedNodes()
      .some((node) => node.nodeName !== 'TEMPLATE' && node.textContent?.trim() !== '');
  }

  /** Heading, places and the shelf's own words, by the attributes and the page's language. */
  frame(): void {
    const { t, tag } = speechAt(this.#host);
    const heading = this.#host.getAttribute('heading');
    this.#heading.ariaLevel = String(levelOf(this.#host));
    this.#heading.textContent = heading ?? t(modelOf(this.#host));
    this.#heading.lang = heading === null ? tag : '';
    if (heading !== null) this.#heading.removeAttribute('lang');
    this.#empty.textContent = t('empty');
    this.#empty.lang = tag;
    const isGrid = this.#host.getAttribute('layout') === 'grid';
    this.#section.dataset.layout = isGrid ? 'grid' : 'row';
    const limit = limitOf(this.#host);
    while (this.#list.childElementCount > limit) this.#list.lastElementChild?.remove();
    while (this.#list.childElementCount < limit) {
      this.#list.append(h('li.blank', { part: 'item' }, skeleton()));
    }
    this.#faces.length = Math.min(this.#faces.length, limit);
    this.state(this.#section.dataset.state as ShelfState);
  }

  /** Shows these as soon as nobody is reading the shelf or about to choose from it. */
  offer(faces: readonly Face[]): void {
    this.#next = faces;
    this.#settle();
  }

  state(state: ShelfState): void {
    this.#section.dataset.state = state;
    this.#host.dataset.state = state;
    this.#section.ariaBusy = String(state === 'loading');
    this.#list.inert = state !== 'ready';
    this.#list.ariaHidden = state === 'ready' ? null : 'true';
    this.#empty.hidden = state !== 'empty';
    this.#lookAtFallback();
  }

  #settle(): void {
    const next = this.#next;
    const isBusy = this.#host.matches(':hover,:focus-within');
    if (next === null || (isBusy && this.hasItems)) return;
    this.#next = null;
    this.#place(next);
    this.state(next.length > 0 ? 'ready' : this.hasFallback ? 'fallback' : 'empty');
  }

  #lookAtFallback(): void {
    this.#section.toggleAttribute('data-fallback', this.hasFallback);
  }

  /** Items are lifted from place to place, so that no element is shifted by another. */
  #place(next: readonly Face[]): void {
    const before = this.#faces;
    for (const face of before) {
      if (face?.light && !next.includes(face)) face.node.remove();
    }
    const places = [...this.#list.children];
    this.#faces = places.map((_, i) => next[i] ?? null);
    for (const [i, place] of places.entries()) {
      const face = this.#faces[i] ?? null;
      place.className = face === null ? 'blank' : '';
      if (face !== null && face === before[i]) continue;
      if (face?.light) {
        const name = `vitrine-${i}`;
        face.node.slot = name;
        place.replaceChildren(h('slot', { name }));
        this.#host.append(face.node);
      } else place.replaceChildren(face?.node ?? skeleton());
    }
  }
}
