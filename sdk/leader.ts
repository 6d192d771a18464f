/**
 * Tabs of one site agree through Web Locks and BroadcastChannel. Both are let go on `pagehide`,
 * since a lock that another page asks for, and any broadcast, evict a page from the back/forward
 * cache.
 */
import type { Consent } from './database/database.ts';
import type { Environment, Undo } from './environment.ts';

/** The part of `navigator.locks` that is used. */
export interface Locks {
  request(
    name: string,
    options: { mode?: 'exclusive' | 'shared'; signal?: AbortSignal },
    run: () => Promise<void>,
  ): Promise<unknown>;
}

/** Holds one lock from `take` until `release`; a queue of one in each tab. */
export class Hold {
  readonly #locks: Locks | null;
  readonly #name: string;
  readonly #mode: 'exclusive' | 'shared';
  #stop: AbortController | null = null;
  #asked: Promise<void> = Promise.resolve();
  #letGo: (() => void) | null = null;
  #held = false;

  constructor(locks: Locks | null, name: string, mode: 'exclusive' | 'shared') {
    this.#locks = locks;
    this.#name = name;
    this.#mode = mode;
  }

  /** True without Web Locks: the ledger's transaction still makes one charge of two racing tabs. */
  get held(): boolean {
    return this.#locks === null || this.#held;
  }

  /**
   * Asks for the lock, if that has not been done; `onHeld` runs once it is here.
   * @returns resolves when it is held, and when it cannot be or was released before
   */
  take(onHeld: () => void = () => undefined): Promise<void> {
    const locks = this.#locks;
    if (locks === null || this.#stop !== null) return this.#asked;
    const stop = new AbortController();
    this.#stop = stop;
    this.#asked = new Promise((settled) => {
      const hold = (): Promise<void> =>
        new Promise((resolve) => {
          if (stop.signal.aborted) return resolve();
          this.#held = true;
          this.#letGo = resolve;
          onHeld();
          settled();
        });
      const options = { mode: this.#mode, signal: stop.signal };
      // Rejects when aborted, and in opaque origins; either way the lock is not held.
      locks.request(this.#name, options, hold).then(
        () => settled(),
        () => settled(),
      );
    });
    return this.#asked;
  }

  release(): void {
    this.#stop?.abort();
    this.#letGo?.();
    this.#stop = null;
    this.#letGo = null;
    this.#held = false;
  }
}

/** Runs once no tab holds `name`, and holds it meanwhile; after `limitMs` all the same. */
async function alone(
  locks: Locks | null,
  name: string,
  limitMs: number,
  after: (ms: number, run: () => void) => Undo,
  run: () => Promise<void>,
): Promise<void> {
  if (locks === null) return run();
  const stop = new AbortController();
  const cancel = after(limitMs, () => stop.abort());
  let begun = false;
  try {
    await locks.request(name, { signal: stop.signal }, () => {
      begun = true;
      cancel();
      return run();
    });
  } catch (error) {
    if (begun) throw error;
    return run();
  } finally {
    cancel();
  }
}

/** How long an erasing tab waits for the others to let go. */
const OTHERS_MS = 2000;

type TabMessage =
  | { readonly type: 'consent'; readonly consent: Consent }
  /** Stop, close the database, write nothing more: another tab is about to erase. */
  | { readonly type: 'erase' };

/** The part of BroadcastChannel that is used. */
export interface Channel {
  postMessage(message: unknown): void;
  onmessage: ((event: MessageEvent) => void) | null;
  close(): void;
}

function readTabMessage(data: unknown): TabMessage | null {
  const message = data as { type?: unknown; consent?: Partial<Consent> } | null;
  if (message?.type === 'erase') return { type: 'erase' };
  if (message?.type !== 'consent') return null;
  return {
    type: 'consent',
    consent: {
      personalise: message.consent?.personalise === true,
      contribute: message.consent?.contribute === true,
    },
  };
}

/** The other tabs of one site: each with an open database holds one shared lock. */
export class Tabs {
  readonly #environment: Environment;
  readonly #name: string;
  readonly #open: Hold;
  #channel: Channel | null = null;

  constructor(environment: Environment, site: string) {
    this.#environment = environment;
    this.#name = `vitrine/${site}`;
    this.#open = new Hold(environment.locks, `${this.#name}/open`, 'shared');
  }

  listen(onErase: () => void, onConsent: (consent: Consent) => void): void {
    this.#channel ??= this.#environment.channel(this.#name);
    if (this.#channel === null) return;
    this.#channel.onmessage = ({ data }) => {
      const message = readTabMessage(data as unknown);
      if (message?.type === 'erase') onErase();
      else if (message?.type === 'consent') onConsent(message.consent);
    };
  }

  /** The back/forward cache keeps no page that holds these. */
  leave(): void {
    this.#open.release();
    this.#channel?.close();
    this.#channel = null;
  }

  /** This tab opens the database, or has it open; waits while another tab erases. */
  enter(): Promise<void> {
    return this.#open.take();
  }

  exit(): void {
    this.#open.release();
  }

  tell(consent: Consent): void {
    this.#channel?.postMessage({ type: 'consent', consent } satisfies TabMessage);
  }

  /** Asks the others to stop at once, with their Workers. */
  tellErase(): void {
    const channel = this.#channel ?? this.#environment.channel(this.#name);
    channel?.postMessage({ type: 'erase' } satisfies TabMessage);
    if (channel !== this.#channel) channel?.close();
  }

  /** Runs when the others have let go of the database, or after two seconds; none opens it then. */
  alone(run: () => Promise<void>): Promise<void> {
    const { locks, after } = this.#environment;
    this.#open.release();
    return alone(locks, `${this.#name}/open`, OTHERS_MS, after, run);
  }
}
