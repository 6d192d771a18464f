import { describe, expect, it } from 'vitest';
import { PATHS } from '../../shared/protocol/paths.ts';
import { decodeSite, decodeTask } from '../../shared/protocol/records.ts';
import type { Signed, SiteRecord } from '../../shared/protocol/task.ts';
import { newWorld } from '../sdk/round-world.ts';

const DAY_MS = 24 * 3_600_000;

describe('records', () => {
  it('R7 a window is one that a timer can wait for', async () => {
    const { task } = await newWorld();
    expect(decodeTask({ ...task, windowMs: 24 * DAY_MS })).toMatchObject({ windowMs: 24 * DAY_MS });
    expect(24 * DAY_MS).toBeLessThan(2 ** 31);
    expect(() => decodeTask({ ...task, windowMs: 25 * DAY_MS })).toThrow(/task.windowMs/);
  });

  it('PR13 a budget states its ε at a δ that means something', async () => {
    const world = await newWorld();
    const { record } = world.answers.get(PATHS.site) as Signed<SiteRecord>;
    const at = (delta: number): SiteRecord =>
      decodeSite({ ...record, budget: { epsilon: 20, delta } });
    expect(at(1e-5).budget.delta).toBe(1e-5);
    expect(() => at(1e-3)).toThrow(/site.budget.delta/);
  });

  it('R3 refuses a missing, an additional and an inherited-looking field', async () => {
    const { task } = await newWorld();
    const { label, ...without } = task;
    expect(label).toBe('');
    expect(() => decodeTask(without)).toThrow(/task.label/);
    expect(() => decodeTask({ ...task, extra: 1 })).toThrow(/task.extra/);
    const json = JSON.stringify(task).replace('{', '{"__proto__":{"label":""},');
    expect(() => decodeTask(JSON.parse(json))).toThrow(/__proto__/);
  });
});
