/** What the planner asks of the accountant, which stands behind it in the alphabet (privacy/). */

export interface NoiseRequest {
  readonly tier: 'local' | 'split';
  /** Participations of the plan that the part may spend, of `Accounting.participations`. */
  readonly units: number;
  /** Reports of one browser among which it spends them. */
  readonly reports: number;
  readonly d: number;
  readonly clipL2: number;
  readonly scaleBits: number;
}

export interface Calibrated<M> {
  readonly mechanism: M;
  /** ε of one report at the plan's δ. */
  readonly epsilon: number;
}

/** The fields of a task on which its error depends. */
export interface NoisyTask<M> {
  readonly tier: 'local' | 'split';
  readonly mechanism: M;
  readonly d: number;
  readonly clipL2: number;
  readonly scaleBits: number;
  readonly minReports: number;
}

/** One budget (ε, δ) of one browser, cut into equal participations. M: a mechanism's record. */
export interface Accounting<M> {
  readonly epsilon: number;
  readonly delta: number;
  readonly participations: number;
  /**
   * The mechanism of least noise such that all parts together, each with its units, are within the
   * budget as browsers compose it (PR13); null where there is none.
   */
  choose(request: NoiseRequest): Calibrated<M> | null;
  /** Predicted L2 error of the mean of so many reports, in the units of the update. */
  error(task: NoisyTask<M>, reports: number): number;
}
