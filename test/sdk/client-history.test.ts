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
  store.appendEvents = async (events, retention) => {
    appended.push(events.map(({ atMs }) => atMs));
    await gate;
    return original(events, retention);
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
