/** What the features room hands to the learn room: numbers only, one form per architecture. */

/** Wide ranker: candidate 0 is the item that came next; the rest are negatives. */
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

/** Heads and trunks. */
export interface HeadExamples {
  readonly kind: 'head';
  /** examples × width, without the bias; width is the columns of the inputs. */
  readonly features: Float32Array;
  /** 0 or 1, or the category that came; −1 where this head has no label: examples × heads. */
  readonly labels: Float32Array;
  readonly examples: number;
  readonly width: number;
  readonly heads: number;
}

/** Tower on top of fixed wide scores. */
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

export type Examples = RankingExamples | HeadExamples | SequenceExamples;
