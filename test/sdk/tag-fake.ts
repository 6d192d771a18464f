/** A page of the tag without a browser, and the real engine behind a port. */
import { databaseExists } from '../../sdk/database/exists.ts';
import type { PageEvent } from '../../sdk/environment.ts';
import type { EngineApi, EngineStart } from '../../sdk/link.ts';
import { type Port, talk } from '../../sdk/port.ts';
import { serve } from '../../sdk/serve.ts';
import type { StartEngine } from '../../sdk/tag-engine.ts';
import type { TagPage } from '../../sdk/tag-page.ts';

export interface FakePage extends TagPage {
  starts: EngineStart['settings'][];
  ended: number;
  warned: string[];
  idles: (() => void)[];
  secureNow: boolean;
  broken: string;
  /** Runs before what the engine tells is heard. */
  beforeTold: (name: string, value: unknown) => void;
  fire(event: PageEvent): void;
}

export function fakePage(): FakePage {
  let follower: (event: PageEvent) => void = () => undefined;
  const page: FakePage = {
    starts: [],
    ended: 0,
    warned: [],
    idles: [],
    secureNow: true,
    broken: '',
    beforeTold: () => undefined,
    fire: (event) => follower(event),
    secure: () => page.secureNow,
    facts: () => ({ visible: true, online: false, gpc: false, strain: null }),
    about: () => ({ device: 'phone', locale: 'zh-CN' }),
    base: 'https://shop.test/',
    follow(run) {
      follower = run;
      return () => {
        follower = () => undefined;
      };
    },
    after(ms, run) {
      const id = setTimeout(run, Math.min(ms, 200));
      return () => clearTimeout(id);
    },
    idle: (run) => void page.idles.push(run),
    exists: databaseExists,
    wipe: (name) =>
      new Promise((resolve) => {
        indexedDB.deleteDatabase(name).onsuccess = () => resolve();
      }),
    channel: (name) => new BroadcastChannel(name),
    hear: () => () => undefined,
    adapt: () => () => undefined,
    warn: (line) => void page.warned.push(line),
    log: () => undefined,
    locks: { lock: async () => undefined, unlock: () => undefined, release: () => undefined },
  };
  return page;
}

/** The real engine behind a port. */
export const startOn =
  (page: FakePage): StartEngine =>
  async ({ hooks: _hooks, ...settings }, own, from, pageApi) => {
    if (page.broken !== '') throw new Error(page.broken);
    page.starts.push(settings);
    const { port1, port2 } = new MessageChannel();
    serve(port2 as unknown as Port);
    const api = talk<EngineApi>(port1 as unknown as Port, {
      ...pageApi,
      tell(...told: Parameters<typeof pageApi.tell>) {
        page.beforeTold(...told);
        pageApi.tell(...told);
      },
    });
    await api.ask('connect', {
      settings,
      hooks: { beforeCapture: false, beforeContribute: false },
      facts: from.facts(),
      about: from.about(),
      base: from.base,
      pinned: own.pinned,
      refused: '',
    });
    return {
      api,
      page: (event, facts) => api.tell('page', event, facts),
      refused: '',
      end() {
        page.ended++;
        api.tell('call', 'shutdown', []);
        port1.close();
      },
    };
  };
