/** Paths of the aggregator's HTTP interface. GETs are public files, the same for all shoppers. */

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
  /** POST of one report. */
  reports: '/v1/reports',
} as const;

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
    readonly modelVersion: number;
    readonly round: number | null;
    readonly reports: number;
    readonly minReports: number;
    readonly maxReports: number;
    readonly deadlineMs: number | null;
  }[];
  readonly average: { readonly backend: string; readonly reason: string };
}

/** 201 answer of `POST /v1/reports`, the same again for the same id and bytes. */
export interface Acknowledgement {
  readonly id: string;
  readonly task: string;
  readonly round: number;
}
