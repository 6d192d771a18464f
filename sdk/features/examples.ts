/** What the features room hands to the learn room: numbers only, one form per architecture. */

/** Wide ranker: candidate 0 is the item that came next; the rest are uniform negatives. */
export interface RankingExamples {
  readonly kind: 'ranking';
  /** examples × candidates × features, row-major. */
  readonly features: Float32Array;
  /** 1 where a candidate counts, 0 where it repeats the target: examples × candidates. */
  readonly mask: Float32Array;
  readonly examples: number;
  readonly candidates: number;
  readonly width: number;
}

/** Logistic head: rows × inputs (without the bias) and labels 0 or 1. */
export interface BinaryExamples {
  readonly kind: 'binary';
  readonly features: Float32Array;
  readonly labels: Float32Array;
  readonly examples: number;
  readonly width: number;
}

/** Attention tower on top of fixed wide scores. */
export interface SequenceExamples {
  readonly kind: 'sequence';
  /** Content vectors of the history, oldest first, zero rows in front: examples × length × content. */
  readonly history: Float32Array;
  /** 1 for a real position: examples × length. */
  readonly historyMask: Float32Array;
  /** Content vectors of the candidates: examples × candidates × content. */
  readonly candidatesVectors: Float32Array;
  /** Wide scores added to the tower's: examples × candidates. */
  readonly base: Float32Array;
  readonly mask: Float32Array;
  readonly examples: number;
  readonly candidates: number;
  readonly length: number;
  readonly content: number;
}

export type Examples = RankingExamples | BinaryExamples | SequenceExamples;
