/** `<vitrine-shelf>`: recommendations as a list of links. */
import type { RecommendResult } from '../recommend/result.ts';
import { type Face, fromTemplate, isKnown, ownCard } from './card.ts';
import type { Card, ShelfClient } from './client.ts';
import { type Controller, elementOf } from './element.ts';
import { languageAt } from './language.ts';
import { limitOf, modelOf, requestOf } from './request.ts';
import { ShelfView } from './shelf-view.ts';

type Cards = readonly (Card | null)[];

/** Gives the cards of ids, in any order; ids that it leaves out are not shown. */
export type Resolver = (ids: readonly string[]) => Cards | Promise<Cards>;

/** Draws one item; null leaves it out. The result stands in the page's own tree and styles. */
export type Render = (card: Card, index: number) => HTMLElement | null;

class Shelf implements Controller<ShelfClient> {
  items: Resolver | null = null;
  render: Render | null = null;
  readonly #host: HTMLElement;
  readonly #view: ShelfView;
  #client: ShelfClient | null = null;
  #result: RecommendResult | null = null;
  #run = 0;

  constructor(host: HTMLElement) {
    this.#host = host;
    this.#view = new ShelfView(host);
    host.addEventListener('click', (event) => this.#select(event));
  }

  draw(): void {
    this.#view.frame();
    this.#refresh();
  }

  follow(client: ShelfClient): () => void {
    this.#client = client;
    const undo = client.on('update', () => this.#refresh());
    this.#refresh();
    return () => {
      undo();
      this.#client = null;
      this.#run += 1;
    };
  }

  absent(isLast: boolean): void {
    if (this.#view.hasFallback) this.#view.state('fallback');
    else if (isLast) this.#view.state('empty');
  }

  /** Many calls at once ask once. */
  #refresh(): void {
    this.#run += 1;
    const run = this.#run;
    queueMicrotask(() => void this.#load(run));
  }

  async #load(run: number): Promise<void> {
    const client = this.#client;
    if (client === null || run !== this.#run) return;
    try {
      const result = await client.recommend(requestOf(this.#host));
      const ids = result.items.map(({ id }) => id);
      const cards = ids.length === 0 ? [] : await (this.items?.(ids) ?? client.describe(ids));
      if (run !== this.#run) return;
      const known = new Map(cards.filter(isKnown).map((card) => [card.id, card]));
      const found = ids.flatMap((id) => known.get(id) ?? []).slice(0, limitOf(this.#host));
      this.#result = result;
      this.#view.offer(found.flatMap((card, i) => this.#draw(card, i) ?? []));
    } catch (error) {
      // The client never throws; a function of the shop may. What is shown stays.
      if (run === this.#run && !this.#view.hasItems) this.#view.offer([]);
      console.warn('vitrine-shelf:', error);
    }
  }

  #draw(card: Card, index: number): Face | null {
    const { tag } = languageAt(this.#host);
    const template = this.#host.querySelector<HTMLTemplateElement>(':scope > template');
    const look = JSON.stringify([card, tag, template === null]);
    const old = this.#view.faceOf(card.id);
    if (this.render !== null) {
      const node = this.render(card, index);
      return node && { card, node, light: true, look };
    }
    if (old?.look === look) return old;
    const node = template === null ? ownCard(card, tag) : fromTemplate(template, card, tag);
    return { card, node, light: template !== null, look };
  }

  #select(event: Event): void {
    const chosen = this.#view.chosen(event);
    if (chosen === null) return;
    const { index, card } = chosen;
    const { source = null, version = 0 } = this.#result ?? {};
    const detail = { id: card.id, index, card, source, version };
    const options = { bubbles: true, composed: true, cancelable: true, detail };
    const isTaken = !this.#host.dispatchEvent(new CustomEvent('vitrine-select', options));
    if (isTaken) event.preventDefault();
    this.#client?.track('select_item', {
      item_list_id: `vitrine-${modelOf(this.#host)}`,
      items: [{ item_id: card.id, item_name: card.title, index }],
    });
  }
}

export function shelfElement(): CustomElementConstructor {
  return elementOf(
    (host) => new Shelf(host),
    [
      'model',
      'item-id',
      'limit',
      'heading',
      'heading-level',
      'among',
      'exclude',
      'bought',
      'layout',
    ],
    ['items', 'render'],
  );
}
