import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../sdk/database/database.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import { type DrainOptions, KEPT_BODIES } from '../../sdk/post/upload.ts';
import { NetworkError } from '../../sdk/receive/transport.ts';
import { BUDGET, CONSENT } from '../contract/database-values.ts';
import { clock, HOUR, listener, only, openDb, put, refusal, run } from './post-world.ts';
import { START_MS } from './round-world.ts';

beforeEach(() => clock.set(START_MS));

describe('drain', () => {
  const due = async (db: Database): Promise<void> => {
    clock.set(Math.max(...(await db.readOutbox()).map(({ sendAtMs }) => sendAtMs)));
  };

  it('PR18 a retry sends the same bytes, later and later, and is not charged again', async () => {
    const db = await openDb();
    await put(db, 1);
    const sender = listener([
      new NetworkError('offline', 'no connection'),
      refusal('rate-limited', 90_000),
      refusal('http-502'),
      refusal('not-ready'),
    ]);
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      await due(db);
      expect(await run(db, sender)).toMatchObject({ sent: 0, refused: 0, waiting: 1 });
      waits.push((await only(db)).sendAtMs - clock.now());
    }
    expect((await only(db)).last).toBe('not-ready');
    expect((await only(db)).attempts).toBe(4);
    expect(waits[0]).toBeGreaterThanOrEqual(1000);
    expect(waits[0]).toBeLessThanOrEqual(2000);
    expect(waits[1]).toBe(90_000);
    expect(waits[2]).toBeGreaterThanOrEqual(4000);
    expect(waits[3]).toBeGreaterThanOrEqual(8000);
    await due(db);
    expect(await run(db, sender)).toMatchObject({ sent: 1, waiting: 0 });
    expect(new Set(sender.bodies.map((body) => body.join())).size).toBe(1);
    expect(sender.bodies).toHaveLength(5);
    expect(await db.readLedger()).toHaveLength(1);
  });

  it.each([
    ['readOutbox', 1],
    ['readOutbox', 2],
    ['getMeta', 1],
  ])('PR18 sends nothing that is withdrawn during its %s number %i', async (method, nth) => {
    const db = await openDb();
    await put(db, 1);
    await due(db);
    const stop = new AbortController();
    const { signal } = stop;
    let calls = 0;
    const watched = new Proxy(db, {
      get(target, name) {
        const value = Reflect.get(target, name, target) as unknown;
        if (typeof value !== 'function') return value;
        return async (...all: unknown[]) => {
          const answer: unknown = await Reflect.apply(value, target, all);
          if (name === method && ++calls === nth) stop.abort();
          return answer;
        };
      },
    });
    const sender = listener();
    expect(await run(watched, sender, { signal })).toMatchObject({ sent: 0, stopped: 'aborted' });
    expect(signal.aborted).toBe(true);
    expect(sender.bodies).toEqual([]);
  });

  it('a refusal by name is final and is not refunded', async () => {
    const db = await openDb();
    await put(db, 1);
    await due(db);
    const told: string[] = [];
    const onFinal: DrainOptions['onFinal'] = (...call) => told.push(call.join(' '));
    const sender = listener([refusal('round-closed')]);
    expect(await run(db, sender, { onFinal })).toMatchObject({ refused: 1, waiting: 0 });
    expect(await only(db)).toMatchObject({ state: 'refused', last: 'round-closed' });
    expect(told).toEqual(['report-1 refused round-closed']);
    await run(db, sender);
    expect(sender.bodies).toHaveLength(1);
    expect(await db.readLedger()).toHaveLength(1);
  });

  it('a report past its deadline expires unsent, its bytes deleted, its charge kept', async () => {
    const db = await openDb();
    await put(db, 1);
    clock.set(START_MS + HOUR);
    const sender = listener();
    expect(await run(db, sender)).toMatchObject({ expired: 1, waiting: 0 });
    expect(sender.bodies).toEqual([]);
    expect(await only(db)).toMatchObject({ state: 'expired', body: null });
    expect(await db.readLedger()).toHaveLength(1);
  });

  it('stops for withdrawn consent, GPC, a paused page and an abort, between two reports', async () => {
    const db = await openDb();
    for (const round of [1, 2, 3]) await put(db, round);
    await due(db);
    const nothing = listener();
    expect(await run(db, nothing, { gpc: () => true })).toMatchObject({ stopped: 'gpc' });
    expect(await run(db, nothing, { paused: () => true })).toMatchObject({ stopped: 'paused' });
    const signal = AbortSignal.abort();
    expect(await run(db, nothing, { signal })).toMatchObject({ stopped: 'aborted', waiting: 3 });
    expect(nothing.bodies).toEqual([]);

    const withdrawing = listener();
    const report = withdrawing.report;
    withdrawing.report = async (body, keepalive) => {
      await db.setMeta('consent', { personalise: true, contribute: false });
      return report(body, keepalive);
    };
    expect(await run(db, withdrawing)).toMatchObject({ stopped: 'no-consent', waiting: 0 });
    expect(withdrawing.bodies).toHaveLength(1);
    expect(await db.readOutbox()).toEqual([]);
    expect(await db.readLedger()).toHaveLength(3);
  });

  it('skips what another tab has sent, or a withdrawal deleted, in the meantime', async () => {
    const db = await openDb();
    for (const round of [1, 2, 3]) await put(db, round);
    await due(db);
    const order = (await db.readOutbox()).sort((a, b) => a.sendAtMs - b.sendAtMs);
    const sender = listener();
    const report = sender.report;
    sender.report = async (body, keepalive) => {
      await db.updateOutbox(order[1]?.reportId ?? '', { state: 'sent' });
      await db.setMeta('consent', { personalise: true, contribute: false });
      await db.setMeta('consent', CONSENT);
      return report(body, keepalive);
    };
    expect(await run(db, sender)).toMatchObject({ stopped: null, waiting: 0 });
    expect(sender.bodies).toEqual([order[0]?.body]);
  });

  it('keeps the bytes of the newest reports that left, for the shopper to read', async () => {
    const db = await openDb();
    for (let round = 1; round <= KEPT_BODIES + 3; round++) await put(db, round);
    await due(db);
    expect(await run(db, listener())).toMatchObject({ sent: KEPT_BODIES + 3 });
    const outbox = await db.readOutbox();
    const kept = outbox.filter(({ body }) => body !== null);
    expect(kept).toHaveLength(KEPT_BODIES);
    const oldestKept = Math.min(...kept.map(({ sendAtMs }) => sendAtMs));
    for (const { body, sendAtMs } of outbox) {
      if (body === null) expect(sendAtMs).toBeLessThanOrEqual(oldestKept);
    }
  });

  it('never throws: a storage that fails is a named stop', async () => {
    const db = await openDb();
    await put(db, 1);
    await due(db);
    db.close();
    expect(await run(db, listener())).toMatchObject({ stopped: 'storage', sent: 0 });
    const memory = memoryDatabase();
    await memory.setMeta('consent', CONSENT);
    await memory.setMeta('budget', BUDGET);
    clock.set(START_MS);
    await put(memory, 1);
    await due(memory);
    const sender = listener();
    expect(await run(memory, sender)).toMatchObject({ stopped: 'storage', waiting: 1 });
    expect(sender.bodies).toEqual([]);
  });

  it('a clock set back delays a report and a clock set forward expires it; none is sent twice', async () => {
    const db = await openDb();
    await put(db, 1);
    const { sendAtMs } = await only(db);
    const sender = listener();
    clock.set(START_MS - 24 * HOUR);
    expect(await run(db, sender)).toMatchObject({ sent: 0, waiting: 1, nextAtMs: sendAtMs });
    clock.set(sendAtMs);
    expect(await run(db, sender)).toMatchObject({ sent: 1 });
    clock.set(START_MS + 24 * HOUR);
    expect(await run(db, sender)).toMatchObject({ sent: 0, expired: 0, waiting: 0 });
    expect(sender.bodies).toHaveLength(1);
  });
});

describe('the end of a page', () => {
  const due = (entries: readonly { readonly sendAtMs: number }[]): void =>
    clock.set(Math.max(...entries.map(({ sendAtMs }) => sendAtMs)));

  /** Answers when told to; counts what is under way with `keepalive`. */
  function slow() {
    const waiting: (() => void)[] = [];
    const seen = { keepalive: 0, without: 0, most: 0, bytes: 0 };
    return {
      seen,
      answer: () => {
        for (const one of waiting.splice(0)) one();
      },
      async report(body: Uint8Array, keepalive: boolean) {
        seen[keepalive ? 'keepalive' : 'without']++;
        if (keepalive) seen.bytes += body.length;
        seen.most = Math.max(seen.most, seen.bytes);
        await new Promise<void>((resolve) => waiting.push(resolve));
        if (keepalive) seen.bytes -= body.length;
        return { accepted: true } as const;
      },
    };
  }

  async function full(bodies: readonly number[]): Promise<Database> {
    const db = await openDb();
    for (const [round, bytes] of bodies.entries()) {
      await put(db, round);
      await db.updateOutbox(`report-${round}`, { body: new Uint8Array(bytes), sendAtMs: round });
    }
    due(await db.readOutbox());
    return db;
  }
  const waitingIn = async (db: Database): Promise<string[]> =>
    (await db.readOutbox())
      .filter(({ state }) => state === 'waiting')
      .map(({ reportId }) => reportId);

  it('sends at once what 64 KiB let outlive it; larger reports wait for the next page', async () => {
    const db = await full([20_000, 70_000, 30_000, 20_000, 9000]);
    const sender = slow();
    const flight = { bytes: 0, reportIds: new Set<string>() };
    const leaving = run(db, sender, { leaving: true, flight });
    await expect.poll(() => sender.seen.keepalive).toBe(3);
    expect(flight.bytes).toBe(59_000);
    sender.answer();
    expect(await leaving).toMatchObject({ sent: 3, waiting: 2, stopped: null });
    expect(sender.seen).toMatchObject({ keepalive: 3, without: 0, most: 59_000 });
    expect((await waitingIn(db)).sort()).toEqual(['report-1', 'report-3']);
    expect(flight).toEqual({ bytes: 0, reportIds: new Set() });
    const entries = await db.readOutbox();
    expect(entries.filter(({ attempts }) => attempts === 0)).toHaveLength(2);
    const next = listener();
    expect(await run(db, next)).toMatchObject({ sent: 2 });
  });

  it('counts what is under way already, and does not send it twice', async () => {
    const db = await full([40_000, 30_000, 15_000]);
    const sender = slow();
    const flight = { bytes: 0, reportIds: new Set<string>() };
    const stop = new AbortController();
    const before = run(db, sender, { flight, signal: stop.signal });
    await expect.poll(() => sender.seen.keepalive).toBe(1);
    stop.abort();
    const leaving = run(db, sender, { leaving: true, flight });
    await expect.poll(() => sender.seen.keepalive).toBe(2);
    expect(flight.bytes).toBe(55_000);
    sender.answer();
    expect(await before).toMatchObject({ sent: 1, stopped: 'aborted' });
    expect(await leaving).toMatchObject({ sent: 1 });
    expect(await waitingIn(db)).toEqual(['report-1']);
    expect(sender.seen).toMatchObject({ without: 0, most: 55_000 });
  });

  it('does not send before its random time', async () => {
    const db = await openDb();
    await put(db, 1);
    const sender = listener();
    expect(await run(db, sender, { leaving: true })).toMatchObject({ sent: 0, waiting: 1 });
    expect(sender.bodies).toEqual([]);
  });

  it('lets every report that is small enough outlive the page, whenever it is sent', async () => {
    const db = await full([60_000, 60_001]);
    const kept: boolean[] = [];
    const sender = {
      report: async (_body: Uint8Array, keepalive: boolean) => {
        kept.push(keepalive);
        return { accepted: true } as const;
      },
    };
    await run(db, sender);
    expect(kept).toEqual([true, false]);
  });
});
