/**
 * Web Locks that the tag holds for its engine. A Worker that is busy when its page is frozen into
 * the back/forward cache would keep them there, and stand in the way of every other tab.
 */
import type { PageApi } from './link.ts';

export interface TagLocks extends Pick<PageApi, 'lock' | 'unlock'> {
  /** At once, all of them, those that are only asked for too. */
  release(): void;
}

/** @param locks of a browser that may have none */
export function tagLocks(locks: () => LockManager | undefined): TagLocks {
  const undo = new Map<number, () => void>();
  const unlock = (id: number): void => {
    undo.get(id)?.();
    undo.delete(id);
  };
  return {
    lock: (id, name, mode) =>
      new Promise((held, failed) => {
        const stop = new AbortController();
        undo.set(id, () => stop.abort());
        const hold = (): Promise<void> =>
          new Promise((resolve) => {
            undo.set(id, resolve);
            held();
          });
        const manager = locks();
        // As without any: the ledger's transaction makes one charge of two tabs that race.
        if (manager === undefined) held();
        else manager.request(name, { mode, signal: stop.signal }, hold).catch(failed);
      }),
    unlock,
    release() {
      for (const id of undo.keys()) unlock(id);
    },
  };
}
