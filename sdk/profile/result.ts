/** What this browser knows of its shopper; each statement with its why. */
import type { EventName } from '../capture/event.ts';

export interface Interest {
  readonly id: string;
  /** Share of the decayed interest of its kind, 0 to 1. */
  readonly weight: number;
  /** Latest event behind it. */
  readonly lastMs: number;
  readonly why: readonly { readonly event: EventName; readonly count: number }[];
}

export interface Profile {
  readonly events: number;
  readonly sessions: number;
  readonly interests: {
    readonly category: readonly Interest[];
    readonly brand: readonly Interest[];
    /** '0' (cheap for its category) to '4'. */
    readonly priceBand: readonly Interest[];
  };
  readonly intent: {
    /** Probability of a purchase in this session by the published head; null before one is here. */
    readonly probability: number | null;
    readonly source: 'model' | 'none';
    readonly version: number;
    /** Exact contributions of the linear head: weight × input, and the bias. */
    readonly why: readonly { readonly input: string; readonly amount: number }[];
  };
}

/** Why a test of a segment could not be made: it then does not hold. */
export type TestProblem = 'unknown-field' | 'sensitive-field' | 'no-value' | 'wrong-kind';

export interface Segment {
  readonly id: string;
  readonly label: string;
  readonly member: boolean;
  /** Share of its tests that hold, 0 to 1. */
  readonly score: number;
  readonly why: readonly {
    readonly field: string;
    readonly op: string;
    readonly value: number | string;
    readonly actual: number | string | null;
    readonly holds: boolean;
    readonly problem: TestProblem | null;
  }[];
}
