/** A whole cluster on this machine, on a log that the caller brings: site, keys, secret, nodes. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveKey } from '../../aggregator/keys.ts';
import { KEY_FILE } from '../../aggregator/main.ts';
import { draft, SERVER_KEY, site } from '../aggregator/fixture.ts';
import { type Exactness, exactness } from './exact.ts';
import { type NodePlan, type Role, RunningProcess } from './nodes.ts';
import { Sender } from './sender.ts';

export interface ClusterOptions {
  /** Of the engine; `folder` is the cluster's own. */
  readonly engine: (folder: string) => string;
  readonly accept?: readonly string[];
  readonly maxReports: number;
  /** Coordinates; D when left out. */
  readonly d?: number;
  readonly partitions?: number;
  readonly leaseMs?: number;
  readonly acknowledged?: (count: number) => void;
}

export const D = 11;
/** 25 × (840 content + 60 positions) and four times 25 × 25 weights. */
const TOWER = {
  name: 'tower',
  kind: 'attention',
  content: 840,
  width: 25,
  historyLength: 60,
} as const;
export const TOWER_D = 25_000;
const YEAR_MS = 365 * 24 * 3600 * 1000;

export class World {
  readonly folder: string;
  readonly taskHash: string;
  readonly sender: Sender;
  readonly nodes: RunningProcess[] = [];
  readonly #options: ClusterOptions;
  readonly #weights: readonly number[];

  private constructor(
    options: ClusterOptions,
    folder: string,
    taskHash: string,
    weights: number[],
  ) {
    this.#options = options;
    this.folder = folder;
    this.taskHash = taskHash;
    this.#weights = weights;
    const { acknowledged } = options;
    this.sender = new Sender({
      urls: () => this.urls('accept'),
      taskHash,
      d: options.d ?? D,
      ...(acknowledged !== undefined && { acknowledged }),
    });
  }

  /** Writes what is needed; starts nothing. */
  static async make(options: ClusterOptions): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'vitrine-cluster-'));
    writeFileSync(join(folder, 'secret'), randomBytes(24).toString('base64url'), { mode: 0o600 });
    const { d = D } = options;
    const task = draft('intent', d, {
      minReports: 3,
      maxReports: options.maxReports,
      ...(d === TOWER_D && { architecture: TOWER }),
      windowMs: 24 * 3600 * 1000,
      expiresAtMs: Date.now() + YEAR_MS,
      recipe: {
        ...{ steps: 1, learningRate: 0.1, negatives: 0, maxExamples: 100 },
        server: { name: 'fedavg', learningRate: 1, decayRounds: null },
      },
    });
    let hash = '';
    // Each coordinator has a folder with the key and the same site in it.
    for (const name of ['0', '1']) {
      const dataDir = join(folder, `coordinator-${name}`);
      await saveKey(join(dataDir, KEY_FILE), SERVER_KEY);
      hash = (await site(dataDir, [task])).taskHashes.intent as string;
    }
    return new World(options, folder, hash, Array.from(task.initialWeights));
  }

  urls(role: Role): string[] {
    return this.of(role)
      .map(({ url }) => url)
      .filter((url) => url !== '');
  }

  /** Nodes of a role that have not ended, in the order of their start. */
  of(role: Role): RunningProcess[] {
    return this.nodes.filter((node) => node.plan.role === role && !node.ended);
  }

  start(role: Role, coordinator = 0): RunningProcess {
    const { engine, accept = [], partitions = 4, leaseMs = 2000 } = this.#options;
    const plan: NodePlan = {
      ...{ role, accept, partitions, leaseMs, engine: engine(this.folder) },
      secretFile: join(this.folder, 'secret'),
      ...(role === 'coordinate' && { dataDir: join(this.folder, `coordinator-${coordinator}`) }),
    };
    const node = new RunningProcess(plan);
    this.nodes.push(node);
    return node;
  }

  /** Two accept nodes, two accumulators, a coordinator and a spare; resolves when reports are taken. */
  async startAll(): Promise<void> {
    this.start('coordinate', 0);
    this.start('coordinate', 1);
    this.start('accumulate');
    this.start('accumulate');
    const accepts = [this.start('accept'), this.start('accept')];
    await Promise.all(accepts.map((node) => node.listening()));
    await until('the cluster is ready', async () => {
      const answers = await Promise.all(
        accepts.map(({ url }) => fetch(`${url}/readyz`).catch(() => null)),
      );
      return answers.every((answer) => answer?.status === 200);
    });
  }

  /** Rounds that have been published, as an accept node has it; -1 while nobody answers. */
  async published(): Promise<number> {
    const head = await this.sender.head();
    return head === null ? -1 : (head.model?.record.modelVersion ?? 0);
  }

  /**
   * Reports until `rounds` are published and `disturb` has done its worst: the last round of the run
   * before may be published only now, and what disturbs waits for reports all the same.
   */
  async run(rounds: number, disturb: () => Promise<void>): Promise<Exactness> {
    let enough = false;
    const watch = until(`${rounds} rounds are published`, async () => {
      return (await this.published()) >= rounds;
    });
    const both = Promise.all([watch, disturb()]).finally(() => {
      enough = true;
    });
    await Promise.all([this.sender.run(8, () => enough), both]);
    return this.check(rounds);
  }

  check(rounds: number): Promise<Exactness> {
    const url = this.urls('accept')[0] as string;
    const { taskHash } = this;
    const scale = 2 ** 16;
    const d = this.#options.d ?? D;
    const of = { url, taskHash, d, scale, initialWeights: this.#weights };
    return exactness({ ...of, sent: this.sender.sent }, rounds);
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.thaw();
    await Promise.all(this.nodes.filter(({ ended }) => !ended).map((node) => node.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const LIMIT_MS = Number(process.env.LIMIT ?? 120_000);

/** Asks until it is so. @throws after two minutes, with what was waited for. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
