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

function openParts(target: Element): Set<string> {
  const open = [...target.querySelectorAll<HTMLElement>('details[open]')];
  return new Set(open.flatMap((one) => one.dataset.key ?? []));
}

/**
 * Shows `next` in place of the children of `target`. A child that would look the same stays the
 * same element, so that a click under way, the focus and an opened part are not lost.
 */
export function patch(target: Element, next: readonly Node[]): void {
  const open = openParts(target);
  for (const node of next) {
    if (!(node instanceof Element)) continue;
    for (const one of [node, ...node.querySelectorAll('details')]) {
      if (one instanceof HTMLDetailsElement) one.open = open.has(one.dataset.key ?? '');
    }
  }
  const before = [...target.children];
  for (const [i, node] of next.entries()) {
    const old = before[i];
    if (old === undefined) target.append(node);
    else if (!old.isEqualNode(node)) old.replaceWith(node);
  }
  for (const rest of before.slice(next.length)) rest.remove();
}
