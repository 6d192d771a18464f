/**
 * A gate with real noise: browsers run the SDK's own round against both servers, evaluate the
 * candidate and rank by what was admitted.
 */
import { describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { Database } from '../../sdk/database/database.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import { evaluate } from '../../sdk/measure/measure.ts';
import { fetchTransport } from '../../sdk/receive/fetch.ts';
import { Receiver } from '../../sdk/receive/receiver.ts';
import { catalogueLoader, runRound } from '../../sdk/round.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import type { MetricsArchitecture } from '../../shared/model/architecture.ts';
import { decodeCatalogue } from '../../shared/model/codec.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { CONSENT } from '../contract/database-values.ts';
import { catalogueBytes } from '../sdk/round-goods.ts';
import { entriesOf, entriesOfType, faultsOf } from './audited.ts';
import { openRound, post, ROOT_KEY, report, START_MS } from './fixture.ts';
import { qualityDraft, rankerDraft } from './gate-world.ts';
import { testRandom } from './simulated-disk.ts';
import { SplitWorld, seedOf } from './split-world.ts';

const BROWSERS = 80;
const ENDPOINT = 'http://127.0.0.1/vitrine';
/** Feature 9 of the wide ranker: the same brand as the last good. */
const SAME_BRAND = 9;
const ARCHITECTURE: MetricsArchitecture = {
  name: 'metrics',
  of: 'ranking',
  task: 'wide',
  historyLength: 10,
};

/** Looks at three goods, the last two of one brand. */
function history(random: () => number): ShopEvent[] {
  const pick = (n: number): number => Math.floor(random() * n);
  const last = pick(6);
  const next = (last + 2 * (1 + pick(2))) % 6;
  return [pick(6), last, next].map((item, i) => ({
    name: 'view_item',
    atMs: START_MS - 60_000 + 1000 * i,
    session: 1,
    items: [{ id: `item-${item}`, quantity: 1 }],
  }));
}

async function world(): Promise<SplitWorld> {
  const bytes = catalogueBytes();
  const { initialWeights, ...quality } = qualityDraft({
    mechanism: discreteGaussian(0.6893),
    minReports: BROWSERS,
    maxReports: BROWSERS,
    windowMs: 3_600_000,
  });
  const { name: _, tier: __, ...more } = quality;
  const split = await SplitWorld.prepared({ ...more, name: 'quality', initialWeights }, undefined, {
    tasks: [rankerDraft({ clipL2: 64, gate: { task: 'quality', sigmas: 1 } })],
    catalogue: { bytes, hash: await sha256Hex(bytes) },
  });
  await split.startHelper();
  await split.start();
  return split;
}

class Browsers {
  readonly events: ShopEvent[][] = [];
  readonly split: SplitWorld;

  constructor(split: SplitWorld) {
    this.split = split;
    const random = testRandom(5);
    for (let i = 0; i < BROWSERS; i++) this.events.push(history(random));
  }

  receiver(db: Database): Receiver {
    const { split } = this;
    const ask = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const path = String(input).slice(ENDPOINT.length);
      const body = init?.body as Uint8Array<ArrayBuffer> | undefined;
      if (body === undefined) return split.up.app.request(path);
      return post(split.up.app, new Uint8Array(body), { 'content-type': REPORT_CONTENT_TYPE });
    };
    return new Receiver({
      transport: fetchTransport(ENDPOINT, ask),
      db,
      trust: `${ROOT_KEY.publicKey} ${split.keys.status.identityKey}`,
      site: 'test shop',
      endpoint: ENDPOINT,
      maxEpsilon: 8,
      maxTotalEpsilon: 1000,
      allowTestTier: false,
      clock: { now: () => split.time.now },
    });
  }

  /** Everyone takes part in the open round of the evaluation. */
  async evaluate(turn: number): Promise<void> {
    const { app } = this.split.up;
    const catalogue = catalogueLoader();
    await this.split.cosigned();
    for (const [i, events] of this.events.entries()) {
      const db = memoryDatabase({ state: 'ready' });
      await db.setMeta('consent', CONSENT);
      await db.setMeta('epochStartMs', START_MS - 48 * 3_600_000);
      await db.appendEvents(events, { maxEvents: 100, maxAgeMs: 1e12 });
      const deps = {
        db,
        receiver: this.receiver(db),
        learner: {
          report: { backend: 'cpu', reason: '', tried: [] },
          dispose: () => undefined,
          train: () => Promise.reject(new Error('nothing is trained here')),
        } as const,
        source: new ChaChaSource(seedOf(`browser ${turn} ${i}`)),
        clock: { now: () => this.split.time.now },
        timer: { now: () => performance.now() },
        gpc: () => false,
        catalogue,
      };
      const silent = new AbortController().signal;
      const outcome = await runRound(deps, this.split.taskHash, () => undefined, silent);
      if (outcome.state !== 'enqueued') throw new Error(`${outcome.reason} ${outcome.detail}`);
      const [entry] = await db.readOutbox();
      expect((await post(app, Uint8Array.from(entry?.body ?? []))).status).toBe(201);
    }
    await this.split.settle();
  }

  /** The margin of these browsers without noise. */
  margin(weights: Float32Array): number {
    const catalogue = decodeCatalogue(catalogueBytes(), 'a'.repeat(64));
    const sums = [0, 0, 0, 0];
    for (const events of this.events) {
      const input = { events, catalogue, weights, nowMs: START_MS };
      for (const [i, one] of evaluate(ARCHITECTURE, input).entries())
        sums[i] = (sums[i] ?? 0) + one;
    }
    const [browsers = 0, , gain = 0, start = 0] = sums;
    return (gain - start) / browsers;
  }
}

/** Five browsers whose mean moves one weight by `delta`. */
async function train(split: SplitWorld, first: number, delta: number): Promise<void> {
  const { app } = split.up;
  const taskHash = split.hashes.wide as string;
  const roundHash = await openRound(app, taskHash);
  const coordinates = new Array<number>(11).fill(0);
  coordinates[SAME_BRAND] = Math.round((delta * 2 ** 16) / 64);
  for (let id = first; id < first + 5; id++) {
    const status = (await post(app, report({ taskHash, roundHash, id, coordinates }))).status;
    expect(status).toBe(201);
  }
  await split.settle();
}

describe('a gate with noise of browsers and both servers', () => {
  it('K11 K13 K14 admits a better version and refuses a worse one; browsers rank by the admitted', async () => {
    const split = await world();
    const browsers = new Browsers(split);
    const shopper = memoryDatabase({ state: 'ready' });
    const receiver = browsers.receiver(shopper);
    await receiver.site();
    const ranker = split.hashes.wide as string;
    const task = await receiver.task(ranker, 'rank');
    const ranks = async () => {
      await split.cosigned();
      return receiver.current(task, ranker, await receiver.head(task, ranker));
    };

    await train(split, 1, 4);
    expect((await ranks()).modelVersion).toBe(0);
    const before = (await ranks()).weights;
    await browsers.evaluate(1);
    const admitted = await ranks();
    expect(admitted.modelVersion).toBe(1);
    expect(admitted.weights[SAME_BRAND]).toBeCloseTo((before[SAME_BRAND] as number) + 4, 3);

    await train(split, 11, -40);
    expect((await ranks()).modelVersion).toBe(1);
    await browsers.evaluate(2);
    expect(await ranks()).toEqual(admitted);

    const verdicts = entriesOfType(split.disk, 'verdict').map(({ verdict }) => verdict.record);
    expect(verdicts.map((one) => one.admitted)).toEqual([true, false]);
    const worse = admitted.weights.slice();
    // The step of version 1 is 1/(1 + 1/4).
    worse[SAME_BRAND] = (worse[SAME_BRAND] as number) - 40 * 0.8;
    for (const [i, weights] of [admitted.weights, worse].entries()) {
      const quality = verdicts[i]?.quality;
      if (quality == null) throw new Error('no figure');
      const off = quality.margin - browsers.margin(weights);
      // Real noise: not nothing, and within what is stated of it.
      expect(Math.abs(off)).toBeGreaterThan(1e-4);
      expect(Math.abs(off)).toBeLessThan(5 * quality.deviation);
      expect(quality.deviation).toBeGreaterThan(0.01);
    }
    expect(await faultsOf(entriesOf(split.disk))).toEqual([]);
  }, 60_000);
});
