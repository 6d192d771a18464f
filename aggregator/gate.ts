/**
 * How the tasks of a site depend on one another (SPEC.md, K11 to K14): what an evaluation is about,
 * and what a gate says of a new version. Both follow from the log and the published bytes alone, so
 * that it does not matter which task starts first, nor how often.
 */
import { canonicalJson } from '../shared/bytes/canonical.ts';
import { sha256Hex } from '../shared/bytes/hash.ts';
import type { MetricsArchitecture } from '../shared/model/architecture.ts';
import { type Attempt, type Decision, decide, qualityOf } from '../shared/protocol/gate.ts';
import { decodeModel } from '../shared/protocol/model.ts';
import { type Signer, signRecord } from '../shared/protocol/signature.ts';
import type {
  Logged,
  ModelRecord,
  Signed,
  Subject,
  Task,
  VerdictRecord,
} from '../shared/protocol/task.ts';
import type { Disk } from './accumulate/disk.ts';
import type { Evaluation, RoundHistory } from './history.ts';
import { modelPath } from './publish/publish.ts';

/** One task, as the others see it. */
export interface Related {
  readonly task: Task;
  readonly taskHash: string;
  readonly history: RoundHistory;
  /** Opens no round any more, unless one is open. */
  readonly isOver: boolean;
  /** Something has changed that may let it go on. */
  wake(): void;
}

export interface GateDeps {
  readonly disk: Disk;
  readonly signer: Signer;
}

/** The version that a round is to be about, and since when a candidate waits; else null. */
export interface NextSubject {
  readonly subject: Subject;
  readonly sinceMs: number | null;
}

/** What one task has to do with the others of its site. */
export class Relations {
  readonly #deps: GateDeps;
  readonly #own: Related;
  /** Of an evaluation: the task whose versions it evaluates. */
  readonly #evaluated: Related | null;
  /** Of a task with a gate: the evaluation that measures its versions. */
  readonly #evaluator: Related | null;
  readonly #dependants: readonly Related[];

  private constructor(deps: GateDeps, own: Related, all: readonly Related[]) {
    this.#deps = deps;
    this.#own = own;
    this.#evaluated = evaluatedBy(own, all);
    this.#evaluator = evaluatorOf(own, all);
    const concerns = (one: Related): boolean =>
      evaluatedBy(one, all) === own || evaluatorOf(one, all) === own;
    this.#dependants = all.filter(concerns);
  }

  /**
   * @param all the tasks of the site, in its order.
   * @throws RangeError for an evaluation or a gate that names no task which fits.
   */
  static of(deps: GateDeps, own: Related, all: readonly Related[]): Relations {
    return new Relations(deps, own, all);
  }

  /** Tells those who wait for this task. */
  changed(): void {
    for (const one of this.#dependants) one.wake();
  }

  /** What the next round of an evaluation is about; null while there is nothing to evaluate. */
  async subject(): Promise<NextSubject | null> {
    const evaluated = this.#evaluated;
    if (evaluated === null) return null;
    const { task, taskHash, history } = evaluated;
    const { candidate, origin, model } = history.versions;
    if (task.gate?.task !== this.#own.task.name) {
      return { subject: { task: taskHash, modelVersion: origin, model }, sinceMs: null };
    }
    if (candidate === null || (await this.#decision(evaluated, this.#own)) !== null) return null;
    return { subject: subjectOf(candidate), sinceMs: candidate.record.closedAtMs };
  }

  /** The signed record of what a round is about; null for an initial model. */
  async recordOf(subject: Subject | undefined): Promise<Logged<ModelRecord> | null> {
    if (subject === undefined || subject.task !== this.#evaluated?.taskHash) return null;
    return this.#evaluated.history.recordOf(subject.modelVersion);
  }

  /** What the gate says of the version that waits; null while none does, or it is not known yet. */
  async verdict(): Promise<Signed<VerdictRecord> | null> {
    const evaluator = this.#evaluator;
    const { candidate, reference } = this.#own.history.versions;
    if (evaluator === null || candidate === null) return null;
    const decision = await this.#decision(this.#own, evaluator);
    if (decision === null) return null;
    const { task, modelVersion, model } = candidate.record;
    return signRecord(
      {
        ...{ version: 1, type: 'verdict', task, modelVersion, model },
        ...{ ...decision, evaluateTask: evaluator.taskHash, reference },
      } as const,
      this.#deps.signer,
    );
  }

  async #decision(trained: Related, evaluator: Related): Promise<Decision | null> {
    const { gate } = trained.task;
    const { candidate, reference } = trained.history.versions;
    if (gate === undefined || candidate === null) return null;
    const attempts: Attempt[] = [];
    for (const one of evaluator.history.evaluationsOf(subjectOf(candidate))) {
      attempts.push(await this.#attempt(evaluator.task, one));
    }
    const { opensUntilMs } = evaluator.history;
    const { closedAtMs } = candidate.record;
    const isOver = evaluator.isOver || closedAtMs >= opensUntilMs;
    const overAtMs = isOver ? Math.max(closedAtMs, opensUntilMs) : null;
    return decide(gate.sigmas, reference, attempts, overAtMs);
  }

  async #attempt(task: Task, { round, endedAtMs, model }: Evaluation): Promise<Attempt> {
    if (model === null) return { round, endedAtMs, quality: null };
    const stored = await this.#deps.disk.read(modelPath(model.model));
    if ((await sha256Hex(stored)) !== model.model) {
      throw new RangeError('an evaluation on disk is not the one that its record names');
    }
    const means = decodeModel(stored, task.d);
    return { round, endedAtMs, quality: qualityOf(task, means, model.reports) };
  }
}

const subjectOf = ({ record }: Logged<ModelRecord>): Subject => ({
  task: record.task,
  modelVersion: record.modelVersion,
  model: record.model,
});

/** Whether an evaluation is one of this task's models (K9, K10). */
function fits(metrics: MetricsArchitecture, { architecture }: Task): boolean {
  if (metrics.of !== 'head') return architecture.name === 'wide';
  return canonicalJson(architecture) === canonicalJson(metrics.head);
}

function evaluatedBy(
  { task: { name, architecture } }: Related,
  all: readonly Related[],
): Related | null {
  if (architecture.name !== 'metrics') return null;
  const found = all.find(({ task }) => task.name === architecture.task);
  if (found === undefined || !fits(architecture, found.task)) {
    throw new RangeError(`task '${name}': no task '${architecture.task}' whose model it evaluates`);
  }
  return found;
}

function evaluatorOf({ task, taskHash }: Related, all: readonly Related[]): Related | null {
  const { name, gate } = task;
  if (gate === undefined) return null;
  const found = all.find((one) => one.task.name === gate.task);
  // Of two tasks of one name it evaluates the first: a version of the other would wait for ever.
  if (found === undefined || evaluatedBy(found, all)?.taskHash !== taskHash) {
    throw new RangeError(`task '${name}': its gate '${gate.task}' is no evaluation of it`);
  }
  return found;
}
