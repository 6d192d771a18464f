/** A shop whose shoppers go from every good to the same one of its neighbours, and its site with all the parts. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initKeys, loadKeyRing, signTask } from '../../aggregator/ceremony.ts';
import { startHelper } from '../../aggregator/helper.ts';
import { generateKey, saveKey } from '../../aggregator/keys.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import { budgetOf, type TaskDraft, writeSite } from '../../aggregator/site.ts';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { KnownTask } from '../../sdk/features/assemble.ts';
import { startWeights } from '../../sdk/features/wide.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { type Architecture, largestNorm, parameterCount } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { decodeCatalogue, encodeCatalogue } from '../../shared/model/codec.ts';
import type { RankerParts, RankerRecord } from '../../shared/model/parts.ts';
import type { SiteRecord } from '../../shared/protocol/task.ts';
import { SeededRandom } from './random.ts';
import { openStreet, SimulatedShopper, type Street } from './shopper.ts';

/** Nothing waits so long but on a machine with twenty others' work. */
const PATIENCE_MS = 240_000;
export interface PartsGoods {
  readonly catalogue: Catalogue;
  readonly bytes: Uint8Array;
  readonly hash: string;
}

/**
 * Groups of goods in a ring, alike inside a group; each good's neighbours are the `degree` − 1 after
 * it in its ring, which is three longer than that.
 */
export async function partsCatalogue(groups: number, degree: number): Promise<PartsGoods> {
  const size = degree + 3;
  const n = groups * size;
  const kinds = Math.min(groups, 6);
  const k = kinds + 2;
  const each = <T>(make: (group: number, place: number) => T): T[] =>
    Array.from({ length: n }, (_, i) => make(Math.floor(i / size), i % size));
  const vectors = new Float32Array(n * k);
  for (const [i, [group, turn]] of each(
    (g, at) => [g, (2 * Math.PI * at) / size] as const,
  ).entries()) {
    const row = [1, 0.5 * Math.cos(turn), 0.5 * Math.sin(turn)].map(
      (one) => one / Math.hypot(1, 0.5),
    );
    vectors[i * k + (group % kinds)] = row[0] as number;
    vectors.set(row.slice(1), i * k + kinds);
  }
  const words = {
    starts: Uint32Array.from({ length: n + 1 }, (_, i) => i),
    columns: Uint32Array.from(each((group) => group)),
    values: new Float32Array(n).fill(1),
    width: groups,
  };
  const after = (group: number, place: number): number[] =>
    Array.from({ length: degree }, (_, one) => group * size + ((place + one) % size));
  const bytes = encodeCatalogue({
    ...{ ids: each((group, place) => `good-${group}-${place}`), vectors, k },
    ...{ title: words, text: words, brand: new Int32Array(n).fill(-1), brands: [] },
    ...{
      category: Int32Array.from(each((group) => group)),
      categories: Array.from({ length: groups }, (_, group) => `group ${group}`),
    },
    ...{ priceCents: new Int32Array(n).fill(1000), priceBand: new Int8Array(n).fill(2) },
    ...{ graph: Uint32Array.from(each(after).flat()), degree },
  });
  const hash = await sha256Hex(bytes);
  return { catalogue: decodeCatalogue(bytes, hash), bytes, hash };
}

/**
 * Everybody sees the first ring, as one sees a front page, and then goes six looks from each good to
 * the third after it, now and then anywhere: what is popular is not what comes next.
 */
export function walk(catalogue: Catalogue, seed: string, nowMs: number): ShopEvent[] {
  const random = new SeededRandom(seed);
  const { ids, graph, degree } = catalogue;
  const front = degree + 3;
  const anywhere = (): number => front + random.below(ids.length - front);
  const seen = Array.from({ length: front }, (_, place) => place);
  for (let look = 0, at = anywhere(); look < 6; look++) {
    seen.push(at);
    at = random.uniform() < 0.1 ? anywhere() : (graph[at * degree + 3] as number);
  }
  return seen.map((item, i) => ({
    name: 'view_item',
    atMs: nowMs - 3_600_000 + 60_000 * i,
    session: 1,
    items: [{ id: ids[item] as string, quantity: 1 }],
  }));
}

export interface PartsPlan {
  readonly tier: 'test' | 'split';
  readonly shoppers: number;
  readonly sigma: number;
  readonly ranker?: RankerRecord;
  readonly parts: RankerParts;
  /** Of the tasks below; all of them by default. */
  readonly tasks?: readonly string[];
}

export const WIDE: Architecture = { name: 'wide', historyLength: 10 };

function draftsOf(
  { tier, shoppers, sigma, parts, tasks }: PartsPlan,
  { catalogue }: PartsGoods,
  helper: TaskDraft['helper'],
): TaskDraft[] {
  const n = catalogue.ids.length;
  const edges = n * catalogue.degree;
  const counts = (statistic: object): Architecture =>
    ({ name: 'counts', statistic }) as Architecture;
  const draft = (name: string, kind: TaskDraft['kind'], architecture: Architecture): TaskDraft => ({
    ...{ name, kind, tier, architecture, scaleBits: 16, delta: 1e-6 },
    mechanism: tier === 'test' ? { name: 'none' } : { name: 'discrete-gaussian', sigma },
    clipL2: kind === 'train' ? 2 : largestNorm(architecture),
    initialWeights:
      kind === 'train' ? startWeights() : new Float32Array(parameterCount(architecture)),
    recipe:
      kind === 'train'
        ? {
            ...{ steps: 2, learningRate: 1, negatives: 10, maxExamples: 20 },
            server: { name: 'fedavg', learningRate: 1, decayRounds: null },
          }
        : { server: { name: 'release' } },
    ...{ participations: 1, separationMs: 0, quietMs: 0, coin: 65_536 },
    ...{ minReports: shoppers, maxReports: shoppers, windowMs: 900_000 },
    expiresAtMs: Date.now() + 86_400_000,
    label: 'parts of the ranker',
    ...(helper && { helper }),
  });
  return [
    draft('wide', 'train', WIDE),
    draft('goods', 'measure', counts({ name: 'items', items: n })),
    draft('pairs', 'measure', counts({ name: 'graph-pairs', edges, gaps: 3 })),
    draft('parts', 'evaluate', {
      ...{ name: 'metrics', of: 'parts', task: 'wide', historyLength: 10 },
      parts,
    }),
  ].filter(({ name }) => tasks?.includes(name) ?? true);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export class PartsWorld {
  readonly built: PartsGoods;
  readonly street: Street;
  readonly hashes: Readonly<Record<string, string>>;
  readonly shoppers: SimulatedShopper[] = [];
  readonly #close: () => Promise<void>;

  private constructor(
    built: PartsGoods,
    street: Street,
    hashes: Readonly<Record<string, string>>,
    close: () => Promise<void>,
  ) {
    this.built = built;
    this.street = street;
    this.hashes = hashes;
    this.#close = close;
  }

  /** The servers of the tier over loopback, and shoppers with their histories. */
  static async started(built: PartsGoods, plan: PartsPlan): Promise<PartsWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'vitrine-parts-'));
    const [dataDir, keysDir] = [join(folder, 'aggregator'), join(folder, 'keys')];
    const [rootKey, aggregatorKey] = [generateKey(), generateKey()];
    await saveKey(join(dataDir, KEY_FILE), aggregatorKey);
    const ring = plan.tier === 'split' ? await initKeys(keysDir) : null;
    const tasks = draftsOf(plan, built, ring?.status);
    const { taskHashes } = await writeSite(dataDir, {
      ...{ site: 'parts', segments: [], catalogue: built, rootKey, tasks },
      budget: plan.tier === 'test' ? { epsilon: 1, delta: 1e-6 } : budgetOf(tasks, 1e-6),
      aggregatorKey: aggregatorKey.publicKey,
      ...(plan.ranker && { ranker: plan.ranker }),
      cosign: async (task) => signTask(task, await loadKeyRing(keysDir)),
    });
    const port = await freePort();
    const trust = rootKey.publicKey;
    const helperUrl = `http://127.0.0.1:${port}`;
    const aggregator = await startAggregator({
      ...{ dataDir, logger: silentLogger },
      ...(ring && { helper: { url: helperUrl } }),
    });
    // Second: it begins by reading the log.
    const helper =
      ring &&
      (await startHelper({
        ...{ dataDir: join(folder, 'helper'), keysDir, aggregatorUrl: aggregator.url, trust, port },
        logger: silentLogger,
      }));
    const street = await openStreet({
      ...{ endpoint: aggregator.url, site: 'parts', clock: Date, allowTestTier: true },
      trust: ring === null ? trust : `${trust} ${ring.signer.publicKey}`,
      maxEpsilon: 1e4,
    });
    const world = new PartsWorld(built, street, taskHashes, async () => {
      street.learner.dispose();
      await aggregator.close();
      await helper?.close();
      rmSync(folder, { recursive: true, force: true });
    });
    for (let i = 0; i < plan.shoppers; i++) {
      const history = walk(built.catalogue, `shopper ${i}`, Date.now());
      world.shoppers.push(await SimulatedShopper.arrive(street, history));
    }
    return world;
  }

  /** Every shopper reports to this task, and its round is published. */
  async round(name: string): Promise<void> {
    const hash = this.hashes[name] as string;
    const deadline = Date.now() + PATIENCE_MS;
    const pause = async (): Promise<void> => {
      if (Date.now() > deadline) throw new Error(`${name}: not in time`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    for (const shopper of this.shoppers) {
      let outcome = await shopper.contribute(hash);
      // The helper cosigns a little later, and a version is published a little later.
      while (outcome.state === 'skipped' && outcome.reason === 'not-in-log') {
        await pause();
        outcome = await shopper.contribute(hash);
      }
      if (outcome.state === 'skipped') throw new Error(`${outcome.reason} ${outcome.detail}`);
      const { sendAtMs } = outcome;
      const { sent } = await shopper.upload({ now: () => sendAtMs });
      if (sent !== 1) throw new Error(`${name}: a report was not taken`);
    }
    const { receiver } = this.shoppers[0] as SimulatedShopper;
    const task = await receiver.task(hash, 'rank');
    while ((await receiver.head(task, hash)).modelVersion === 0) await pause();
  }

  /** What a browser that has just come knows of the site, verified by the usual path. */
  async visit(): Promise<{ site: SiteRecord; known: Map<string, KnownTask> }> {
    const { receiver } = await SimulatedShopper.arrive(this.street, []);
    const site = await receiver.site();
    const known = new Map<string, KnownTask>();
    for (const { name, hash } of site.tasks) {
      const task = await receiver.task(hash, 'rank');
      const model = await receiver.current(task, hash, await receiver.head(task, hash));
      known.set(name, { hash, task, model });
    }
    return { site, known };
  }

  close(): Promise<void> {
    return this.#close();
  }
}
