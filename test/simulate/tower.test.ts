/** The attention tower (d = 5,616) through the same rooms: refused in `local`, trained in `test`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadOrCreateKey } from '../../aggregator/keys.ts';
import { type Aggregator, KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import { type TaskDraft, writeSite } from '../../aggregator/site.ts';
import { initialWeights } from '../../sdk/learn/initial.ts';
import type { Architecture } from '../../shared/model/architecture.ts';
import { LOCAL_DEFAULTS } from '../../shared/plan/defaults.ts';
import { sigmaOfEpsilon } from '../../shared/privacy/zcdp.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { makeShopper } from './behaviour.ts';
import { demoCatalogue, demoWorld } from './demo-world.ts';
import { openStreet, SimulatedShopper, type Street } from './shopper.ts';

const SITE = 'tower-shop';
const REPORTS = 6;

let folder: string;
let aggregator: Aggregator;
let street: Street;
let hashes: Readonly<Record<string, string>>;
let start: Float32Array;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrine-tower-'));
  const rootKey = await loadOrCreateKey(join(folder, 'root.key'));
  const dataDir = join(folder, 'aggregator');
  const { publicKey } = await loadOrCreateKey(join(dataDir, KEY_FILE));
  const catalogue = await demoCatalogue();
  const content = catalogue.catalogue.k;
  const architecture: Architecture = {
    name: 'tower',
    kind: 'attention',
    content,
    width: 24,
    historyLength: 10,
  };
  start = initialWeights(architecture, new ChaChaSource(new Uint8Array(32).fill(7)));
  const { epsilon, ...defaults } = LOCAL_DEFAULTS;
  const tower: TaskDraft = {
    ...defaults,
    name: 'tower',
    kind: 'train',
    tier: 'test',
    architecture,
    initialWeights: start,
    clipL2: 2,
    mechanism: { name: 'none' },
    separationMs: 1,
    quietMs: 0,
    minReports: REPORTS,
    maxReports: REPORTS,
    windowMs: 60_000,
    expiresAtMs: Date.now() + 86_400_000,
    label: 'test',
    recipe: {
      steps: 3,
      learningRate: 0.5,
      negatives: 20,
      maxExamples: 12,
      server: { name: 'fedavg', learningRate: 1, decayRounds: null },
    },
  };
  const local: TaskDraft = {
    ...tower,
    name: 'tower-local',
    tier: 'local',
    mechanism: { name: 'discrete-gaussian', sigma: sigmaOfEpsilon(epsilon, defaults.delta) },
    minReports: 1000,
    maxReports: 2000,
  };
  const written = await writeSite(dataDir, {
    site: SITE,
    budget: { epsilon: 20, delta: 1e-6 },
    segments: [],
    catalogue,
    rootKey,
    aggregatorKey: publicKey,
    tasks: [tower, local],
  });
  hashes = written.taskHashes;
  aggregator = await startAggregator({ dataDir, logger: () => undefined });
  street = await openStreet({
    endpoint: aggregator.url,
    site: SITE,
    trust: rootKey.publicKey,
    clock: { now: () => Date.now() },
    allowTestTier: true,
  });
}, 120_000);

afterAll(async () => {
  await aggregator?.close();
  await rm(folder, { recursive: true, force: true });
});

const arrive = (seed: string): Promise<SimulatedShopper> =>
  SimulatedShopper.arrive(street, makeShopper(demoWorld(), seed, Date.now()).events);

describe('the tower', () => {
  it('PR7 is refused in the local tier, with both figures, by shoppers in their thousands', async () => {
    const shopper = await arrive('local');
    const outcome = await shopper.contribute(hashes['tower-local'] as string);
    expect(outcome).toMatchObject({ state: 'skipped', reason: 'predicted-error' });
    const { detail } = outcome as { detail: string };
    expect(detail.match(/\d+(\.\d+)?/g)?.length).toBeGreaterThanOrEqual(2);
    expect(await shopper.db.readLedger()).toEqual([]);
  });

  it('PR28 trains in the test tier, and the aggregator publishes what they learned', async () => {
    const hash = hashes.tower as string;
    for (let i = 0; i < REPORTS; i++) {
      const shopper = await arrive(`test ${i}`);
      const outcome = await shopper.contribute(hash);
      if (outcome.state !== 'enqueued') throw new Error(`${outcome.reason} ${outcome.detail}`);
      expect(outcome.epsilon).toBe('none');
      expect(outcome.bytes).toBe(88 + 4 * start.length);
      expect(outcome.losses.at(-1)).toBeLessThan(outcome.losses[0] as number);
      await shopper.upload({ now: () => outcome.sendAtMs });
    }
    const auditor = await arrive('auditor');
    const task = await auditor.receiver.task(hash, 'rank');
    const end = Date.now() + 30_000;
    let head = await auditor.receiver.head(task, hash);
    while (head.modelVersion === 0 && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      head = await auditor.receiver.head(task, hash);
    }
    expect(head.modelVersion).toBe(1);
    expect(head.model).toMatchObject({ reports: REPORTS });
    const { weights } = await auditor.receiver.current(task, hash, head);
    const moved = weights.map((weight, i) => weight - (start[i] as number));
    const norm = Math.hypot(...moved);
    expect(norm).toBeGreaterThan(0.01);
    expect(norm).toBeLessThanOrEqual(task.clipL2 * 1.001);
  }, 120_000);
});
