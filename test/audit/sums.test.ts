/**
 * Opened sums that no honest batch has (RD18), and optimisers with state (RD21), before the auditor.
 * Servers that lie about a sum are made here: they look away, or see what is not there.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TaskDraft } from '../../aggregator/site.ts';
import type { ServerOptimizer } from '../../shared/model/recipe.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { SignedTask, TaskHead } from '../../shared/protocol/task.ts';
import { draft } from '../aggregator/fixture.ts';
import { D, splitReport } from '../aggregator/split-world.ts';
import { audited, localWorld, splitWorld, type World } from './world.ts';

/** What the aggregator sees of a sum; the auditor has eyes of its own. */
const eyes = vi.hoisted((): { see: 'truly' | 'nothing' | 'ghosts' } => ({ see: 'truly' }));

vi.mock('../../shared/field/opened.ts', async (original) => {
  const real = await original<typeof import('../../shared/field/opened.ts')>();
  const excessOf: typeof real.excessOf = (...of) => {
    if (eyes.see === 'truly') return real.excessOf(...of);
    return eyes.see === 'nothing' ? null : { coordinates: 1, norm: true };
  };
  return { ...real, excessOf };
});

const N = 5;
const ADAM: ServerOptimizer = {
  name: 'fedadam',
  learningRate: 0.1,
  decayRounds: 4,
  beta1: 0.9,
  beta2: 0.99,
  tau: 0.01,
};

/** A training task that an auditor may report to. */
function training(server: ServerOptimizer): Partial<TaskDraft> {
  const { kind, architecture, recipe, initialWeights } = draft('audit-training', D);
  return {
    ...{ name: 'audit-training', kind, architecture, initialWeights, scaleBits: 16 },
    ...{ minReports: 3, maxReports: N, recipe: { ...recipe, server } as TaskDraft['recipe'] },
  };
}

/** Fills the open round; `more` is what the last report says too much. Waits for the outcome. */
async function fill({ url, dataDir, taskHashes }: World, ids: number, more = 0): Promise<void> {
  const taskHash = taskHashes['audit-training'] as string;
  const text = await readFile(join(dataDir, 'tasks', `${taskHash}.json`), 'utf8');
  const { record: task } = JSON.parse(text) as SignedTask;
  const headOf = async (): Promise<TaskHead> =>
    (await (await fetch(url + PATHS.head(taskHash))).json()) as TaskHead;
  await expect.poll(async () => (await headOf()).round, { timeout: 10_000 }).not.toBeNull();
  const round = (await headOf()).round?.record;
  if (round === undefined) throw new Error('no round is open');
  const roundHash = await recordHash(round);
  for (let i = 0; i < N; i++) {
    const last = i === N - 1 ? more : 0;
    const body = await splitReport(task, [taskHash, roundHash], ids + i, true, last);
    const headers = { 'content-type': REPORT_CONTENT_TYPE };
    const post = { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> };
    expect((await fetch(url + PATHS.reports, post)).status).toBe(201);
  }
  const ended = async (): Promise<number> =>
    (await fetch(url + PATHS.round(taskHash, round.round))).status;
  await expect.poll(ended, { timeout: 10_000 }).toBe(200);
}

describe('two servers, an optimiser with state', () => {
  let world: World;

  beforeAll(async () => {
    world = await splitWorld(training(ADAM));
  });

  afterAll(() => world?.close());

  it('PR52 RD21 every version is computed again, over a batch that was rejected (RD18)', async () => {
    await fill(world, 100);
    await fill(world, 200, 2 ** 30);
    await fill(world, 300);
    const { failed, outcome, checks } = await audited(world);
    expect(failed).toEqual([]);
    expect(outcome('opened-sums')).toBe('pass');
    const models = checks.find(({ name }) => name === 'model-bytes');
    expect(models?.figures.recomputed).toBe(2);
    const chain = checks.find(({ name }) => name === 'round-chain');
    expect(chain?.figures).toMatchObject({ published: 2, abandoned: 1 });
    const known = await audited(world, '--known-input', '--rounds', '2');
    expect(known.failed).toEqual([]);
    const after = known.checks.find(({ name }) => name === 'model-bytes');
    expect(after?.figures.recomputed).toBe(4);
  });

  it('PR52 RD18 a poisoned sum that was averaged is named', async () => {
    eyes.see = 'nothing';
    await fill(world, 400, 2 ** 30);
    eyes.see = 'truly';
    const { failed, text } = await audited(world);
    expect(failed).toEqual(['opened-sums']);
    expect(text).toContain('averaged, though no honest batch has its sum');
  });
});

describe('two servers, and an aggregator that throws batches away', () => {
  it('PR52 RD18 an honest sum that was rejected is named', async () => {
    const world = await splitWorld(
      training({ name: 'fedavg', learningRate: 1, decayRounds: null }),
    );
    try {
      eyes.see = 'ghosts';
      await fill(world, 500);
      eyes.see = 'truly';
      const { failed, text } = await audited(world);
      expect(failed).toEqual(['opened-sums']);
      expect(text).toContain('rejected, though its sum may be honest');
    } finally {
      eyes.see = 'truly';
      await world.close();
    }
  });
});

describe('one server, an optimiser with state', () => {
  it('PR53 RD21 the exact sum of the auditor’s own rounds from the first on', async () => {
    const own = draft('audit-own', 28, { tier: 'local', mechanism: discreteGaussian(2) });
    const recipe = { ...own.recipe, server: ADAM } as TaskDraft['recipe'];
    const world = await localWorld([{ ...own, recipe }]);
    try {
      const flags = ['--known-input', '--task', 'audit-own', '--rounds', '3'];
      const { failed, checks } = await audited(world, ...flags);
      expect(failed).toEqual([]);
      const exact = checks.find(({ name }) => name === 'exact-sum');
      expect([exact?.outcome, exact?.detail]).toEqual(['pass', '3 versions, equal in every bit']);
      // What the optimiser remembers of before cannot be known from outside: nothing is claimed.
      expect((await audited(world, ...flags)).outcome('exact-sum')).toBe('skipped');
    } finally {
      await world.close();
    }
  });

  it('PR53 RD22 a robust statistic is no sum', async () => {
    const own = draft('audit-own', 28, { tier: 'local', mechanism: discreteGaussian(2) });
    const aggregate = { name: 'experimental-median' } as const;
    const recipe = { ...own.recipe, aggregate } as TaskDraft['recipe'];
    const world = await localWorld([{ ...own, recipe }]);
    try {
      const flags = ['--known-input', '--task', 'audit-own', '--rounds', '1'];
      const { failed, outcome } = await audited(world, ...flags);
      expect([failed, outcome('exact-sum')]).toEqual([[], 'skipped']);
    } finally {
      await world.close();
    }
  });
});
