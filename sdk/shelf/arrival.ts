/**
 * `window.vitrine`, which a tag that loads later puts there, in place of a stub or of nothing.
 * Looked for when a script has loaded (such events can be captured, not bubbled), when the document
 * is there, and for a while besides, for a page whose own script makes the client.
 */

type Undo = () => void;

const FIRST_LOOK_MS = 250;
const LAST_LOOK_MS = 16_000;

let given: unknown = null;
const waiting = new Set<() => void>();

/** A client that the page's own script has made, and that stands before `window.vitrine`. */
export function giveClient(client: unknown): void {
  given = client;
  for (const look of waiting) look();
}

/** The page's client; null on a server, before the tag, and while a stub stands in for it. */
export function pageClient(): unknown {
  if (given !== null || typeof window === 'undefined') return given;
  const found = (window as { vitrine?: { recommend?: unknown; queue?: unknown } }).vitrine;
  const is = typeof found?.recommend === 'function' && !Array.isArray(found.queue);
  return is ? found : null;
}

/**
 * Calls once, with the client as soon as there is one. Only in a browser.
 *
 * @param late called when the page has loaded and still has none: fall back; `isLast` when
 * nothing looks any more but at scripts that load
 */
export function whenClient(
  found: (client: unknown) => void,
  late?: (isLast: boolean) => void,
): Undo {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = FIRST_LOOK_MS;
  const stop = (): void => {
    clearTimeout(timer);
    waiting.delete(look);
    document.removeEventListener('load', look, true);
    window.removeEventListener('load', look);
  };
  const look = (): void => {
    const client = pageClient();
    if (client !== null) {
      stop();
      found(client);
    }
  };
  const again = (): void => {
    look();
    if (pageClient() !== null) return;
    waitMs *= 2;
    const isLast = waitMs > LAST_LOOK_MS;
    if (document.readyState === 'complete' || isLast) late?.(isLast);
    if (!isLast) timer = setTimeout(again, waitMs);
  };
  waiting.add(look);
  document.addEventListener('load', look, true);
  window.addEventListener('load', look);
  timer = setTimeout(again, FIRST_LOOK_MS);
  look();
  return stop;
}
