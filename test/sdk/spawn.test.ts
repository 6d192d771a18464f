import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { expose } from 'comlink';
import { describe, expect, it } from 'vitest';
import type { WorkerLike } from '../../sdk/ladder.ts';
import { NoWorkerError, type SpawnRequest, spawn, type WorkerHost } from '../../sdk/spawn.ts';
import type { WorkerApi, WorkerConfig } from '../../sdk/worker-api.ts';

const REQUEST: SpawnRequest = {
  folders: ['https://shop.test/assets/'],
  pinned: false,
  backend: 'auto',
  allowSoftwareGpu: false,
};

type Behaviour = 'works' | 'fires-error' | 'refuses' | 'silent';

/** Workers are real Comlink endpoints over Node's message ports; the host says how each behaves. */
function host(options: {
  gpu?: boolean;
  behave?: (url: string, config: WorkerConfig | null) => Behaviour;
  throws?: (url: string) => boolean;
  readable?: boolean;
  /** What the page's policy lacks. */
  missing?: string;
}): WorkerHost & { log: string[]; alive: () => number; expire: () => void } {
  const log: string[] = [];
  const timers = new Set<() => void>();
  let alive = 0;
  const behave = options.behave ?? (() => 'works');
  return {
    log,
    alive: () => alive,
    expire: () => {
      for (const run of [...timers]) run();
    },
    origin: 'https://shop.test',
    create(url): WorkerLike {
      log.push(`create ${url}`);
      if (options.throws?.(url)) throw new Error('SecurityError');
      alive++;
      const { port1, port2 } = new MessageChannel();
      if (behave(url, null) !== 'silent') {
        const api: WorkerApi = {
          connect: async (config) => {
            const how = behave(url, config);
            log.push(`connect ${config.backend} ${how}`);
            if (how === 'refuses') throw new Error(`backend: no ${config.backend} here`);
            return { backend: config.backend, reason: 'found', tried: [] };
          },
          train: () => Promise.reject(new Error('not asked for')),
          abort: async () => undefined,
        };
        expose(api, port2 as never);
      }
      return endpoint(port1, port2, () => alive--, behave(url, null) === 'fires-error');
    },
    async fetchScript(url) {
      log.push(`fetch ${url}`);
      if (options.readable === false) throw new TypeError('Failed to fetch');
      return `// ${url}`;
    },
    scriptUrl(text) {
      log.push(`script ${text}`);
      return { url: `blob:https://shop.test/${text}`, revoke: () => log.push('revoke') };
    },
    watchPolicy: () => async () => options.missing ?? '',
    refused: '',
    warn: (line) => log.push(line),
    probe: async () => ({
      ok: options.gpu === true,
      reason: options.gpu ? 'hardware adapter' : 'no WebGPU adapter',
    }),
    after(_ms, run) {
      timers.add(run);
      return () => timers.delete(run);
    },
  };
}

function endpoint(
  port: MessagePort,
  other: MessagePort,
  gone: () => void,
  error: boolean,
): WorkerLike {
  const target = port as unknown as WorkerLike;
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer as never),
    addEventListener(type, listener) {
      if (type === 'error') {
        if (error) queueMicrotask(() => (listener as EventListener)({ message: '' } as never));
      } else {
        target.addEventListener(type, listener);
        port.start();
      }
    },
    removeEventListener: (type, listener) => target.removeEventListener(type, listener),
    terminate() {
      gone();
      port.close();
      other.close();
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('spawning the training Worker', () => {
  it('starts the WebGPU bundle where an adapter is', async () => {
    const page = host({ gpu: true });
    const worker = await spawn(REQUEST, page);
    expect(worker.answer).toEqual({ backend: 'webgpu', reason: 'found', tried: [] });
    expect(page.log).toEqual([
      'create https://shop.test/assets/worker-webgpu.js',
      'connect webgpu works',
    ]);
    await worker.api.abort();
    worker.terminate();
    expect(page.alive()).toBe(0);
  });

  it('starts the wasm bundle without an adapter and says why', async () => {
    const page = host({});
    const worker = await spawn(REQUEST, page);
    expect(worker.answer.backend).toBe('wasm');
    expect(worker.answer.tried).toEqual([{ backend: 'webgpu', failure: 'no WebGPU adapter' }]);
    worker.terminate();
  });

  it('terminates a failed backend and starts the next as a fresh Worker', async () => {
    const page = host({
      gpu: true,
      behave: (_url, config) => (config === null || config.backend === 'cpu' ? 'works' : 'refuses'),
    });
    const worker = await spawn(REQUEST, page);
    expect(worker.answer.backend).toBe('cpu');
    expect(worker.answer.tried.map((one) => one.failure)).toEqual([
      'backend: no webgpu here',
      'backend: no wasm here',
    ]);
    expect(page.log.filter((line) => line.startsWith('create'))).toHaveLength(3);
    expect(page.alive()).toBe(1);
    worker.terminate();
  });

  it.each(['throws', 'fires-error'] as const)('names no-worker when the page %s', async (how) => {
    const page = host({ throws: () => how === 'throws', behave: () => 'fires-error' });
    const failure = await spawn(REQUEST, page).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NoWorkerError);
    expect((failure as NoWorkerError).tried.map((one) => one.backend)).toEqual([
      'webgpu',
      'wasm',
      'cpu',
    ]);
    expect(page.alive()).toBe(0);
  });

  it('fetches a script of another origin into a blob', async () => {
    const page = host({});
    const worker = await spawn({ ...REQUEST, folders: ['https://cdn.test/v/'] }, page);
    expect(page.log.slice(0, 3)).toEqual([
      'fetch https://cdn.test/v/worker-wasm.js',
      'script // https://cdn.test/v/worker-wasm.js',
      'create blob:https://shop.test/// https://cdn.test/v/worker-wasm.js',
    ]);
    worker.terminate();
  });

  it('imports a script that may not be read', async () => {
    const page = host({ readable: false });
    const worker = await spawn({ ...REQUEST, folders: ['https://cdn.test/v/'] }, page);
    expect(page.log).toContain('script importScripts("https://cdn.test/v/worker-wasm.js");');
    expect(page.log.at(-1)).toBe('revoke');
    worker.terminate();
  });

  it('imports nothing where everything is pinned by its hash', async () => {
    const page = host({ readable: false });
    const failure = await spawn(
      { ...REQUEST, folders: ['https://cdn.test/v/'], pinned: true },
      page,
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NoWorkerError);
    expect(page.log.join()).not.toContain('importScripts');
    expect(page.alive()).toBe(0);
  });

  it("tries the page's own folder before the other one, and says what the policy lacks", async () => {
    const folders = ['https://shop.test/own/', 'https://cdn.test/v/'];
    const page = host({ throws: (url) => url.startsWith('blob:'), behave: () => 'fires-error' });
    const lacking = { ...page, watchPolicy: () => async () => 'lacks worker-src blob:' };
    const failure = await spawn({ ...REQUEST, folders, backend: 'wasm' }, lacking).catch(
      (error: unknown) => error,
    );
    expect(page.log.filter((line) => /^create|^fetch/.test(line))).toEqual([
      'create https://shop.test/own/worker-wasm.js',
      'fetch https://cdn.test/v/worker-wasm.js',
      'create blob:https://shop.test/// https://cdn.test/v/worker-wasm.js',
      expect.stringContaining('create blob:https://shop.test/importScripts'),
    ]);
    expect((failure as NoWorkerError).tried).toEqual([
      { backend: 'wasm', failure: 'lacks worker-src blob:' },
    ]);
  });

  it('gives up on a Worker that never answers', async () => {
    const page = host({ behave: () => 'silent' });
    const pending = spawn({ ...REQUEST, backend: 'wasm' }, page).catch((error: unknown) => error);
    await settle();
    page.expire();
    expect(await pending).toBeInstanceOf(NoWorkerError);
    expect(page.alive()).toBe(0);
  });

  it('terminates when it is aborted, and does not try another backend', async () => {
    const page = host({ gpu: true, behave: () => 'silent' });
    const stop = new AbortController();
    const pending = spawn(REQUEST, page, stop.signal).catch((error: unknown) => error);
    await settle();
    stop.abort(new Error('consent withdrawn'));
    expect(await pending).toMatchObject({ message: 'consent withdrawn' });
    expect(page.log.filter((line) => line.startsWith('create'))).toHaveLength(1);
    expect(page.alive()).toBe(0);
  });
});
