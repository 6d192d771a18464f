/** One site on one data folder: its tasks, their rounds, and the counters. */
import { canonicalJson } from '../shared/bytes/canonical.ts';
import { fromUtf8, utf8 } from '../shared/bytes/utf8.ts';
import type { Acknowledgement, ServerStatus } from '../shared/protocol/paths.ts';
import { Refusal, type RefusalCode } from '../shared/protocol/refusals.ts';
import { REPORT_ID_BYTES } from '../shared/protocol/report.ts';
import type { TaskHead } from '../shared/protocol/task.ts';
import type { SlotPool } from './accept/slots.ts';
import { checkToken, type VerifyToken } from './accept/tokens.ts';
import { decodeReport } from './accept/validate.ts';
import { idOf } from './accumulate/batch.ts';
import { DiskError } from './accumulate/disk.ts';
import type { Choice } from './average/choose.ts';
import { PublicFiles } from './files.ts';
import { type HelperClient, HelperError } from './helper-client.ts';
import type { Intake } from './intake.ts';
import {
  type LoadDeps,
  type LoadedTask,
  loadSite,
  loadTasks,
  type PlacedEntry,
  startTasks,
} from './load.ts';
import type { PublishedLog, Witness } from './log/published.ts';
import { RecordLog } from './log/record-log.ts';
import { roundKeyOf } from './open-round.ts';
import { OperatorError } from './operator.ts';
import { openPublicLog, type PublicLog, type PublicLogDeps } from './public-log.ts';
import type { TaskRounds } from './rounds.ts';
import type { Settings } from './settings.ts';

export interface ServiceDeps extends LoadDeps, PublicLogDeps {
  /** Verifies blind tokens where the settings require them. */
  readonly verifyToken?: VerifyToken;
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

function totals(counters: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counter of counters) {
    for (const [code, count] of counter) sums[code] = (sums[code] ?? 0) + count;
  }
  return sums;
}

/** The helper of the site's newest task of the split tier, as the log's witness. */
function witnessOf(
  helper: HelperClient | undefined,
  tasks: ReadonlyMap<string, LoadedTask>,
): Witness | null {
  const keys = [...tasks.values()].map(({ signed }) => signed.record.helper);
  const identityKey = keys.findLast((one) => one !== null)?.identityKey;
  if (helper === undefined || identityKey === undefined) return null;
  const cosign = async (note: string): Promise<string> =>
    fromUtf8(await helper.cosign({ identityKey }, utf8(note)));
  return { identityKey, cosign };
}

export class Service {
  /** Signed site record as JSON text. */
  readonly siteText: string;
  readonly files: PublicFiles;
  readonly slots: SlotPool;
  readonly settings: Settings;
  readonly published: PublishedLog;
  /** JSON text of `KeyList`. */
  readonly keysText: string;
  /** Exact body lengths of the known tasks. */
  readonly lengths: ReadonlySet<number>;
  readonly #tasks: ReadonlyMap<string, TaskRounds>;
  /** By task hash as a latin1 string, as it lies in a body. */
  readonly #byKey: ReadonlyMap<string, TaskRounds>;
  readonly #log: RecordLog;
  readonly #average: Choice;
  readonly #verifyToken: VerifyToken | null;
  readonly #refused = new Map<RefusalCode, number>();
  #accepted = 0;
  #duplicates = 0;
  #stopping = false;

  private constructor(
    deps: ServiceDeps,
    siteText: string,
    log: RecordLog,
    { published, keysText }: PublicLog,
    tasks: ReadonlyMap<string, TaskRounds>,
    intake: Intake,
  ) {
    this.siteText = siteText;
    this.published = published;
    this.keysText = keysText;
    this.files = new PublicFiles(deps.disk, deps.settings.cacheBytes);
    this.slots = intake.slots;
    this.settings = deps.settings;
    this.lengths = intake.lengths;
    this.#tasks = tasks;
    this.#byKey = new Map([...tasks].map(([hash, one]) => [latin1(Buffer.from(hash, 'hex')), one]));
    this.#log = log;
    this.#average = deps.average;
    this.#verifyToken = deps.verifyToken ?? null;
  }

  /**
   * Loads the site, replays log and journals and opens the rounds.
   * @throws SiteError, CorruptLog, DiskError
   */
  static async start(deps: ServiceDeps): Promise<Service> {
    const { disk } = deps;
    const site = await loadSite(disk);
    await disk.makeFolder('shares');
    for (const folder of ['models', 'shares']) {
      for (const name of await disk.list(folder)) {
        if (name.endsWith('.tmp')) await disk.remove(`${folder}/${name}`);
      }
    }
    const entries: PlacedEntry[] = [];
    const log = await RecordLog.open(disk, 'log.jsonl', (...placed) => entries.push(placed));
    try {
      const { tasks: loaded, intake } = await loadTasks(deps, log, site.signed);
      const witness = deps.witness ?? witnessOf(deps.helper, loaded);
      const logged = entries.map(([entry]) => entry);
      const publicDeps = witness === null ? deps : { ...deps, witness };
      const open = await openPublicLog(publicDeps, log, site.signed.record.site, logged);
      const tasks = await startTasks(log, site.signed, loaded, entries);
      open.published.start();
      return new Service(deps, site.text, log, open, tasks, intake);
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
    if (failure instanceof HelperError) return `helper ${failure.code}`;
    return failure instanceof DiskError ? `data folder ${failure.code}` : failure.name;
  }

  /**
   * Takes the body of a report; resolves when it is on disk. The body must not change until then.
   * @param token value of its header, null where there is none.
   * @throws Refusal
   */
  async submit(body: Uint8Array, token: string | null = null): Promise<Acknowledgement> {
    if (this.#stopping) throw new Refusal('not-ready', 'stopping');
    const found = decodeReport(body, (hash) => this.#byKey.get(latin1(hash)));
    if (this.settings.tokens === 'required') {
      await checkToken(this.#verifyToken, token, {
        taskHash: latin1(body.subarray(24, 56)),
        roundHash: roundKeyOf(body),
        reportId: idOf(body),
      });
    }
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

  /** Report ids of a published round, 16 bytes each and ascending, or null. */
  async ids(taskHash: string, round: number): Promise<Uint8Array | null> {
    const path = await this.#tasks.get(taskHash)?.idsPath(round);
    return path == null ? null : this.files.get(path);
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
      tasks: tasks.map(
        ({ task, taskHash, head, reports, modelVersion, candidate, paused, helper }) => ({
          name: task.name,
          hash: taskHash,
          tier: task.tier,
          modelVersion,
          candidate,
          paused,
          round: head.round?.record.round ?? null,
          reports,
          minReports: task.minReports,
          maxReports: task.maxReports,
          deadlineMs: head.round?.record.deadlineMs ?? null,
          helper,
        }),
      ),
      rejectedBatches: total(({ counts }) => counts.rejected),
      helperFailures: totals(tasks.map(({ helperFailures }) => helperFailures)),
      average: { backend: this.#average.backend.name, reason: this.#average.reason },
    };
  }

  /**
   * Rounds of a task, with what an operator may do to them.
   * @throws OperatorError unknown-task
   */
  task(taskHash: string): TaskRounds {
    const task = this.#tasks.get(taskHash);
    if (task === undefined) throw new OperatorError('unknown-task', 'the site has no such task');
    return task;
  }

  /** No further round of the task opens. @param close ends the open one now. @throws OperatorError */
  pause(taskHash: string, close = false): Promise<void> {
    return this.task(taskHash).pause(close);
  }

  /** Rounds of the task open again. @throws OperatorError */
  resume(taskHash: string): Promise<void> {
    return this.task(taskHash).resume();
  }

  /** Ends the task's open round without a version; resolves with its number. @throws OperatorError */
  abandon(taskHash: string): Promise<number> {
    return this.task(taskHash).abandon();
  }

  /** Serves an earlier version of the task again; resolves with its new number. @throws OperatorError */
  restore(taskHash: string, version: number): Promise<number> {
    return this.task(taskHash).restore(version);
  }

  /** Resolves when no round is changing its state. */
  async settled(): Promise<void> {
    const tasks = [...this.#tasks.values()];
    let before: readonly Promise<void>[];
    do {
      before = tasks.map(({ work }) => work);
      for (const task of tasks) await task.settled();
    } while (tasks.some(({ work }, i) => work !== before[i]));
  }

  /** From now on reports are refused as not-ready. */
  drain(): void {
    this.#stopping = true;
  }

  /** Flushes what is on its way and lets go of the files. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.published.stop();
    for (const task of this.#tasks.values()) await task.stop();
    await this.#log.close();
  }
}
