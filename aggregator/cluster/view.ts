/**
 * What every node must know and the coordinator alone decides: the site's tasks and the rounds that
 * take reports. It lies in the log as one value.
 */
import { fromUtf8, utf8 } from '../../shared/bytes/utf8.ts';
import { decodeTask, recordHash } from '../../shared/protocol/records.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { MAX_PARTITIONS, NAMES } from './names.ts';
import { Fenced, type UpdateLog } from './update-log.ts';

export interface OpenedRound {
  /** Hashes, hex. */
  readonly task: string;
  readonly roundHash: string;
  readonly round: number;
}

export interface RoundsView {
  /** By hash. */
  readonly tasks: ReadonlyMap<string, Task>;
  /** By hash; closed ones stay until their outcome is in the public log. */
  readonly rounds: ReadonlyMap<string, OpenedRound>;
}

export const NO_ROUNDS: RoundsView = { tasks: new Map(), rounds: new Map() };

export interface ClusterConfig {
  readonly partitions: number;
}

/** The cluster was begun with other settings, or cannot serve what it is asked to. */
export class ClusterError extends Error {
  readonly code: 'cluster-partitions' | 'cluster-damaged' | 'cluster-no-holder';

  constructor(code: ClusterError['code'], message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'ClusterError';
    this.code = code;
  }
}

/**
 * The number of partitions, for good from the first start on.
 * @param wanted null takes what there is, or `usual`.
 * @throws ClusterError cluster-partitions; EngineError
 */
export async function agreeOnPartitions(
  log: Pick<UpdateLog, 'load' | 'save'>,
  wanted: number | null,
  usual: number,
): Promise<number> {
  for (;;) {
    const { bytes } = await log.load(NAMES.config);
    if (bytes !== null) {
      const { partitions } = JSON.parse(fromUtf8(bytes)) as ClusterConfig;
      const known = Number.isInteger(partitions) && partitions >= 1 && partitions <= MAX_PARTITIONS;
      if (!known) throw new ClusterError('cluster-damaged', `${NAMES.config} is not readable`);
      if (wanted === null || wanted === partitions) return partitions;
      const message = `the cluster has ${partitions} partitions for good, not ${wanted}`;
      throw new ClusterError('cluster-partitions', message);
    }
    try {
      const config: ClusterConfig = { partitions: wanted ?? usual };
      await log.save(NAMES.config, 0, utf8(JSON.stringify(config)));
    } catch (error) {
      if (!(error instanceof Fenced)) throw error;
    }
  }
}

/** Reads the view again when it has changed. */
export class ViewReader {
  readonly #log: Pick<UpdateLog, 'load'>;
  #revision = 0;
  #view = NO_ROUNDS;

  constructor(log: Pick<UpdateLog, 'load'>) {
    this.#log = log;
  }

  get view(): RoundsView {
    return this.#view;
  }

  /** @throws EngineError; ClusterError cluster-damaged */
  async refresh(): Promise<RoundsView> {
    const { revision, bytes } = await this.#log.load(NAMES.rounds);
    if (bytes === null || revision <= this.#revision) return this.#view;
    const view = await decodeView(bytes);
    // Of several readings under way the newest counts, whichever is done last.
    if (revision > this.#revision) {
      this.#view = view;
      this.#revision = revision;
    }
    return this.#view;
  }
}

interface Stored {
  readonly tasks: readonly unknown[];
  readonly rounds: readonly OpenedRound[];
}

async function decodeView(bytes: Uint8Array): Promise<RoundsView> {
  const { tasks, rounds } = JSON.parse(fromUtf8(bytes)) as Stored;
  const byHash = new Map<string, Task>();
  for (const json of tasks) {
    const task = decodeTask(json);
    byHash.set(await recordHash(task), task);
  }
  return { tasks: byHash, rounds: new Map(rounds.map((one) => [one.roundHash, one])) };
}

/** The coordinator's side; fenced, so that one that was overtaken changes nothing any more. */
export class ViewWriter {
  readonly #log: Pick<UpdateLog, 'load' | 'save'>;
  readonly #failed: (error: Error) => void;
  readonly #tasks = new Map<string, Task>();
  readonly #rounds = new Map<string, OpenedRound>();
  #revision = 0;
  #work: Promise<unknown> = Promise.resolve();

  private constructor(log: Pick<UpdateLog, 'load' | 'save'>, failed: (error: Error) => void) {
    this.#log = log;
    this.#failed = failed;
  }

  /**
   * Goes on from what the last coordinator wrote.
   * @param failed told when a change was not taken, or may not have been: then it must start again.
   */
  static async open(
    log: Pick<UpdateLog, 'load' | 'save'>,
    failed: (error: Error) => void,
  ): Promise<ViewWriter> {
    const writer = new ViewWriter(log, failed);
    const { revision, bytes } = await log.load(NAMES.rounds);
    writer.#revision = revision;
    const { tasks, rounds } = bytes === null ? NO_ROUNDS : await decodeView(bytes);
    for (const [hash, task] of tasks) writer.#tasks.set(hash, task);
    for (const [hash, round] of rounds) writer.#rounds.set(hash, round);
    return writer;
  }

  get rounds(): readonly OpenedRound[] {
    return [...this.#rounds.values()];
  }

  /** @throws Fenced, EngineError */
  add(task: Task, round: OpenedRound): Promise<void> {
    return this.#change(() => {
      this.#tasks.set(round.task, task);
      this.#rounds.set(round.roundHash, round);
    });
  }

  /** @throws Fenced, EngineError */
  remove(roundHash: string): Promise<void> {
    return this.#change(() => {
      this.#rounds.delete(roundHash);
    });
  }

  #change(change: () => void): Promise<void> {
    const done = this.#work.then(async () => {
      change();
      const stored: Stored = { tasks: [...this.#tasks.values()], rounds: this.rounds };
      const bytes = utf8(JSON.stringify(stored));
      this.#revision = await this.#log.save(NAMES.rounds, this.#revision, bytes);
    });
    this.#work = done.catch((error: Error) => this.#failed(error));
    return done;
  }
}
