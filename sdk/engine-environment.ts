/**
 * The engine's environment: what a Worker has is its own, what only a page can see is told by the
 * tag. Globals are touched inside functions only.
 */
import { CryptoSource, type RandomSource } from '../shared/random/source.ts';
import { systemClock } from './capture/clock.ts';
import { BLOCKED_MS } from './database/connection.ts';
import { eraseDatabase } from './database/erase.ts';
import { databaseExists } from './database/exists.ts';
import { openDatabase } from './database/open.ts';
import { engineLocks, type LockPage } from './engine-locks.ts';
import type { Environment, PageEvent } from './environment.ts';
import { after, ladderHost, watchPolicy } from './host.ts';
import type { Channel } from './leader.ts';
import { probeAdapter } from './learn/probe.ts';
import type { EngineStart, PageFacts } from './link.ts';
import { fetchTransport } from './receive/fetch.ts';
import { NetworkError } from './receive/transport.ts';

export interface EngineEnvironment extends Environment {
  /** The page tells of a change. */
  fire(event: PageEvent, facts: PageFacts): void;
}

/** What the tag says once. */
type Given = Pick<EngineStart, 'facts' | 'about' | 'base' | 'pinned' | 'refused'>;

/** What is asked of the tag, over a message or not. */
type Asked = LockPage & {
  idle(): Promise<void>;
  log(line: string): unknown;
};

export function engineEnvironment(
  { facts, about, base, pinned, refused }: Given,
  page: Asked,
): EngineEnvironment {
  const listeners = new Map<PageEvent, Set<() => void>>();
  let now = facts;
  let source: RandomSource | undefined;
  return {
    clock: systemClock,
    random: () => {
      source ??= new CryptoSource();
      return source;
    },
    // The tag starts no engine elsewhere.
    secure: () => true,
    online: () => now.online,
    visible: () => now.visible,
    gpc: () => now.gpc,
    strain: () => now.strain,
    about: () => about,
    resolve: (url) => new URL(url, base).href,
    listen(event, run) {
      const own = (): void => run();
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(own));
      return () => void set.delete(own);
    },
    after,
    idle(run) {
      let wanted = true;
      void page.idle().then(() => wanted && run());
      return () => {
        wanted = false;
      };
    },
    locks: engineLocks(page),
    channel: openChannel,
    transport: (endpoint) => fetchTransport(endpoint, explained),
    workers: { ...ladderHost(), origin: globalThis.origin, refused, probe: probeAdapter, warn },
    pinned,
    databaseExists,
    openDatabase: (name, options) => openDatabase(name, options),
    eraseDatabase: (name) => eraseDatabase(name, BLOCKED_MS),
    log: (line) => void page.log(line),
    fire(event, facts) {
      now = facts;
      for (const run of [...(listeners.get(event) ?? [])]) run();
    },
  };
}

const warned = new Set<string>();

/** Once each. */
function warn(line: string): void {
  if (!warned.has(line)) console.warn(line);
  warned.add(line);
}

/** Where the browser says no more than that there is no connection, names the policy that forbids it. */
async function explained(...call: Parameters<typeof fetch>): Promise<Response> {
  const missing = watchPolicy();
  try {
    const response = await fetch(...call);
    void missing();
    return response;
  } catch (error) {
    const advice = await missing();
    if (advice === '') throw error;
    warn(`vitrine: the aggregator cannot be reached: ${advice}`);
    throw new NetworkError('offline', advice);
  }
}

function openChannel(name: string): Channel | null {
  try {
    return new BroadcastChannel(name);
  } catch {
    return null;
  }
}
