/**
 * The helper's side of opening a batch (SPEC.md, S rules), against an aggregator that may do what
 * it likes: prepare names the reports that do not count and burns nothing; open burns the ids,
 * writes the answer down and gives the same bytes for ever.
 */

import { concatBytes } from '../../shared/bytes/concat.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { sigmaOf } from '../../shared/privacy/mechanism.ts';
import {
  decodePrepare,
  encodeOpened,
  type OpenRequest,
  type PrepareAnswer,
} from '../../shared/protocol/opening.ts';
import { Refusal } from '../../shared/protocol/refusals.ts';
import {
  SignatureError,
  type Signer,
  signRecord,
  verifyRecord,
} from '../../shared/protocol/signature.ts';
import type { OpeningRecord, Signed, Task } from '../../shared/protocol/task.ts';
import { serverVariance } from '../../shared/random/variance.ts';
import type { SeedOpener } from '../../shared/sharing/seal.ts';
import { encodeUint32LE } from '../../shared/sharing/share.ts';
import { assertOpenable, type CosignedLog, knownRound, type OwnKeys, ownTask } from './admit.ts';
import type { OpenedRound } from './frames.ts';
import type { Memory } from './memory.ts';
import type { NoiseAhead } from './noise-ahead.ts';
import { noisedShare, type Preparation, prepareBatch } from './preparation.ts';

export interface OpeningDeps {
  readonly memory: Memory;
  readonly noise: NoiseAhead;
  readonly signer: Signer;
  readonly opener: SeedOpener;
  readonly own: OwnKeys;
  /** The log up to the last cosigned checkpoint. @throws Refusal when it cannot be had. */
  readonly log: () => Promise<CosignedLog>;
  readonly nowMs: () => number;
  /** Runs `work` while nothing else writes to the memory. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Throws Refusal bad-peer unless the key signed the request that is being answered. */
export type Authenticate = (publicKey: string) => Promise<void>;

/** Batches that are prepared and not opened, kept in memory; the oldest goes first. */
const MAX_PREPARED = 8;

export class Openings {
  readonly #deps: OpeningDeps;
  readonly #prepared = new Map<string, Preparation>();

  constructor(deps: OpeningDeps) {
    this.#deps = deps;
  }

  /**
   * Answers a prepare message; burns nothing.
   * @throws Refusal by name; DiskError
   */
  async prepare(body: Uint8Array, authenticate: Authenticate): Promise<PrepareAnswer> {
    const { memory, noise, opener, own, nowMs } = this.#deps;
    const message = decodePrepare(body);
    const [taskHash, roundHash] = [toHex(message.taskHash), toHex(message.roundHash)];
    // 1. The task, from the log, and that its aggregator asks.
    const log = await this.#deps.log();
    const task = await ownTask(log, own, taskHash);
    await authenticate(task.aggregatorKey);
    // 2. The round; once opened, the same answer for the same list and none for another.
    const round = await knownRound(log, task, taskHash, roundHash);
    const digest = await sha256Hex(body);
    const answered = async (opened: OpenedRound): Promise<PrepareAnswer> => {
      if (opened.prepared !== digest) throw new Refusal('round-opened');
      await this.#deps.alone(() => memory.mark());
      const { batch, reports } = opened.opening.record;
      return { rejected: opened.rejected, batch, reports };
    };
    const before = memory.opened(taskHash, round.value.round);
    if (before !== null) return answered(before);
    await assertOpenable(log, task, round, nowMs());
    if (message.reports.length > task.maxReports) {
      throw new Refusal('batch-too-large', `${message.reports.length} over ${task.maxReports}`);
    }
    noise.ready(taskHash, task);
    // 3. The seeds.
    const preparation = await prepareBatch(message, opener, (id) => memory.isSpent(id));
    const meanwhile = memory.opened(taskHash, round.value.round);
    if (meanwhile !== null) {
      wipe(preparation);
      return answered(meanwhile);
    }
    this.#keep(digest, preparation);
    return preparation.answer;
  }

  /**
   * Opens a prepared batch. Ids are burned, and the answer is on disk, before it is returned.
   * @returns bytes of `encodeOpened`, the same for ever.
   * @throws Refusal by name; DiskError
   */
  open(request: OpenRequest, authenticate: Authenticate): Promise<Uint8Array> {
    return this.#deps.alone(() => this.#open(request, authenticate));
  }

  async #open({ prepared, leader }: OpenRequest, authenticate: Authenticate): Promise<Uint8Array> {
    const { memory, noise, own, nowMs } = this.#deps;
    const { task: taskHash, roundHash, batch, reports, rejected } = leader.record;
    // 1. The task, and that its aggregator asks and attests.
    const log = await this.#deps.log();
    const task = await ownTask(log, own, taskHash);
    await authenticate(task.aggregatorKey);
    await assertLeader(leader, task);
    // 2. The round, and whether it was answered before.
    const round = await knownRound(log, task, taskHash, roundHash);
    const opened = memory.opened(taskHash, round.value.round);
    if (opened !== null) return this.#again(opened, leader.record);
    await assertOpenable(log, task, round, nowMs());
    // 3. The batch is the prepared one, to the last id.
    const preparation = this.#prepared.get(prepared);
    if (preparation === undefined) throw new Refusal('not-prepared');
    const { ids, seeds, answer } = preparation;
    if (
      preparation.taskHash !== taskHash ||
      preparation.roundHash !== roundHash ||
      answer.batch !== batch ||
      answer.reports !== reports ||
      answer.rejected.length !== rejected
    ) {
      throw new Refusal('batch-mismatch');
    }
    // 4. No id twice, and neither too few nor too many.
    if (ids.some((id) => memory.isSpent(id))) throw new Refusal('batch-conflict');
    if (reports < task.minReports) {
      throw new Refusal('batch-too-small', `${reports} under ${task.minReports}`);
    }
    if (reports > task.maxReports) {
      throw new Refusal('batch-too-large', `${reports} over ${task.maxReports}`);
    }
    // 5. Noise that nobody saw, marked used on disk; then the share.
    this.#prepared.delete(prepared);
    const drawn = await noise.take(taskHash, task);
    const share = encodeUint32LE(await noisedShare(seeds, drawn.noise));
    drawn.noise.fill(0);
    const record: OpeningRecord = {
      version: 1,
      type: 'opening',
      role: 'helper',
      task: taskHash,
      roundHash,
      batch,
      reports,
      rejected,
      sigma: sigmaOf(task.mechanism),
      variance: drawn.variance,
      share: await sha256Hex(share),
      sequence: memory.sequence + 1,
    };
    // 6. To disk, and only then out.
    const done: OpenedRound = {
      opening: signRecord(record, this.#deps.signer),
      round: round.value.round,
      prepared,
      rejected: answer.rejected,
    };
    await memory.recordOpened(done, concatBytes(...ids), share);
    wipe(preparation);
    this.#forget(taskHash, roundHash);
    noise.ready(taskHash, task);
    return this.#again(done, leader.record);
  }

  /** The bytes that were recorded for a round, for the batch that they are of. */
  async #again({ opening }: OpenedRound, leader: OpeningRecord): Promise<Uint8Array> {
    const { record } = opening;
    if (
      record.roundHash !== leader.roundHash ||
      record.batch !== leader.batch ||
      record.reports !== leader.reports ||
      record.rejected !== leader.rejected
    ) {
      throw new Refusal('round-opened');
    }
    const share = await this.#deps.memory.share(record.share);
    await this.#deps.memory.mark();
    return encodeOpened({ opening, share });
  }

  #keep(digest: string, preparation: Preparation): void {
    const same = this.#prepared.get(digest);
    if (same !== undefined) wipe(same);
    this.#prepared.delete(digest);
    this.#prepared.set(digest, preparation);
    for (const [oldest, old] of this.#prepared) {
      if (this.#prepared.size <= MAX_PREPARED) return;
      wipe(old);
      this.#prepared.delete(oldest);
    }
  }

  /** No seed outlives the opening of its round. */
  #forget(taskHash: string, roundHash: string): void {
    for (const [digest, one] of this.#prepared) {
      if (one.taskHash !== taskHash || one.roundHash !== roundHash) continue;
      wipe(one);
      this.#prepared.delete(digest);
    }
  }
}

function wipe({ seeds }: Preparation): void {
  for (const seed of seeds) seed.fill(0);
}

/** @throws Refusal bad-peer, bad-message */
async function assertLeader(leader: Signed<OpeningRecord>, task: Task): Promise<void> {
  try {
    await verifyRecord(leader, task.aggregatorKey);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new Refusal('bad-peer', "the leader's record is not signed by the task's aggregator");
  }
  const { role, sequence, sigma, variance } = leader.record;
  if (role !== 'leader' || sequence !== 0) throw new Refusal('bad-message', 'not of a leader');
  if (sigma !== sigmaOf(task.mechanism) || variance !== serverVariance(task).toString()) {
    throw new Refusal('bad-message', 'another noise than the task demands');
  }
}
