/** One shopper who takes part in rounds of a small world. */
import { expect } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { Database } from '../../sdk/database/database.ts';
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import type { Learner } from '../../sdk/learn/learner.ts';
import { drain } from '../../sdk/post/upload.ts';
import { fetchTransport } from '../../sdk/receive/fetch.ts';
import type { ReceiverOptions } from '../../sdk/receive/receiver.ts';
import { catalogueLoader, type RoundDeps, type RoundProgress, runRound } from '../../sdk/round.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { CONSENT } from '../contract/database-values.ts';
import { nodeLearner } from './learn-node.ts';
import { ENDPOINT, START_MS, type World } from './round-world.ts';

export const TEST_TIER = { tier: 'test', mechanism: { name: 'none' }, epsilon: 'none' } as const;
export const HOUR = 3_600_000;
/** The Worker's own learner, on plain JavaScript. */
export const learner: Learner = await nodeLearner('cpu');
let count = 0;

function browsing(): ShopEvent[] {
  return [0, 1, 2, 3, 1, 4].map((item, i) => ({
    name: 'view_item',
    atMs: START_MS - 60_000 + 1000 * i,
    session: 1,
    items: [{ id: `item-${item}`, quantity: 1 }],
  }));
}

export async function profile(
  events: readonly ShopEvent[] = browsing(),
): Promise<[Database, string]> {
  const name = `round-${count++}`;
  const db = await indexedDatabase(name);
  await db.setMeta('consent', CONSENT);
  await db.setMeta('epochStartMs', START_MS - 48 * HOUR);
  await db.appendEvents(events, { maxEvents: 1000, maxAgeMs: 1e10 });
  return [db, name];
}

export interface Run {
  readonly outcome: Awaited<ReturnType<typeof runRound>>;
  readonly progress: RoundProgress[];
}

export async function contribute(
  world: World,
  db: Database,
  change: Partial<RoundDeps> = {},
  receiver: Partial<ReceiverOptions> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Run> {
  const progress: RoundProgress[] = [];
  const deps: RoundDeps = {
    db,
    receiver: world.receiver(db, receiver),
    learner,
    source: new ChaChaSource(new Uint8Array(32).fill(count++)),
    clock: world.clock,
    timer: { now: () => performance.now() },
    gpc: () => false,
    catalogue: catalogueLoader(),
    ...change,
  };
  const outcome = await runRound(deps, world.taskHash, (one) => progress.push(one), signal);
  return { outcome, progress };
}

export const send = (world: World, db: Database): ReturnType<typeof drain> =>
  drain(db, fetchTransport(ENDPOINT, world.fetch), world.clock, {
    gpc: () => false,
    source: new ChaChaSource(new Uint8Array(32)),
  });

export async function nothingCharged(db: Database): Promise<void> {
  expect(await db.readLedger()).toEqual([]);
  expect(await db.readOutbox()).toEqual([]);
}
