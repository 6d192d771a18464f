/** The report on the wire, and the slots and bounds that it meets before it counts. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotPool } from '../../aggregator/accept/slots.ts';
import { coordinateBound } from '../../aggregator/accept/validate.ts';
import { encodeInt32LE, normBound } from '../../shared/field/fixed.ts';
import {
  decodeCoordinates,
  decodeReportHeader,
  encodeReport,
} from '../../shared/protocol/report.ts';
import type { Tier } from '../../shared/protocol/task.ts';

const D = 3;

describe('codec', () => {
  it('W1 W6 decode ∘ encode = id', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const drafts = fc.record({
      tier: fc.constantFrom<Tier>('local', 'split', 'test'),
      id: bytes(16),
      taskHash: bytes(32),
      roundHash: bytes(32),
      coordinates: fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), {
        minLength: 1,
        maxLength: 50,
      }),
    });
    fc.assert(
      fc.property(drafts, ({ coordinates, ...header }) => {
        const vector = Int32Array.from(coordinates);
        const body = encodeReport(header, encodeInt32LE(vector));
        expect(body.length).toBe(88 + 4 * vector.length);
        expect(decodeReportHeader(body)).toEqual(header);
        expect(decodeCoordinates(body, vector.length)).toEqual(vector);
      }),
    );
  });
});

describe('bound of a coordinate', () => {
  it('RD5 local: B′ and 12σ of the noise; test: B′ alone', async () => {
    const local = {
      mechanism: { name: 'discrete-gaussian', sigma: 0.6893 },
      tier: 'local',
    } as const;
    const B = normBound(2 ** 16, D);
    const task = { scaleBits: 16, d: D } as const;
    expect(coordinateBound({ ...task, ...local } as never)).toBe(
      Math.ceil(B + 12 * 0.6893 * 2 * B),
    );
    expect(coordinateBound({ ...task, mechanism: { name: 'none' } } as never)).toBe(Math.ceil(B));
    const wide = { scaleBits: 24, d: D, mechanism: { name: 'discrete-gaussian', sigma: 100 } };
    expect(coordinateBound(wide as never)).toBe(2 ** 31 - 1);
  });
});

describe('slots', () => {
  it('H7 holds no more bodies and no more bytes than it may, and uses buffers again', () => {
    const pool = new SlotPool(3, 1000);
    const [a, b] = [pool.take(400), pool.take(400)];
    expect(() => pool.take(400)).toThrow(/no-slots/);
    const c = pool.take(200);
    expect(() => pool.take(1)).toThrow(/no-slots/);
    const { bytes } = b;
    for (const slot of [a, b, b, c]) slot.release();
    expect([pool.inFlight, pool.heldBytes]).toEqual([0, 1000]);
    expect(pool.take(400).bytes).toBe(bytes);
    expect(pool.heldBytes).toBe(1000);
  });

  it('H7 gives up free buffers of one length for another, and takes one that is larger alone', () => {
    const pool = new SlotPool(8, 1000);
    for (const slot of [pool.take(500), pool.take(500)]) slot.release();
    pool.take(800).release();
    expect(pool.heldBytes).toBe(800);
    const large = pool.take(5000);
    expect(() => pool.take(1)).toThrow(/no-slots/);
    large.release();
    pool.take(10).release();
    expect(pool.heldBytes).toBe(10);
  });

  it('H5 takes exactly the declared bytes', () => {
    const slot = new SlotPool(1, 100).take(10);
    slot.push(new Uint8Array(6).fill(1));
    expect(() => slot.finish()).toThrow(/incomplete-body: 6 of 10/);
    expect(() => slot.push(new Uint8Array(5))).toThrow(/bad-length/);
    slot.push(new Uint8Array(4).fill(2));
    expect([...slot.finish()]).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2]);
  });
});
