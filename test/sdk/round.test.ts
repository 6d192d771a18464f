import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import { drain } from '../../sdk/post/upload.ts';
import { fetchTransport } from '../../sdk/receive/fetch.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { epsilonOf } from '../../shared/privacy/mechanism.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import {
  decodeCoordinates,
  decodeReportHeader,
  REPORT_HEADER_BYTES,
} from '../../shared/protocol/report.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import {
  contribute,
  HOUR,
  nothingCharged,
  profile,
  type Run,
  send,
  TEST_TIER,
} from './round-run.ts';
import { ENDPOINT, newWorld, START_MS, TOWER } from './round-world.ts';

describe('runRound', () => {
  it('makes one report of the exact length, charged and waiting', async () => {
    const world = await newWorld();
    const round = await world.openRound();
    const [db] = await profile();
    const { outcome, progress } = await contribute(world, db);
    if (outcome.state !== 'enqueued') throw new Error(`${outcome.reason} ${outcome.detail}`);
    expect(outcome.bytes).toBe(REPORT_HEADER_BYTES + 4 * 11);
    expect(outcome.epsilon).toBe(epsilonOf(world.task.mechanism, 1e-6, 1));
    expect(outcome.losses).toHaveLength(3);
    expect(outcome.losses[2]).toBeLessThan(outcome.losses[0] as number);
    for (const step of ['features', 'noise', 'train', 'privatize', 'pack', 'charge']) {
      expect(outcome.timings[step]).toBeGreaterThanOrEqual(0);
    }
    expect([...new Set(progress.map(({ stage }) => stage))]).toEqual([
      'receive',
      'features',
      'noise',
      'train',
      'pack',
      'charge',
    ]);
    const [entry] = await db.readOutbox();
    const body = entry?.body as Uint8Array;
    const header = decodeReportHeader(body);
    expect(header).toEqual({
      tier: 'local',
      id: fromHex(outcome.reportId),
      taskHash: fromHex(world.taskHash),
      roundHash: fromHex(await recordHash(round)),
    });
    expect(decodeCoordinates(body, 11)).toHaveLength(11);
    expect(world.reports).toEqual([]);
    world.clock.set(outcome.sendAtMs);
    await send(world, db);
    expect(world.reports).toEqual([body]);
  });

  it('draws the noise before it trains', async () => {
    const world = await newWorld();
    await world.openRound();
    const [db] = await profile();
    const { progress } = await contribute(world, db);
    const stages = progress.map(({ stage }) => stage);
    expect(stages.indexOf('noise')).toBeLessThan(stages.indexOf('train'));
  });

  it('PR22 an empty history sends a noised zero', async () => {
    const world = await newWorld();
    await world.openRound();
    const [db] = await profile([]);
    const { outcome } = await contribute(world, db);
    expect(outcome).toMatchObject({ state: 'enqueued', bytes: REPORT_HEADER_BYTES + 4 * 11 });
    const [entry] = await db.readOutbox();
    const z = decodeCoordinates(entry?.body as Uint8Array, 11);
    expect(z.some((value) => value !== 0)).toBe(true);

    const bare = await newWorld();
    await bare.offer(TEST_TIER);
    await bare.openRound();
    const [empty] = await profile([]);
    await contribute(bare, empty, {}, { allowTestTier: true });
    const [zero] = await empty.readOutbox();
    expect(decodeCoordinates(zero?.body as Uint8Array, 11)).toEqual(new Int32Array(11));
  });

  it('PR7 runs the tower in the test tier and refuses it in the local tier', async () => {
    const world = await newWorld();
    await world.offer({ name: 'tower', architecture: TOWER });
    await world.openRound();
    const [db] = await profile();
    expect((await contribute(world, db)).outcome).toMatchObject({
      state: 'skipped',
      reason: 'predicted-error',
      detail: expect.stringMatching(
        /predicted L2 error [\d.]+ at 100 reports exceeds the clip 0.5/,
      ),
    });
    await nothingCharged(db);
    await world.offer({ name: 'tower', architecture: TOWER, ...TEST_TIER });
    world.site({ serial: 9 });
    await world.receiver(db).site();
    await world.openRound();
    const { outcome } = await contribute(world, db, {}, { allowTestTier: true });
    expect(outcome).toMatchObject({
      state: 'enqueued',
      bytes: REPORT_HEADER_BYTES + 4 * 5616,
      epsilon: 'none',
    });
  });

  it('PR17 two tabs racing make one report', async () => {
    const world = await newWorld();
    await world.openRound();
    const [a, name] = await profile();
    const b = await indexedDatabase(name);
    const runs = [await contribute(world, a), await contribute(world, b)];
    const raced = await newWorld();
    await raced.openRound();
    const [c, other] = await profile();
    const d = await indexedDatabase(other);
    runs.push(...(await Promise.all([contribute(raced, c), contribute(raced, d)])));
    for (const pair of [runs.slice(0, 2), runs.slice(2)]) {
      const states = pair.map(({ outcome }) => outcome.state).sort();
      expect(states).toEqual(['enqueued', 'skipped']);
      const skipped = pair.find(({ outcome }) => outcome.state === 'skipped');
      expect(skipped?.outcome).toMatchObject({ reason: 'already-in-round' });
    }
    expect(await c.readLedger()).toHaveLength(1);
    expect(await d.readOutbox()).toHaveLength(1);
  });

  it('PR18 a Worker killed after the commit: the next page sends the report, once', async () => {
    const world = await newWorld();
    await world.openRound();
    const [db, name] = await profile();
    const { outcome } = await contribute(world, db);
    if (outcome.state !== 'enqueued') throw new Error(outcome.reason);
    db.close();
    world.clock.set(outcome.sendAtMs);
    const next = await indexedDatabase(name);
    const third = await indexedDatabase(name);
    expect(await send(world, next)).toMatchObject({ sent: 1 });
    expect(await send(world, third)).toMatchObject({ sent: 0, waiting: 0 });
    expect(world.reports).toHaveLength(1);
    expect(toHex(decodeReportHeader(world.reports[0] as Uint8Array).id)).toBe(outcome.reportId);
    const again = await contribute(world, next);
    expect(again.outcome).toMatchObject({ reason: 'already-in-round' });
  });

  it('PR18 a page killed between upload and note sends the same bytes again', async () => {
    const world = await newWorld();
    await world.openRound();
    const [db, name] = await profile();
    const { outcome } = await contribute(world, db);
    if (outcome.state !== 'enqueued') throw new Error(outcome.reason);
    world.clock.set(outcome.sendAtMs);
    const dying = fetchTransport(ENDPOINT, async (...call) => {
      const answer = await world.fetch(...call);
      db.close();
      return answer;
    });
    const options = { gpc: () => false, source: new ChaChaSource(new Uint8Array(32)) };
    expect(await drain(db, dying, world.clock, options)).toMatchObject({ stopped: 'storage' });
    const next = await indexedDatabase(name);
    expect(await send(world, next)).toMatchObject({ sent: 1 });
    expect(world.reports).toHaveLength(2);
    expect(world.reports[1]).toEqual(world.reports[0]);
    expect(await next.readLedger()).toHaveLength(1);
  });

  it('PR15 PR19 a clock set back or forward earns no third report', async () => {
    const world = await newWorld();
    const [db] = await profile();
    const at = async (round: number, nowMs: number): Promise<Run['outcome']> => {
      world.clock.set(nowMs);
      await world.openRound({ round });
      return (await contribute(world, db)).outcome;
    };
    await world.offer({ separationMs: HOUR });
    expect(await at(1, START_MS)).toMatchObject({ state: 'enqueued' });
    expect(await at(2, START_MS - 30 * HOUR)).toMatchObject({ reason: 'separation' });
    expect(await at(3, START_MS + 300 * HOUR)).toMatchObject({ state: 'enqueued' });
    expect(await at(4, START_MS + 2 * HOUR)).toMatchObject({ reason: 'cap-spent' });
    expect(await db.readLedger()).toHaveLength(2);
  });
});
