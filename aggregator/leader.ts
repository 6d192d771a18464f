/**
 * The leader's side of opening one closed batch of the split tier (SPEC.md, RD13 to RD16):
 *
 *   1. prepare: the helper names the ids that it rejects; its answer is journalled
 *   2. sum the leader's shares of the rest mod 2^32 and add this server's own noise
 *   3. open: attest of that share, get the helper's, check everything that it says
 *   4. keep both shares by their hashes, then log both attestations
 *   5. add both shares mod 2^32 and centre
 *
 * Every step makes the same bytes when a restart or a further try repeats it: membership and the
 * seed of the noise lie in the close record's frame, the helper's answer behind it, and the helper
 * answers the same request with the same bytes for ever.
 */
import { createHash } from 'node:crypto';
import { canonicalBytes, canonicalJson } from '../shared/bytes/canonical.ts';
import { sha256Hex } from '../shared/bytes/hash.ts';
import { fromHex, toHex } from '../shared/bytes/hex.ts';
import { fromUtf8 } from '../shared/bytes/utf8.ts';
import { sigmaOf } from '../shared/privacy/mechanism.ts';
import type { OpeningEntry } from '../shared/protocol/log.ts';
import {
  decodePrepareAnswer,
  encodePrepare,
  type OpenedAnswer,
  type PrepareAnswer,
  type SealedReport,
} from '../shared/protocol/opening.ts';
import { recordHash } from '../shared/protocol/records.ts';
import { REPORT_HEADER_BYTES, SEALED_SEED_BYTES } from '../shared/protocol/report.ts';
import { type Signer, signRecord } from '../shared/protocol/signature.ts';
import type { OpeningRecord, Signed, Task } from '../shared/protocol/task.ts';
import { addInto, centred, decodeUint32LE, encodeUint32LE } from '../shared/sharing/share.ts';
import { idOf } from './accumulate/batch.ts';
import { batchRoot } from './accumulate/close.ts';
import type { Batch } from './accumulate/contract.ts';
import { type Disk, writeWhole } from './accumulate/disk.ts';
import { acceptedIds, checkOpened } from './attest.ts';
import { sumShares } from './average/wasm.ts';
import { HelperError } from './helper-client.ts';
import type { HelperLink } from './helper-link.ts';
import { type ServerNoise, serverNoise } from './noise/noise.ts';
import { sharePath } from './publish/publish.ts';

export interface LeaderDeps {
  readonly disk: Disk;
  readonly signer: Signer;
  readonly link: HelperLink;
}

export interface LeaderRound {
  readonly task: Task;
  readonly taskHash: string;
  readonly roundHash: string;
  /** Closed, with its noise seed. */
  readonly batch: Batch;
  /** Of the helper's last opening of this task; below every number when there was none. */
  readonly lastSequence: number;
}

interface Row extends SealedReport {
  /** `id` as a latin1 string. */
  readonly key: string;
}

/** One batch on its way to being opened; keeps what a further try would compute again. */
export class Leader {
  readonly #deps: LeaderDeps;
  readonly #round: LeaderRound;
  #message: Promise<Uint8Array> | null = null;
  /** Drawn and not yet used. */
  #noise: ServerNoise | null = null;
  #request: Promise<{ readonly leader: Signed<OpeningRecord>; readonly share: Uint8Array }> | null =
    null;

  constructor(deps: LeaderDeps, round: LeaderRound) {
    this.#deps = deps;
    this.#round = round;
  }

  /** Ids of the reports that count, ascending. Asks the helper once. @throws HelperError, DiskError */
  async members(): Promise<readonly string[]> {
    const { batch } = this.#round;
    const ids = [...batch.ids].sort();
    if (batch.prepared !== null) return acceptedIds(preparedOf(batch), ids);
    // Before the helper is asked: it could time a draw between its answer and the next request.
    this.#noise ??= this.#draw();
    const { answer, accepted } = await this.#prepare(ids);
    await batch.setPrepared(canonicalBytes(answer));
    return accepted;
  }

  /**
   * Both servers' attestations, with both shares on disk. `accepted` is what `members` returned.
   * @throws HelperError, DiskError
   */
  async open(accepted: readonly string[]): Promise<OpeningEntry> {
    const { disk } = this.#deps;
    this.#request ??= this.#attest(accepted).catch((error: unknown) => {
      this.#request = null;
      throw error;
    });
    const { leader, share } = await this.#request;
    const { opening, share: helperShare } = await this.#ask(leader);
    await writeWhole(disk, sharePath(leader.record.share), share);
    await writeWhole(disk, sharePath(opening.record.share), helperShare);
    return { type: 'opening', leader, helper: opening };
  }

  /** The same bytes from one try to the next, and after a restart. */
  #draw(): ServerNoise {
    const { task, batch } = this.#round;
    if (task.mechanism.name !== 'discrete-gaussian' || batch.noiseSeed === null) {
      throw new RangeError('a batch of the split tier has a σ and a seed');
    }
    return serverNoise(task, batch.noiseSeed);
  }

  async #prepare(
    ids: readonly string[],
  ): Promise<{ readonly answer: PrepareAnswer; readonly accepted: readonly string[] }> {
    const message = await this.#prepareMessage();
    return this.#deps.link.ask('prepare', async (client, peer) => {
      const answer = await client.prepare(peer, message, ids.length);
      return { answer, accepted: acceptedIds(answer, ids) };
    });
  }

  /** Opens; a helper that has forgotten what it prepared must prepare the same again. */
  async #ask(leader: Signed<OpeningRecord>): Promise<OpenedAnswer> {
    const { task, batch } = this.#round;
    const prepared = await sha256Hex(await this.#prepareMessage());
    const open = (): Promise<OpenedAnswer> =>
      this.#deps.link.ask('open', async (client, peer) => {
        const answer = await client.open(peer, { prepared, leader }, task.d);
        await checkOpened(answer, leader.record, task, this.#round.lastSequence);
        return answer;
      });
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof HelperError && error.code === 'not-prepared')) throw error;
    }
    const before = preparedOf(batch);
    const { answer } = await this.#prepare([...batch.ids].sort());
    if (canonicalJson(answer) !== canonicalJson(before)) {
      throw new HelperError('wrong-batch', 'it prepared the same batch in two ways');
    }
    return open();
  }

  #prepareMessage(): Promise<Uint8Array> {
    this.#message ??= this.#encodePrepare().catch((error: unknown) => {
      this.#message = null;
      throw error;
    });
    return this.#message;
  }

  async #encodePrepare(): Promise<Uint8Array> {
    const { task, taskHash, roundHash, batch } = this.#round;
    const rows: Row[] = [];
    const sealedAt = REPORT_HEADER_BYTES + 4 * task.d;
    await batch.walk((bodies) => {
      for (const body of bodies) {
        const share = body.subarray(REPORT_HEADER_BYTES, sealedAt);
        rows.push({
          key: idOf(body),
          id: Uint8Array.from(body.subarray(8, 24)),
          leaderShareHash: createHash('sha256').update(share).digest(),
          sealed: Uint8Array.from(body.subarray(sealedAt, sealedAt + SEALED_SEED_BYTES)),
        });
      }
    });
    rows.sort((a, b) => (a.key < b.key ? -1 : 1));
    return encodePrepare({
      taskHash: fromHex(taskHash),
      roundHash: fromHex(roundHash),
      reports: rows,
    });
  }

  /** This server's noised share of the accepted reports, and its signed record of it. */
  async #attest(
    accepted: readonly string[],
  ): Promise<{ leader: Signed<OpeningRecord>; share: Uint8Array }> {
    const { task, taskHash, roundHash, batch } = this.#round;
    const { signer } = this.#deps;
    const counted = new Set(accepted);
    const sum = new Uint32Array(task.d);
    await batch.walk((bodies) => {
      const taken = bodies.filter((body) => counted.has(idOf(body)));
      sumShares(taken, REPORT_HEADER_BYTES, sum);
    });
    const { noise, variance } = this.#noise ?? this.#draw();
    this.#noise = null;
    const noised = sum.map((one, i) => one + (noise[i] as number));
    noise.fill(0);
    const share = encodeUint32LE(noised);
    const leader: OpeningRecord = {
      version: 1,
      type: 'opening',
      role: 'leader',
      task: taskHash,
      roundHash,
      batch: toHex(batchRoot(accepted)),
      reports: accepted.length,
      rejected: batch.count - accepted.length,
      sigma: sigmaOf(task.mechanism),
      variance,
      share: await sha256Hex(share),
      sequence: 0,
    };
    return { leader: signRecord(leader, signer), share };
  }
}

export interface Opened {
  /** Σ of the batch with both servers' noise, integer units. */
  readonly sum: Float64Array;
  /** Hashes of the opening records, leader first. */
  readonly openings: readonly [string, string];
}

/** Adds the two shares that an opening names, from disk. @throws DiskError, RangeError */
export async function combine(
  disk: Disk,
  { leader, helper }: OpeningEntry,
  d: number,
): Promise<Opened> {
  const sum = new Uint32Array(d);
  for (const { record } of [leader, helper]) {
    const bytes = await disk.read(sharePath(record.share));
    if (bytes.length !== 4 * d || (await sha256Hex(bytes)) !== record.share) {
      throw new RangeError('a share on disk is not the one that its record names');
    }
    addInto(sum, decodeUint32LE(bytes, 0, d));
  }
  return {
    sum: Float64Array.from(centred(sum)),
    openings: [await recordHash(leader.record), await recordHash(helper.record)],
  };
}

function preparedOf({ prepared }: Batch): PrepareAnswer {
  if (prepared === null) throw new RangeError('the helper has not prepared this batch');
  return decodePrepareAnswer(JSON.parse(fromUtf8(prepared)));
}
