/**
 * Parts of the ranker that stand on published sums: popularity and co-occurrence on the public item
 * graph, and the record that switches the parts. SPEC.md of shared/protocol, rules K16 to K21.
 */
/** Popularity: ln(1 + max(c − floor·σ, 0)/scale) times `weight`, c the sum of an item. */
export interface PopPart {
  /** Name of the `measure` task of the statistic `items`. */
  readonly task: string;
  readonly weight: number;
  /** Deviations of the noise that are taken off every sum: 1.5. */
  readonly floor: number;
  /** The sum that stands for 1 under the logarithm: 3. */
  readonly scale: number;
}

/**
 * Co-occurrence: Σ_q decay^q·M[h₋₁₋q, j] over the last `reach` items, times `weight`; of
 * `graph-pairs` ln(1 + the sum).
 */
export interface PairPart {
  /** Name of the `measure` task of the statistic `graph-pairs` or `popular-pairs`. */
  readonly task: string;
  readonly weight: number;
  /** Of `graph-pairs`: a sum of no more than this many deviations of the noise counts as 0: 3. */
  readonly threshold: number;
  /** Of `popular-pairs`: mean of a pair that anybody makes, in reports; 1.5 when absent. */
  readonly scale?: number;
  /** Of the weight from one history item to the one before it: 0.6. */
  readonly decay: number;
  readonly reach: number;
}

/** A sequence tower on top of the wide score. */
export interface DeepPart {
  /** Name of the training task. */
  readonly task: string;
}

/** What stands on top of the wide score and comes from other tasks. */
export interface RankerParts {
  readonly pop: PopPart | null;
  readonly pair: PairPart | null;
  readonly deep: DeepPart | null;
}

export type PartName = keyof RankerParts;

/** The parts that a record holds, in the order of an evaluation's entries. */
export function partNames(parts: RankerParts): PartName[] {
  return (['pop', 'pair', 'deep'] as const).filter((name) => parts[name] !== null);
}

/** The part is used only while published figures say that it helps (K20). */
export interface PartGate {
  /** Name of the `evaluate` task of `parts` with the same settings of the part. */
  readonly task: string;
  /** Deviations of the noise by which the ranker must be better with the part than without. */
  readonly sigmas: number;
}

interface Gated {
  readonly gate?: PartGate;
}

/** Weights that never leave the device: an offset in the space of content vectors. */
export interface PrivatePart {
  /** Step of the descent on the own history, its steps, and the pull towards the shared model. */
  readonly rate: number;
  readonly steps: number;
  readonly pull: number;
}

/** Of what a site's ranker is made; signed in the site record, the wide part alone when absent. */
export interface RankerRecord {
  /** Name of the training task of the wide part. */
  readonly wide: string;
  readonly pop: (PopPart & Gated) | null;
  readonly pair: (PairPart & Gated) | null;
  readonly deep: (DeepPart & Gated) | null;
  /** Off (null) by default: no reliable gain was found (models.md §6). */
  readonly private: PrivatePart | null;
}

/**
 * What of the published sums stands above the noise, by item: max(c − floor·σ, 0).
 *
 * @param sums mean × reports of the statistic `items`, one entry per item
 * @param deviation standard deviation σ of the noise in one sum
 * @throws RangeError where the deviation is negative or not finite.
 */
export function popularCounts(
  sums: ArrayLike<number>,
  deviation: number,
  { floor }: Pick<PopPart, 'floor'>,
): Float64Array {
  assertDeviation(deviation);
  // `|| 0`: a sum that is no number counts as nothing.
  return Float64Array.from(sums, (sum) => Math.max(0, sum - floor * deviation) || 0);
}

/** Popularity by item, of such counts; not yet times the part's weight. */
export function popularityScores(
  counts: ArrayLike<number>,
  { scale }: Pick<PopPart, 'scale'>,
): Float32Array {
  return Float32Array.from(counts, (count) => Math.log1p(count / scale));
}

/**
 * The matrix M on the catalogue's graph, aligned with `catalogue.graph`: the published sums without
 * what may be noise.
 *
 * @param sums mean × reports of the statistic `graph-pairs`, n × degree
 * @param deviation standard deviation σ of the noise in one sum
 * @throws RangeError where the deviation is negative or not finite.
 */
export function pairMatrix(
  sums: ArrayLike<number>,
  deviation: number,
  { threshold }: Pick<PairPart, 'threshold'>,
): Float32Array {
  assertDeviation(deviation);
  return Float32Array.from(sums, (sum) => (sum > threshold * deviation && sum > 0 ? sum : 0));
}

/** @throws RangeError where the deviation is negative or not finite. */
export function assertDeviation(deviation: number): void {
  if (!(deviation >= 0 && deviation < Infinity)) {
    throw new RangeError('deviation must be 0 or more');
  }
}
