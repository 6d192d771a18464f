/**
 * Several heads on one hidden layer against one head each, for the same ε in all. Both are judged on
 * a split of their own, as the shoppers of all targets share it: they compare with each other.
 */
import { folds } from '../../../shared/model/metrics/resample.ts';
import type { HeadSet } from './heads-data.ts';
import { take } from './heads-data.ts';
import { federate, type HeadRows, sigmaFor } from './heads-federate.ts';
import { probabilities } from './heads-local.ts';
import { BUDGET, HIDDEN, PARTICIPATIONS, planFor, startOf } from './heads-plan.ts';
import { figures, type Ledger } from './heads-score.ts';
import { type Pair, pairOf } from './heads-target.ts';

/** Adds both rows to the ledger of every target, on one split of the joint rows. */
export function noteTrunk(
  { targets }: HeadSet,
  joint: HeadRows,
  seed: number,
  ledgers: readonly Ledger[],
): void {
  const heads = targets.length;
  const n = joint.labels.length / heads;
  const strata = Float32Array.from({ length: n }, (_, i) => joint.labels[i * heads] as number);
  const pair = pairOf(joint, folds(n, 5, seed, strata)[0] as number[]);
  const biases = targets.map(({ bias }) => bias);
  const sigma = sigmaFor(BUDGET, PARTICIPATIONS);
  const shape = { ...joint.shape, hidden: HIDDEN };
  const plan = planFor(n * 0.8, PARTICIPATIONS, HIDDEN);
  const start = startOf(shape, biases, `${seed}/trunk`);
  const weights = federate({ ...pair.train, shape }, start, plan, sigma, `${seed}/trunk`);
  const share = Math.max(1, Math.floor(PARTICIPATIONS / heads));
  for (const [head, ledger] of ledgers.entries()) {
    const its = { train: labelled(pair.train, head), test: labelled(pair.test, head) };
    const of = (rows: HeadRows): Float32Array => {
      const all = probabilities(shape, weights, rows.x);
      return rows.labels.map((_, i) => all[i * heads + head] as number);
    };
    note(ledger, `split: trunk of ${heads} heads, DP`, seed, its, of);
    const single = { ...its.train.shape, hidden: 0, heads: 1 };
    const from = startOf(single, biases[head] as number, `${seed}/alone`);
    const alone = federate(
      { ...its.train, shape: single },
      from,
      planFor(its.train.labels.length, share),
      sigmaFor(BUDGET, share * heads),
      `${seed}/alone/${head}`,
    );
    note(
      ledger,
      `split: ${heads} heads alone, ${share} participations each, DP`,
      seed,
      its,
      (rows) => probabilities(single, alone, rows.x),
    );
  }
}

function note(
  ledger: Ledger,
  name: string,
  seed: number,
  { train, test }: Pair,
  of: (rows: HeadRows) => Float32Array,
): void {
  ledger.note(name, seed, figures({ train: of(train), test: of(test) }, train.labels, test.labels));
}

/** The rows that have a label of this head, with that label alone. */
function labelled(rows: HeadRows, head: number): HeadRows {
  const { columns, hidden, heads } = rows.shape;
  const ids = Array.from({ length: rows.labels.length / heads }, (_, i) => i).filter(
    (i) => (rows.labels[i * heads + head] as number) >= 0,
  );
  const kept = take(rows, ids);
  const labels = Float32Array.from(ids, (_, i) => kept.labels[i * heads + head] as number);
  return { shape: { columns, hidden, heads: 1 }, x: kept.x, labels };
}
