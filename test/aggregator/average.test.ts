import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanOf } from '../../aggregator/average/backend.ts';
import { BACKENDS, chooseBackend } from '../../aggregator/average/choose.ts';
import { serverStep, stepSize } from '../../aggregator/publish/fedavg.ts';
import { averageContract } from '../contract/average.ts';

for (const backend of BACKENDS) {
  describe(`average backend ${backend.name}`, () => averageContract(backend));
}

describe('choice of a backend', () => {
  it('takes the one that is asked for and refuses an unknown one', () => {
    expect(chooseBackend('reference').backend.name).toBe('reference');
    expect(() => chooseBackend('abacus')).toThrow(/abacus/);
    expect(chooseBackend().backend.name).not.toBe('reference');
  });
});

describe('mean and server step', () => {
  it('RD7 known answers', () => {
    expect([...meanOf(Float64Array.of(6, -9), 3, 2)]).toEqual([1, -1.5]);
    const optimizer = { name: 'fedavg', learningRate: 0.5, decayRounds: 4 } as const;
    expect(stepSize(optimizer, 0)).toBe(0.5);
    expect(stepSize(optimizer, 4)).toBe(0.25);
    expect(stepSize({ ...optimizer, decayRounds: null }, 400)).toBe(0.5);
    const next = serverStep(Float32Array.of(1, 2), Float64Array.of(1, -2), optimizer, 4);
    expect([...next]).toEqual([1.25, 1.5]);
  });

  it('RD7 rounds to float32 once', () => {
    const optimizer = { name: 'fedavg', learningRate: 1, decayRounds: null } as const;
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ min: -100, max: 100, noNaN: true }),
        (w, m) => {
          fc.pre(Math.abs(w) < 1e30);
          const [next] = serverStep(Float32Array.of(w), Float64Array.of(m), optimizer, 0);
          expect(next).toBe(Math.fround(w + m));
        },
      ),
    );
  });

  it('fails closed on other lengths, an unknown optimizer and infinite weights', () => {
    const optimizer = { name: 'fedavg', learningRate: 1, decayRounds: null } as const;
    const zero = Float32Array.of(0);
    expect(() => serverStep(zero, new Float64Array(2), optimizer, 0)).toThrow(RangeError);
    expect(() => serverStep(zero, Float64Array.of(1e300), optimizer, 0)).toThrow(/infinite/);
    const other = { ...optimizer, name: 'fedadam' } as never;
    expect(() => serverStep(zero, Float64Array.of(1), other, 0)).toThrow(/optimizer/);
    expect(() => meanOf(zero as never, 0, 1)).toThrow(/count/);
  });
});
