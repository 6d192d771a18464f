/** Which of the elements' two languages a place on the page is written in. */

export interface PlaceLanguage {
  readonly isChinese: boolean;
  /** BCP 47, of whatever language the page is in, that this browser can write numbers in. */
  readonly tag: string;
}

/** Of the nearest `lang` around the element, through the hosts of shadow trees, or the browser's. */
export function languageAt(element: Element): PlaceLanguage {
  let at: Element | null = element;
  let said = '';
  while (at !== null && said === '') {
    const holder: Element | null = at.closest('[lang]');
    const root: Node = at.getRootNode();
    said = holder?.getAttribute('lang') ?? '';
    at = holder?.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
  }
  const tag = [said, navigator.language].find(isSupported) ?? 'en';
  return { isChinese: /^zh\b/i.test(tag), tag };
}

function isSupported(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}

/** Tells of every `lang` in the document that changes. */
export function watchLanguage(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document, { subtree: true, attributeFilter: ['lang'] });
  return () => observer.disconnect();
}
