/** The bytes behind the logged rounds: ids of batches, noised shares, models (PR52). */
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { excessOf, openedLimits } from '../../shared/field/opened.ts';
import { sigmaOf } from '../../shared/privacy/mechanism.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { REPORT_ID_BYTES } from '../../shared/protocol/report.ts';
import type { FetchFile } from '../../shared/protocol/tiles.ts';
import { addInto, centred, decodeUint32LE } from '../../shared/sharing/share.ts';
import { batchRoot } from '../accumulate/close.ts';
import { type Checks, Tally } from './check.ts';
import type { LoggedRound } from './history.ts';
import { keepsMoments, type Moments, nextModel } from './step.ts';
import { reasonOf } from './web.ts';

/** Where every report id of the published batches stands. */
export class Batches {
  /** Id as hex to the rounds whose batch holds it. */
  readonly #rounds = new Map<string, LoggedRound | readonly LoggedRound[]>();

  add(id: string, round: LoggedRound): boolean {
    const before = this.#rounds.get(id);
    this.#rounds.set(id, before === undefined ? round : [...[before].flat(), round]);
    return before === undefined;
  }

  /** Batches that hold an id, one for each time that it stands there. */
  of(id: string): readonly LoggedRound[] {
    return [this.#rounds.get(id) ?? []].flat();
  }
}

export const labelOf = ({ task, signed }: LoggedRound): string =>
  `${task.name} round ${signed.record.round}`;

/** Ids of a published batch, hex, as they are served. @throws for a file that is no such list. */
export async function idsOf(fetch: FetchFile, round: LoggedRound): Promise<readonly string[]> {
  const reports = round.model?.signed.record.reports ?? 0;
  const path = PATHS.ids(round.taskHash, round.signed.record.round);
  const bytes = await fetch(path, REPORT_ID_BYTES * round.task.maxReports);
  if (bytes.length !== REPORT_ID_BYTES * reports) {
    throw new Error(`${bytes.length} bytes of ids for ${reports} reports`);
  }
  return Array.from({ length: reports }, (_, i) =>
    toHex(bytes.subarray(REPORT_ID_BYTES * i, REPORT_ID_BYTES * (i + 1))),
  );
}

const latin1 = (id: string): string => Buffer.from(id, 'hex').toString('latin1');

/** Reads the ids of every batch, and whether one stands in two. */
export async function checkBatches(
  fetch: FetchFile,
  rounds: readonly LoggedRound[],
  checks: Checks,
): Promise<Batches> {
  const batches = new Batches();
  const ids = new Tally();
  const reuse = new Tally();
  let count = 0;
  for (const round of rounds) {
    if (round.model === null) continue;
    const { batch } = round.model.signed.record;
    try {
      const served = await idsOf(fetch, round);
      const root = toHex(batchRoot(served.map(latin1)));
      const ascending = served.every((id, i) => i === 0 || id >= (served[i - 1] as string));
      ids.look(root === batch && ascending, () => `${labelOf(round)}: ids of another root`);
      const again = served.filter((id) => !batches.add(id, round));
      reuse.look(again.length === 0, () => {
        const [first = ''] = again;
        const before = batches.of(first).map(labelOf).join(' and ');
        return `${again.length} ids of ${labelOf(round)} stand twice, as ${first} in ${before}`;
      });
      count += served.length;
    } catch (error) {
      const reason = reasonOf(error);
      ids.look(false, () => `${labelOf(round)}: ${reason}`);
    }
  }
  const published = `${ids.seen} published batches`;
  checks.tally('batch-ids', '', ids, `${published}, ${count} reports`, { reports: count });
  checks.tally('batch-reuse', '', reuse, `${count} report ids, each in one batch`);
  return batches;
}

/** Both noised shares of an opened round, leader first, under the hashes that are attested. */
export async function sharesOf(
  fetch: FetchFile,
  { opening, task }: LoggedRound,
): Promise<readonly [Uint32Array, Uint32Array]> {
  if (opening === null) throw new Error('the log has no opening');
  const read = async (hash: string): Promise<Uint32Array> => {
    const bytes = await fetch(PATHS.share(hash), 4 * task.d);
    if (bytes.length !== 4 * task.d || (await sha256Hex(bytes)) !== hash) {
      throw new Error(`the share served as ${hash} is another one`);
    }
    return decodeUint32LE(bytes, 0, task.d);
  };
  const { leader, helper } = opening;
  return [await read(leader.record.share), await read(helper.record.share)];
}

async function modelOf(fetch: FetchFile, hash: string, d: number): Promise<Float32Array> {
  const bytes = await fetch(PATHS.model(hash), 8 + 4 * d);
  if ((await sha256Hex(bytes)) !== hash) throw new Error(`the model served as ${hash} is another`);
  return decodeModel(bytes, d);
}

/** The opened sum of a round of the split tier, from both shares, integer units. */
async function openedSum(fetch: FetchFile, round: LoggedRound): Promise<Float64Array> {
  const [leader, helper] = await sharesOf(fetch, round);
  addInto(leader, helper);
  return Float64Array.from(centred(leader));
}

/** Whether no batch of honest reports has such a sum (RD18). */
function isImplausible({ task }: LoggedRound, sum: Float64Array, reports: number): boolean {
  return excessOf(sum, openedLimits(task, sigmaOf(task.mechanism), reports)) !== null;
}

/** What the next versions are computed from: the state of every version that was, by task. */
class Carried {
  /** By task hash and version, of those whose sum is public and could be read. */
  readonly #moments = new Map<string, Moments>();

  set({ taskHash }: LoggedRound, version: number, moments: Moments | null): void {
    if (moments !== null) this.#moments.set(`${taskHash} ${version}`, moments);
  }

  /** @returns null where state begins anew, undefined where it is not known. */
  before({ task, taskHash, base }: LoggedRound): Moments | null | undefined {
    if (!keepsMoments(task) || !base.fromRound) return null;
    return this.#moments.get(`${taskHash} ${base.version}`);
  }
}

/** Reads every version, and computes again those of the split tier from the shares. */
export async function checkModels(
  fetch: FetchFile,
  rounds: readonly LoggedRound[],
  checks: Checks,
): Promise<void> {
  const shares = new Tally();
  const sums = new Tally();
  const models = new Tally();
  const carried = new Carried();
  let recomputed = 0;
  for (const round of rounds) {
    const sum = await readSum(fetch, round, shares);
    if (sum !== null) checkSum(round, sum, sums);
    if (round.model === null) continue;
    const { task, base } = round;
    const { model, previousModel, modelVersion, reports } = round.model.signed.record;
    try {
      await modelOf(fetch, model, task.d);
      const weights = await modelOf(fetch, previousModel, task.d);
      const moments = carried.before(round);
      if (sum === null || moments === undefined) {
        models.look(true, String);
        continue;
      }
      const next = nextModel(task, weights, base.version, moments, sum, reports);
      carried.set(round, modelVersion, next.moments);
      recomputed += 1;
      const same = (await sha256Hex(next.bytes)) === model;
      models.look(same, () => `${labelOf(round)}: not base and mean of the opened sum`);
    } catch (error) {
      const reason = reasonOf(error);
      models.look(false, () => `${labelOf(round)}: ${reason}`);
    }
  }
  checks.tally('shares', '', shares, `${shares.seen} openings of two servers`);
  checks.tally('opened-sums', '', sums, `${sums.seen} opened sums`);
  const detail = `${models.seen} versions, ${recomputed} computed again from their shares`;
  checks.tally('model-bytes', '', models, detail, { recomputed });
}

/** Null outside the split tier, where nothing was made of a sum, and where it cannot be read. */
async function readSum(
  fetch: FetchFile,
  round: LoggedRound,
  shares: Tally,
): Promise<Float64Array | null> {
  const rejected = round.abandoned?.reason === 'implausible';
  if (!rejected && (round.model === null || round.task.tier !== 'split')) return null;
  try {
    const sum = await openedSum(fetch, round);
    shares.look(true, String);
    return sum;
  } catch (error) {
    const reason = reasonOf(error);
    shares.look(false, () => `${labelOf(round)}: ${reason}`);
    return null;
  }
}

/** That what was averaged can be honest, and what was rejected cannot. */
function checkSum(round: LoggedRound, sum: Float64Array, sums: Tally): void {
  const { opening, abandoned } = round;
  const reports = opening?.leader.record.reports ?? 0;
  const far = isImplausible(round, sum, reports);
  if (abandoned === null) {
    sums.look(!far, () => `${labelOf(round)}: averaged, though no honest batch has its sum`);
    return;
  }
  const fits = abandoned.reports === reports;
  sums.look(far && fits, () => `${labelOf(round)}: rejected, though its sum may be honest`);
}
