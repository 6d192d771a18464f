/** Task, site and round records: what is signed, by whom, and what a browser may rely on. */
import type { Architecture } from '../model/architecture.ts';
import type { Recipe } from '../model/recipe.ts';
import type { Mechanism } from '../privacy/mechanism.ts';

export type TaskKind = 'train' | 'measure' | 'evaluate';
export type Tier = 'local' | 'split' | 'test';

/** Immutable; addressed by the SHA-256 of its canonical JSON; signed by the site's root key. */
export interface Task {
  readonly version: 1;
  readonly type: 'task';
  readonly site: string;
  /** Slot in the SDK: 'wide', 'intent', 'tower'; the newest task of a name replaces the older. */
  readonly name: string;
  readonly kind: TaskKind;
  readonly tier: Tier;
  readonly architecture: Architecture;
  /** Length of the reported vector. */
  readonly d: number;
  /** Clip bound C, L2, in the units of the update. */
  readonly clipL2: number;
  /** B = 2^scaleBits is the image of C in fixed point. */
  readonly scaleBits: number;
  readonly mechanism: Mechanism;
  /**
   * Claimed ε of one participation at δ; recomputed and refused when smaller than the truth.
   * 'none' in the test tier, which claims nothing.
   */
  readonly epsilon: number | 'none';
  readonly delta: number;
  /** Cap k on participations of one browser in this task. */
  readonly participations: number;
  readonly separationMs: number;
  readonly quietMs: number;
  /** Probability that a browser takes part in a round, in 1/65536. */
  readonly coin: number;
  readonly minReports: number;
  readonly maxReports: number;
  /** How long a round stays open. */
  readonly windowMs: number;
  readonly expiresAtMs: number;
  readonly catalogue: string;
  /** Hash of model version 0. */
  readonly initialModel: string;
  /** Ed25519 public key that signs round records, base64url. */
  readonly aggregatorKey: string;
  readonly recipe: Recipe;
  /** Words shown beside periods that are not a shop's: "demo periods". */
  readonly label: string;
}

/** What the site allows one browser to spend in one storage epoch; may only be lowered. */
export interface SiteBudget {
  readonly epsilon: number;
  readonly delta: number;
}

/** Mutable by replacement: `serial` only rises. Signed by the site's root key. */
export interface SiteRecord {
  readonly version: 1;
  readonly type: 'site';
  readonly site: string;
  readonly serial: number;
  readonly budget: SiteBudget;
  readonly tasks: readonly { readonly name: string; readonly hash: string }[];
  /** Segment rules evaluated on the device, see sdk/profile. */
  readonly segments: readonly SegmentRule[];
}

/** A rule over profile fields: all of `when` must hold. */
export interface SegmentRule {
  readonly id: string;
  readonly label: string;
  readonly when: readonly SegmentTest[];
}

export interface SegmentTest {
  /** Profile field: see sdk/profile/segments.ts for the closed list. */
  readonly field: string;
  readonly op: '>=' | '<=' | '==';
  readonly value: number | string;
}

/** Opens a round. Signed by the aggregator's key that the task names. */
export interface RoundRecord {
  readonly version: 1;
  readonly type: 'round';
  readonly task: string;
  /** Rises by at least one with every round of the task. */
  readonly round: number;
  readonly baseModel: string;
  readonly openedAtMs: number;
  readonly deadlineMs: number;
}

/** A published version. Version 0 is the task's initial model and has no such record. */
export interface ModelRecord {
  readonly version: 1;
  readonly type: 'model';
  readonly task: string;
  readonly modelVersion: number;
  readonly model: string;
  readonly previousModel: string;
  readonly round: number;
  readonly roundHash: string;
  readonly reports: number;
  /** SHA-256 over the report ids of the batch in ascending order. */
  readonly batch: string;
  readonly closedAtMs: number;
}

export interface Signed<T> {
  readonly record: T;
  readonly signature: string;
}

/** Mutable state of a task, `GET /v1/tasks/:hash/head`. */
export interface TaskHead {
  readonly round: Signed<RoundRecord> | null;
  readonly model: Signed<ModelRecord> | null;
}
