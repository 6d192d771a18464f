/** Web Locks as the engine asks for them: its tag holds them, so that a page that goes lets go. */
import type { Locks } from './leader.ts';
import type { PageApi } from './link.ts';

export type LockPage = {
  lock(...all: Parameters<PageApi['lock']>): Promise<void>;
  unlock(id: number): unknown;
};

/** @returns null where the browser has no Web Locks */
export function engineLocks(page: LockPage): Locks | null {
  if ((globalThis.navigator as Partial<Navigator> | undefined)?.locks === undefined) return null;
  let last = 0;
  return {
    async request(name, { mode = 'exclusive', signal }, run) {
      signal?.throwIfAborted();
      const id = ++last;
      const letGo = (): void => void page.unlock(id);
      // Before it is held, this takes the request back.
      signal?.addEventListener('abort', letGo, { once: true });
      try {
        await page.lock(id, name, mode);
        signal?.removeEventListener('abort', letGo);
        await run();
      } finally {
        signal?.removeEventListener('abort', letGo);
        letGo();
      }
    },
  };
}
