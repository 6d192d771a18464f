/** A helper on any disk, and a small aggregator made by hand: its log, its rounds, its reports. */
import { createHash } from 'node:crypto';
import type { Hono } from 'hono';
import type { Disk } from '../../aggregator/accumulate/disk.ts';
import type { HelperKeyRing } from '../../aggregator/ceremony.ts';
import { createHelperApp } from '../../aggregator/helper-app.ts';
import { type RunningHelper, runHelper } from '../../aggregator/helper-service.ts';
import { sha256Sync } from '../../aggregator/log/tree.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { canonicalBytes } from '../../shared/bytes/canonical.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import {
  decodeOpened,
  decodePrepareAnswer,
  HELPER_PATHS,
  type OpenedAnswer,
  type PrepareAnswer,
} from '../../shared/protocol/opening.ts';
import { PEER_SIGNATURE_HEADER, signRequest, verifyReply } from '../../shared/protocol/peer.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { type Signer, signRecord } from '../../shared/protocol/signature.ts';
import type { OpeningRecord, RoundRecord, Signed, Task } from '../../shared/protocol/task.ts';
import { ManualTime } from './fixture.ts';
import {
  AGGREGATOR,
  folder,
  HandMadeLog,
  leaderRecord,
  type MadeReport,
  makeReport,
  newDisk,
  prepareMessage,
  ROOT,
  type RoundOf,
  signedTask,
  splitTask,
} from './helper-parts.ts';
import { SimulatedDisk } from './simulated-disk.ts';

export interface Reply {
  readonly status: number;
  /** Of a refusal, else ''. */
  readonly code: string;
  readonly body: Uint8Array;
}

export class HelperWorld {
  readonly keys: HelperKeyRing;
  readonly time = new ManualTime();
  log = new HandMadeLog();
  disk: Disk;
  service: RunningHelper | null = null;
  app: Hono | null = null;
  /** Every seed of noise that was drawn, hex. */
  readonly drawn: string[] = [];
  #nextSeed = 0;

  constructor(keys: HelperKeyRing, disk: Disk) {
    this.keys = keys;
    this.disk = disk;
  }

  async start(): Promise<this> {
    this.service = await runHelper({
      keys: this.keys,
      data: folder(this.disk, 'data'),
      mark: folder(this.disk, 'keys'),
      fetch: (path) => this.log.fetch(path),
      trust: ROOT.publicKey,
      clock: this.time,
      logger: silentLogger,
      later: (work) => work(),
      seed: () => {
        const seed = createHash('sha256')
          .update(`noise ${this.#nextSeed++}`)
          .digest();
        this.drawn.push(toHex(seed));
        return new Uint8Array(seed);
      },
    });
    const service = this.service;
    this.app = createHelperApp({ service, logger: silentLogger });
    return this;
  }

  /** Posts a signed message and verifies that the answer is signed. */
  async post(path: string, body: Uint8Array, signer: Signer = AGGREGATOR): Promise<Reply> {
    if (this.app === null) throw new Error('not started');
    const headers = { ...(await signRequest(signer, 'POST', path, body)) };
    const response = await this.app.request(path, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(body.length) },
      body: body as Uint8Array<ArrayBuffer>,
    });
    return this.readReply(path, body, response);
  }

  async readReply(path: string, body: Uint8Array, response: Response): Promise<Reply> {
    const { status } = response;
    const bytes = new Uint8Array(await response.arrayBuffer());
    const signature = response.headers.get(PEER_SIGNATURE_HEADER);
    const request = { method: 'POST', path, body };
    await verifyReply(this.keys.status.identityKey, request, status, bytes, signature);
    const text = Buffer.from(bytes).toString();
    const code = status === 200 ? '' : ((JSON.parse(text) as { code?: string }).code ?? 'unnamed');
    return { status, code, body: bytes };
  }

  cosign(note: string, signer: Signer = AGGREGATOR): Promise<Reply> {
    return this.post(HELPER_PATHS.cosign, utf8(note), signer);
  }

  /** Asks for a cosignature under all entries. */
  async publish(): Promise<Reply> {
    return this.cosign(await this.log.checkpoint());
  }

  /** Puts a task into the log, signed by site and helper. */
  async addTask(more: Partial<Task> = {}, site = ROOT, helper?: Signer): Promise<[Task, string]> {
    const task = splitTask(this.keys, more);
    const signed = signedTask(task, site, helper ?? this.keys.signer);
    this.log.add({ type: 'task', task: signed });
    return [task, await recordHash(task)];
  }

  async addRound(
    [task, taskHash]: readonly [Task, string],
    number: number,
    more: Partial<RoundRecord> = {},
    signer: Signer = AGGREGATOR,
  ): Promise<RoundOf> {
    const openedAtMs = more.openedAtMs ?? this.time.now;
    const round: RoundRecord = {
      version: 1,
      type: 'round',
      task: taskHash,
      round: number,
      baseModel: task.initialModel,
      openedAtMs,
      deadlineMs: openedAtMs + task.windowMs,
      ...more,
    };
    this.log.add({ type: 'round', round: signRecord(round, signer) });
    return { task, taskHash, round, roundHash: await recordHash(round) };
  }

  prepare(message: Uint8Array, signer: Signer = AGGREGATOR): Promise<Reply> {
    return this.post(HELPER_PATHS.prepare, message, signer);
  }

  open(message: Uint8Array, leader: Signed<OpeningRecord>, signer = AGGREGATOR): Promise<Reply> {
    const body = canonicalBytes({ prepared: toHex(sha256Sync(message)), leader });
    return this.post(HELPER_PATHS.open, body, signer);
  }

  /** Both steps, which must succeed. */
  async openAll(round: RoundOf, reports: readonly MadeReport[]): Promise<OpenedAnswer> {
    const message = prepareMessage(round, reports);
    const answer = prepared(await this.prepare(message));
    const reply = await this.open(message, leaderRecord(round, answer));
    if (reply.status !== 200) throw new Error(reply.code);
    return decodeOpened(reply.body, round.task.d);
  }
}

export function prepared(reply: Reply): PrepareAnswer {
  if (reply.status !== 200) throw new Error(reply.code);
  return decodePrepareAnswer(JSON.parse(Buffer.from(reply.body).toString()));
}

export async function startHelperWorld(keys: HelperKeyRing): Promise<HelperWorld> {
  return new HelperWorld(keys, await newDisk(new SimulatedDisk())).start();
}

export interface Ready {
  readonly helper: HelperWorld;
  readonly round: RoundOf;
  readonly reports: readonly MadeReport[];
}

/** A cosigned log with one task and its first round, and five reports to it. */
export async function ready(keys: HelperKeyRing): Promise<Ready> {
  const helper = await startHelperWorld(keys);
  const round = await helper.addRound(await helper.addTask(), 1);
  const { status, code } = await helper.publish();
  if (status !== 200) throw new Error(code);
  return { helper, round, reports: await more(round, [1, 2, 3, 4, 5]) };
}

export function more(round: RoundOf, ids: readonly number[]): Promise<MadeReport[]> {
  return Promise.all(ids.map((id) => makeReport(round, id)));
}
