/** A local task that asks for a robust statistic, from its record to its next model. */
import { describe, expect, it } from 'vitest';
import { chooseBackend } from '../../aggregator/average/choose.ts';
import { type Gram, gramOf } from '../../aggregator/average/robust/gram.ts';
import { rowsOf } from '../../aggregator/average/robust/rows.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import type { TaskDraft } from '../../aggregator/site.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { parameterCount } from '../../shared/model/architecture.ts';
import { type RobustAggregate, robustBytes } from '../../shared/model/recipe.ts';
import { bestPrivUnitMechanism } from '../../shared/privacy/choose.ts';
import { unitsOf } from '../../shared/privacy/guard.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { decodeTask } from '../../shared/protocol/records.ts';
import { encodeReport } from '../../shared/protocol/report.ts';
import type { Signed, Task } from '../../shared/protocol/task.ts';
import { addPrivUnit } from '../../shared/random/privunit.ts';
import { newWorld } from '../sdk/round-world.ts';
import {
  boot,
  draft,
  headOf,
  idBytes,
  linearHead,
  ManualTime,
  openRound,
  post,
  report,
  site,
} from './fixture.ts';
import { SimulatedDisk, testRandom } from './simulated-disk.ts';

const D = 3;
const N = 9;
const KRUM: RobustAggregate = { name: 'experimental-multi-krum', hostile: 0.2 };

function robust(aggregate: RobustAggregate, more: Partial<TaskDraft> = {}): TaskDraft {
  const mechanism = discreteGaussian(2);
  const limits = { minReports: 5, maxReports: N };
  const one = draft('intent', D, { tier: 'local', mechanism, ...limits, ...more });
  return { ...one, recipe: { ...one.recipe, aggregate } as TaskDraft['recipe'] };
}

/** Eight that agree, within some noise, and one that is far out and yet within RD5. */
const rowOf = (id: number): number[] =>
  id === 4 ? [1_000_000, -1_000_000, 1_000_000] : [id * 100, -id * 10, 5 - id];

interface Ended {
  readonly weights: Float32Array;
  readonly model: string;
}

/** @param crashAfter how many reports, or null. */
async function play(
  one: TaskDraft,
  order: readonly number[],
  crashAfter: number | null = null,
  bodyOf: ((id: number, taskHash: string, roundHash: string) => Uint8Array) | null = null,
): Promise<Ended> {
  let disk = new SimulatedDisk();
  const { taskHashes } = await site(disk, [one]);
  const taskHash = taskHashes.intent as string;
  const time = new ManualTime();
  let running = await boot(disk, time);
  const roundHash = await openRound(running.app, taskHash);
  for (const [i, id] of order.entries()) {
    if (i === crashAfter) {
      disk = disk.recovered(testRandom(i), 'power');
      running = await boot(disk, time);
    }
    const plain = { taskHash, roundHash, id, coordinates: rowOf(id), tier: 'local' } as const;
    const body = bodyOf?.(id, taskHash, roundHash) ?? report(plain);
    expect((await post(running.app, body)).status).toBe(201);
  }
  await running.service.settled();
  const { model } = await headOf(running.app, taskHash);
  const hash = model?.record.model ?? '';
  expect(model?.record).toMatchObject({ modelVersion: 1, reports: N });
  const weights = decodeModel(await disk.read(`models/${hash}.bin`), one.initialWeights.length);
  await running.service.stop();
  return { weights, model: JSON.stringify(model) };
}

const IDS = Array.from({ length: N }, (_, i) => i + 1);
const HONEST = IDS.filter((id) => id !== 4);
/** The draft's start weights, and its step of 1. */
const published = (statistic: readonly number[]): Float32Array =>
  Float32Array.from(statistic, (one, i) => i / 8 + one / 65_536);
const column = (i: number, ids: readonly number[]): number[] =>
  ids.map((id) => rowOf(id)[i] as number).sort((a, b) => a - b);
const mean = (all: readonly number[]): number => all.reduce((sum, x) => sum + x, 0) / all.length;

describe('a round with a robust statistic', () => {
  it('RD22 multi-Krum leaves the far one out', async () => {
    const { weights } = await play(robust(KRUM), IDS);
    expect(weights).toEqual(published([0, 1, 2].map((i) => mean(column(i, HONEST)))));
  });

  it('RD22 multi-Krum uses the Gram matrix that the server is given', async () => {
    const disk = new SimulatedDisk();
    const { taskHashes } = await site(disk, [robust(KRUM)]);
    const taskHash = taskHashes.intent as string;
    const seen: number[] = [];
    const gram: Gram = (rows, offset, d) => {
      seen.push(rows.length, offset, d);
      return gramOf(rows, offset, d);
    };
    const average = { ...(await chooseBackend()), gram };
    const { app, service } = await boot(disk, new ManualTime(), {}, silentLogger, { average });
    const roundHash = await openRound(app, taskHash);
    for (const id of IDS) {
      const body = report({ taskHash, roundHash, id, coordinates: rowOf(id), tier: 'local' });
      expect((await post(app, body)).status).toBe(201);
    }
    await service.settled();
    expect(seen).toEqual([N, 0, D]);
    await service.stop();
  });

  it('RD22 trimmed mean, median and centred clipping', async () => {
    const trimmed = await play(robust({ name: 'experimental-trimmed-mean', hostile: 0.2 }), IDS);
    const inner = [0, 1, 2].map((i) => mean(column(i, IDS).slice(1, -1)));
    expect(trimmed.weights).toEqual(published(inner));
    const median = await play(robust({ name: 'experimental-median' }), IDS);
    expect(median.weights).toEqual(published([0, 1, 2].map((i) => column(i, IDS)[4] as number)));
    // Everything honest is within the radius; the far one counts with its direction alone.
    const clipping = { name: 'experimental-centered-clipping', radius: 1, iterations: 1 } as const;
    const { weights } = await play(robust(clipping), IDS);
    const sums = [0, 1, 2].map((i) => column(i, HONEST).reduce((sum, x) => sum + x, 0));
    const far = [65_536, -65_536, 65_536].map((one) => one / Math.sqrt(3));
    const expected = published(sums.map((one, i) => (one + (far[i] as number)) / N));
    for (const [i, one] of weights.entries()) expect(one).toBeCloseTo(expected[i] as number, 6);
  });

  it('RD22 RD8 the same bytes in any order, and after a crash', async () => {
    const clipping = {
      name: 'experimental-centered-clipping',
      radius: 0.01,
      iterations: 3,
    } as const;
    for (const aggregate of [KRUM, clipping]) {
      const whole = await play(robust(aggregate), IDS);
      expect(await play(robust(aggregate), [...IDS].reverse())).toEqual(whole);
      expect(await play(robust(aggregate), [5, 1, 9, 2, 8, 3, 7, 4, 6], 4)).toEqual(whole);
    }
  });

  it('RD22 of seeds it takes the vectors that they stand for', async () => {
    const d = 28;
    const mechanism = bestPrivUnitMechanism(4, d);
    if (mechanism === null) throw new Error('there is a mechanism for 4');
    const one = robust(
      { name: 'experimental-median' },
      {
        architecture: linearHead(d),
        mechanism,
        initialWeights: new Float32Array(d),
      },
    );
    const seedOf = (id: number): Uint8Array => new Uint8Array(32).fill(id);
    const { weights } = await play(one, IDS, null, (id, taskHash, roundHash) => {
      const hashes = { taskHash: fromHex(taskHash), roundHash: fromHex(roundHash) };
      return encodeReport({ tier: 'local', id: idBytes(id), ...hashes }, seedOf(id));
    });
    const rows = IDS.map((id) => {
      const row = new Float64Array(d);
      addPrivUnit(seedOf(id), row);
      return row;
    });
    const units = unitsOf({ ...one, d } as unknown as Task);
    const medians = Float32Array.from({ length: d }, (_, i) => {
      const sorted = rows.map((row) => row[i] as number).sort((a, b) => a - b);
      return (sorted[4] as number) / units;
    });
    expect(weights).toEqual(medians);
  });
});

describe('the recipe of a task with a robust statistic', async () => {
  const { task: base } = await newWorld();
  const task: Task = { ...base, tier: 'local', mechanism: discreteGaussian(2), epsilon: 100 };
  const withOne = (aggregate: unknown, more: Partial<Task> = {}): unknown => ({
    ...task,
    ...more,
    recipe: { ...task.recipe, aggregate },
  });

  it('RD22 takes the four, in the local tier alone, and the plain mean by saying nothing', () => {
    const all: readonly RobustAggregate[] = [
      KRUM,
      { name: 'experimental-trimmed-mean', hostile: 0.1 },
      { name: 'experimental-median' },
      { name: 'experimental-centered-clipping', radius: 1, iterations: 3 },
    ];
    for (const one of all) {
      expect(() => decodeTask(withOne(one))).not.toThrow();
      const test = { tier: 'test', mechanism: { name: 'none' }, epsilon: 'none' } as const;
      expect(() => decodeTask(withOne(one, test))).toThrow(/aggregate: .*local tier/);
    }
    expect(() => decodeTask(task)).not.toThrow();
  });

  it.each([
    ['a mean that is spelled out', { name: 'mean' }],
    ['a name that does not say experimental', { name: 'median' }],
    ['null', null],
    ['a half', { ...KRUM, hostile: 0.5 }],
    ['nobody', { ...KRUM, hostile: 0 }],
    ['a median with a share', { name: 'experimental-median', hostile: 0.1 }],
    ['a radius of 0', { name: 'experimental-centered-clipping', radius: 0, iterations: 1 }],
    ['no iterations', { name: 'experimental-centered-clipping', radius: 1, iterations: 0 }],
    ['a field too many', { ...KRUM, selected: 3 }],
  ])('R3 RD22 refuses %s', (_, one) => {
    expect(() => decodeTask(withOne(one))).toThrow(/task.recipe/);
  });

  it('K1 RD22 refuses it for a statistic', () => {
    const recipe = { server: { name: 'release' }, aggregate: KRUM };
    expect(() => decodeTask({ ...task, recipe })).toThrow(/task.recipe/);
  });

  it('RD22 refuses what does not fit into memory, and batches too small for multi-Krum', () => {
    const architecture = {
      name: 'tower',
      kind: 'attention',
      content: 64,
      width: 32,
      historyLength: 10,
    } as const;
    const d = parameterCount(architecture);
    const median = { name: 'experimental-median' } as const;
    expect(robustBytes(KRUM, 1000, 20)).toBe(4 * 20_000 + 8e6);
    const most = Math.floor(2 ** 29 / (4 * d));
    const limits = (maxReports: number) => ({ architecture, d, minReports: 100, maxReports });
    expect(() => decodeTask(withOne(median, limits(most)))).not.toThrow();
    expect(() => decodeTask(withOne(median, limits(most + 1)))).toThrow(/536870912 bytes/);
    const krum = [6733, 6734].map((n) => robustBytes(KRUM, n, d) - 2 ** 29);
    expect([Math.sign(krum[0] ?? 0), Math.sign(krum[1] ?? 0)]).toEqual([-1, 1]);
    expect(() => decodeTask(withOne(KRUM, limits(6734)))).toThrow(/536870912 bytes/);
    expect(() => decodeTask(withOne(KRUM, limits(6733)))).not.toThrow();
    const small = { minReports: 3, maxReports: 20 };
    expect(() => decodeTask(withOne({ ...KRUM, hostile: 0.17 }, small))).toThrow(/hostile/);
    expect(() => decodeTask(withOne({ ...KRUM, hostile: 0.16 }, small))).not.toThrow();
  });

  it('RD22 rows stand in ascending order of ids, however they arrived', async () => {
    const hash = 'ab'.repeat(32);
    const of = (id: number): Uint8Array => {
      const plain = { taskHash: hash, roundHash: hash, id, tier: 'local' } as const;
      return report({ ...plain, coordinates: Array.from({ length: task.d }, () => id) });
    };
    const read = (...groups: readonly (readonly number[])[]) =>
      rowsOf(task, KRUM, {
        count: 4,
        walk: async (visit) => {
          for (const group of groups) await visit(group.map(of));
        },
      });
    const hex = (id: number): string => Buffer.from(idBytes(id)).toString('hex');
    const ascending = [1, 2, 3, 4].sort((a, b) => (hex(a) < hex(b) ? -1 : 1));
    for (const rows of [await read([1, 2], [3, 4]), await read([4], [3, 1, 2])]) {
      expect(rows.map(([first]) => first)).toEqual(ascending);
      expect(rows.every((row) => row.length === task.d)).toBe(true);
    }
  });

  it('RD22 a batch beyond the bound is not read', async () => {
    const walk = async (): Promise<void> => {
      throw new Error('read');
    };
    const { record } = { record: task } as Signed<Task>;
    const count = 2 ** 28;
    await expect(rowsOf(record, KRUM, { count, walk })).rejects.toThrow(/bytes of this batch/);
    await expect(rowsOf(record, KRUM, { count: 10, walk })).rejects.toThrow('read');
  });
});
