/** A campaign count the whole way: browsers, HTTP, aggregator, published sums (rules K3 to K7). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadOrCreateKey } from '../../aggregator/keys.ts';
import { type Aggregator, KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import { type TaskDraft, writeSite } from '../../aggregator/site.ts';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { itemSequence } from '../../sdk/features/sequence.ts';
import { measure } from '../../sdk/measure/measure.ts';
import { type Published, published } from '../../sdk/measure/published.ts';
import {
  type CountsArchitecture,
  parameterCount,
  WIDE_FEATURES,
} from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { LOCAL_DEFAULTS } from '../../shared/plan/defaults.ts';
import { sigmaOfEpsilon } from '../../shared/privacy/zcdp.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { chiSquaredInterval } from '../oracles/chi-squared.ts';
import { makeShopper } from './behaviour.ts';
import { CAMPAIGN, meetCampaign } from './campaign.ts';
import { demoCatalogue, demoWorld } from './demo-world.ts';
import { openStreet, SimulatedShopper, type Street } from './shopper.ts';

const SITE = 'campaign-shop';
const FEW = 40;
const MANY = 300;
const UNTIL = Date.UTC(2026, 5, 1);
const ARMS = ['glow', 'price'] as const;

const SHELVES: CountsArchitecture = {
  name: 'counts',
  statistic: { name: 'histogram', of: 'category', bins: 32 },
};

const { epsilon, ...defaults } = LOCAL_DEFAULTS;
const COMMON = {
  ...defaults,
  kind: 'measure',
  separationMs: 1,
  quietMs: 0,
  windowMs: 240_000,
  label: 'test',
  expiresAtMs: Date.now() + 86_400_000,
  recipe: { server: { name: 'release' } },
} as const;

const bare = (
  name: string,
  architecture: TaskDraft['architecture'],
  clipL2: number,
): TaskDraft => ({
  ...COMMON,
  name,
  architecture,
  clipL2,
  tier: 'test',
  mechanism: { name: 'none' },
  minReports: FEW,
  maxReports: FEW,
  initialWeights: new Float32Array(parameterCount(architecture)),
});

const local = (name: string, architecture: CountsArchitecture, clipL2: number): TaskDraft => ({
  ...bare(name, architecture, clipL2),
  tier: 'local',
  mechanism: { name: 'discrete-gaussian', sigma: sigmaOfEpsilon(epsilon, defaults.delta) },
  minReports: MANY,
  maxReports: MANY,
});

const TASKS: TaskDraft[] = [
  // With C = 2, an entry of 1 is a whole number of units, so that nothing is rounded.
  bare('bare', CAMPAIGN, 2),
  {
    ...bare('quality', { name: 'metrics', of: 'ranking', task: 'wide', historyLength: 10 }, 2),
    kind: 'evaluate',
  },
  local('campaign', CAMPAIGN, Math.SQRT2),
  local('shelves', SHELVES, 1),
  {
    ...bare('wide', { name: 'wide', historyLength: 10 }, 2),
    kind: 'train',
    initialWeights: WIDE_FEATURES.map(({ start }) => start),
    recipe: {
      steps: 1,
      learningRate: 1,
      negatives: 1,
      maxExamples: 1,
      server: { name: 'fedavg', learningRate: 1, decayRounds: null },
    },
  },
];

let folder: string;
let aggregator: Aggregator;
let street: Street;
let catalogue: Catalogue;
let hashes: Readonly<Record<string, string>>;
const shoppers: { readonly events: readonly ShopEvent[]; readonly shopper: SimulatedShopper }[] =
  [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrine-campaign-'));
  const rootKey = await loadOrCreateKey(join(folder, 'root.key'));
  const dataDir = join(folder, 'aggregator');
  const { publicKey } = await loadOrCreateKey(join(dataDir, KEY_FILE));
  const built = await demoCatalogue();
  catalogue = built.catalogue;
  const written = await writeSite(dataDir, {
    site: SITE,
    budget: { epsilon: 20, delta: 1e-6 },
    segments: [],
    catalogue: built,
    rootKey,
    aggregatorKey: publicKey,
    tasks: TASKS,
  });
  hashes = written.taskHashes;
  aggregator = await startAggregator({ dataDir, logger: () => undefined });
  const opened = await openStreet({
    endpoint: aggregator.url,
    site: SITE,
    trust: rootKey.publicKey,
    clock: { now: () => Date.now() },
    allowTestTier: true,
  });
  street = { ...opened, source: new ChaChaSource(new Uint8Array(32).fill(3)) };
  const world = demoWorld();
  for (let i = 0; i < MANY; i++) {
    const seed = `campaign ${i}`;
    // Every twentieth has never been here.
    const events = i % 20 === 0 ? [] : meetCampaign(makeShopper(world, seed, UNTIL).events, seed);
    shoppers.push({ events, shopper: await SimulatedShopper.arrive(street, events) });
  }
}, 60_000);

afterAll(async () => {
  street?.learner.dispose();
  await aggregator?.close();
  await rm(folder, { recursive: true, force: true });
});

/** One report of each of the first `count` shoppers, and what was published of them. */
async function release(name: string, count: number): Promise<Published> {
  const hash = hashes[name] as string;
  for (const { shopper } of shoppers.slice(0, count)) {
    const outcome = await shopper.contribute(hash);
    if (outcome.state !== 'enqueued') throw new Error(`${outcome.reason} ${outcome.detail}`);
    await shopper.upload({ now: () => outcome.sendAtMs });
  }
  const auditor = await SimulatedShopper.arrive(street, []);
  const task = await auditor.receiver.task(hash, 'rank');
  const end = Date.now() + 20_000;
  for (;;) {
    const head = await auditor.receiver.head(task, hash);
    if (head.modelVersion === 1) {
      const statistic = published(task, await auditor.receiver.current(task, hash, head));
      if (statistic === null) throw new Error('nothing was published');
      return statistic;
    }
    if (Date.now() > end) throw new Error(`${name} was not published in time`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Exposed and converted browsers by arm, counted on the histories themselves. */
function truth(count: number): number[] {
  const fortnight = 14 * 86_400_000;
  const counts = new Map<string, number>();
  for (const { events } of shoppers.slice(0, count)) {
    const exposures = events.filter(({ name }) => name === 'view_promotion');
    const [first] = exposures;
    if (first === undefined) continue;
    const converted = events
      .filter(({ name }) => name === 'purchase')
      .some(({ atMs }) =>
        exposures.some((one) => one.atMs <= atMs && atMs - one.atMs <= fortnight),
      );
    for (const [what, yes] of [
      ['exposed', true],
      ['converted', converted],
    ] as const) {
      const key = `${what}/${first.creative}`;
      if (yes) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return ARMS.flatMap((arm) => [
    counts.get(`exposed/${arm}`) ?? 0,
    counts.get(`converted/${arm}`) ?? 0,
  ]);
}

/** χ² of the errors over their predicted variance, inside its two-sided interval at 10⁻⁶. */
function expectPredicted({ entries, standardDeviation }: Published, sums: readonly number[]): void {
  const std = standardDeviation as number;
  const errors = entries.map(({ sum }, i) => (sum - (sums[i] as number)) / std);
  const statistic = errors.reduce((total, error) => total + error * error, 0);
  const [low, high] = chiSquaredInterval(errors.length, 1e-6);
  expect(statistic).toBeGreaterThan(low);
  expect(statistic).toBeLessThan(high);
}

describe('a campaign, the whole way', () => {
  it('K5 K6 without noise, the mean times n is the true count', async () => {
    const statistic = await release('bare', FEW);
    const sums = truth(FEW);
    expect(sums.every((count) => count > 0 && count < FEW)).toBe(true);
    expect(statistic).toMatchObject({
      task: 'bare',
      kind: 'measure',
      about: 'evening-light',
      version: 1,
      reports: FEW,
    });
    expect(statistic.entries.map(({ name, of }) => `${name} ${of}`)).toEqual(
      ARMS.flatMap((arm) => [`exposed ${arm}`, `converted ${arm}`]),
    );
    // float32 keeps 24 bits of the mean.
    for (const [i, { sum }] of statistic.entries.entries()) {
      expect(Math.abs(sum - (sums[i] as number))).toBeLessThan(FEW * 2 ** -24);
    }
  }, 60_000);

  it('K9 an evaluation of the untrained ranker: its own start is its equal', async () => {
    const { entries, reports } = await release('quality', FEW);
    const [browsers, hits, gain, start] = entries.map(({ sum }) => sum) as [
      number,
      number,
      number,
      number,
    ];
    expect(reports).toBe(FEW);
    const judged = shoppers
      .slice(0, FEW)
      .filter(({ events }) => itemSequence(events, catalogue).length >= 2).length;
    expect(Math.round(browsers)).toBe(judged);
    expect(hits).toBeGreaterThan(gain);
    expect(gain).toBeGreaterThan(0.05 * browsers);
    // Both are rounded by the same browser, each on its own: 2⁻¹⁵ at most for each report.
    expect(Math.abs(gain - start)).toBeLessThan(FEW * 2 ** -15);
  }, 60_000);

  it('K4 with noise, the error is the predicted one, and every report was charged', async () => {
    const statistic = await release('campaign', MANY);
    expectPredicted(statistic, truth(MANY));
    // √n·2σ·C at ε = 4 and δ = 10⁻⁶: what a shop can expect of three hundred browsers.
    expect(statistic.standardDeviation).toBeCloseTo(62.2, 0);
    const [first] = shoppers;
    const ledger = (await first?.shopper.db.readLedger()) ?? [];
    const entry = ledger.find(({ taskName }) => taskName === 'campaign');
    expect(entry?.epsilon).toBeCloseTo(epsilon, 6);
    const shelves = await release('shelves', MANY);
    const sums = new Float64Array(32);
    for (const { events } of shoppers) {
      for (const [i, share] of measure(SHELVES, events, catalogue).entries()) {
        sums[i] = (sums[i] as number) + share;
      }
    }
    expectPredicted(shelves, [...sums]);
  }, 120_000);
});
