/**
 * Which version of each task the log lets be served, and whether what it says of that follows: the
 * versions that evaluations are about, versions that are restored, verdicts of gates (PR52).
 */
import { canonicalJson } from '../../shared/bytes/canonical.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { type Attempt, decide, GATE_TRIES, qualityOf } from '../../shared/protocol/gate.ts';
import type { LogEntry } from '../../shared/protocol/log.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import type {
  ModelRecord,
  Quality,
  RestoreRecord,
  RoundRecord,
  Signed,
  SignedTask,
  Task,
  VerdictRecord,
} from '../../shared/protocol/task.ts';
import type { FetchFile } from '../../shared/protocol/tiles.ts';
import { Versions } from '../../shared/protocol/versions.ts';
import { type Checks, Tally } from './check.ts';
import type { LoggedRound } from './history.ts';
import { reasonOf } from './web.ts';

/** A verdict on the version that waited for one, and what the log had of it by then. */
interface LoggedVerdict {
  readonly signed: Signed<VerdictRecord>;
  readonly task: Task;
  readonly evaluator: Task;
  readonly candidate: ModelRecord;
  readonly reference: Quality;
  readonly attempts: readonly LoggedRound[];
}

type VersionEntry = LogEntry & { readonly type: 'model' | 'restore' | 'verdict' };

function signedOf(entry: VersionEntry): Signed<ModelRecord | RestoreRecord | VerdictRecord> {
  if (entry.type === 'model') return entry.model;
  return entry.type === 'restore' ? entry.restore : entry.verdict;
}

export class AuditedVersions {
  readonly #tasks: ReadonlyMap<string, SignedTask>;
  readonly #rounds: readonly LoggedRound[];
  readonly #chain: Tally;
  readonly #versions = new Map<string, Versions>();
  /** Records and verdicts by leaf number. */
  readonly #signed = new Map<number, unknown>();
  readonly #served = new Set<number>();
  readonly #verdicts: LoggedVerdict[] = [];

  /** @param rounds of the log so far; both grow as the log is read. */
  constructor(
    tasks: ReadonlyMap<string, SignedTask>,
    rounds: readonly LoggedRound[],
    chain: Tally,
  ) {
    this.#tasks = tasks;
    this.#rounds = rounds;
    this.#chain = chain;
  }

  /** Of a task that is in the log. */
  of(taskHash: string): Versions {
    const known = this.#versions.get(taskHash);
    if (known !== undefined) return known;
    const task = this.#tasks.get(taskHash)?.record;
    if (task === undefined) throw new Error('of a task that is not in the log before it');
    const made = new Versions(task);
    this.#versions.set(taskHash, made);
    return made;
  }

  /** Whether entry `index` is this record or verdict. */
  holds(index: number, signed: Signed<ModelRecord | RestoreRecord | VerdictRecord>): boolean {
    const { record, signature } = signed;
    return canonicalJson(this.#signed.get(index) ?? null) === canonicalJson({ record, signature });
  }

  /** Whether the version of entry `index` was served at any time. */
  wasServed(index: number): boolean {
    return this.#served.has(index);
  }

  /** Takes an entry whose record has been looked at. */
  take(entry: VersionEntry, index: number): void {
    const signed = signedOf(entry);
    const versions = this.of(signed.record.task);
    this.#signed.set(index, signed);
    versions.take(entry, index);
    if (versions.served !== null) this.#served.add(versions.served.index);
  }

  /** That no version waits, and what an evaluation is about (K11, K12). */
  lookAtRound({ task: taskHash, subject }: RoundRecord, task: Task, where: string): void {
    const waits = this.of(taskHash).candidate?.record.modelVersion;
    const none = waits === undefined;
    this.#chain.look(none, () => `${where}: opened while version ${waits} waits`);
    const { architecture } = task;
    if (architecture.name !== 'metrics' || subject === undefined) {
      const fits = (architecture.name === 'metrics') === (subject !== undefined);
      this.#chain.look(fits, () => `${where}: an evaluation names its subject, and no other round`);
      return;
    }
    const about = this.#tasks.get(subject.task)?.record;
    const known =
      about?.name === architecture.task &&
      this.of(subject.task).modelOf(subject.modelVersion) === subject.model &&
      (about.gate?.task === task.name || this.of(subject.task).isServable(subject.modelVersion));
    this.#chain.look(known, () => `${where}: its subject is no version of ${architecture.task}`);
  }

  /** That the version is an earlier one that may be served (R10). */
  lookAtRestore(record: RestoreRecord, where: string): void {
    const versions = this.of(record.task);
    const { modelVersion, of, model, previousModel } = record;
    const { next } = versions;
    this.#chain.look(modelVersion === next, () => `${where}: expected ${next}`);
    const known = versions.modelOf(of) === model && previousModel === versions.model;
    this.#chain.look(known, () => `${where}: restores what is not version ${of}`);
    if (!known) return;
    this.#chain.look(versions.isServable(of), () => `${where}: restores what was not admitted`);
  }

  /** Takes a verdict, of which the figures are checked by `checkVerdicts`. */
  judge(signed: Signed<VerdictRecord>, task: Task, index: number): void {
    const { record } = signed;
    const versions = this.of(record.task);
    const candidate = versions.candidate?.record ?? null;
    const where = `${task.name} version ${record.modelVersion}`;
    const waits =
      candidate?.modelVersion === record.modelVersion && candidate.model === record.model;
    if (!this.#chain.look(waits, () => `${where}: a verdict on what does not wait for one`)) return;
    const evaluator = this.#tasks.get(record.evaluateTask)?.record;
    const fits =
      evaluator?.architecture.name === 'metrics' &&
      evaluator.name === task.gate?.task &&
      evaluator.architecture.task === task.name;
    this.#chain.look(fits, () => `${where}: a verdict by what is not its gate`);
    if (fits && candidate !== null && evaluator !== undefined) {
      const { reference } = versions;
      const attempts = this.#attemptsAt(record);
      this.#verdicts.push({ signed, task, evaluator, candidate, reference, attempts });
    }
    this.take({ type: 'verdict', verdict: signed }, index);
  }

  #attemptsAt({ task, modelVersion, evaluateTask }: VerdictRecord): readonly LoggedRound[] {
    return this.#rounds.filter(({ taskHash, signed, model, abandoned }) => {
      const { subject } = signed.record;
      const ended = model !== null || abandoned !== null;
      const about = subject?.task === task && subject.modelVersion === modelVersion;
      return ended && about && taskHash === evaluateTask;
    });
  }

  /** Computes every verdict again from what the evaluations published (K12 to K14). */
  async checkVerdicts(fetch: FetchFile, checks: Checks): Promise<void> {
    const verdicts = new Tally();
    for (const one of this.#verdicts) {
      const { task, signed } = one;
      const where = `${task.name} version ${signed.record.modelVersion}`;
      try {
        const expected = await expectedOf(fetch, one);
        const same = canonicalJson(expected) === canonicalJson(signed.record);
        verdicts.look(same, () => `${where}: the verdict does not follow from what was published`);
      } catch (error) {
        const reason = reasonOf(error);
        verdicts.look(false, () => `${where}: ${reason}`);
      }
    }
    const admitted = this.#verdicts.filter(({ signed }) => signed.record.admitted).length;
    const detail = `${verdicts.seen} verdicts of gates, ${admitted} of them admit a version`;
    checks.tally('verdicts', '', verdicts, detail, { admitted });
  }
}

async function expectedOf(
  fetch: FetchFile,
  { signed: { record }, task, evaluator, candidate, reference, attempts }: LoggedVerdict,
): Promise<VerdictRecord | null> {
  const { expiresAtMs, helper } = evaluator;
  const until = Math.min(expiresAtMs, helper?.sealingKeyExpiresAtMs ?? Number.POSITIVE_INFINITY);
  // Whether no more rounds opened cannot be seen here; the next one of the task begins no earlier.
  const isOver = attempts.length < GATE_TRIES && record.quality === null;
  const overAtMs = isOver ? Math.max(candidate.closedAtMs, until) : null;
  const found: Attempt[] = [];
  for (const one of attempts) found.push(await attemptOf(fetch, one));
  const decision = decide(task.gate?.sigmas ?? 0, reference, found, overAtMs);
  const { version, type, task: taskHash, modelVersion, model, evaluateTask } = record;
  const of = { version, type, task: taskHash, modelVersion, model, evaluateTask };
  return decision && { ...of, ...decision, reference };
}

async function attemptOf(
  fetch: FetchFile,
  { task, signed, model, abandoned }: LoggedRound,
): Promise<Attempt> {
  const { round } = signed.record;
  if (model === null) {
    const waitedMs = abandoned?.reason === 'helper' ? task.windowMs : 0;
    return { round, endedAtMs: (abandoned?.closedAtMs ?? 0) + waitedMs, quality: null };
  }
  const { model: hash, reports, closedAtMs } = model.signed.record;
  const bytes = await fetch(PATHS.model(hash), 8 + 4 * task.d);
  if ((await sha256Hex(bytes)) !== hash) throw new Error(`the model served as ${hash} is another`);
  const quality = qualityOf(task, decodeModel(bytes, task.d), reports);
  return { round, endedAtMs: closedAtMs, quality };
}
