/**
 * One population through the tiers `local`, `split` and `test`, with aggregator, helper and browsers
 * as processes of their own over HTTP; and what would be noticed if a part of the privacy were gone.
 */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKS, type CheckName, failuresOf } from './tiers/checks.ts';
import { MUTATIONS, mutate } from './tiers/mutations.ts';
import { TIERS } from './tiers/plan.ts';
import { copySource, ROOT, runTiers } from './tiers/world.ts';

let failures: ReadonlyMap<CheckName, string>;

beforeAll(async () => {
  failures = await failuresOf(await runTiers(ROOT, TIERS), TIERS);
}, 120_000);

describe('the tiers', () => {
  it.each(Object.keys(CHECKS) as CheckName[])('%s', (name) => {
    expect(failures.get(name)).toBeUndefined();
  });
});

describe('without', () => {
  let copy: string;
  beforeAll(async () => {
    copy = await copySource();
  });
  afterAll(() => rm(copy, { recursive: true, force: true }));

  it.each(MUTATIONS)(
    '$deletes: "$fails" fails',
    async (mutation) => {
      const restore = await mutate(copy, mutation);
      try {
        const found = await failuresOf(await runTiers(copy, [mutation.tier]), [mutation.tier]);
        expect([...found.keys()]).toContain(mutation.fails);
      } finally {
        await restore();
      }
    },
    60_000,
  );
});
