/** Paths of the aggregator's HTTP interface. GETs are public files, the same for all shoppers. */

import type { SignedRotation } from './task.ts';

export const PATHS = {
  livez: '/livez',
  readyz: '/readyz',
  /** JSON of `ServerStatus`. */
  status: '/v1/status',
  /** Signed<SiteRecord>; no-store. */
  site: '/v1/site',
  /** Signed<Task>; immutable. */
  task: (taskHash: string): string => `/v1/tasks/${taskHash}`,
  /** TaskHead; no-store. */
  head: (taskHash: string): string => `/v1/tasks/${taskHash}/head`,
  /** Model bytes; immutable. */
  model: (modelHash: string): string => `/v1/models/${modelHash}`,
  /** Catalogue bytes; immutable. */
  catalogue: (hash: string): string => `/v1/catalogues/${hash}`,
  /** Signed round and model records by number; immutable. */
  round: (taskHash: string, round: number): string => `/v1/tasks/${taskHash}/rounds/${round}`,
  /** The 16-byte report ids of a published round in ascending order; immutable. */
  ids: (taskHash: string, round: number): string => `/v1/tasks/${taskHash}/rounds/${round}/ids`,
  /** A server's noised share by its SHA-256, d × uint32; immutable. */
  share: (shareHash: string): string => `/v1/shares/${shareHash}`,
  /** JSON of `KeyList`; no-store. */
  keys: '/v1/keys',
  /** Signed checkpoint of the log (C2SP tlog-checkpoint); no-store. */
  checkpoint: '/v1/log/checkpoint',
  /** Folder of the log's tiles (C2SP tlog-tiles); immutable. */
  tiles: '/v1/log/tile',
  /** POST of one report. */
  reports: '/v1/reports',
} as const;

/** Answer of `GET /v1/keys`: how the helper's identity has moved, oldest first. */
export interface KeyList {
  readonly rotations: readonly SignedRotation[];
}

/**
 * How a task's helper answered last, and since when: 'refuses' by a refusal of its own,
 * 'distrusted' by an answer that did not hold. `code` names the last failure while it lasts.
 */
export interface HelperState {
  readonly state: 'untried' | 'ok' | 'unreachable' | 'refuses' | 'distrusted';
  readonly sinceMs: number | null;
  readonly code: string | null;
}

/** Answer of `GET /v1/status`. */
export interface ServerStatus {
  readonly model: { readonly version: number };
  readonly rounds: {
    readonly open: number;
    readonly published: number;
    readonly abandoned: number;
  };
  readonly reports: {
    readonly accepted: number;
    readonly duplicates: number;
    readonly refused: Readonly<Record<string, number>>;
  };
  readonly tasks: readonly {
    readonly name: string;
    readonly hash: string;
    readonly tier: string;
    /** That is served. */
    readonly modelVersion: number;
    /** Version that waits for the gate's verdict, or null. */
    readonly candidate: number | null;
    /** The operator lets no further round open. */
    readonly paused: boolean;
    readonly round: number | null;
    readonly reports: number;
    readonly minReports: number;
    readonly maxReports: number;
    readonly deadlineMs: number | null;
    /** Null outside the split tier. */
    readonly helper: HelperState | null;
  }[];
  /** Batches of the split tier that were abandoned as implausible, since the first round. */
  readonly rejectedBatches: number;
  /** Failures to get a batch opened, by code, since the process started. */
  readonly helperFailures: Readonly<Record<string, number>>;
  readonly average: { readonly backend: string; readonly reason: string };
}

/** 201 answer of `POST /v1/reports`, the same again for the same id and bytes. */
export interface Acknowledgement {
  readonly id: string;
  readonly task: string;
  readonly round: number;
}
