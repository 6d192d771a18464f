/** K15 in whole rounds: no history, however broken, ends one, and a bot's teaches nothing. */
import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { WideScorer } from '../../sdk/features/wide.ts';
import { TrainingError } from '../../sdk/learn/backend.ts';
import type { Learner } from '../../sdk/learn/learner.ts';
import type { RoundDeps } from '../../sdk/round.ts';
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import { decodeCoordinates } from '../../shared/protocol/report.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { JUNK_EVENTS } from './features-goods.ts';
import { contribute, HOUR, profile, TEST_TIER } from './round-run.ts';
import { newWorld, START_MS } from './round-world.ts';

const d = WIDE_FEATURES.length;
const look = (item: number, atMs: number, more: object = {}): ShopEvent =>
  ({
    name: 'view_item',
    atMs,
    session: 1,
    items: [{ id: `item-${item}`, quantity: 1, ...more }],
  }) as ShopEvent;
const looks = (count: number, everyMs: number): ShopEvent[] =>
  Array.from({ length: count }, (_, i) =>
    look([0, 1, 2, 3, 1, 4][i % 6] as number, START_MS - (count - i) * everyMs),
  );

/** The update of a training round without noise, in fixed point. */
async function update(
  events: readonly ShopEvent[],
  deps: Partial<RoundDeps> = {},
): Promise<number[]> {
  const world = await newWorld();
  await world.offer(TEST_TIER);
  await world.openRound();
  const [db] = await profile(events);
  // The same negatives each time.
  const source = new ChaChaSource(new Uint8Array(32));
  const { outcome } = await contribute(world, db, { source, ...deps }, { allowTestTier: true });
  if (outcome.state !== 'enqueued') throw new Error(`${outcome.reason} ${outcome.detail}`);
  const [entry] = await db.readOutbox();
  return [...decodeCoordinates(entry?.body as Uint8Array, d)];
}

const ZEROS = new Array<number>(d).fill(0);

describe('K15 a training round', () => {
  it.each<[string, readonly ShopEvent[]]>([
    ['without history', []],
    ['of one event', [look(0, START_MS - 1000)]],
    [
      'of items that left the catalogue',
      [7e5, 8e5, 9e5].map((item, i) => look(item, START_MS - i)),
    ],
    ['of the future', looks(6, 3000).map((one) => ({ ...one, atMs: one.atMs + 9 * HOUR }))],
    ['of a bot', looks(900, 600)],
    ['of what is no event', JUNK_EVENTS.filter((one) => typeof one === 'object' && one !== null)],
  ])('%s sends an update of zeros', async (_, events) => {
    expect(await update(events)).toEqual(ZEROS);
  });

  it('PR22 of more than there is memory for sends an update of zeros', async () => {
    const short: RoundDeps['scorer'] = (catalogue) => {
      const scorer = new WideScorer(catalogue);
      scorer.features = () => {
        throw new RangeError('Array buffer allocation failed');
      };
      return scorer;
    };
    expect(await update(looks(6, 30_000), { scorer: short })).toEqual(ZEROS);
    const full: Learner = {
      report: { backend: 'wasm', reason: '', tried: [] },
      train: () => Promise.reject(new TrainingError('engine', 'out of memory')),
      dispose: () => undefined,
    };
    expect(await update(looks(6, 30_000), { learner: full })).toEqual(ZEROS);
  });

  it('of a person at the same items is no zeros, and doubles, prices and order change nothing', async () => {
    const plain = looks(6, 30_000);
    const expected = await update(plain);
    expect(expected.some((value) => value !== 0)).toBe(true);
    const doubled = plain.flatMap((one) => [one, one]);
    expect(await update(doubled)).toEqual(expected);
    const priced = plain.map((one, i) =>
      look(Number(one.items[0]?.id.slice(5)), one.atMs, { price: [Number.NaN, -1, 1e300][i % 3] }),
    );
    expect(await update(priced)).toEqual(expected);
    expect(await update([1, 0, 3, 2, 5, 4].map((i) => plain[i] as ShopEvent))).toEqual(expected);
    const ahead = look(9, START_MS + HOUR);
    expect(await update([...plain.slice(0, 3), ahead, ...plain.slice(3)])).toEqual(expected);
  });
});
