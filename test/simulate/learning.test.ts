import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltCatalogue } from '../../aggregator/catalogue/build.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { type Aggregator, startAggregator } from '../../aggregator/main.ts';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { indexOf, itemSequence } from '../../sdk/features/sequence.ts';
import { startWeights } from '../../sdk/features/wide.ts';
import { pairedBootstrap } from '../../shared/model/metrics/resample.ts';
import { holdOutLast, makeShopper, shuffledHistories } from './behaviour.ts';
import { Crowd } from './crowd.ts';
import type { EvaluationRow } from './dataset.ts';
import { demoCatalogue, demoWorld } from './demo-world.ts';
import { rankRows } from './evaluate.ts';
import {
  awaitVersion,
  cohorts,
  type FederationPlan,
  serverStatus,
  WIDE,
  writeExperiment,
} from './federation.ts';
import { meanQuality } from './metrics.ts';
import { openStreet } from './shopper.ts';

const UNTIL = Date.UTC(2026, 5, 1);
const SEEDS = ['first', 'second', 'third'];
const SHOPPERS = 600;
const FRESH = 1500;

const plan: FederationPlan = {
  rounds: 4,
  cohort: 300,
  participations: 2,
  epsilon: 8,
  delta: 1e-6,
  clipL2: 2,
  steps: 3,
  learningRate: 1,
  negatives: 40,
  serverRate: 1,
  separationMs: 200,
  quietMs: 200,
};

describe('learning is real', () => {
  const world = demoWorld();
  let built: BuiltCatalogue;
  const folders: string[] = [];

  beforeAll(async () => {
    built = await demoCatalogue();
  });
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const histories = (seed: string, count: number): (readonly ShopEvent[])[] =>
    Array.from({ length: count }, (_, i) => makeShopper(world, `${seed}/${i}`, UNTIL).events);

  /** Held-out next looks of shoppers who never take part. */
  function fresh(seed: string): EvaluationRow[] {
    const index = indexOf(built.catalogue);
    return histories(`${seed}/fresh`, FRESH).flatMap((events) => {
      const held = holdOutLast(events);
      const target = held === null ? undefined : index.get(held.targetId);
      if (held === null || target === undefined) return [];
      return [{ history: itemSequence(held.history, built.catalogue), target }];
    });
  }

  /** The published weights after `plan.rounds` rounds of these shoppers. */
  async function federate(seed: string, crowdOf: readonly (readonly ShopEvent[])[]) {
    const folder = mkdtempSync(join(tmpdir(), 'vitrine-learning-'));
    folders.push(folder);
    const site = await writeExperiment(folder, built, plan, startWeights());
    const aggregator: Aggregator = await startAggregator({
      dataDir: site.folder,
      logger: silentLogger,
    });
    try {
      const { site: name, trust, taskHash } = site;
      const endpoint = aggregator.url;
      const street = await openStreet({ endpoint, site: name, trust, clock: Date });
      const crowd = new Crowd(street);
      for (const [id, history] of crowdOf.entries()) await crowd.arrive(id, history);
      let weights = startWeights();
      for (const [round, ids] of cohorts(crowdOf.length, plan, seed).entries()) {
        const result = await crowd.round(taskHash, ids);
        expect(result).toMatchObject({ sent: plan.cohort, missed: {} });
        weights = await awaitVersion(endpoint, taskHash, round + 1, 20_000);
      }
      const audit = await crowd.audit({ taskHash, ...plan });
      expect(audit.violations).toEqual([]);
      expect(audit.charges).toBe((await serverStatus(endpoint)).reports.accepted);
      street.learner.dispose();
      return weights;
    } finally {
      await aggregator.close();
    }
  }

  const gains = (weights: Float32Array, rows: readonly EvaluationRow[]): number[] =>
    rankRows(built.catalogue, weights, rows, {
      historyLength: WIDE.historyLength,
      withoutLast: true,
    }).map(({ gain }) => gain);

  it.each(SEEDS)(
    'the published model beats the untrained ranker on fresh shoppers, shuffled histories do not: %s',
    async (seed) => {
      const rows = fresh(seed);
      expect(rows.length).toBeGreaterThanOrEqual(500);
      const untrained = gains(startWeights(), rows);
      const shoppers = histories(seed, SHOPPERS);

      const trained = gains(await federate(seed, shoppers), rows);
      const better = pairedBootstrap(trained, untrained, 2000, 0);
      expect(better.low).toBeGreaterThan(0);

      const control = gains(await federate(seed, shuffledHistories(shoppers, seed)), rows);
      const noBetter = pairedBootstrap(control, untrained, 2000, 0);
      expect(noBetter.low).toBeLessThanOrEqual(0);

      const quality = (values: readonly number[]): number =>
        meanQuality(values.map((gain) => ({ hit: 0, gain }))).ndcg10;
      console.log(
        `${seed}: NDCG@10 untrained ${quality(untrained).toFixed(2)}, ` +
          `published ${quality(trained).toFixed(2)}, control ${quality(control).toFixed(2)}`,
      );
    },
    300_000,
  );
});
