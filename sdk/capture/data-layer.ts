/** The array that tag managers read, heard without getting in their way. */

type Tell = (entry: unknown, pushed: boolean) => void;

interface Layer {
  readonly all: Set<Tell>;
  /** Looks for entries that came past our `push`, and for another array in its place. */
  look(): void;
}

const layers = new WeakMap<Window, Record<string, Layer>>();

/** When an array may have appeared, been replaced, or lost our `push`. */
const MOMENTS = ['DOMContentLoaded', 'load', 'pageshow', 'click'];

/**
 * Tells of every object that is an argument of `push` of the page's array of that name, those
 * before included, once each. `push` is wrapped once for all listeners and stays what others make
 * of it; what the listener throws is swallowed. It is told whether the entry was pushed just now.
 * @returns the undo
 */
export function onPush(page: Window, name: string, listener: Tell): () => void {
  const { all, look } = layerOf(page, name);
  const told = new WeakSet<object>();
  const tell: Tell = (entry, pushed) => {
    try {
      if (!pushed && told.has(entry as object)) return;
      // Throws for what is no object.
      told.add(entry as object);
      listener(entry, pushed);
    } catch {
      // The shop's push goes on.
    }
  };
  const end = new AbortController();
  all.add(tell);
  for (const moment of MOMENTS) {
    page.addEventListener(moment, look, { capture: true, signal: end.signal });
  }
  look();
  return () => {
    all.delete(tell);
    end.abort();
  };
}

export function layerOf(page: Window, name: string): Layer {
  const known = layers.get(page) ?? {};
  layers.set(page, known);
  known[name] ??= watch(page as unknown as Record<string, unknown>, name);
  return known[name];
}

function watch(page: Record<string, unknown>, name: string): Layer {
  const all = new Set<Tell>();
  const tell = (entries: readonly unknown[], pushed: boolean): void => {
    for (const entry of entries) for (const one of all) one(entry, pushed);
  };
  let heard: unknown;
  const look = (): void => {
    const array = page[name];
    if (!Array.isArray(array)) return;
    if (array !== heard) {
      heard = array;
      const { push } = array;
      try {
        array.push = function (this: unknown[], ...entries) {
          tell(entries, true);
          return push.apply(this, entries);
        };
      } catch {
        // Frozen: what is there is heard, and nobody can push.
      }
    }
    tell([...array], false);
  };
  return { all, look };
}
