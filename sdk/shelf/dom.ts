/**
 * Elements by function call: no HTML is parsed anywhere, text is always set as text, so that neither
 * a hostile title nor a policy of Trusted Types has anything to hold on to.
 */

type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;
export type Child = Node | string | null | false | readonly Child[];

const SVG = 'http://www.w3.org/2000/svg';

/**
 * `h('a.card', { href: '/' }, 'Home')`: a name with classes, attributes, children. What is null,
 * undefined or false is left out.
 */
export function h<E extends Element = HTMLElement>(
  name: string,
  ...rest: readonly (Attributes | Child)[]
): E {
  const [tag = '', ...classes] = name.split('.');
  return fill(document.createElement(tag), classes, rest) as Element as E;
}

/** The same for a drawing. */
export function svg(name: string, ...rest: readonly (Attributes | Child)[]): SVGElement {
  const [tag = '', ...classes] = name.split('.');
  return fill(document.createElementNS(SVG, tag) as SVGElement, classes, rest);
}

function fill<E extends Element>(
  element: E,
  classes: readonly string[],
  rest: readonly (Attributes | Child)[],
): E {
  if (classes.length > 0) element.classList.add(...classes);
  for (const one of rest.flat(3) as readonly (Attributes | Node | string | null | false)[]) {
    if (typeof one === 'string' || one instanceof Node) element.append(one);
    else {
      for (const [key, value] of Object.entries(one || {})) {
        if (value === null || value === undefined || value === false) continue;
        element.setAttribute(key, value === true ? '' : String(value));
      }
    }
  }
  return element;
}

/** An address as given when it is relative or http(s); null for every other scheme. */
export function safeUrl(url: unknown): string | null {
  try {
    if (typeof url !== 'string' || url.trim() === '') return null;
    return /^https?:$/.test(new URL(url, document.baseURI).protocol) ? url : null;
  } catch {
    return null;
  }
}

/** A shadow tree with a constructable sheet, which `style-src` without 'unsafe-inline' lets pass. */
export function shadow(host: Element, css: string, ...children: readonly Node[]): ShadowRoot {
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  root.append(...children);
  return root;
}

/** `heading-level` of an element, 2 by default. */
export function levelOf(element: Element): number {
  const level = Number(element.getAttribute('heading-level'));
  return level >= 1 && level <= 6 ? level : 2;
}

/**
 * Makes the children of `target` look like `next`, and changes as little as it can: what stays the
 * same element keeps its focus, its scroll position and, of a `details`, whether it is open.
 * Elements of another `data-key` are never made one from the other.
 */
export function patch(target: Element, next: readonly Node[]): void {
  const before = [...target.childNodes];
  for (const [i, node] of next.entries()) {
    const old = before[i];
    if (old === undefined) target.append(node);
    else if (!old.isEqualNode(node) && !mend(old, node)) old.replaceWith(node);
  }
  for (const rest of before.slice(next.length)) rest.remove();
}

function mend(old: Node, node: Node): boolean {
  if (!(old instanceof Element && node instanceof Element)) return false;
  const key = node.getAttribute('data-key');
  if (old.localName !== node.localName || old.getAttribute('data-key') !== key) return false;
  for (const name of new Set([...old.getAttributeNames(), ...node.getAttributeNames()])) {
    const value = node.getAttribute(name);
    if (value !== null) old.setAttribute(name, value);
    else if (name !== 'open') old.removeAttribute(name);
  }
  patch(old, [...node.childNodes]);
  return true;
}
