/** What one sign of consent says. */

export interface Word {
  readonly personalise: boolean;
  readonly contribute: boolean;
}

/**
 * Listens to one sign until the signal. Throws nothing, and stores nothing.
 * @param tell null: nothing is decided, or it is not for this sign to say
 * @param layer name of the data layer
 */
export type Listen = (
  page: Window,
  tell: (word: Word | null) => void,
  signal: AbortSignal,
  layer: string,
) => void;

/** A page's own functions may fail; that must not reach the page as our failure. */
export function quietly(run: () => void): void {
  try {
    run();
  } catch {}
}
