/** One site on one data folder: its tasks, their rounds, and the counters. */
import { canonicalJson } from '../shared/bytes/canonical.ts';
import { fromUtf8 } from '../shared/bytes/utf8.ts';
import type { Acknowledgement, ServerStatus } from '../shared/protocol/paths.ts';
import { decodeSigned, decodeSite, decodeTask, recordHash } from '../shared/protocol/records.ts';
import { Refusal, type RefusalCode } from '../shared/protocol/refusals.ts';
import { REPORT_ID_BYTES, reportLength } from '../shared/protocol/report.ts';
import type { TaskHead } from '../shared/protocol/task.ts';
import { SlotPool } from './accept/slots.ts';
import { decodeReport } from './accept/validate.ts';
import { DiskError } from './accumulate/disk.ts';
import type { Choice } from './average/choose.ts';
import { PublicFiles } from './files.ts';
import { type LogEntry, RecordLog } from './log/record-log.ts';
import type { RoundsDeps } from './open-round.ts';
import { modelPath } from './publish/publish.ts';
import { TaskRounds } from './rounds.ts';
import type { Settings } from './settings.ts';

export interface ServiceDeps extends Omit<RoundsDeps, 'log' | 'summer' | 'flushBytes'> {
  readonly settings: Settings;
  readonly average: Choice;
}

/** The data folder holds no site, or one that this aggregator may not serve. */
export class SiteError extends Error {
  readonly code = 'bad-site';

  constructor(message: string, options?: ErrorOptions) {
    super(`bad-site: ${message}`, options);
    this.name = 'SiteError';
  }
}

function signedOf<T>(what: string, text: string, decode: (record: unknown) => T): T {
  try {
    return decodeSigned(JSON.parse(text), decode).record;
  } catch (cause) {
    throw new SiteError(`${what}: ${(cause as Error).message}`, { cause });
  }
}

async function loadTasks(
  deps: ServiceDeps,
  log: RecordLog,
  siteText: string,
): Promise<Map<string, TaskRounds>> {
  const { disk, signer, settings, average } = deps;
  const site = signedOf('site.json', siteText, decodeSite);
  const tasks = new Map<string, TaskRounds>();
  for (const { name, hash } of site.tasks) {
    const text = fromUtf8(await disk.read(`tasks/${hash}.json`));
    const task = signedOf(`task '${name}'`, text, decodeTask);
    if ((await recordHash(task)) !== hash) throw new SiteError(`task '${name}' has another hash`);
    if (task.aggregatorKey !== signer.publicKey) {
      throw new SiteError(`task '${name}' names another aggregator key`);
    }
    if (task.tier === 'split') throw new SiteError(`task '${name}': the split tier is not served`);
    if ((await disk.size(modelPath(task.initialModel))) === null) {
      throw new SiteError(`task '${name}': its initial model is not in the data folder`);
    }
    const rounds = { ...deps, log, summer: average.backend, flushBytes: settings.flushBytes };
    tasks.set(hash, new TaskRounds(rounds, task, hash));
  }
  return tasks;
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

type Placed = readonly [LogEntry, { readonly offset: number; readonly length: number }];

async function startTasks(
  deps: ServiceDeps,
  log: RecordLog,
  siteText: string,
  entries: readonly Placed[],
): Promise<Map<string, TaskRounds>> {
  const tasks = await loadTasks(deps, log, siteText);
  const logged = new Set<string>();
  for (const [entry, place] of entries) {
    if (entry.type === 'task') logged.add(entry.task);
    await tasks.get(taskOf(entry))?.restore(entry, place);
  }
  try {
    for (const [hash, task] of tasks) {
      if (!logged.has(hash)) await log.append({ type: 'task', task: hash });
      await task.start();
    }
  } catch (error) {
    for (const task of tasks.values()) await task.stop();
    throw error;
  }
  return tasks;
}

function taskOf(entry: LogEntry): string {
  if (entry.type === 'round') return entry.round.record.task;
  if (entry.type === 'model') return entry.model.record.task;
  return entry.task;
}

export class Service {
  /** Signed site record as JSON text. */
  readonly siteText: string;
  readonly files: PublicFiles;
  readonly slots: SlotPool;
  readonly settings: Settings;
  /** Exact body lengths of the known tasks. */
  readonly lengths: ReadonlySet<number>;
  readonly #tasks: ReadonlyMap<string, TaskRounds>;
  /** By task hash as a latin1 string, as it lies in a body. */
  readonly #byKey: ReadonlyMap<string, TaskRounds>;
  readonly #log: RecordLog;
  readonly #average: Choice;
  readonly #refused = new Map<RefusalCode, number>();
  #accepted = 0;
  #duplicates = 0;
  #stopping = false;

  private constructor(
    deps: ServiceDeps,
    siteText: string,
    log: RecordLog,
    tasks: ReadonlyMap<string, TaskRounds>,
  ) {
    this.siteText = siteText;
    this.files = new PublicFiles(deps.disk, deps.settings.cacheBytes);
    this.slots = new SlotPool(deps.settings.maxInFlight, deps.settings.maxInFlightBytes);
    this.settings = deps.settings;
    this.lengths = new Set([...tasks.values()].map(({ task }) => reportLength(task.d)));
    this.#tasks = tasks;
    this.#byKey = new Map([...tasks].map(([hash, one]) => [latin1(Buffer.from(hash, 'hex')), one]));
    this.#log = log;
    this.#average = deps.average;
  }

  /**
   * Loads the site, replays log and journals and opens the rounds.
   * @throws SiteError, CorruptLog, DiskError
   */
  static async start(deps: ServiceDeps): Promise<Service> {
    const { disk } = deps;
    let siteText: string;
    try {
      siteText = fromUtf8(await disk.read('site.json'));
    } catch (cause) {
      if (!(cause instanceof DiskError && cause.code === 'missing')) throw cause;
      throw new SiteError('the data folder holds no site.json', { cause });
    }
    for (const name of await disk.list('models')) {
      if (name.endsWith('.tmp')) await disk.remove(`models/${name}`);
    }
    const entries: Placed[] = [];
    const log = await RecordLog.open(disk, 'log.jsonl', (entry, offset, length) => {
      entries.push([entry, { offset, length }]);
    });
    try {
      return new Service(deps, siteText, log, await startTasks(deps, log, siteText, entries));
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  /** Why reports are not taken, or null. */
  get notReady(): string | null {
    if (this.#stopping) return 'stopping';
    const failures = [this.#log.failed, ...[...this.#tasks.values()].map((task) => task.failure)];
    const failure = failures.find((one) => one !== null);
    if (failure === undefined || failure === null) return null;
    return failure instanceof DiskError ? `data folder ${failure.code}` : failure.name;
  }

  /**
   * Takes the body of a report; resolves when it is on disk. The body must not change until then.
   * @throws Refusal
   */
  async submit(body: Uint8Array): Promise<Acknowledgement> {
    if (this.#stopping) throw new Refusal('not-ready', 'stopping');
    const found = decodeReport(body, (hash) => this.#byKey.get(latin1(hash)));
    const { outcome, round } = await found.submit(body, (id) => this.#heldBeside(found, id));
    if (outcome === 'accepted') this.#accepted += 1;
    else this.#duplicates += 1;
    const id = Buffer.from(body.buffer, body.byteOffset + 8, REPORT_ID_BYTES).toString('hex');
    return { id, task: found.taskHash, round };
  }

  /** Tells whether an open round of a task other than `found` holds an id. */
  #heldBeside(found: TaskRounds, id: string): boolean {
    for (const other of this.#tasks.values()) if (other !== found && other.holds(id)) return true;
    return false;
  }

  countRefusal(code: RefusalCode): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  /** Mutable state of a task as JSON text, or null. */
  head(taskHash: string): string | null {
    const task = this.#tasks.get(taskHash);
    return task === undefined ? null : canonicalJson(task.head);
  }

  /** Records of a round that has ended, or null. */
  async round(taskHash: string, round: number): Promise<TaskHead | null> {
    return (await this.#tasks.get(taskHash)?.finished(round)) ?? null;
  }

  /**
   * Counters of reports count since the start of this process, those of rounds since the first.
   * `model.version` is that of the task named 'wide', else the highest of all tasks.
   */
  status(): ServerStatus {
    const tasks = [...this.#tasks.values()];
    const wide = tasks.find(({ task }) => task.name === 'wide');
    const total = (pick: (task: TaskRounds) => number): number =>
      tasks.reduce((sum, task) => sum + pick(task), 0);
    return {
      model: {
        version: wide?.modelVersion ?? Math.max(0, ...tasks.map((task) => task.modelVersion)),
      },
      rounds: {
        open: total(({ head }) => (head.round === null ? 0 : 1)),
        published: total(({ counts }) => counts.published),
        abandoned: total(({ counts }) => counts.abandoned),
      },
      reports: {
        accepted: this.#accepted,
        duplicates: this.#duplicates,
        refused: Object.fromEntries(this.#refused),
      },
      tasks: tasks.map(({ task, taskHash, head, counts, modelVersion }) => ({
        name: task.name,
        hash: taskHash,
        tier: task.tier,
        modelVersion,
        round: head.round?.record.round ?? null,
        reports: counts.reports,
        minReports: task.minReports,
        maxReports: task.maxReports,
        deadlineMs: head.round?.record.deadlineMs ?? null,
      })),
      average: { backend: this.#average.backend.name, reason: this.#average.reason },
    };
  }

  /** Resolves when no round is changing its state. */
  async settled(): Promise<void> {
    for (const task of this.#tasks.values()) await task.settled();
  }

  /** From now on reports are refused as not-ready. */
  drain(): void {
    this.#stopping = true;
  }

  /** Flushes what is on its way and lets go of the files. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const task of this.#tasks.values()) await task.stop();
    await this.#log.close();
  }
}
