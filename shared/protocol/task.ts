/** Task, site and round records: what is signed, by whom, and what a browser may rely on. */
import type { Architecture } from '../model/architecture.ts';
import type { RankerRecord } from '../model/parts.ts';
import type { TaskRecipe } from '../model/recipe.ts';
import type { Mechanism } from '../privacy/mechanism.ts';

export type TaskKind = 'train' | 'measure' | 'evaluate';
export type Tier = 'local' | 'split' | 'test';

/** Immutable; addressed by the SHA-256 of its canonical JSON; signed by the site's root key. */
export interface Task {
  readonly version: 1;
  readonly type: 'task';
  readonly site: string;
  /**
   * Slot in the SDK: 'wide', 'intent', 'tower', or a statistic's own name; the newest task of a name
   * replaces the older. What a task is used for follows from its architecture (K2).
   */
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
  /** Keys of the second server; null outside the split tier. */
  readonly helper: HelperKeys | null;
  readonly recipe: TaskRecipe;
  /** Of a training task: no version is served before this gate admits it (K12); none when absent. */
  readonly gate?: Gate;
  /** Words shown beside periods that are not a shop's: "demo periods". */
  readonly label: string;
}

/** What a new version must pass before it is served. */
export interface Gate {
  /** Name of the site's `evaluate` task that measures it. */
  readonly task: string;
  /** Standard deviations of noise by which it may fall behind the version that is served. */
  readonly sigmas: number;
}

/** The second server's keys, as base64url of 32 bytes. */
export interface HelperKeys {
  /** Ed25519: signs this task, and all that the helper says. Pinned by the page. */
  readonly identityKey: string;
  /** X25519: seeds are sealed to it (RFC 9180), and to none after `sealingKeyExpiresAtMs`. */
  readonly sealingKey: string;
  readonly sealingKeyExpiresAtMs: number;
}

/** What the site allows one browser to spend in one storage epoch; may only be lowered. */
export interface SiteBudget {
  readonly epsilon: number;
  readonly delta: number;
  /** Rényi order α at which charges are composed: one of the accountant's `ORDERS` (PR13). */
  readonly order: number;
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
  /** Public keys, base64url, that are good for nothing any more: in tasks, rounds and rotations. */
  readonly revoked: readonly string[];
  /** Of what the ranker is made (K18); when absent, of the first wide task alone. */
  readonly ranker?: RankerRecord;
  /** Hashes of the parts of the goods' cards (G5), in their order; none when absent. */
  readonly cards?: readonly string[];
}

/** A rule over profile fields (R11). */
export interface SegmentRule {
  readonly id: string;
  readonly label: string;
  /** In the language of shared/model/expression/parse.ts: `orders >= 2 and spend > 200`. */
  readonly when: string;
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
  /** Of an `evaluate` task, and of it alone: the version that every browser evaluates (K11). */
  readonly subject?: Subject;
}

/** A version of a training task, as a round made it; 0 is its initial model. */
export interface Subject {
  /** Hash of the training task. */
  readonly task: string;
  readonly modelVersion: number;
  readonly model: string;
}

/** A version that a round made. Version 0 is the task's initial model and has no such record. */
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
  /** Merkle root (RFC 6962) over the report ids of the batch in ascending order. */
  readonly batch: string;
  readonly closedAtMs: number;
  /** Split tier: hashes of both servers' opening records, leader first; else null. */
  readonly openings: readonly [string, string] | null;
}

/** An earlier version is served again, under a number of its own. Signed by the aggregator's key. */
export interface RestoreRecord {
  readonly version: 1;
  readonly type: 'restore';
  readonly task: string;
  readonly modelVersion: number;
  readonly model: string;
  /** The model that was served before. */
  readonly previousModel: string;
  /** Number of the version that a round made and this restores; 0 for the initial model. */
  readonly of: number;
  readonly reason: 'operator';
  readonly restoredAtMs: number;
}

/** A quality above that of an untrained model, and its noise. */
export interface Quality {
  readonly margin: number;
  /** Standard deviation of the noise in `margin`; what the choice of browsers adds is not in it. */
  readonly deviation: number;
}

/** What the gate of a task says of one version. Signed by the aggregator's key. */
export interface VerdictRecord {
  readonly version: 1;
  readonly type: 'verdict';
  readonly task: string;
  readonly modelVersion: number;
  readonly model: string;
  readonly admitted: boolean;
  /** Hash of the task that evaluated it, and its round; null where none came to a figure. */
  readonly evaluateTask: string;
  readonly evaluateRound: number | null;
  /** Null where no round came to a figure: then it is not admitted. */
  readonly quality: Quality | null;
  /** What it had to keep up with. */
  readonly reference: Quality;
  readonly decidedAtMs: number;
}

/**
 * What a server attests of its noised share of one batch. Signed by the aggregator's key as leader
 * and by the helper's identity key as helper.
 */
export interface OpeningRecord {
  readonly version: 1;
  readonly type: 'opening';
  readonly role: 'leader' | 'helper';
  readonly task: string;
  readonly roundHash: string;
  /** Merkle root (RFC 6962) over the accepted report ids in ascending order. */
  readonly batch: string;
  readonly reports: number;
  /** Ids that the helper named as not to be counted. */
  readonly rejected: number;
  /** Noise multiplier, over B′, and the integer variance of a coordinate's noise in decimal. */
  readonly sigma: number;
  readonly variance: string;
  /** SHA-256 of the noised share, d × uint32. */
  readonly share: string;
  /** Rises with every batch that the helper opens; 0 for the leader. */
  readonly sequence: number;
}

/** The helper's identity moves from one key to another; signed by both. */
export interface RotationRecord {
  readonly version: 1;
  readonly type: 'rotation';
  readonly site: string;
  /** Public keys, base64url. */
  readonly from: string;
  readonly to: string;
  readonly rotatedAtMs: number;
}

export interface SignedRotation extends Signed<RotationRecord> {
  /** By `to`; `signature` is by `from`. */
  readonly successorSignature: string;
}

/** In the split tier the helper signs the task beside the site. */
export interface SignedTask extends Signed<Task> {
  readonly helperSignature: string | null;
}

export interface Signed<T> {
  readonly record: T;
  readonly signature: string;
}

/** A signed record and its leaf number in the log. */
export interface Logged<T> extends Signed<T> {
  readonly index: number;
}

/** Mutable state of a task, `GET /v1/tasks/:hash/head`. */
export interface TaskHead {
  readonly round: Signed<RoundRecord> | null;
  /** The version that is served. */
  readonly model: Signed<ModelRecord | RestoreRecord> | null;
  /** Leaf numbers of the two in the log. */
  readonly roundIndex: number | null;
  readonly modelIndex: number | null;
  /** A version that waits for the gate's verdict, and is not served. */
  readonly candidate: Logged<ModelRecord> | null;
  /** Of a restored version: the one that it restores, unless that is the initial model. */
  readonly origin: Logged<ModelRecord> | null;
  /** What admitted the version that is served, where the task has a gate. */
  readonly verdict: Logged<VerdictRecord> | null;
  /** What the round's `subject` names, unless that is an initial model. */
  readonly subject: Logged<ModelRecord> | null;
}
