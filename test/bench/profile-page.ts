/**
 * The page side of the bench `profile`: the SDK's own client over a stored history, without a
 * network; bundled by the bench, driven by Playwright.
 */
import { Answers } from '../../sdk/answers.ts';
import type { EventName, ShopEvent } from '../../sdk/capture/event.ts';
import { Client } from '../../sdk/client.ts';
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import type { Slot } from '../../sdk/downlink.ts';
import { engineEnvironment } from '../../sdk/engine-environment.ts';
import { NetworkError } from '../../sdk/receive/transport.ts';
import { readSettings } from '../../sdk/settings.ts';
import { parameterCount } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { decodeCatalogue } from '../../shared/model/codec.ts';
import { CHURN } from '../../shared/model/heads/churn.ts';
import { INTENT } from '../../shared/model/heads/intent.ts';
import { PRICE_SENSITIVITY } from '../../shared/model/heads/price-sensitivity.ts';
import { VALUE } from '../../shared/model/heads/value.ts';
import { DEFAULT_SEGMENTS } from '../../shared/protocol/segments.ts';
import type { SiteRecord } from '../../shared/protocol/task.ts';

export interface ProfileTimes {
  /** From the first question of the page to its answers, the whole history read. */
  readonly firstMs: number;
  /** Longest task of the page's thread while that went on. */
  readonly firstLongestMs: number;
  /** From `track` to the three answers, one for each event. */
  readonly eventMs: readonly number[];
  /** Longest task of the page's thread while events came. */
  readonly longestMs: number;
  readonly events: number;
}

export interface ProfilePage {
  run(history: number, calls: number): Promise<ProfileTimes>;
}

const DAY_MS = 86_400_000;
const PER_VISIT = 20;

/** A visit of twenty events, one each 40 seconds, as often as the history asks, up to an hour ago. */
function past(count: number, items: number, nowMs: number): ShopEvent[] {
  const visits = Math.ceil(count / PER_VISIT);
  const gapMs = (170 * DAY_MS) / Math.max(1, visits);
  const name = (i: number): EventName => {
    if (i % 97 === 0) return 'purchase';
    if (i % 11 === 0) return 'add_to_cart';
    return i % 5 === 0 ? 'page_view' : 'view_item';
  };
  return Array.from({ length: count }, (_, i) => {
    const session = 1 + Math.floor(i / PER_VISIT);
    const sinceMs = (visits - session) * gapMs + (PER_VISIT - (i % PER_VISIT)) * 40_000;
    // Visits of a history of 100,000 events lie closer together than they are long.
    const atMs = nowMs - 3_600_000 - Math.max(sinceMs, (count - i) * 100);
    const price = 5 + (i % 90);
    return {
      name: name(i),
      atMs,
      session,
      items: [{ id: `item-${(i * 7919) % items}`, price, quantity: 1 }],
      value: price,
    };
  });
}

/** Four heads as if published, with weights that any number may be. */
function heads(): Slot[] {
  return [INTENT, CHURN, VALUE, PRICE_SENSITIVITY].map(({ name, architecture }) => ({
    name,
    hash: name,
    task: { architecture } as Slot['task'],
    refused: null,
    round: null,
    roundHash: null,
    model: {
      taskName: name,
      taskHash: name,
      modelVersion: 1,
      modelHash: name,
      weights: new Float32Array(parameterCount(architecture)).fill(0.1),
      record: null,
      storedAtMs: 0,
    },
  }));
}

/** What a browser waits at least between two nested timers (HTML, "timer initialization steps"). */
const TIMER_MS = 4;

/**
 * Longest task of the page's thread, from now until it is asked, to a few milliseconds: the longest
 * time between two timers. A loop of messages would be finer, and would take the processor away from
 * what is measured.
 */
function watch(): () => number {
  let last = performance.now();
  let longest = 0;
  const turn = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last - TIMER_MS);
    last = now;
  };
  const id = setInterval(turn, 0);
  return () => {
    clearInterval(id);
    turn();
    return longest;
  };
}

async function catalogueOf(): Promise<Catalogue> {
  const bytes = new Uint8Array(await (await fetch('/catalogue.bin')).arrayBuffer());
  return decodeCatalogue(bytes, 'b'.repeat(64));
}

async function run(history: number, calls: number): Promise<ProfileTimes> {
  const catalogue = await catalogueOf();
  const nowhere = (): Promise<never> =>
    Promise.reject(new NetworkError('offline', 'the bench has no network'));
  const settings = readSettings('bench', {
    ...{ endpoint: '/v', trust: 'A'.repeat(43), assetBase: '/' },
    consent: { personalise: true, contribute: false },
    storage: { maxEvents: 100_000, retentionDays: 365 },
  });
  const seeded = await indexedDatabase(settings.databaseName);
  await seeded.setMeta('consent', { personalise: true, contribute: false });
  const events = past(history, catalogue.ids.length, Date.now());
  for (let from = 0; from < events.length; from += 5000) {
    await seeded.appendEvents(events.slice(from, from + 5000), settings.retention);
  }
  seeded.close();

  const client = new Client(settings, {
    ...engineEnvironment(
      {
        facts: { visible: true, online: true, gpc: false, strain: null },
        about: { device: 'desktop', locale: 'en' },
        base: location.href,
        pinned: false,
        refused: '',
      },
      {
        idle: async () => undefined,
        log: () => undefined,
        lock: async () => undefined,
        unlock: () => undefined,
      },
    ),
    transport: () => ({ json: nowhere, bytes: nowhere, report: nowhere }),
  });
  const answers = new Answers(client);
  const ready = new Promise<void>((resolve) => client.start(resolve));
  await ready;
  const slots = new Map(heads().map((slot) => [slot.name, slot]));
  const arrive = (): void => {
    Object.assign(client.downlink, { catalogue, slots });
    client.downlink.site = { segments: DEFAULT_SEGMENTS } as unknown as SiteRecord;
  };
  const ask = async (): Promise<number> => {
    arrive();
    const profile = await answers.profile();
    const segments = await answers.segments();
    const page = await answers.recommend();
    const told = profile.intent.source === 'model' && profile.churn.source === 'model';
    if (!told || segments.length < 5 || page.items.length !== 12) {
      throw new Error(`an answer is short: ${profile.intent.source}, ${page.items.length} items`);
    }
    return profile.events;
  };

  const firstWatch = watch();
  const firstStart = performance.now();
  const known = await ask();
  const firstMs = performance.now() - firstStart;
  const firstLongestMs = firstWatch();
  if (known !== history) throw new Error(`${known} of ${history} events are known`);

  const eventMs: number[] = [];
  const longest = watch();
  for (let call = 0; call < calls; call++) {
    const id = `item-${(call * 7907 + 13) % catalogue.ids.length}`;
    const told = new Promise<void>((resolve) => {
      const undo = client.events.on('update', ({ cause }) => {
        if (cause !== 'event') return;
        undo();
        resolve();
      });
    });
    const start = performance.now();
    const parameters = { items: [{ item_id: id, price: 20 }] };
    client.hear({ kind: 'call', name: 'view_item', parameters });
    await told;
    await ask();
    eventMs.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  const longestMs = longest();
  await client.erase();
  return { firstMs, firstLongestMs, eventMs, longestMs, events: known };
}

(globalThis as unknown as { profiling: ProfilePage }).profiling = { run };
