import { describe, expect, it } from 'vitest';
import { checkPayload, coordinateBound } from '../../aggregator/accept/validate.ts';
import { meanOf } from '../../aggregator/average/backend.ts';
import { manipulationBound } from '../../aggregator/average/robust/manipulation.ts';
import { openedLimits } from '../../shared/field/opened.ts';
import { bestPrivUnitMechanism } from '../../shared/privacy/choose.ts';
import { unitsOf } from '../../shared/privacy/guard.ts';
import { discreteGaussian, NO_MECHANISM } from '../../shared/privacy/mechanism.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { addPrivUnit } from '../../shared/random/privunit.ts';
import { newWorld } from '../sdk/round-world.ts';
import { report } from './fixture.ts';

const { task: base } = await newWorld();
const GAUSSIAN: Task = {
  ...base,
  tier: 'local',
  d: 4,
  clipL2: 2,
  scaleBits: 12,
  mechanism: discreteGaussian(1.5),
};
const HEX = 'ab'.repeat(32);

describe('what one report can do', () => {
  it('RD5 local tier: the largest report that is taken moves the mean by the bound, and no more', () => {
    const bound = coordinateBound(GAUSSIAN);
    const body = (value: number): Uint8Array =>
      report({
        taskHash: HEX,
        roundHash: HEX,
        id: 1,
        tier: 'local',
        coordinates: [value, value, value, value],
      });
    const take = (value: number) => () => checkPayload(body(value), GAUSSIAN, bound);
    expect(take(bound)).not.toThrow();
    expect(take(-bound)).not.toThrow();
    expect(take(bound + 1)).toThrow(/value-out-of-range/);
    const others = [10, -20, 30, 5];
    const meanWith = (value: number): Float64Array =>
      meanOf(
        Float64Array.from(others, (one) => one + value),
        200,
        unitsOf(GAUSSIAN),
      );
    const [high, low] = [meanWith(bound), meanWith(-bound)];
    const moved = high.map((one, i) => one - (low[i] as number));
    const { coordinate, l2 } = manipulationBound(GAUSSIAN, 200);
    expect(coordinate).toBeCloseTo(moved[0] as number, 12);
    expect(l2).toBeCloseTo(Math.hypot(...moved), 12);
    expect(manipulationBound(GAUSSIAN, 400).l2).toBeCloseTo(l2 / 2, 12);
  });

  it('RD5 without noise a report is within the clip in every coordinate', () => {
    const bare: Task = { ...GAUSSIAN, tier: 'test', mechanism: NO_MECHANISM };
    const { coordinate, l2 } = manipulationBound(bare, 100);
    expect(coordinate).toBeCloseTo((2 * 2) / 100, 3);
    expect(l2).toBeCloseTo(2 * coordinate, 12);
    expect(manipulationBound(GAUSSIAN, 100).coordinate / coordinate).toBeCloseTo(1 + 24 * 1.5, 1);
  });

  it('RD5 PrivUnitG: no seed is beyond the table', () => {
    const mechanism = bestPrivUnitMechanism(4, 28);
    if (mechanism === null) throw new Error('there is a mechanism for 4');
    const seeded: Task = { ...GAUSSIAN, d: 28, mechanism };
    const { coordinate, l2 } = manipulationBound(seeded, 100);
    const units = unitsOf(seeded);
    expect(coordinate).toBeCloseTo((2 * 17_715) / (100 * units), 12);
    let largest = 0;
    for (let k = 0; k < 256; k++) {
      const [one, other] = [new Float64Array(28), new Float64Array(28)];
      addPrivUnit(new Uint8Array(32).fill(k), one);
      addPrivUnit(new Uint8Array(32).fill(255 - k), other);
      const moved = meanOf(
        one.map((x, i) => x - (other[i] as number)),
        100,
        units,
      );
      expect(Math.max(...moved.map(Math.abs))).toBeLessThanOrEqual(coordinate);
      largest = Math.max(largest, Math.hypot(...moved));
    }
    expect(largest).toBeLessThan(l2);
    expect(largest).toBeGreaterThan(l2 / 10);
  });

  it('RD18 split tier: two means that are published differ by twice the limits at most', () => {
    const split: Task = { ...GAUSSIAN, tier: 'split', minReports: 100, maxReports: 200 };
    const { coordinate, l2 } = manipulationBound(split, 150);
    const limits = openedLimits(split, 1.5, 150);
    const scale = 150 * unitsOf(split);
    expect(coordinate).toBeCloseTo((2 * limits.coordinate) / scale, 12);
    expect(l2).toBeCloseTo((2 * limits.norm) / scale, 12);
    // In units of the clip: the whole of it twice, and what the noise hides.
    expect(l2 / split.clipL2).toBeGreaterThan(2);
    expect(l2 / split.clipL2).toBeLessThan(3);
  });

  it('RD22 states none for a robust statistic', () => {
    const recipe = { ...GAUSSIAN.recipe, aggregate: { name: 'experimental-median' } };
    const robust = { ...GAUSSIAN, recipe } as Task;
    expect(() => manipulationBound(robust, 100)).toThrow(/aggregate/);
    expect(() => manipulationBound(GAUSSIAN, 0)).toThrow(/reports/);
  });
});
