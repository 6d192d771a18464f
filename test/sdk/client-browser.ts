/** A browser without a browser: several tabs with one clock, one storage, locks and channels. */
import { MessageChannel } from 'node:worker_threads';
import { expose } from 'comlink';
import type { Database } from '../../sdk/database/database.ts';
import { DatabaseError } from '../../sdk/database/database.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import type { Environment, PageEvent } from '../../sdk/environment.ts';
import type { WorkerLike } from '../../sdk/ladder.ts';
import type { Channel, Locks } from '../../sdk/leader.ts';
import type { Transport } from '../../sdk/receive/transport.ts';
import type { Strain } from '../../sdk/strain.ts';
import type { WorkerApi, WorkerConfig } from '../../sdk/worker-api.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { connection } from './client-storage.ts';

/** Calls of WebCrypto that have not ended; they run on other threads. */
let cryptoPending = 0;

for (const name of ['digest', 'verify', 'importKey'] as const) {
  const { subtle } = globalThis.crypto;
  const original = subtle[name].bind(subtle) as (...all: unknown[]) => Promise<unknown>;
  const counted = async (...all: unknown[]): Promise<unknown> => {
    cryptoPending++;
    try {
      return await original(...all);
    } finally {
      cryptoPending--;
    }
  };
  Object.defineProperty(subtle, name, { configurable: true, value: counted });
}

export type StorageMode = 'ready' | 'forbidden' | 'held';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

interface Request {
  readonly mode: 'exclusive' | 'shared';
  readonly run: () => Promise<void>;
  readonly done: (value: unknown) => void;
  readonly failed: (reason: unknown) => void;
  active: boolean;
}

export class FakeBrowser {
  nowMs = 1_700_000_000_000;
  storage: StorageMode = 'ready';
  /** The browser says that it has deleted, and has not. */
  sticky = false;
  /** The disk is full: every write fails. */
  full = false;
  online = true;
  gpc = false;
  strain: Strain | null = null;
  secure = true;
  transport: Transport;
  /** What a training Worker answers; null: no Worker can be started. */
  worker: ((config: WorkerConfig, browser: FakeBrowser) => WorkerApi) | null = null;
  workersAlive = 0;
  workersStarted = 0;
  readonly opened: string[] = [];
  /** Name to the one store that every connection of that name sees. */
  readonly stores = new Map<string, Database>();
  readonly logged: string[] = [];
  readonly #timers = new Set<Timer>();
  readonly #channels = new Map<string, Set<Channel>>();
  readonly #locks = new Map<string, Request[]>();
  readonly #onCrash = new Set<(event: unknown) => void>();
  #tabs = 0;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** Lets microtasks and message ports run, and WebCrypto end, however busy the machine is. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 6; quiet = cryptoPending > 0 ? 0 : quiet + 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async pass(ms: number): Promise<void> {
    const until = this.nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter((one) => one.atMs <= until);
      const [next] = due.sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      await this.settle();
    }
    this.nowMs = until;
    await this.settle();
  }

  /** Every Worker fires an 'error'. */
  crash(message: string): void {
    for (const tell of [...this.#onCrash]) tell({ message });
  }

  tab(): Environment & { fire(event: PageEvent): Promise<void>; visible: () => boolean } {
    const listeners = new Map<PageEvent, Set<() => void>>();
    const random = new ChaChaSource(new Uint8Array(32).fill(++this.#tabs));
    let visible = true;
    const after = (ms: number, run: () => void): (() => void) => {
      const timer = { atMs: this.nowMs + ms, run };
      this.#timers.add(timer);
      return () => this.#timers.delete(timer);
    };
    return {
      clock: { now: () => this.nowMs },
      random: () => random,
      secure: () => this.secure,
      online: () => this.online,
      visible: () => visible,
      gpc: () => this.gpc,
      strain: () => this.strain,
      about: () => ({ device: 'phone', locale: 'zh-CN' }),
      resolve: (url) => new URL(url, 'https://shop.test/page').href,
      listen(event, run) {
        const set = listeners.get(event) ?? new Set();
        listeners.set(event, set.add(run));
        return () => set.delete(run);
      },
      after,
      idle: (run) => after(1, run),
      pinned: false,
      locks: this.#lockManager(),
      channel: (name) => this.#channel(name),
      transport: () => this.transport,
      workers: {
        origin: 'https://shop.test',
        create: () => this.#worker(),
        fetchScript: () => Promise.reject(new TypeError('no such script')),
        scriptUrl: (text) => ({ url: text, revoke: () => undefined }),
        watchPolicy: () => async () => '',
        refused: '',
        probe: async () => ({ ok: false, reason: 'no WebGPU in this browser' }),
        warn: () => undefined,
        after,
      },
      databaseExists: async (name) => this.stores.has(name),
      openDatabase: (name, { create = true } = {}) => this.#open(name, create),
      eraseDatabase: async (name) => this.#remove(name),
      log: (line) => this.logged.push(line),
      fire: async (event) => {
        if (event === 'hidden') visible = false;
        if (event === 'visible') visible = true;
        for (const run of [...(listeners.get(event) ?? [])]) run();
        await this.settle();
      },
    };
  }

  #remove(name: string): void {
    if (!this.sticky) this.stores.delete(name);
  }

  async #open(name: string, create: boolean): Promise<Database> {
    this.opened.push(name);
    if (this.storage === 'forbidden') return memoryDatabase();
    if (this.storage === 'held') throw new DatabaseError('blocked', `${name} is held`);
    let store = this.stores.get(name);
    if (store === undefined && !create) return memoryDatabase();
    if (store === undefined) {
      store = memoryDatabase({ state: 'ready' });
      this.stores.set(name, store);
    }
    return connection(store, {
      present: () => this.stores.get(name) === store,
      remove: () => this.#remove(name),
      full: () => this.full,
    });
  }

  #worker(): WorkerLike {
    const make = this.worker;
    if (make === null) throw new Error('SecurityError: worker-src');
    this.workersAlive++;
    this.workersStarted++;
    const { port1, port2 } = new MessageChannel();
    let api: WorkerApi | undefined;
    const alive = (): WorkerApi => {
      if (api === undefined) throw new Error('not connected');
      return api;
    };
    expose(
      {
        connect: async (config: WorkerConfig) => {
          api = make(config, this);
          return api.connect(config);
        },
        train: (...all: Parameters<WorkerApi['train']>) => alive().train(...all),
        abort: () => alive().abort(),
      },
      port2 as never,
    );
    const target = port1 as unknown as WorkerLike;
    return {
      postMessage: (message, transfer) => port1.postMessage(message, transfer as never),
      addEventListener: (type, listener) => {
        if (type === 'error') {
          this.#onCrash.add(listener as (event: unknown) => void);
          return;
        }
        target.addEventListener(type, listener);
        port1.start();
      },
      removeEventListener: (type, listener) => target.removeEventListener(type, listener),
      terminate: () => {
        this.workersAlive--;
        this.#onCrash.clear();
        port1.close();
        port2.close();
      },
    };
  }

  #channel(name: string): Channel {
    const peers = this.#channels.get(name) ?? new Set<Channel>();
    this.#channels.set(name, peers);
    const own: Channel = {
      onmessage: null,
      postMessage(message) {
        const data = structuredClone(message);
        for (const peer of peers) {
          if (peer !== own)
            queueMicrotask(() => peers.has(peer) && peer.onmessage?.({ data } as MessageEvent));
        }
      },
      close: () => void peers.delete(own),
    };
    peers.add(own);
    return own;
  }

  /** Web Locks: shared holders together, an exclusive one alone, first come first served. */
  #lockManager(): Locks {
    return {
      request: (name, options, run) =>
        new Promise((done, failed) => {
          const mode = options.mode ?? 'exclusive';
          const request: Request = { mode, run, done, failed, active: false };
          const queue = this.#locks.get(name) ?? [];
          this.#locks.set(name, queue);
          queue.push(request);
          options.signal?.addEventListener('abort', () => {
            if (request.active) return;
            queue.splice(queue.indexOf(request), 1);
            failed(options.signal?.reason);
            this.#grant(name);
          });
          this.#grant(name);
        }),
    };
  }

  #grant(name: string): void {
    const queue = this.#locks.get(name) ?? [];
    for (const request of queue) {
      const before = queue.slice(0, queue.indexOf(request));
      const free =
        before.length === 0 || [...before, request].every((one) => one.mode === 'shared');
      if (request.active || !free) continue;
      request.active = true;
      const end = (): void => {
        queue.splice(queue.indexOf(request), 1);
        this.#grant(name);
      };
      queueMicrotask(() =>
        request.run().then(
          (value) => {
            end();
            request.done(value);
          },
          (error: unknown) => {
            end();
            request.failed(error);
          },
        ),
      );
    }
  }
}
