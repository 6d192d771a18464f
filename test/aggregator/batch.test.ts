/** A batch whose engine takes its time, or fails: what is acknowledged, and what its sum is then. */
import { describe, expect, it } from 'vitest';
import { OpenBatch, type Summer } from '../../aggregator/accumulate/batch.ts';
import { RunningSum } from '../../aggregator/accumulate/running-sum.ts';
import { typedBackend } from '../../aggregator/average/typed.ts';
import { encodeInt32LE } from '../../shared/field/fixed.ts';
import { idBytes } from './fixture.ts';
import { SimulatedDisk } from './simulated-disk.ts';

const D = 3;
const IDENTITY = new Uint8Array(32).fill(9);
const PATH = 'rounds/1.journal';

function bodyOf(id: number): Uint8Array {
  const body = new Uint8Array(88 + 4 * D);
  body.set(idBytes(id), 8);
  body.set(encodeInt32LE(Int32Array.of(id, -3 * id, 2 ** 31 - 1 - id)), 88);
  return body;
}

const keyOf = (id: number): string => Buffer.from(idBytes(id)).toString('latin1');

function sumOf(ids: readonly number[]): number[] {
  const total = (of: (id: number) => number): number => ids.reduce((sum, id) => sum + of(id), 0);
  return [total((id) => id), total((id) => -3 * id), total((id) => 2 ** 31 - 1 - id)];
}

const open = (disk: SimulatedDisk, summer: Summer, failed?: (error: Error) => void) =>
  OpenBatch.open({
    disk,
    path: PATH,
    identity: IDENTITY,
    d: D,
    maxReports: 100,
    summer,
    reportBytes: 88 + 4 * D,
    flushBytes: 1 << 16,
    ...(failed !== undefined && { sumFailed: failed }),
  });

/** Passes on what it is asked when it is told to. */
class Slow implements Summer {
  readonly asked: number[] = [];
  readonly #waiting: (() => void)[] = [];

  async sum(reports: readonly Uint8Array[], offset: number, into: Float64Array): Promise<void> {
    this.asked.push(reports.length);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await typedBackend.sum(reports, offset, into);
  }

  goOn(): void {
    this.#waiting.shift()?.();
  }
}

/** Fails as often as it is told to, after it has added a part of what it was given. */
class Failing implements Summer {
  left: number;
  readonly #late: boolean;

  constructor(times: number, late: boolean) {
    this.left = times;
    this.#late = late;
  }

  sum(reports: readonly Uint8Array[], offset: number, into: Float64Array): void | Promise<void> {
    if (this.left === 0) {
      typedBackend.sum(reports, offset, into);
      return;
    }
    this.left -= 1;
    into[0] = (into[0] as number) + 12_345;
    if (!this.#late) throw new Error('the device is lost');
    return Promise.reject(new Error('the device is lost'));
  }
}

describe('an engine that takes its time', () => {
  it('RD3 holds up neither the next flush nor its order; answers when the bytes are not read any more', async () => {
    const disk = new SimulatedDisk();
    const slow = new Slow();
    const batch = await open(disk, slow);
    const answered: number[] = [];
    const add = (id: number): Promise<void> =>
      batch.add(keyOf(id), bodyOf(id)).then(() => void answered.push(id));
    const first = add(1);
    await expect.poll(() => slow.asked).toEqual([1]);
    expect([batch.count, answered]).toEqual([1, []]);
    const rest = [add(2), add(3)];
    await expect.poll(() => batch.count).toBe(3);
    expect([slow.asked, answered]).toEqual([[1], []]);
    expect(await batch.find(keyOf(2), bodyOf(2))).toBe('same');
    slow.goOn();
    await first;
    await expect.poll(() => slow.asked).toEqual([1, 2]);
    expect(answered).toEqual([1]);
    const closing = batch.close(() => 7);
    slow.goOn();
    await Promise.all([...rest, closing]);
    expect([...batch.sum]).toEqual(sumOf([1, 2, 3]));
    await batch.stop();
  });

  it('RD8 is waited for at the close and at a restart', async () => {
    const disk = new SimulatedDisk();
    const batch = await open(disk, typedBackend);
    for (const id of [1, 2]) await batch.add(keyOf(id), bodyOf(id));
    await batch.stop();
    const later: Summer = {
      sum: async (...call) => {
        await new Promise((resolve) => setImmediate(resolve));
        await typedBackend.sum(...call);
      },
    };
    const again = await open(disk, later);
    expect([...again.sum]).toEqual(sumOf([1, 2]));
    const third = again.add(keyOf(3), bodyOf(3));
    await Promise.all([third, again.close(() => 7)]);
    expect([...again.sum]).toEqual(sumOf([1, 2, 3]));
  });
});

describe.each([
  ['throws', false],
  ['rejects', true],
])('an engine that %s', (_, late) => {
  it('RD3 RD6 costs no acknowledgement: the sum is made again from the journal', async () => {
    const disk = new SimulatedDisk();
    const told: string[] = [];
    const batch = await open(disk, new Failing(1, late), ({ message }) => told.push(message));
    for (const id of [1, 2, 3]) await batch.add(keyOf(id), bodyOf(id));
    await Promise.all([4, 5].map((id) => batch.add(keyOf(id), bodyOf(id))));
    expect(told).toEqual(['the device is lost']);
    expect(batch.lastError).toBeNull();
    await batch.close(() => 7);
    expect([...batch.sum]).toEqual(sumOf([1, 2, 3, 4, 5]));
    expect([...batch.ids]).toEqual([1, 2, 3, 4, 5].map(keyOf));
  });

  it('RD8 and goes on to at the close: membership stays, and the next try has the sum', async () => {
    const disk = new SimulatedDisk();
    const failing = new Failing(3, late);
    const batch = await open(disk, failing);
    for (const id of [1, 2]) await batch.add(keyOf(id), bodyOf(id));
    for (let tries = 0; tries < 2; tries++) {
      await expect(batch.close(() => 7)).rejects.toThrow(/device is lost/);
      expect(batch.closed).toMatchObject({ count: 2, closedAtMs: 7 });
      expect(() => batch.add(keyOf(3), bodyOf(3))).toThrow(/round-closed/);
    }
    expect(await batch.close(() => 8)).toMatchObject({ count: 2, closedAtMs: 7 });
    expect([...batch.sum]).toEqual(sumOf([1, 2]));
  });

  it('RD8 at a restart: it starts, and the sum is made again at the close', async () => {
    const disk = new SimulatedDisk();
    const before = await open(disk, typedBackend);
    for (const id of [1, 2]) await before.add(keyOf(id), bodyOf(id));
    await before.stop();
    const told: string[] = [];
    const batch = await open(disk, new Failing(1, late), ({ message }) => told.push(message));
    expect(told).toHaveLength(1);
    await batch.add(keyOf(3), bodyOf(3));
    await batch.close(() => 7);
    expect([...batch.sum]).toEqual(sumOf([1, 2, 3]));
  });
});

describe('a batch that is let go of', () => {
  it('RD5 refuses what comes then for now, not for good: it is not closed', async () => {
    const disk = new SimulatedDisk();
    const batch = await open(disk, typedBackend);
    const first = batch.add(keyOf(1), bodyOf(1));
    const stopping = batch.stop();
    expect(() => batch.add(keyOf(2), bodyOf(2))).toThrow(/not-ready/);
    await Promise.all([first, stopping]);
    const again = await open(disk, typedBackend);
    await again.add(keyOf(2), bodyOf(2));
    await again.close(() => 7);
    await again.stop();
    expect(() => again.add(keyOf(3), bodyOf(3))).toThrow(/round-closed/);
    expect([...again.sum]).toEqual(sumOf([1, 2]));
  });
});

describe('a sum that is made again', () => {
  it('RD6 is made once, whoever asks at the same time', async () => {
    const sum = new RunningSum(new Failing(1, false), D, 88);
    const bodies = [bodyOf(1), bodyOf(2)];
    void sum.add(bodies);
    let walks = 0;
    const walk: Parameters<RunningSum['makeAgain']>[0] = async (visit) => {
      walks += 1;
      for (const body of bodies) {
        await new Promise((resolve) => setImmediate(resolve));
        await visit([body]);
      }
    };
    await Promise.all([sum.makeAgain(walk), sum.makeAgain(walk)]);
    expect([walks, ...sum.values]).toEqual([1, ...sumOf([1, 2])]);
  });
});
