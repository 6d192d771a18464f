/** The report on the wire, and the bounds that it meets before it counts. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
