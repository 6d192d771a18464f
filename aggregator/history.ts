/** What the log says of one task's rounds: taken entry by entry, at start and as they are made. */
import { GATE_TRIES } from '../shared/protocol/gate.ts';
import type { LogEntry, OpeningEntry } from '../shared/protocol/log.ts';
import { recordHash } from '../shared/protocol/records.ts';
import type {
  Logged,
  ModelRecord,
  RoundRecord,
  Subject,
  Task,
  TaskHead,
} from '../shared/protocol/task.ts';
import { Versions } from '../shared/protocol/versions.ts';
import type { Disk } from './accumulate/disk.ts';
import { EndedRounds } from './ended.ts';
import type { LogPlace } from './log/record-log.ts';
import { type Keyed, keyOfHex } from './open-round.ts';
import { OPERATOR_FILE } from './operator.ts';
import type { OutcomeDeps } from './outcome.ts';
import { statePath } from './publish/state.ts';

type NextRound = Pick<RoundRecord, 'task' | 'round' | 'baseModel' | 'openedAtMs'>;

/** An evaluation that has ended; `model` null where it published nothing. */
export interface Evaluation {
  readonly round: number;
  readonly endedAtMs: number;
  readonly model: Pick<ModelRecord, 'model' | 'reports'> | null;
}

const keyOfSubject = ({ task, modelVersion }: Subject): string => `${task} ${modelVersion}`;

/** Below every sequence number of a helper. */
const NO_SEQUENCE = -1;

export interface RoundCounts {
  readonly published: number;
  readonly abandoned: number;
  /** Of those abandoned, the implausible (RD18). */
  readonly rejected: number;
}

export class RoundHistory {
  readonly ended: EndedRounds;
  readonly versions: Versions;
  readonly #disk: Disk;
  readonly #task: Task;
  readonly #taskHash: string;
  readonly #folder: string;
  /** Numbers of all rounds by hash, 32 bytes as a latin1 string. */
  readonly #numbers = new Map<string, number>();
  #announced: (Keyed & { readonly index: number }) | null = null;
  #opening: OpeningEntry | null = null;
  #origin: Logged<ModelRecord> | null = null;
  #subject: Subject | null = null;
  /** By the version that they were about; of each as many as may decide. */
  readonly #evaluations = new Map<string, Evaluation[]>();
  /** The last record of a version that was read. */
  #read: Logged<ModelRecord> | null = null;
  #lastRound = 0;
  #lastSequence = NO_SEQUENCE;
  #nextOpensAtMs: number | null = null;
  #published = 0;
  #abandoned = 0;
  #rejected = 0;

  constructor({ disk, log }: Pick<OutcomeDeps, 'disk' | 'log'>, task: Task, taskHash: string) {
    this.#disk = disk;
    this.#task = task;
    this.#taskHash = taskHash;
    this.#folder = `rounds/${taskHash}`;
    this.ended = new EndedRounds(disk, log, this.#folder);
    this.versions = new Versions(task);
  }

  /** The round that was announced and has not ended, or null. */
  get announced(): (Keyed & { readonly index: number }) | null {
    return this.#announced;
  }

  /** Its logged opening in the split tier, or null. */
  get opening(): OpeningEntry | null {
    return this.#opening;
  }

  /** Journal of the last round that was announced. */
  get journalPath(): string {
    return `${this.#folder}/${this.#lastRound}.journal`;
  }

  /** What the operator has asked for. */
  get operatorPath(): string {
    return `${this.#folder}/${OPERATOR_FILE}`;
  }

  /** Rounds since the first one. */
  get counts(): RoundCounts {
    return { published: this.#published, abandoned: this.#abandoned, rejected: this.#rejected };
  }

  /** Of the helper's last logged opening. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Earliest time at which the next round opens; null before the first. */
  get nextOpensAtMs(): number | null {
    return this.#nextOpensAtMs;
  }

  /** When the task, or the key that its seeds need, expires: no round opens from then on. */
  get opensUntilMs(): number {
    const { expiresAtMs, helper } = this.#task;
    return Math.min(expiresAtMs, helper?.sealingKeyExpiresAtMs ?? Number.POSITIVE_INFINITY);
  }

  /** Of an evaluate task: its first rounds about a version that have ended, in order. */
  evaluationsOf(subject: Subject): readonly Evaluation[] {
    return this.#evaluations.get(keyOfSubject(subject)) ?? [];
  }

  /** State of the task as it is served; the round only where `open`. */
  headOf(open: boolean, subject: Logged<ModelRecord> | null): TaskHead {
    const { served, candidate, verdict } = this.versions;
    const round = open ? this.#announced : null;
    return {
      round: round?.signed ?? null,
      model: served && { record: served.record, signature: served.signature },
      roundIndex: round?.index ?? null,
      modelIndex: served?.index ?? null,
      candidate,
      origin: served?.record.type === 'restore' ? this.#origin : null,
      verdict,
      subject: round === null ? null : subject,
    };
  }

  /** The signed record of a version that a round made; null for 0, and for one that none made. */
  async recordOf(version: number): Promise<Logged<ModelRecord> | null> {
    if (this.#read?.record.modelVersion === version) return this.#read;
    const made = this.versions.made(version);
    if (made === null) return null;
    const model = (await this.ended.records(made.round))?.model;
    if (model?.record.type !== 'model') throw new RangeError('a version is not in the log');
    this.#read = { record: model.record, signature: model.signature, index: made.index };
    return this.#read;
  }

  /**
   * What the next round is to say; null when the task, or the key that its seeds need, expires.
   * @param notBeforeMs it opens no earlier.
   */
  next(nowMs: number, notBeforeMs: number): NextRound | null {
    const openedAtMs = Math.max(this.#nextOpensAtMs ?? nowMs, notBeforeMs);
    if (openedAtMs >= this.opensUntilMs) return null;
    const baseModel = this.versions.model;
    return { task: this.#taskHash, round: this.#lastRound + 1, baseModel, openedAtMs };
  }

  /** Number of a round by its hash as a latin1 string. */
  numberOf(key: string): number | undefined {
    return this.#numbers.get(key);
  }

  /** Makes the task's folder and removes what no round needs, after the log has been taken. */
  async tidy(): Promise<void> {
    await this.#disk.makeFolder(this.#folder);
    const states = this.#stated();
    for (const name of await this.#disk.list(this.#folder)) {
      const path = `${this.#folder}/${name}`;
      const running = this.#announced !== null && path === this.journalPath;
      const ids = name.endsWith('.ids') || name.endsWith('.batch');
      const kept = ids || states.includes(path) || path === this.operatorPath;
      if (!kept && !running) await this.#disk.remove(path);
    }
  }

  /** Takes an entry that was logged just now, and lets go of what nothing follows any more. */
  async extend(entry: LogEntry, place: LogPlace): Promise<void> {
    const before = this.#stated();
    await this.take(entry, place);
    const after = this.#stated();
    for (const path of before.filter((one) => !after.includes(one))) {
      // What cannot be removed stays until the next start: the entry counts, and must not come again.
      await this.#remove(path).catch(() => undefined);
    }
  }

  async #remove(path: string): Promise<void> {
    if ((await this.#disk.size(path)) !== null) await this.#disk.remove(path);
  }

  async take(entry: LogEntry, place: LogPlace): Promise<void> {
    this.versions.take(entry, place.index);
    switch (entry.type) {
      case 'round': {
        const hash = await recordHash(entry.round.record);
        const { round, subject } = entry.round.record;
        const key = keyOfHex(hash);
        this.#announced = { signed: entry.round, hash, key, index: place.index };
        this.#numbers.set(key, round);
        this.ended.opened(round, place);
        this.#lastRound = round;
        this.#subject = subject ?? null;
        break;
      }
      case 'opening':
        this.#opening = entry;
        this.#lastSequence = entry.helper.record.sequence;
        break;
      case 'model': {
        const { record } = entry.model;
        this.#published += 1;
        this.#conclude(record.closedAtMs, place, record);
        break;
      }
      case 'abandoned': {
        this.#abandoned += 1;
        if (entry.reason === 'implausible') this.#rejected += 1;
        // The window that the helper had has passed: a round that opened before it would be over.
        const waitedMs = entry.reason === 'helper' ? this.#task.windowMs : 0;
        this.#conclude(entry.closedAtMs + waitedMs, place, null);
        break;
      }
      case 'restore':
        this.#origin = await this.recordOf(entry.restore.record.of);
        this.#opensLater(entry.restore.record.restoredAtMs);
        break;
      case 'verdict':
        this.#opensLater(entry.verdict.record.decidedAtMs);
        break;
      default:
    }
  }

  #conclude(nextOpensAtMs: number, outcome: LogPlace, model: ModelRecord | null): void {
    const round = this.#lastRound;
    this.ended.ended(round, outcome);
    this.#announced = null;
    this.#opening = null;
    this.#nextOpensAtMs = nextOpensAtMs;
    if (this.#subject === null) return;
    const key = keyOfSubject(this.#subject);
    const before = this.#evaluations.get(key) ?? [];
    if (before.length === GATE_TRIES) return;
    const published = model && { model: model.model, reports: model.reports };
    const evaluation = { round, endedAtMs: nextOpensAtMs, model: published };
    this.#evaluations.set(key, [...before, evaluation]);
  }

  #opensLater(atMs: number): void {
    this.#nextOpensAtMs = Math.max(this.#nextOpensAtMs ?? atMs, atMs);
  }

  /** Files of the optimiser's states that a later round may start from. */
  #stated(): readonly string[] {
    const { origin, candidate } = this.versions;
    const versions = [origin, candidate?.record.modelVersion ?? origin];
    return versions.map((version) => statePath(this.#taskHash, version));
  }
}
