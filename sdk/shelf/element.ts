/** What both elements have in common: properties, language, and a client that may come late. */
import { whenClient } from './arrival.ts';
import { watchLanguage } from './language.ts';

/** What an element does; the element itself is a shell around it. */
export interface Controller<C> {
  /** Shows what is known; called when an attribute, a property or the page's language changes. */
  draw(): void;
  /** Begins to show what a client says. @returns its undo */
  follow(client: C): () => void;
  /** No client has come; `isLast`: and nothing waits for one much longer. */
  absent(isLast: boolean): void;
}

/**
 * A custom element class; made when called, so that an import on a server touches no HTMLElement.
 *
 * @param properties of the controller that the element has too
 */
export function elementOf<C>(
  make: (host: HTMLElement) => Controller<C>,
  attributes: readonly string[],
  properties: readonly string[],
): CustomElementConstructor {
  class Shell extends HTMLElement {
    static readonly observedAttributes = attributes;
    readonly controller = make(this);
    #client: C | null = null;
    #isThere = false;
    #undo: (() => void)[] = [];

    get client(): C | null {
      return this.#client;
    }
    set client(client: C | null) {
      this.#client = client;
      if (this.#isThere) this.#connect();
    }

    connectedCallback(): void {
      // Set before the element was defined, they would hide the accessors.
      const own = this as unknown as Record<string, unknown>;
      for (const name of ['client', ...properties]) {
        if (!Object.hasOwn(this, name)) continue;
        const value = own[name];
        delete own[name];
        own[name] = value;
      }
      this.#isThere = true;
      this.controller.draw();
      this.#connect();
    }

    disconnectedCallback(): void {
      this.#isThere = false;
      for (const undo of this.#undo.splice(0)) undo();
    }

    attributeChangedCallback(): void {
      if (this.#isThere) this.controller.draw();
    }

    #connect(): void {
      for (const undo of this.#undo.splice(0)) undo();
      const { controller } = this;
      this.#undo.push(watchLanguage(() => controller.draw()));
      if (this.#client !== null) this.#undo.push(controller.follow(this.#client));
      else {
        const found = (client: unknown): void =>
          void this.#undo.push(controller.follow(client as C));
        this.#undo.push(whenClient(found, (isLast) => controller.absent(isLast)));
      }
    }
  }
  for (const name of properties) {
    const of = (shell: Shell): Record<string, unknown> =>
      shell.controller as unknown as Record<string, unknown>;
    Object.defineProperty(Shell.prototype, name, {
      get(this: Shell) {
        return of(this)[name];
      },
      set(this: Shell, value: unknown) {
        of(this)[name] = value;
        if (this.isConnected) this.controller.draw();
      },
    });
  }
  return Shell;
}
