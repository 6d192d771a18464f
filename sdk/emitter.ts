/** Typed events: a listener that throws never reaches the emitter or another listener. */

export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();

  /** @returns the undo. */
  on<K extends keyof Events>(name: K, listener: (value: Events[K]) => void): () => void {
    const own = (value: Events[K]): void => listener(value);
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set.add(own));
    return () => void set.delete(own);
  }

  emit<K extends keyof Events>(name: K, value: Events[K]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (value: Events[K]) => void)(value);
      } catch {
        // The shop's own listener failed; its mistake stays its own.
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
