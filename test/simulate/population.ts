/**
 * The demo's population, a process: shoppers arrive with fresh profiles, come by now and then, take
 * part while their caps allow, and leave. Each goes through the SDK's own rooms (`shopper.ts`);
 * rounds are told as they close, with the published models' quality on shoppers who never take part.
 */
import { parseArgs } from 'node:util';
import { joinValues } from '../../aggregator/flags.ts';
import { headExamples } from '../../sdk/features/heads.ts';
import { indexOf, itemSequence } from '../../sdk/features/sequence.ts';
import { startWeights } from '../../sdk/features/wide.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { INTENT } from '../../shared/model/heads/intent.ts';
import { auc } from '../../shared/model/metrics/binary.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS, type ServerStatus } from '../../shared/protocol/paths.ts';
import { decodeHead } from '../../shared/protocol/records.ts';
import { holdOutLast, makeShopper } from './behaviour.ts';
import { countWords, meetCampaign } from './campaign.ts';
import type { EvaluationRow } from './dataset.ts';
import { HISTORY_LENGTH } from './demo-site.ts';
import { demoWorld } from './demo-world.ts';
import { rankRows } from './evaluate.ts';
import { serverStatus } from './federation.ts';
import { meanQuality } from './metrics.ts';
import { SeededRandom } from './random.ts';
import { openStreet, SimulatedShopper, type Street } from './shopper.ts';
import type { World } from './world.ts';

/** Between two visits of one shopper. */
const VISIT_MS = { least: 8_000, more: 14_000 };
/** After a client round the process sleeps twice as long, at most this: the page comes first. */
const LONGEST_REST_MS = 60;
const WATCH_MS = 1_000;
const FRESH_SHOPPERS = 600;

/** Sent to the launcher with every version of the ranker. */
export interface Told {
  readonly quality: {
    readonly version: number;
    /** NDCG@10 in percent on held-out looks of shoppers who never take part. */
    readonly trained: number;
    readonly untrained: number;
  };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Offer {
  readonly hash: string;
  readonly participations: number;
}

interface Visitor {
  readonly shopper: SimulatedShopper;
  /** Reports made, by task. */
  readonly made: Map<string, number>;
  readonly spent: Set<string>;
  nextVisitMs: number;
  /** When the next report of its outbox is due, or null. */
  uploadMs: number | null;
}

class Population {
  readonly #street: Street;
  readonly #world: World;
  readonly #tasks: readonly Offer[];
  readonly #seed: string;
  readonly #random: SeededRandom;
  readonly #visitors = new Set<Visitor>();
  #arrivals = 0;
  #troubled = '';

  constructor(street: Street, world: World, tasks: readonly Offer[], seed: string) {
    this.#street = street;
    this.#world = world;
    this.#tasks = tasks;
    this.#seed = seed;
    this.#random = new SeededRandom(`population/${seed}`);
  }

  /**
   * Never returns: keeps `count` shoppers present who may still take part in every task, one of
   * them doing something at a time.
   */
  async live(count: number): Promise<never> {
    for (;;) {
      const started = performance.now();
      const busy = await this.#step(count);
      const worked = performance.now() - started;
      const rest = busy ? Math.min(LONGEST_REST_MS, 2 * worked) : LONGEST_REST_MS;
      await sleep(rest);
    }
  }

  async #step(count: number): Promise<boolean> {
    const now = this.#street.clock.now();
    for (const visitor of this.#visitors) {
      if (visitor.uploadMs !== null && visitor.uploadMs <= now) {
        visitor.uploadMs = (await visitor.shopper.upload()).nextAtMs;
        return true;
      }
    }
    for (const visitor of this.#visitors) {
      if (visitor.nextVisitMs <= now) {
        await this.#visit(visitor);
        return true;
      }
    }
    const fresh = [...this.#visitors].filter(({ spent }) => spent.size === 0).length;
    if (fresh >= count) return false;
    await this.#arrive();
    return true;
  }

  async #arrive(): Promise<void> {
    const now = this.#street.clock.now();
    const seed = `${this.#seed}/${this.#arrivals++}`;
    const events = meetCampaign(makeShopper(this.#world, seed, now).events, seed);
    const shopper = await SimulatedShopper.arrive(this.#street, events);
    const nextVisitMs = now + 5_000 + this.#random.below(6_000);
    this.#visitors.add({
      shopper,
      made: new Map(),
      spent: new Set(),
      nextVisitMs,
      uploadMs: null,
    });
  }

  async #visit(visitor: Visitor): Promise<void> {
    const { least, more } = VISIT_MS;
    visitor.nextVisitMs = this.#street.clock.now() + least + this.#random.below(more);
    for (const { hash, participations } of this.#tasks) {
      if (visitor.spent.has(hash)) continue;
      const outcome = await visitor.shopper.contribute(hash);
      if (outcome.state === 'enqueued') {
        const made = (visitor.made.get(hash) ?? 0) + 1;
        visitor.made.set(hash, made);
        if (made === participations) visitor.spent.add(hash);
        visitor.uploadMs = Math.min(visitor.uploadMs ?? Number.POSITIVE_INFINITY, outcome.sendAtMs);
      } else if (outcome.reason === 'cap-spent' || outcome.reason === 'budget-spent') {
        visitor.spent.add(hash);
      } else this.#tell(outcome.reason, outcome.detail);
    }
    const over = visitor.spent.size === this.#tasks.length && visitor.uploadMs === null;
    if (!over) return;
    this.#visitors.delete(visitor);
    await visitor.shopper.db.erase();
  }

  /** Reasons that are not part of an ordinary visit, once each. */
  #tell(reason: string, detail: string): void {
    const ordinary = ['quiet-period', 'separation', 'already-in-round', 'no-round', 'round-closed'];
    if (ordinary.includes(reason) || reason === this.#troubled) return;
    this.#troubled = reason;
    console.log(`simulated shoppers do not take part: ${reason} ${detail}`);
  }
}

/** Quality of published weights on shoppers who never take part. */
class Judge {
  readonly #catalogue: Catalogue;
  readonly #rows: readonly EvaluationRow[];
  readonly #sessions: readonly ReturnType<typeof headExamples>[];
  readonly untrained: number;

  constructor(catalogue: Catalogue, world: World, seed: string, nowMs: number) {
    this.#catalogue = catalogue;
    const fresh = Array.from(
      { length: FRESH_SHOPPERS },
      (_, i) => makeShopper(world, `${seed}/fresh/${i}`, nowMs).events,
    );
    const index = indexOf(catalogue);
    this.#rows = fresh.flatMap((events) => {
      const held = holdOutLast(events);
      const target = held === null ? undefined : index.get(held.targetId);
      if (held === null || target === undefined) return [];
      return [{ history: itemSequence(held.history, catalogue), target }];
    });
    this.#sessions = fresh.map((events) =>
      headExamples(INTENT.architecture, events, catalogue, 30, events.at(-1)?.atMs ?? 0),
    );
    this.untrained = this.ndcg(startWeights());
  }

  /** NDCG@10 in percent. */
  ndcg(weights: Float32Array): number {
    const options = { historyLength: HISTORY_LENGTH, withoutLast: true };
    return meanQuality(rankRows(this.#catalogue, weights, this.#rows, options)).ndcg10;
  }

  /** Area under the curve of the purchase-intention head, in percent. */
  intentAuc(weights: Float32Array): number {
    const scores: number[] = [];
    const labels: number[] = [];
    for (const { features, labels: truth, examples, width } of this.#sessions) {
      for (let e = 0; e < examples; e++) {
        let score = weights[width] as number;
        for (let i = 0; i < width; i++) {
          score += (weights[i] as number) * (features[e * width + i] as number);
        }
        scores.push(score);
        labels.push(truth[e] as number);
      }
    }
    return 100 * auc(scores, labels);
  }
}

type TaskState = ServerStatus['tasks'][number];

/** Tells of every round that closes. */
class Watch {
  readonly #endpoint: string;
  readonly #judge: Judge;
  readonly #rounds = new Map<string, number>();

  constructor(endpoint: string, judge: Judge) {
    this.#endpoint = endpoint;
    this.#judge = judge;
  }

  async look(): Promise<void> {
    for (const task of (await serverStatus(this.#endpoint)).tasks) {
      const seen = this.#rounds.get(task.hash);
      if (task.round === null) continue;
      this.#rounds.set(task.hash, task.round);
      if (seen === undefined) continue;
      for (let round = seen; round < task.round; round++) await this.#tell(task, round);
    }
  }

  async #tell(task: TaskState, round: number): Promise<void> {
    const reply = await fetch(this.#endpoint + PATHS.round(task.hash, round));
    if (!reply.ok) return;
    const model = decodeHead(await reply.json()).model?.record;
    const name = task.name.padEnd(7);
    if (model?.type !== 'model') {
      console.log(`${name} round ${round}: abandoned, fewer than ${task.minReports} reports`);
      return;
    }
    const bytes = await (await fetch(this.#endpoint + PATHS.model(model.model))).arrayBuffer();
    const weights = decodeModel(new Uint8Array(bytes), (bytes.byteLength - 8) / 4);
    console.log(
      `${name} round ${round}: ${model.reports} reports → version ${model.modelVersion}; ` +
        (task.name === 'campaign'
          ? countWords(weights, model.reports)
          : this.#quality(task.name, weights, model.modelVersion)),
    );
  }

  #quality(name: string, weights: Float32Array, version: number): string {
    if (name !== 'wide') return `AUC ${this.#judge.intentAuc(weights).toFixed(1)} %`;
    const trained = this.#judge.ndcg(weights);
    const { untrained } = this.#judge;
    process.send?.({ quality: { version, trained, untrained } } satisfies Told);
    return `NDCG@10 ${trained.toFixed(1)} %, untrained ${untrained.toFixed(1)} %`;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: joinValues(process.argv.slice(2), ['--trust']),
    options: {
      endpoint: { type: 'string', default: '' },
      site: { type: 'string', default: '' },
      trust: { type: 'string', default: '' },
      shoppers: { type: 'string', default: '300' },
      seed: { type: 'string', default: String(Date.now()) },
    },
  });
  const { endpoint, site, trust, seed } = values;
  const street = await openStreet({ endpoint, site, trust, clock: { now: () => Date.now() } });
  const world = demoWorld();
  const first = await SimulatedShopper.arrive(street, []);
  const record = await first.receiver.site();
  const tasks = await Promise.all(
    record.tasks.map(async ({ hash }) => ({ ...(await first.receiver.task(hash, 'rank')), hash })),
  );
  const [task] = tasks;
  if (task === undefined) throw new Error('the site has no task');
  const catalogue = await street.catalogue(task.catalogue, first.receiver);
  const watch = new Watch(endpoint, new Judge(catalogue, world, seed, Date.now()));
  const look = (): void => {
    watch
      .look()
      .catch((error: unknown) => console.log(`no status: ${(error as Error).message}`))
      .finally(() => setTimeout(look, WATCH_MS));
  };
  look();
  await new Population(street, world, tasks, seed).live(Number(values.shoppers));
}

// Ctrl-C is the launcher's: it stops this process first, then the servers.
process.on('SIGINT', () => undefined);
for (const end of ['SIGTERM', 'disconnect'] as const) process.on(end, () => process.exit(0));
main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
