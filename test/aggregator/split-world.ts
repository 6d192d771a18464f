/** A site of one split task: aggregator and helper on disks in memory, a wire that can fail. */
import { createHash } from 'node:crypto';
import type { Disk } from '../../aggregator/accumulate/disk.ts';
import type { HelperKeyRing } from '../../aggregator/ceremony.ts';
import { createHelperApp } from '../../aggregator/helper-app.ts';
import { type HelperClient, httpHelper } from '../../aggregator/helper-client.ts';
import { type RunningHelper, runHelper } from '../../aggregator/helper-service.ts';
import { signerOf } from '../../aggregator/keys.ts';
import { type Logger, silentLogger } from '../../aggregator/logger.ts';
import { serverNoise } from '../../aggregator/noise/noise.ts';
import type { ServiceDeps } from '../../aggregator/service.ts';
import type { SiteDraft, TaskDraft } from '../../aggregator/site.ts';
import { fromBase64url } from '../../shared/bytes/base64url.ts';
import { concatBytes } from '../../shared/bytes/concat.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { encodeReport } from '../../shared/protocol/report.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { SignedTask, Task } from '../../shared/protocol/task.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { sealSeed } from '../../shared/sharing/seal.ts';
import { encodeUint32LE, leaderShare } from '../../shared/sharing/share.ts';
import {
  boot,
  draft,
  idBytes,
  ManualTime,
  openRound,
  post,
  ROOT_KEY,
  type Running,
  SERVER_KEY,
  site,
} from './fixture.ts';
import { folder, keyRing, newDisk } from './helper-parts.ts';
import { SimulatedDisk } from './simulated-disk.ts';

export const D = 3;
export const WINDOW_MS = 60_000;
const MORE: Partial<TaskDraft> = {
  tier: 'split',
  mechanism: discreteGaussian(2),
  minReports: 3,
  maxReports: 5,
  windowMs: WINDOW_MS,
};

/** Fixed-point coordinates of a report, noise of its browser and all. */
export const zOf = (id: number): Int32Array =>
  Int32Array.from({ length: D }, (_, i) => ((id * 7919 + i * 31) % 1000) - 500);

export const seedOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(createHash('sha256').update(text).digest());

/** What the wire does with a message; `pass` hands it on. */
export type Wire = (
  path: string,
  init: RequestInit,
  pass: () => Promise<Response>,
) => Promise<Response>;

export const honest: Wire = (_path, _init, pass) => pass();

export interface Event {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * A report to a round; with `seal` false its seed was sealed for another round.
 * @param more is added to its first coordinate.
 */
export async function splitReport(
  task: Task,
  [taskHash, roundHash]: readonly [string, string],
  id: number,
  seal = true,
  more = 0,
): Promise<Uint8Array> {
  const seed = seedOf(`seed ${id} ${roundHash}`);
  const z = zOf(id);
  z[0] = (z[0] as number) + more;
  const share = encodeUint32LE(await leaderShare(z, seed));
  const header = { id: idBytes(id), taskHash: fromHex(taskHash), roundHash: fromHex(roundHash) };
  const sealed = await sealSeed(
    fromBase64url(task.helper?.sealingKey ?? ''),
    {
      taskHash: header.taskHash,
      roundHash: seal ? header.roundHash : seedOf('another round'),
      reportId: header.id,
    },
    seed,
    createHash('sha256').update(share).digest(),
  );
  return encodeReport({ ...header, tier: 'split' }, concatBytes(share, sealed));
}

export class SplitWorld {
  readonly keys: HelperKeyRing;
  readonly time = new ManualTime();
  readonly events: Event[] = [];
  /** Seeds of the helper's noise in the order in which they were drawn. */
  readonly drawn: Uint8Array[] = [];
  disk = new SimulatedDisk();
  helperDisk: Disk = new SimulatedDisk();
  wire: Wire = honest;
  timeoutMs = 5000;
  /** What else the aggregator is given at its next start. */
  more: Partial<ServiceDeps> = {};
  /** Starts of the aggregator; each draws its seeds from a stream of its own. */
  boots = 0;
  taskHash = '';
  /** By name, of all tasks. */
  hashes: Readonly<Record<string, string>> = {};
  running: Running | null = null;
  helper: RunningHelper | null = null;
  helperApp: ReturnType<typeof createHelperApp> | null = null;

  private constructor(keys: HelperKeyRing) {
    this.keys = keys;
  }

  /**
   * Both servers' folders filled, neither started.
   * @param beside other tasks, and what else the site has.
   */
  static async prepared(
    more: Partial<TaskDraft> = {},
    keys?: HelperKeyRing,
    beside: Partial<SiteDraft> = {},
  ): Promise<SplitWorld> {
    const world = new SplitWorld(keys ?? (await keyRing()));
    world.helperDisk = await newDisk(new SimulatedDisk());
    const { status, signer } = world.keys;
    const own = draft('intent', D, { ...MORE, helper: status, ...more });
    const drafts = [own, ...(beside.tasks ?? [])];
    const cosign = async (task: Task): Promise<string> => signRecord(task, signer).signature;
    const { taskHashes } = await site(world.disk, drafts, { ...beside, tasks: drafts, cosign });
    world.hashes = taskHashes;
    world.taskHash = taskHashes[own.name] as string;
    return world;
  }

  static async started(more: Partial<TaskDraft> = {}): Promise<SplitWorld> {
    const world = await SplitWorld.prepared(more);
    await world.startHelper();
    await world.start();
    return world;
  }

  async startHelper(): Promise<void> {
    this.helper = await runHelper({
      keys: this.keys,
      data: folder(this.helperDisk, 'data'),
      mark: folder(this.helperDisk, 'keys'),
      fetch: async (path) => {
        const response = await this.up.app.request(path);
        if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
        return new Uint8Array(await response.arrayBuffer());
      },
      trust: ROOT_KEY.publicKey,
      clock: this.time,
      logger: silentLogger,
      later: (work) => work(),
      seed: () => {
        const seed = seedOf(`helper ${this.drawn.length}`);
        this.drawn.push(Uint8Array.from(seed));
        return seed;
      },
    });
    this.helperApp = createHelperApp({ service: this.helper, logger: silentLogger });
  }

  /** The real client, over a wire without sockets. */
  get client(): HelperClient {
    return httpHelper({
      url: 'http://helper.test',
      signer: signerOf(SERVER_KEY),
      timeoutMs: this.timeoutMs,
      fetch: (url, init) => {
        const path = new URL(url).pathname;
        const body = init.body as Uint8Array<ArrayBuffer>;
        const headers = { ...init.headers, 'content-length': String(body.length) };
        return this.wire(path, init, async () => {
          if (this.helperApp === null) throw new Error('nobody listens');
          return this.helperApp.request(path, { method: 'POST', headers, body });
        });
      },
    });
  }

  /** @param still waits until nothing is under way. */
  async start(still = true): Promise<void> {
    const logger: Logger = (level, event, fields = {}) =>
      this.events.push({ level, event, fields });
    // The leader's noise of a round comes from what this stream gives when it closes.
    const source = new ChaChaSource(seedOf(`leader ${this.boots}`));
    this.boots += 1;
    const more = { helper: this.client, source, ...this.more };
    this.running = await boot(this.disk, this.time, {}, logger, more);
    if (still) await this.settle();
  }

  get up(): Running {
    if (this.running === null) throw new Error('the aggregator is not started');
    return this.running;
  }

  /** Calls what is due, and waits until rounds and checkpoints stand still. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      this.time.set(this.time.now);
      await this.up.service.settled();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await this.up.service.settled();
  }

  async pass(ms: number): Promise<void> {
    this.time.set(this.time.now + ms);
    await this.settle();
  }

  /** Waits until the newest checkpoint that is served has the helper's cosignature (L8). */
  async cosigned(): Promise<void> {
    const lines = (): number => this.up.service.published.checkpoint.split('\n— ').length - 1;
    for (let turn = 0; lines() < 2; turn++) {
      if (turn === 100) throw new Error('the helper does not cosign');
      await this.pass(250);
    }
  }

  get signedTask(): SignedTask {
    const text = Buffer.from(this.disk.files().get(`tasks/${this.taskHash}.json`) ?? []);
    return JSON.parse(text.toString()) as SignedTask;
  }

  get task(): Task {
    return this.signedTask.record;
  }

  /** Sends reports to the open round; `bad` are those whose seed was sealed for another. */
  async send(ids: readonly number[], bad: readonly number[] = []): Promise<number[]> {
    const { app } = this.up;
    const round = await openRound(app, this.taskHash);
    const statuses: number[] = [];
    for (const id of ids) {
      const body = await splitReport(this.task, [this.taskHash, round], id, !bad.includes(id));
      statuses.push((await post(app, body)).status);
    }
    return statuses;
  }

  /** The seed that the aggregator draws for the n-th round that closes after its first start. */
  leaderSeed(n: number): Uint8Array {
    const source = new ChaChaSource(seedOf('leader 0'));
    const seed = new Uint8Array(32);
    for (let i = 0; i <= n; i++) source.fill(seed);
    return seed;
  }

  noiseOf(seed: Uint8Array): Int32Array {
    return serverNoise(this.task, seed).noise;
  }

  eventsOf(name: string): Event[] {
    return this.events.filter(({ event }) => event === name);
  }
}

/** A world whose first round has closed, with five reports, over a wire of its own. */
export async function closedWorld(wire: Wire): Promise<SplitWorld> {
  const world = await SplitWorld.started();
  world.wire = wire;
  await world.send([1, 2, 3, 4, 5]);
  await world.settle();
  return world;
}

export const down: Wire = async () => {
  throw new TypeError('fetch failed');
};
