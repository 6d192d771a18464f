import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../sdk/database/database.ts';
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import { type EligibleInput, eligible } from '../../sdk/post/eligible.ts';
import { enqueue } from '../../sdk/post/enqueue.ts';
import { epsilonOf } from '../../shared/privacy/mechanism.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { budgetOf, CONSENT, shopEvent } from '../contract/database-values.ts';
import {
  clock,
  HOUR,
  listener,
  only,
  openDb,
  put,
  roundOf,
  run,
  source,
  task,
  taskHash,
} from './post-world.ts';
import { START_MS } from './round-world.ts';

beforeEach(() => clock.set(START_MS));

describe('eligible', () => {
  const ask = async (db: Database, change: Partial<EligibleInput> = {}): Promise<string> => {
    const round = roundOf(1);
    const roundHash = await recordHash(round);
    const nowMs = clock.now();
    const input = { db, task, taskHash, round, roundHash, nowMs, gpc: false, source: source() };
    const skip = await eligible({ ...input, ...change });
    return skip === null ? 'takes part' : skip.reason;
  };

  it('takes part with consent, and not without it or against GPC', async () => {
    const db = await openDb();
    expect(await ask(db)).toBe('takes part');
    expect(await ask(db, { gpc: true })).toBe('gpc');
    await db.setMeta('consent', { personalise: true, contribute: false });
    expect(await ask(db)).toBe('no-consent');
    expect(await ask(await indexedDatabase('post-bare'))).toBe('no-consent');
  });

  it('sends nothing from a database that would not outlive the page', async () => {
    const db = memoryDatabase();
    await db.setMeta('consent', CONSENT);
    expect(await ask(db)).toBe('storage');
  });

  it('PR21 begins no round whose rest the training might outlast', async () => {
    const db = await openDb();
    expect(await ask(db, { nowMs: START_MS + HOUR - 30_000 })).toBe('takes part');
    expect(await ask(db, { nowMs: START_MS + HOUR - 29_999 })).toBe('round-closed');
    const short = { task: { ...task, windowMs: 10_000 } };
    expect(await ask(db, { ...short, nowMs: START_MS + HOUR - 1000 })).toBe('takes part');
    expect(await ask(db, { ...short, nowMs: START_MS + HOUR - 999 })).toBe('round-closed');
  });

  it('PR20 waits for the quiet period of a fresh profile, on the ledger’s clock', async () => {
    const db = await openDb();
    const quiet = { task: { ...task, quietMs: HOUR } };
    expect(await ask(db, quiet)).toBe('quiet-period');
    await db.appendEvents([shopEvent(START_MS - HOUR + 1000)], { maxEvents: 9, maxAgeMs: 1e9 });
    expect(await ask(db, quiet)).toBe('quiet-period');
    expect(await ask(db, { ...quiet, nowMs: START_MS + 1000 })).toBe('takes part');
    expect(await ask(db, { ...quiet, nowMs: START_MS - 9 * HOUR })).toBe('quiet-period');
    clock.set(START_MS + 2000);
    await put(db, 7);
    expect(await ask(db, { ...quiet, nowMs: START_MS - 9 * HOUR })).toBe('takes part');
  });

  it('names an absent and a closed round', async () => {
    const db = await openDb();
    expect(await ask(db, { round: null, roundHash: null })).toBe('no-round');
    expect(await ask(db, { nowMs: START_MS + HOUR })).toBe('round-closed');
  });

  it('PR13 PR15 PR16 PR17 asks the ledger', async () => {
    const db = await openDb();
    await put(db, 1);
    expect(await ask(db)).toBe('already-in-round');
    const next = roundOf(2);
    const second = { round: next, roundHash: await recordHash(next) };
    expect(await ask(db, { ...second, task: { ...task, participations: 1 } })).toBe('cap-spent');
    const apart = { ...task, separationMs: HOUR };
    expect(await ask(db, { ...second, task: apart })).toBe('separation');
    await db.setMeta('budget', budgetOf(8.5));
    expect(await ask(db, second)).toBe('budget-spent');
  });

  it('PR21 the coin falls as often as the task says, once per round, whatever the history', async () => {
    const coin = { ...task, coin: 16_384 };
    const shared = source(5);
    const draws = async (events: number): Promise<string[]> => {
      const db = await openDb();
      const stream = source(5);
      const history = Array.from({ length: events }, (_, i) => shopEvent(START_MS + i));
      await db.appendEvents(history, { maxEvents: 1000, maxAgeMs: 1e9 });
      const answers: string[] = [];
      for (let i = 0; i < 400; i++) {
        const input = { task: coin, roundHash: `round-${i}`, source: stream };
        answers.push(await ask(db, input));
        expect(await ask(db, { ...input, source: shared })).toBe(answers[i]);
      }
      return answers;
    };
    const empty = await draws(0);
    expect(await draws(300)).toEqual(empty);
    expect(new Set(empty)).toEqual(new Set(['takes part', 'coin']));
    // 400 throws of ¼: mean 100, standard deviation 8.7.
    const heads = empty.filter((answer) => answer === 'takes part').length;
    expect(Math.abs(heads - 100)).toBeLessThan(44);
  });
});

describe('enqueue', () => {
  it('PR14 PR18 stores charge and bytes; nothing is sent before its time', async () => {
    const db = await openDb();
    const result = await put(db, 3);
    expect(result).toMatchObject({
      ok: true,
      entry: { reportId: 'report-3', epsilon: epsilonOf(task.mechanism, 1e-6, 1), bytes: 132 },
    });
    const entry = await only(db);
    expect(entry).toMatchObject({ state: 'waiting', sendAtMs: result.sendAtMs, attempts: 0 });
    expect(entry.body).toEqual(new Uint8Array(132).fill(3));
    const sender = listener();
    clock.set(result.sendAtMs - 1);
    expect(await run(db, sender)).toMatchObject({ waiting: 1, nextAtMs: result.sendAtMs });
    expect(sender.bodies).toEqual([]);
    clock.set(result.sendAtMs);
    expect(await run(db, sender)).toMatchObject({ sent: 1, waiting: 0, nextAtMs: null });
    expect(sender.bodies).toEqual([entry.body]);
  });

  it('PR21 send times are uniform over what is left of the window', async () => {
    const db = await openDb();
    clock.set(START_MS + HOUR / 2);
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      const { sendAtMs } = await put(db, i + 1, { separationMs: 0 });
      times.push((sendAtMs - clock.now()) / (HOUR / 2 - 5000));
    }
    expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...times)).toBeLessThan(1);
    // The mean of 200 uniforms has standard deviation 0.02; each quarter holds 50 ± 6.
    expect(Math.abs(times.reduce((sum, t) => sum + t, 0) / 200 - 0.5)).toBeLessThan(0.1);
    for (let q = 0; q < 4; q++) {
      const inside = times.filter((t) => Math.floor(4 * t) === q).length;
      expect(Math.abs(inside - 50)).toBeLessThan(31);
    }
  });

  it('a refused charge enqueues nothing; another length is an error', async () => {
    const db = await openDb();
    await put(db, 1);
    expect(await put(db, 1)).toMatchObject({ ok: false, reason: 'already-in-round' });
    expect(await db.readOutbox()).toHaveLength(1);
    const bad = enqueue({
      db,
      task,
      taskHash,
      round: roundOf(2),
      roundHash: 'x',
      nowMs: clock.now(),
      reportId: 'bad',
      body: new Uint8Array(10),
      source: source(),
    });
    await expect(bad).rejects.toThrow(/body must hold 132 bytes/);
  });
});
