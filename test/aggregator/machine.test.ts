/** The state machine of the rounds against a model of what it promises, under any interleaving. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HelperKeyRing } from '../../aggregator/ceremony.ts';
import { report } from './fixture.ts';
import { keyRing } from './helper-parts.ts';
import { Machine, type Tier } from './machine.ts';
import { SplitWorld, splitReport, zOf } from './split-world.ts';

let keys: HelperKeyRing | null = null;

const RECIPE = {
  steps: 1,
  learningRate: 0.1,
  negatives: 0,
  maxExamples: 100,
  server: { name: 'fedavg', learningRate: 1, decayRounds: null },
} as const;

const SPLIT: Tier = {
  helper: true,
  prepare: async () => {
    keys ??= await keyRing();
    return SplitWorld.prepared({ recipe: RECIPE }, keys);
  },
  body: (world, round, id, bad) => splitReport(world.task, [world.taskHash, round], id, !bad),
};

/** One server and no noise: the mean itself can be compared. */
const ALONE: Tier = {
  helper: false,
  prepare: async () => {
    keys ??= await keyRing();
    return SplitWorld.prepared(
      { tier: 'test', mechanism: { name: 'none' }, helper: undefined, recipe: RECIPE },
      keys,
    );
  },
  body: async ({ taskHash }, roundHash, id) =>
    report({ taskHash, roundHash, id, coordinates: [...zOf(id)] }),
};

/** What may happen next. */
type Step =
  | { readonly name: 'send'; readonly bad: boolean }
  | { readonly name: 'burst'; readonly reports: number }
  | { readonly name: 'again' | 'conflict'; readonly which: number }
  | { readonly name: 'pass'; readonly ms: number }
  | { readonly name: 'crash' | 'helperCrash'; readonly points: number }
  | { readonly name: 'wire'; readonly works: boolean }
  | { readonly name: 'helperStarts' };

const which = fc.nat(40);
const points = fc.integer({ min: 1, max: 40 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      name: fc.constant('send' as const),
      bad: fc.oneof(
        { weight: 5, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      name: fc.constant('burst' as const),
      reports: fc.integer({ min: 2, max: 7 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('again' as const), which }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('conflict' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      name: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 1000, 5000, 30_000, 60_000, 125_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('crash' as const), points }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('helperCrash' as const), points }) },
  {
    weight: 1,
    arbitrary: fc.record({ name: fc.constant('wire' as const), works: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ name: 'helperStarts' as const }) },
);

async function take(machine: Machine, one: Step): Promise<void> {
  if (one.name === 'send') await machine.send(one.bad);
  else if (one.name === 'burst') await machine.burst(one.reports);
  else if (one.name === 'again') await machine.again(one.which);
  else if (one.name === 'conflict') await machine.conflict(one.which);
  else if (one.name === 'pass') await machine.pass(one.ms);
  else if (one.name === 'crash') machine.crashIn(one.points, 'aggregator');
  else if (one.name === 'helperCrash') machine.crashIn(one.points, 'helper');
  else if (one.name === 'wire') machine.wire(one.works);
  else await machine.helperStarts();
}

interface Total {
  crashes: number;
  published: number;
  abandoned: number;
}

/** @returns what happened in all runs together. */
async function play(tier: Tier, numRuns: number): Promise<Total> {
  const total: Total = { crashes: 0, published: 0, abandoned: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.nat(),
      async (steps, seed) => {
        const machine = await Machine.start(tier, seed);
        for (const one of steps) await take(machine, one);
        const { published, abandoned } = await machine.check();
        total.crashes += machine.crashes;
        total.published += published;
        total.abandoned += abandoned;
      },
    ),
    { numRuns },
  );
  return total;
}

describe('rounds, whatever comes in whatever order', () => {
  it('RD3 RD4 RD6 RD8 one server that crashes: the mean is of what was acknowledged', async () => {
    const total = await play(ALONE, 25);
    expect(Math.min(total.crashes, total.published, total.abandoned)).toBeGreaterThan(5);
  }, 120_000);

  it('RD3 RD4 RD8 RD14 RD16 RD17 two servers that crash, and a wire that is down', async () => {
    const total = await play(SPLIT, 25);
    expect(Math.min(total.crashes, total.published, total.abandoned)).toBeGreaterThan(5);
  }, 120_000);
});
