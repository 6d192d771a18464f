/** A ranker with a gate, and the evaluation that measures it, on a disk in memory. */
import type { Hono } from 'hono';
import type { TaskDraft } from '../../aggregator/site.ts';
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { decodeHead, recordHash } from '../../shared/protocol/records.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { boot, draft, ManualTime, post, type Running, report, site } from './fixture.ts';
import { SimulatedDisk } from './simulated-disk.ts';

/** Units of an entry of 1 in the evaluation: B = 2^16 for a clip of 2. */
export const ONE = 2 ** 15;
const RELEASE = { server: { name: 'release' } } as const;

export function rankerDraft(more: Partial<TaskDraft> = {}): TaskDraft {
  return draft('wide', WIDE_FEATURES.length, {
    architecture: { name: 'wide', historyLength: 10 },
    initialWeights: WIDE_FEATURES.map(({ start }) => start),
    gate: { task: 'quality', sigmas: 2 },
    ...more,
  });
}

export function qualityDraft(more: Partial<TaskDraft> = {}): TaskDraft {
  return draft('quality', 4, {
    kind: 'evaluate',
    architecture: { name: 'metrics', of: 'ranking', task: 'wide', historyLength: 10 },
    clipL2: 2,
    recipe: RELEASE,
    initialWeights: [0, 0, 0, 0],
    ...more,
  });
}

export class GateWorld {
  disk: SimulatedDisk;
  readonly time: ManualTime;
  readonly ranker: string;
  readonly quality: string;
  #running: Running | null = null;

  private constructor(disk: SimulatedDisk, ranker: string, quality: string, time: ManualTime) {
    this.disk = disk;
    this.ranker = ranker;
    this.quality = quality;
    this.time = time;
  }

  /** The folder, without a server on it. */
  static async prepared(
    drafts: readonly TaskDraft[] = [rankerDraft(), qualityDraft()],
    time: ManualTime = new ManualTime(),
  ): Promise<GateWorld> {
    const disk = new SimulatedDisk();
    const { taskHashes } = await site(disk, drafts);
    return new GateWorld(disk, taskHashes.wide ?? '', taskHashes.quality ?? '', time);
  }

  static async started(drafts?: readonly TaskDraft[]): Promise<GateWorld> {
    const world = await GateWorld.prepared(drafts);
    await world.start();
    return world;
  }

  async start(): Promise<Running> {
    this.#running = await boot(this.disk, this.time);
    await this.#running.service.settled();
    return this.#running;
  }

  get up(): Running {
    if (this.#running === null) throw new Error('the aggregator is not started');
    return this.#running;
  }

  get app(): Hono {
    return this.up.app;
  }

  async head(taskHash: string): Promise<TaskHead> {
    return decodeHead(await (await this.app.request(PATHS.head(taskHash))).json());
  }

  /** Reports of `ids` to the open round of a task, all alike. @returns statuses */
  async send(
    taskHash: string,
    ids: readonly number[],
    coordinates: readonly number[],
  ): Promise<number[]> {
    const { round } = await this.head(taskHash);
    if (round === null) throw new Error('no round is open');
    const roundHash = await recordHash(round.record);
    const statuses: number[] = [];
    for (const id of ids) {
      const body = report({ taskHash, roundHash, id, coordinates });
      statuses.push((await post(this.app, body)).status);
    }
    await this.up.service.settled();
    return statuses;
  }

  /** Fills a round of the ranker: a candidate. */
  async train(first: number, delta = 100): Promise<void> {
    const ids = [0, 1, 2, 3, 4].map((i) => first + i);
    await this.send(this.ranker, ids, new Array<number>(WIDE_FEATURES.length).fill(delta));
  }

  /** Fills a round of the evaluation with browsers of this NDCG and that of the start weights. */
  async evaluate(first: number, gain: number, start = 0.25): Promise<void> {
    const ids = [0, 1, 2, 3, 4].map((i) => first + i);
    await this.send(this.quality, ids, [ONE, ONE / 2, gain * ONE, start * ONE]);
  }
}
