import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../sdk/database/database.ts';
import { inspectReport } from '../../sdk/inspect.ts';
import { toBase64url } from '../../shared/bytes/base64url.ts';
import { sha256 } from '../../shared/bytes/hash.ts';
import { normBound } from '../../shared/field/fixed.ts';
import { ORDERS } from '../../shared/privacy/curve.ts';
import { curveOf, epsilonOf } from '../../shared/privacy/mechanism.ts';
import {
  decodeReportHeader,
  REPORT_HEADER_BYTES,
  reportLength,
  SEALED_SEED_BYTES,
} from '../../shared/protocol/report.ts';
import type { HelperKeys, Task } from '../../shared/protocol/task.ts';
import { seedOpener } from '../../shared/sharing/seal.ts';
import { addInto, centred, decodeUint32LE, expandSeed } from '../../shared/sharing/share.ts';
import { budgetOf } from '../contract/database-values.ts';
import { contribute, HOUR, nothingCharged, profile, type Run, send } from './round-run.ts';
import { newWorld, START_MS, TOWER, type World } from './round-world.ts';
import { splitTier } from './split-world.ts';

const PAGE = { maxEpsilon: 4.5 };

async function splitWorld(change: Partial<Task> = {}): Promise<World> {
  const world = await newWorld();
  await world.offer({ ...splitTier(world), ...change });
  await world.openRound();
  return world;
}

async function waiting(db: Database): Promise<Uint8Array> {
  const [entry] = await db.readOutbox();
  if (!entry?.body) throw new Error('no report waits');
  return entry.body;
}

/** What both servers together would know of one report. */
async function opened({ sealing, task }: World, body: Uint8Array): Promise<Int32Array> {
  const { taskHash, roundHash, id: reportId } = decodeReportHeader(body);
  const share = body.slice(REPORT_HEADER_BYTES, -SEALED_SEED_BYTES);
  const sealed = body.slice(-SEALED_SEED_BYTES);
  const opener = await seedOpener(sealing);
  const of = { taskHash, roundHash, reportId };
  const seed = await opener.open(of, sealed, await sha256(share));
  if (seed === null) throw new Error('the seed did not open');
  const sum = decodeUint32LE(share, 0, task.d);
  addInto(sum, await expandSeed(seed, task.d));
  return centred(sum);
}

const made = ({ outcome }: Run): Extract<Run['outcome'], { state: 'enqueued' }> => {
  if (outcome.state !== 'enqueued') throw new Error(`${outcome.reason} ${outcome.detail}`);
  return outcome;
};

describe('runRound in the split tier', () => {
  it('W9 makes one report of the exact length, charged, that only its helper key opens', async () => {
    const world = await splitWorld();
    const [db] = await profile();
    const outcome = made(await contribute(world, db, {}, PAGE));
    expect(outcome.bytes).toBe(REPORT_HEADER_BYTES + 4 * 11 + SEALED_SEED_BYTES);
    expect(outcome.epsilon).toBe(epsilonOf(world.task.mechanism, 1e-6, 1));
    const body = await waiting(db);
    expect(body).toHaveLength(reportLength(world.task));
    const z = await opened(world, body);
    const bound = normBound(2 ** 16, 11);
    // |noise| < 7·std in each of 11 coordinates: fails with probability below 3·10⁻¹¹.
    const std = (1.2 * bound) / Math.sqrt(50);
    expect(Math.hypot(...z)).toBeLessThan(bound + 7 * std * Math.sqrt(11));
    const other = { ...world, sealing: (await newWorld()).sealing };
    await expect(opened(other, body)).rejects.toThrow(/did not open/);
    world.clock.set(outcome.sendAtMs);
    expect(await send(world, db)).toMatchObject({ sent: 1 });
    expect(world.reports).toEqual([body]);
  });

  it('PR46 charges ρ = 1/(2σ²) on the one ledger of the local tier', async () => {
    const world = await splitWorld();
    const [db] = await profile();
    made(await contribute(world, db, {}, PAGE));
    const [entry] = await db.readLedger();
    expect(entry?.curve).toEqual(curveOf(world.task.mechanism));
    for (const [i, order] of ORDERS.entries()) {
      const excess = (entry?.curve[i] as number) / (order / (2 * 1.2 ** 2)) - 1;
      expect(Math.abs(excess)).toBeLessThan(1e-12);
    }
  });

  it('PR46 spends one budget, in either order of the tiers', async () => {
    const local = async (world: World): Promise<void> => void (await world.offer());
    const split = async (world: World): Promise<void> => void (await world.offer(splitTier(world)));
    // At the budget's δ: ε 8.00 of the local report, 4.26 of the split one, 9.46 of both.
    for (const [epsilon, order, last] of [
      [9, [local, split], 'budget-spent'],
      [9, [split, local], 'budget-spent'],
      [10, [local, split], 'enqueued'],
      [10, [split, local], 'enqueued'],
    ] as const) {
      const world = await newWorld();
      const [db] = await profile();
      const ends: string[] = [];
      for (const offer of order) {
        await offer(world);
        world.site({ serial: 10 + ends.length, budget: budgetOf(epsilon) });
        await world.receiver(db).site();
        await world.openRound();
        const { outcome } = await contribute(world, db);
        ends.push(outcome.state === 'skipped' ? outcome.reason : outcome.state);
      }
      expect(ends).toEqual(['enqueued', last]);
    }
  });

  it('PR43 a key to which nothing can be sealed sends and charges nothing', async () => {
    const world = await newWorld();
    const { helper, ...rest } = splitTier(world);
    // A point of small order: RFC 9180 §7.1.4 refuses the shared secret.
    const sealingKey = toBase64url(new Uint8Array(32));
    await world.offer({ ...rest, helper: { ...(helper as HelperKeys), sealingKey } });
    await world.openRound();
    const [db] = await profile();
    expect((await contribute(world, db, {}, PAGE)).outcome).toMatchObject({ state: 'skipped' });
    await nothingCharged(db);
  });

  it('PR45 an empty history sends zeros with noise of variance (σB′)²/(½·n_min)', async () => {
    const minReports = 400;
    const tower = { name: 'tower', architecture: TOWER, minReports, maxReports: 800 };
    const world = await splitWorld(tower);
    const [db] = await profile([]);
    made(await contribute(world, db, {}, PAGE));
    const z = await opened(world, await waiting(db));
    const variance = z.reduce((sum, x) => sum + x * x, 0) / z.length;
    const expected = (1.2 * normBound(2 ** 16, z.length)) ** 2 / (minReports / 2);
    // Two-sided 10⁻⁶ of χ² with 5,616 degrees of freedom: 4.9·√(2/d).
    expect(Math.abs(variance / expected - 1)).toBeLessThan(4.9 * Math.sqrt(2 / z.length));
  });

  it('PR43 the same update leaves as another share each time', async () => {
    const payloads = [];
    for (let i = 0; i < 2; i++) {
      const world = await splitWorld();
      const [db] = await profile([]);
      made(await contribute(world, db, {}, PAGE));
      payloads.push((await waiting(db)).slice(REPORT_HEADER_BYTES));
    }
    expect(payloads[0]).not.toEqual(payloads[1]);
  });

  it('PR44 names what it refuses, and charges nothing', async () => {
    const reasonOf = async (change: Partial<Task>, nowMs = START_MS): Promise<string> => {
      const world = await splitWorld(change);
      const [db] = await profile();
      world.clock.set(nowMs);
      const { outcome } = await contribute(world, db, {}, PAGE);
      await nothingCharged(db);
      return outcome.state === 'skipped' ? outcome.reason : outcome.state;
    };
    expect(await reasonOf({}, START_MS + 91 * 24 * HOUR)).toBe('no-task');
    const forLong = { expiresAtMs: START_MS + 900 * 24 * HOUR };
    expect(await reasonOf(forLong, START_MS + 91 * 24 * HOUR)).toBe('key-expired');
    expect(await reasonOf({ maxReports: 201 })).toBe('weak-privacy');
    expect(await reasonOf({ epsilon: 1 })).toBe('false-claim');
    expect(await reasonOf({ scaleBits: 24 })).toBe('bad-record');
  });

  it('shows a report field by field, and its share as what it is', async () => {
    const world = await splitWorld();
    const [db] = await profile();
    made(await contribute(world, db, {}, PAGE));
    const body = await waiting(db);
    const { fields, coordinates } = inspectReport(body, world.task);
    expect(fields.reduce((sum, { length }) => sum + length, 0)).toBe(body.length);
    expect(fields.map(({ name }) => name).slice(-2)).toEqual(['share', 'sealed-seed']);
    expect(coordinates).toEqual(centred(decodeUint32LE(body, REPORT_HEADER_BYTES, 11)));
    expect(inspectReport(body)).toEqual(inspectReport(body, world.task));
  });
});
