/** What a watcher of the history is told, and what it is spared. */
import { describe, expect, it } from 'vitest';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import { History } from '../../sdk/history.ts';
import { event, NOON_MS } from './features-goods.ts';

const RETENTION = { maxEvents: 100, maxAgeMs: 1e12 };

function watched(retention = RETENTION): { history: History; told: string[] } {
  const told: string[] = [];
  const history = new History({
    retention,
    after: () => () => undefined,
    onFailure: (error) => told.push(error.code),
    onWritten: () => undefined,
    onDamaged: () => undefined,
  });
  history.watch({
    added: ({ items }) => told.push(items[0]?.id ?? ''),
    replaced: () => told.push('replaced'),
    reset: () => told.push('reset'),
    again: () => undefined,
  });
  return { history, told };
}
const view = (id: string, afterMs = 0) => event('view_item', [id], { atMs: NOON_MS + afterMs });

describe('a watcher of the history', () => {
  it('is told of own events at once, and of those of another tab when they are read', async () => {
    const database = memoryDatabase({ state: 'ready' });
    const one = watched();
    const two = watched();
    await one.history.attach(database);
    await two.history.attach(database);
    expect(one.told.splice(0)).toEqual(['reset']);
    one.history.add(view('a'));
    await one.history.flush();
    await one.history.reload();
    expect(one.told.splice(0)).toEqual(['a']);
    two.told.length = 0;
    await two.history.reload();
    expect(two.told.splice(0)).toEqual(['reset']);
    two.history.add(view('b', 1000));
    await two.history.flush();
    await one.history.reload();
    expect(one.told.splice(0)).toEqual(['b']);
    expect(one.history.events().map(({ items }) => items[0]?.id)).toEqual(['a', 'b']);
  });

  it('reads all again when another tab wrote in between, or old events have gone', async () => {
    const database = memoryDatabase({ state: 'ready' });
    await database.appendEvents([view('a')], RETENTION);
    const { history, told } = watched();
    await history.attach(database);
    await database.appendEvents([view('b', 1000)], RETENTION);
    history.add(view('c', 2000));
    await history.flush();
    told.length = 0;
    await history.reload();
    expect(told).toEqual(['reset']);
    told.length = 0;
    await database.appendEvents([view('d', 3000)], { ...RETENTION, maxEvents: 2 });
    await history.reload();
    expect(told).toEqual(['reset']);
    history.detach();
    expect(told).toEqual(['reset', 'reset']);
    expect(history.events()).toEqual([]);
  });

  it('reads all again when as much has gone from between as has come there', async () => {
    const database = memoryDatabase({ state: 'ready' });
    const other = watched();
    await other.history.attach(database);
    other.history.add(view('a'));
    const dwell = other.history.add(view('dwell', 1000));
    await other.history.flush();
    const { history, told } = watched();
    await history.attach(database);
    other.history.add(view('b', 2000));
    await other.history.flush();
    history.add(view('c', 3000));
    await history.flush();
    other.history.replace(dwell, view('dwell', 4000));
    await other.history.flush();
    told.length = 0;
    await history.reload();
    expect(told).toEqual(['reset']);
  });

  it('reads all again when so many events have been cut off that the store is cut', async () => {
    const database = memoryDatabase({ state: 'ready' });
    const retention = { ...RETENTION, maxEvents: 128 };
    const { history, told } = watched(retention);
    await history.attach(database);
    const tell = async (count: number): Promise<string[]> => {
      told.length = 0;
      for (let i = 0; i < count; i++) history.add(view('a', i * 5000));
      await history.flush();
      expect(history.events().length).toBeLessThanOrEqual(128);
      return told.filter((one) => one !== 'a');
    };
    expect(await tell(129)).toEqual([]);
    expect(await tell(1)).toEqual([]);
    expect(await tell(1)).toEqual(['reset']);
    expect(await tell(2)).toEqual([]);
  });
});
