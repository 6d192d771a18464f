import { describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { Database } from '../../sdk/database/database.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import { History } from '../../sdk/history.ts';

const event = (atMs: number): ShopEvent => ({ name: 'page_view', atMs, session: 1, items: [] });

/** A database whose appends wait until `release`. */
function slow(): { database: Database; release: () => void; appended: number[][] } {
  const store = memoryDatabase({ state: 'ready' });
  const appended: number[][] = [];
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const original = store.appendEvents.bind(store);
  store.appendEvents = async (events, retention, replaced) => {
    appended.push(events.map(({ atMs }) => atMs));
    await gate;
    return original(events, retention, replaced);
  };
  return { database: store, release: () => release(), appended };
}

function history(): { history: History; run: () => void } {
  const timers: (() => void)[] = [];
  const one = new History({
    retention: { maxEvents: 3, maxAgeMs: 1e12 },
    after(_ms, run) {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), 1);
    },
    onFailure: (error) => {
      throw error;
    },
    onWritten: () => undefined,
    onDamaged: () => undefined,
  });
  return { history: one, run: () => timers.shift()?.() };
}

describe('the history of a page', () => {
  it('begins a second write when the page leaves during the first, and writes each event once', async () => {
    const { database, release, appended } = slow();
    const { history: one, run } = history();
    await one.attach(database);
    one.add(event(1));
    run();
    one.add(event(2));
    one.leave();
    expect(appended).toEqual([[1], [2]]);
    release();
    await one.flush();
    await one.flush();
    expect((await database.readEvents()).map(({ atMs }) => atMs)).toEqual([1, 2]);
    expect(one.events().map(({ atMs }) => atMs)).toEqual([1, 2]);
  });

  it('PR36 a dwell takes the place of the one before, queued, in flight, written, read again', async () => {
    const { database, release, appended } = slow();
    const { history: one } = history();
    const times = async (): Promise<number[]> =>
      (await database.readEvents()).map(({ atMs }) => atMs);
    await one.attach(database);
    const dwell = one.add(event(1));
    one.replace(dwell, event(2));
    one.leave();
    expect(appended).toEqual([[2]]);
    one.replace(dwell, event(3));
    one.add(event(4));
    release();
    await one.flush();
    await one.flush();
    // What could be written at once did not wait for the dwell in flight.
    expect(one.events().map(({ atMs }) => atMs)).toEqual([4, 3]);
    expect(await times()).toEqual([4, 3]);
    one.replace(dwell, event(5));
    await one.reload();
    one.add(event(7));
    await one.reload();
    expect(await times()).toEqual([4, 5, 7]);
    one.replace(dwell, event(8));
    expect(one.events().map(({ atMs }) => atMs)).toEqual([4, 7, 8]);
    await one.reload();
    await one.reload();
    expect(await times()).toEqual([4, 7, 8]);
    expect(one.events().map(({ atMs }) => atMs)).toEqual([4, 7, 8]);
  });

  it('PR33 tells of records that could not be decrypted, once', async () => {
    const store = memoryDatabase({ state: 'ready' });
    let damaged = 0;
    Object.defineProperty(store, 'damaged', { get: () => damaged });
    const read = store.readEvents.bind(store);
    const found = [2, 0];
    store.readEvents = async (limit) => {
      damaged += found.shift() ?? 0;
      return read(limit);
    };
    const told: number[] = [];
    const one = new History({
      retention: { maxEvents: 9, maxAgeMs: 1e12 },
      after: () => () => undefined,
      onFailure: () => undefined,
      onWritten: () => undefined,
      onDamaged: (records) => told.push(records),
    });
    await one.attach(store);
    await one.reload();
    expect(told).toEqual([2]);
    expect(one.events()).toEqual([]);
  });

  it('goes on with the session of the newest stored event', async () => {
    const store = memoryDatabase({ state: 'ready' });
    const { history: one } = history();
    await store.appendEvents([{ ...event(1), session: 7 }], { maxEvents: 9, maxAgeMs: 1e12 });
    await one.attach(store);
    expect(one.session(1000)).toBe(7);
    expect(one.session(1000 + 31 * 60_000)).toBe(8);
  });

  it('shows what is not yet written, keeps to its ring, and drops all when detached', async () => {
    const { database, release } = slow();
    const { history: one } = history();
    await one.attach(database);
    for (let atMs = 1; atMs <= 5; atMs++) one.add(event(atMs));
    expect(one.events()).toHaveLength(5);
    release();
    await one.flush();
    expect(one.events().map(({ atMs }) => atMs)).toEqual([3, 4, 5]);
    one.add(event(6));
    one.detach();
    await one.flush();
    expect(one.events()).toEqual([]);
    expect((await database.readEvents()).map(({ atMs }) => atMs)).toEqual([3, 4, 5]);
  });
});
