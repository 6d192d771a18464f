/** Elements by function call; text is always set as text. */

type Child = Node | string | null;
type Attributes = Readonly<
  Record<string, string | number | boolean | null | ((event: Event) => void)>
>;

/** `h('a', { href: '/' }, 'Home')`; keys that start with "on" add listeners. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) {
      element.setAttribute(key, value === true ? '' : String(value));
    }
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** An element around a drawing that this shop made itself. */
export function picture(svg: string, className: string): HTMLElement {
  const box = h('span', { class: className });
  box.innerHTML = svg;
  return box;
}

export function replace(target: Element, ...children: readonly Child[]): void {
  target.replaceChildren(...children.filter((child) => child !== null));
}
