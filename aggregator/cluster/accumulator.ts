/**
 * An accumulator: the single writer of the partitions whose leases it holds. It keeps RD3 to RD6
 * for them: dedupe, conflicts, quota, group commit, exact partial sums.
 */
import { Refusal } from '../../shared/protocol/refusals.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { DiskError } from '../accumulate/disk.ts';
import type { Summer } from '../accumulate/running-sum.ts';
import { HeldPartition } from './held.ts';
import { PartitionLeases } from './leases.ts';
import { EngineError, type UpdateLog } from './update-log.ts';
import { type OpenedRound, ViewReader } from './view.ts';
import type {
  Addressed,
  CloseRequest,
  PartitionCount,
  PartitionRef,
  PartitionResult,
  Verdict,
} from './wire.ts';

export interface AccumulatorOptions {
  readonly log: UpdateLog;
  /** Of this process, unique. */
  readonly node: string;
  /** Where this process answers. */
  readonly url: () => string;
  readonly partitions: number;
  readonly ttlMs: number;
  /** Time that only rises, ms. */
  readonly nowMs: () => number;
  readonly summerOf: (task: Task) => Summer;
  readonly flushBytes: number;
  /** Told why a partition had to be given up; it is read again when it is asked for. */
  readonly dropped: (partition: number, reason: string) => void;
}

const ELSEWHERE: Verdict = { outcome: 'elsewhere' };
const ROUND_HASH_AT = 56;

export class Accumulator {
  readonly #options: AccumulatorOptions;
  readonly #leases: PartitionLeases;
  readonly #view: ViewReader;
  readonly #held = new Map<string, Promise<HeldPartition | null>>();
  /** Those of `#held` that are open. */
  readonly #open = new Map<string, HeldPartition>();
  #stopped = false;

  constructor(options: AccumulatorOptions) {
    this.#options = options;
    this.#leases = new PartitionLeases({
      ...options,
      leave: async (partition) => {
        const keys = [...this.#held.keys()].filter((key) => key.endsWith(`/${partition}`));
        await Promise.all(keys.map((key) => this.#forget(key)));
      },
    });
    this.#view = new ViewReader(options.log);
  }

  /** Partitions whose leases it holds. */
  get held(): readonly number[] {
    return this.#leases.held;
  }

  /** One step: reads which rounds there are, renews leases, lets go of what is over. */
  async tick(): Promise<void> {
    if (this.#stopped) return;
    await this.#view.refresh().catch(ignoreEngine);
    await this.#leases.tick();
    const { rounds } = this.#view.view;
    for (const key of this.#held.keys()) {
      const [roundHash = '', partition = ''] = key.split('/');
      const wanted = rounds.has(roundHash) && this.#leases.holds(Number(partition));
      if (!wanted) await this.#forget(key);
    }
    // `dropped` is told why one cannot be opened; the others go on.
    const opened = this.held.map((partition) => this.#siblings(partition).catch(() => undefined));
    await Promise.all(opened);
  }

  /** Takes a group of reports; each is on its own. */
  take(reports: readonly Addressed[]): Promise<Verdict[]> {
    return Promise.all(reports.map((one) => this.#takeOne(one)));
  }

  /** Of the partitions that it has opened. */
  counts(): PartitionCount[] {
    return [...this.#open.values()].map(({ roundHash, partition, count, full }) => {
      return { roundHash, partition, count, full };
    });
  }

  /** Fixes who is in a partition; false when this node does not hold it. @throws DiskError */
  async close(of: CloseRequest): Promise<boolean> {
    const held = await this.#partition(of);
    if (held === null) return false;
    return this.#guard(of, async () => {
      await held.close(of.closedAtMs);
      return true;
    });
  }

  /** The result of a closed partition; null when this node does not hold it. @throws DiskError */
  async result(of: PartitionRef): Promise<PartitionResult | null> {
    const held = await this.#partition(of);
    return held === null ? null : this.#guard(of, () => held.result());
  }

  /** Flushes what is on its way and gives the leases back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#leases.release();
    await Promise.all([...this.#held.keys()].map((key) => this.#forget(key)));
  }

  async #takeOne({ partition, body }: Addressed): Promise<Verdict> {
    const round = Buffer.from(body.buffer, body.byteOffset + ROUND_HASH_AT, 32).toString('hex');
    const of = { roundHash: round, partition };
    let held: HeldPartition | null = null;
    try {
      held = await this.#partition(of);
      if (held === null) return ELSEWHERE;
      await this.#siblings(partition);
      const taker = held;
      const besides = (id: string): boolean => this.#heldBeside(taker, id);
      return { outcome: await this.#guard(of, () => taker.take(body, besides)) };
    } catch (error) {
      if (error instanceof Refusal) return { code: error.code, detail: error.detail };
      // The partition went while it was read: the round has ended in the meantime.
      if (error instanceof DiskError && error.code === 'missing') return ELSEWHERE;
      if (error instanceof DiskError || error instanceof EngineError) {
        return { code: 'not-ready', detail: `the engine is ${error.code}` };
      }
      // What is wrong with one partition is no fault of the group's other reports.
      if (held !== null) this.#options.dropped(partition, (error as Error).message);
      return { code: 'not-ready', detail: 'the partition cannot be read' };
    }
  }

  #heldBeside(held: HeldPartition, id: string): boolean {
    for (const other of this.#open.values()) {
      if (other !== held && other.partition === held.partition && other.has(id)) return true;
    }
    return false;
  }

  /** Opens this partition of all rounds there are: an id counts in one of them. */
  async #siblings(partition: number): Promise<void> {
    for (const roundHash of this.#view.view.rounds.keys()) {
      if (this.#open.has(`${roundHash}/${partition}`)) continue;
      await this.#partition({ roundHash, partition });
    }
  }

  /** Opens a partition once; null when it is not this node's, or not one of an open round. */
  async #partition({ roundHash, partition }: PartitionRef): Promise<HeldPartition | null> {
    if (this.#stopped || !this.#leases.holds(partition)) return null;
    const key = `${roundHash}/${partition}`;
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    // Read under the lease: the holder before may have taken reports of a round that is new here.
    const { rounds, tasks } = await this.#view.refresh();
    const round: OpenedRound | undefined = rounds.get(roundHash);
    const task = round && tasks.get(round.task);
    if (task === undefined || !this.#leases.holds(partition)) return null;
    const opening = this.#held.get(key) ?? this.#openOne(key, task, { roundHash, partition });
    return opening;
  }

  #openOne(key: string, task: Task, of: PartitionRef): Promise<HeldPartition | null> {
    const { summerOf } = this.#options;
    const opening = HeldPartition.open({ ...this.#options, ...of, task, summer: summerOf(task) });
    this.#held.set(key, opening);
    opening.then(
      (held) => {
        if (this.#held.get(key) !== opening) return;
        if (held === null) this.#held.delete(key);
        else this.#open.set(key, held);
      },
      (error: Error) => {
        if (this.#held.get(key) === opening) this.#held.delete(key);
        this.#options.dropped(of.partition, error.message);
      },
    );
    return opening;
  }

  /** Gives a partition up whose log did not take a frame: somebody else may be its writer. */
  async #guard<T>(of: PartitionRef, work: () => Promise<T>): Promise<T> {
    const key = `${of.roundHash}/${of.partition}`;
    const held = this.#open.get(key);
    try {
      return await work();
    } catch (error) {
      if (held?.broken || error instanceof DiskError) {
        if (held !== undefined && this.#open.get(key) === held) {
          this.#options.dropped(of.partition, (error as Error).message);
          void this.#forget(key);
        }
      }
      throw error;
    }
  }

  async #forget(key: string): Promise<void> {
    const opening = this.#held.get(key);
    this.#held.delete(key);
    this.#open.delete(key);
    await opening?.then((held) => held?.stop()).catch(() => undefined);
  }
}

function ignoreEngine(error: unknown): void {
  if (!(error instanceof EngineError || error instanceof DiskError)) throw error;
}
