/** What a head set is once it is read: targets, each with one row of bounded inputs per shopper. */
import type { HeadRows } from './heads-federate.ts';

export interface HeadTarget {
  readonly name: string;
  /** What 1 means, in words. */
  readonly label: string;
  /** Of the columns of `rows.x`. */
  readonly columns: readonly string[];
  /** One head. */
  readonly rows: HeadRows;
  /** Least value of each column, which reach 1 more: −½, or 0. */
  readonly lowest: readonly number[];
  /** Columns that are declared crosses, with the two that they are the product of. */
  readonly crosses: ReadonlyMap<number, readonly [number, number]>;
  /** Columns that are one value each and no product: what counts are binned by. */
  readonly plain: readonly number[];
  /** Column of the time since the last order, or null. */
  readonly recency: number | null;
  /** Logit of a published guess of the base rate. */
  readonly bias: number;
  /** Of each row, in any unit: what its tiers are made of. */
  readonly activity: Float64Array;
  readonly value: Float64Array;
}

export interface HeadSet {
  readonly form: 'session-table' | 'orders';
  readonly targets: readonly HeadTarget[];
  /** The same shoppers with the labels of all targets, −1 where one has none; null for one target. */
  readonly joint: JointRows | null;
}

/** What a shop knows of its columns before anybody has reported. */
export type Columns = Pick<HeadTarget, 'columns' | 'lowest' | 'crosses'>;

export type JointRows = HeadRows & Columns;

/** These rows alone, in this order. */
export function take({ shape, x, labels }: HeadRows, ids: readonly number[]): HeadRows {
  const { columns, heads } = shape;
  const kept = {
    x: new Float32Array(ids.length * columns),
    labels: new Float32Array(ids.length * heads),
  };
  for (const [to, from] of ids.entries()) {
    kept.x.set(x.subarray(from * columns, (from + 1) * columns), to * columns);
    kept.labels.set(labels.subarray(from * heads, (from + 1) * heads), to * heads);
  }
  return { shape, ...kept };
}

/** Low, middle and high third of the values, 0 to 2; equal values share the lower of their tiers. */
export function tiers(values: Float64Array): Uint8Array {
  const sorted = values.slice().sort();
  const edge = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  const [low, high] = [edge(1 / 3), edge(2 / 3)];
  return Uint8Array.from(values, (value) => (value <= low ? 0 : value <= high ? 1 : 2));
}
