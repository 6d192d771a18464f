/** What a task of the split tier takes unless its operator says otherwise: the rest is as local. */
export const SPLIT_DEFAULTS = {
  /** ε of one report, while one of the two servers is honest. */
  epsilon: 2,
  /** n_min; n_max is twice that at most. */
  minReports: 120,
  maxReports: 240,
} as const;

/** What a task of the local tier takes unless its operator says otherwise. */
export const LOCAL_DEFAULTS = {
  /** ε of one report. */
  epsilon: 4,
  delta: 1e-6,
  /** Reports of one browser to one task. */
  participations: 2,
  separationMs: 7 * 24 * 3600 * 1000,
  /** A fresh profile sends nothing for a day (PR20). */
  quietMs: 24 * 3600 * 1000,
  /** Every eligible browser takes part. */
  coin: 65_536,
  /** B = 2^scaleBits units stand for the clip. */
  scaleBits: 16,
} as const;
