/**
 * A head from its first report on: one participation counts where the inputs lie, the others train
 * on inputs that are scaled by it, as shared/model/heads/scales.ts makes them of a record.
 */
import { inputScales, type Scale } from '../../../shared/model/heads/scales.ts';
import { published } from './heads-counts.ts';
import type { Columns } from './heads-data.ts';
import { federate, type HeadRows } from './heads-federate.ts';
import { probabilities } from './heads-local.ts';
import { COUNTED, planFor, startOf, unscaledPlan } from './heads-plan.ts';

export interface TrainedHead {
  readonly columns: Columns;
  /** Of the columns that are no crosses; null: noise drowned the counts, and nothing is scaled. */
  readonly scaled: { readonly scales: ReadonlyMap<number, Scale>; readonly rate: number } | null;
  readonly hidden: number;
  readonly weights: Float32Array;
}

export interface Training {
  /** Of each report; null without privacy. */
  readonly sigma: number | null;
  /** In all: the one that counts is among them. */
  readonly participations: number;
  readonly hidden?: number;
  /** Logits of guesses of the base rates, for a trunk, and where the counts do not say. */
  readonly biases: readonly number[];
  readonly seed: string;
}

/** Trains from nothing. */
export function trainHead(columns: Columns, rows: HeadRows, training: Training): TrainedHead {
  const { sigma, participations, hidden = 0, biases, seed } = training;
  const single = [...columns.columns.keys()].filter((k) => !columns.crosses.has(k));
  const counted = inputScales(published(columns, single, 1, rows, sigma, `${seed}/counts`));
  const scaled = counted && {
    rate: counted.rate,
    scales: new Map(
      single.map((k, i) => {
        const { centre, spread } = counted.scales[i] as Scale;
        return [k, { centre: centre + (columns.lowest[k] as number), spread }] as const;
      }),
    ),
  };
  const known = scaled !== null && biases.length === 1;
  const starts = known ? [Math.log(scaled.rate / (1 - scaled.rate))] : biases;
  const weights = startOf({ ...rows.shape, hidden }, starts, seed);
  const head = { columns, scaled, hidden, weights };
  return trainFurther(rows, head, { sigma, participations: participations - COUNTED, seed });
}

/** Goes on from weights, on the scales that they stand on. */
export function trainFurther(
  rows: HeadRows,
  from: TrainedHead,
  { sigma, participations, seed }: Pick<Training, 'sigma' | 'participations' | 'seed'>,
): TrainedHead {
  const { columns, heads } = rows.shape;
  const shoppers = rows.labels.length / heads;
  const plan =
    from.scaled === null
      ? unscaledPlan(shoppers, participations, from.hidden)
      : planFor({ shoppers, participations, columns, rate: from.scaled.rate });
  return { ...from, weights: federate(scaledRows(from, rows), from.weights, plan, sigma, seed) };
}

/** Probabilities of the rows, rows × heads. */
export function scoresBy(head: TrainedHead, rows: HeadRows): Float32Array {
  const { shape, x } = scaledRows(head, rows);
  return probabilities(shape, head.weights, x);
}

function scaledRows({ columns, scaled, hidden }: TrainedHead, rows: HeadRows): HeadRows {
  const shape = { ...rows.shape, hidden };
  if (scaled === null) return { ...rows, shape };
  const x = rows.x.slice();
  for (let row = 0; row < x.length; row += shape.columns) {
    for (const [k, { centre, spread }] of scaled.scales) {
      x[row + k] = ((x[row + k] as number) - centre) / spread;
    }
    for (const [k, [a, b]] of columns.crosses) {
      x[row + k] = (x[row + a] as number) * (x[row + b] as number);
    }
  }
  return { ...rows, shape, x };
}
