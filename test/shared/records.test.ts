import { describe, expect, it } from 'vitest';
import { ORDERS } from '../../shared/privacy/curve.ts';
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

  it('PR13 a budget states its ε at a δ that means something, and at an order of the grid', async () => {
    const world = await newWorld();
    const { record } = world.answers.get(PATHS.site) as Signed<SiteRecord>;
    const at = (delta: number, order = 2): SiteRecord =>
      decodeSite({ ...record, budget: { epsilon: 20, delta, order } });
    expect(at(1e-5).budget.delta).toBe(1e-5);
    expect(() => at(1e-3)).toThrow(/site.budget.delta/);
    for (const order of ORDERS) expect(at(1e-5, order).budget.order).toBe(order);
    for (const order of [1, 2.01, 20_000, Number.NaN, '2' as unknown as number]) {
      expect(() => at(1e-5, order)).toThrow(/site.budget.order: expected one of the accountant's/);
    }
    const budget = { epsilon: 20, delta: 1e-5 };
    expect(() => decodeSite({ ...record, budget })).toThrow(/site.budget.order/);
  });

  it('K2 no two tasks of a site have one name', async () => {
    const world = await newWorld();
    const { record } = world.answers.get(PATHS.site) as Signed<SiteRecord>;
    const [first] = record.tasks as [SiteRecord['tasks'][number]];
    const tasks = [first, { ...first, name: `${first.name} too` }];
    expect(decodeSite({ ...record, tasks }).tasks).toHaveLength(2);
    const other = { ...first, hash: 'ab'.repeat(32) };
    expect(() => decodeSite({ ...record, tasks: [first, other] })).toThrow(/site.tasks: .*name/);
  });

  it('R3 T4 a key has one spelling, so that a revoked one is found', async () => {
    const world = await newWorld();
    const { record } = world.answers.get(PATHS.site) as Signed<SiteRecord>;
    const key = world.aggregator.publicKey;
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const taken = [...digits].filter((last) => {
      try {
        return decodeSite({ ...record, revoked: [key.slice(0, 42) + last] }) !== null;
      } catch (error) {
        expect((error as Error).message).toMatch(/site.revoked\[0\]/);
        return false;
      }
    });
    // 32 bytes leave four of the last digit's six bits.
    expect(taken).toHaveLength(16);
    expect(taken).toContain(key.at(-1));
  });

  it('R3 T1 the two servers of a task are not one', async () => {
    const { task } = await newWorld();
    const helper = {
      identityKey: task.aggregatorKey,
      sealingKey: task.aggregatorKey,
      sealingKeyExpiresAtMs: task.expiresAtMs,
    };
    expect(() => decodeTask({ ...task, tier: 'split', helper })).toThrow(
      /task.helper.identityKey: expected another key/,
    );
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
