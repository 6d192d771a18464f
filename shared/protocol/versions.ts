/**
 * Which version of a task is served, as the log's entries say it one after the other: a version that
 * a round made, once its gate has admitted it where the task has one, or an earlier one again
 * (SPEC.md, R8, R10, K12). Checks nothing.
 */
import type { LogEntry } from './log.ts';
import type { Logged, ModelRecord, Quality, RestoreRecord, Task, VerdictRecord } from './task.ts';

/** A version that a round made. */
export interface Made {
  readonly modelVersion: number;
  readonly model: string;
  readonly round: number;
  readonly index: number;
}

/** What an untrained model has. */
export const UNTRAINED: Quality = Object.freeze({ margin: 0, deviation: 0 });

export class Versions {
  readonly #initialModel: string;
  readonly #gated: boolean;
  readonly #made = new Map<number, Made>();
  /** By number of the restored version, what it restores. */
  readonly #restored = new Map<number, number>();
  readonly #admitted = new Map<number, Logged<VerdictRecord>>();
  #highest = 0;
  #origin = 0;
  #served: Logged<ModelRecord | RestoreRecord> | null = null;
  #candidate: Logged<ModelRecord> | null = null;

  constructor({ initialModel, gate }: Pick<Task, 'initialModel' | 'gate'>) {
    this.#initialModel = initialModel;
    this.#gated = gate !== undefined;
  }

  /** Null while the initial model is served. */
  get served(): Logged<ModelRecord | RestoreRecord> | null {
    return this.#served;
  }

  /** Hash of the model that is served, from which the next round starts. */
  get model(): string {
    return this.#served?.record.model ?? this.#initialModel;
  }

  /** Number under which the weights that are served were made; 0 for the initial model. */
  get origin(): number {
    return this.#origin;
  }

  /** Waits for the gate's verdict. */
  get candidate(): Logged<ModelRecord> | null {
    return this.#candidate;
  }

  /** Number of the next version, made or restored. */
  get next(): number {
    return this.#highest + 1;
  }

  /** What admitted the weights that are served; null without a gate and for the initial model. */
  get verdict(): Logged<VerdictRecord> | null {
    return this.#admitted.get(this.#origin) ?? null;
  }

  /** What a candidate has to keep up with: the version that is served, and an untrained model. */
  get reference(): Quality {
    const quality = this.verdict?.record.quality ?? UNTRAINED;
    return quality.margin > 0 ? quality : UNTRAINED;
  }

  made(version: number): Made | null {
    return this.#made.get(version) ?? null;
  }

  /** Number under which the weights of a version were made; null for a number that none has. */
  originOf(version: number): number | null {
    if (version === 0 || this.#made.has(version)) return version;
    return this.#restored.get(version) ?? null;
  }

  /** Whether a made version, or 0, may be served. */
  isServable(origin: number): boolean {
    if (origin === 0) return true;
    return this.#made.has(origin) && (!this.#gated || this.#admitted.has(origin));
  }

  /** Hash of the model that was made under a number, or null. */
  modelOf(origin: number): string | null {
    return origin === 0 ? this.#initialModel : (this.made(origin)?.model ?? null);
  }

  /** Takes an entry of this task; those of other types change nothing. */
  take(entry: LogEntry, index: number): void {
    if (entry.type === 'model') this.#take({ ...entry.model, index });
    else if (entry.type === 'restore') this.#restore({ ...entry.restore, index });
    else if (entry.type === 'verdict') this.#judge({ ...entry.verdict, index });
  }

  #take(model: Logged<ModelRecord>): void {
    const { modelVersion, model: hash, round } = model.record;
    this.#highest = modelVersion;
    this.#made.set(modelVersion, { modelVersion, model: hash, round, index: model.index });
    if (this.#gated) this.#candidate = model;
    else this.#serve(model, modelVersion);
  }

  #restore(restore: Logged<RestoreRecord>): void {
    const { modelVersion, of } = restore.record;
    this.#highest = modelVersion;
    this.#restored.set(modelVersion, of);
    this.#candidate = null;
    this.#serve(restore, of);
  }

  #judge(verdict: Logged<VerdictRecord>): void {
    const candidate = this.#candidate;
    const { modelVersion, admitted } = verdict.record;
    if (candidate === null || candidate.record.modelVersion !== modelVersion) return;
    this.#candidate = null;
    if (!admitted) return;
    this.#admitted.set(modelVersion, verdict);
    this.#serve(candidate, modelVersion);
  }

  #serve(served: Logged<ModelRecord | RestoreRecord>, origin: number): void {
    this.#served = served;
    this.#origin = origin;
  }
}
