/** The tag starts the engine: in a Worker, else as a script in the page, which trains nothing. */
import { ladderHost } from './host.ts';
import { INTEGRITY } from './integrity.ts';
import { climb, messageOf } from './ladder.ts';
import { ENGINE, type EngineApi, type EngineStart, type PageApi } from './link.ts';
import { type Other, type Port, talk } from './port.ts';
import { folders, type Settings } from './settings.ts';
import type { TagPage } from './tag-page.ts';
import { trusted } from './trusted.ts';

const FILE = 'vitrine-engine.js';
/** Loading and the first answer. */
const HANDSHAKE_MS = 10_000;

export interface Engine {
  readonly api: Other<EngineApi>;
  /** At once where the engine is in this thread: a page that goes takes no more messages. */
  readonly page: EngineApi['page'];
  /** Why it is not in a Worker, or ''. */
  readonly refused: string;
  end(): void;
}

/** What the tag's own element says. */
export interface OwnElement {
  readonly nonce: string;
  /** Whether it has an `integrity`: then nothing of ours runs that has another hash. */
  readonly pinned: boolean;
}

export type StartEngine = (
  settings: Settings,
  own: OwnElement,
  page: TagPage,
  /** What the engine may ask of the page. */
  api: PageApi,
) => Promise<Engine>;

/** @throws Error that names what a policy would have to allow */
export const startEngine: StartEngine = async (settings, own, page, pageApi) => {
  const { hooks, ...plain } = settings;
  const { base } = page;
  const start = {
    settings: plain,
    hooks: {
      beforeCapture: hooks.beforeCapture !== null,
      beforeContribute: hooks.beforeContribute !== null,
    },
    facts: page.facts(),
    about: page.about(),
    base,
    pinned: own.pinned,
  } satisfies Omit<EngineStart, 'refused'>;
  const places = folders(settings, { resolve: (url) => new URL(url, base).href });
  const integrity = INTEGRITY[FILE];
  try {
    const { answer: api, terminate } = await climb(
      { file: FILE, folders: places, integrity, pinned: own.pinned },
      ladderHost(),
      async (worker) => {
        const other = talk<EngineApi>(worker as unknown as Port, pageApi);
        await other.ask('connect', { ...start, refused: '' });
        return other;
      },
      HANDSHAKE_MS,
    );
    return {
      api,
      page: (event, facts) => api.tell('page', event, facts),
      refused: '',
      end: terminate,
    };
  } catch (error) {
    const refused = messageOf(error);
    const serve = await asScript(places, integrity, own.nonce).catch(() => null);
    if (serve === null) throw error;
    const { port1, port2 } = new MessageChannel();
    const pageEvent = serve(port2);
    const api = talk<EngineApi>(port1, pageApi);
    await api.ask('connect', { ...start, refused });
    const end = (): void => {
      // A script cannot be taken out of a page again, so it is told to stop.
      api.tell('call', 'shutdown', []);
      port1.close();
    };
    return { api, page: pageEvent, refused, end };
  }
};

type Serve = (port: Port) => EngineApi['page'];

async function asScript(
  places: readonly string[],
  integrity: string | undefined,
  nonce: string,
): Promise<Serve> {
  const page = globalThis as { [ENGINE]?: Serve };
  for (const folder of places) {
    const script = document.createElement('script');
    await new Promise((resolve) => {
      script.onload = script.onerror = resolve;
      script.crossOrigin = 'anonymous';
      script.integrity = integrity ?? '';
      script.nonce = nonce;
      script.src = trusted(folder + FILE);
      document.head.append(script);
    });
    script.remove();
    const serve = page[ENGINE];
    delete page[ENGINE];
    if (serve !== undefined) return serve;
  }
  throw new Error(`${FILE} did not load`);
}
