/**
 * Several heads on one hidden layer against one head each, for the same ε in all. Both are judged on
 * a split of their own, as the shoppers of all targets share it: they compare with each other.
 */
import { folds } from '../../../shared/model/metrics/resample.ts';
import { type HeadSet, type JointRows, take } from './heads-data.ts';
import { type HeadRows, sigmaFor } from './heads-federate.ts';
import { BUDGET, HIDDEN, PARTICIPATIONS } from './heads-plan.ts';
import { figures, type Ledger } from './heads-score.ts';
import { type Pair, pairOf } from './heads-target.ts';
import { scoresBy, trainHead } from './heads-train.ts';

/** Adds both rows to the ledger of every target, on one split of the joint rows. */
export function noteTrunk(
  { targets }: HeadSet,
  joint: JointRows,
  seed: number,
  ledgers: readonly Ledger[],
): void {
  const heads = targets.length;
  const n = joint.labels.length / heads;
  const strata = Float32Array.from({ length: n }, (_, i) => joint.labels[i * heads] as number);
  const pair = pairOf(joint, folds(n, 5, seed, strata)[0] as number[]);
  const biases = targets.map(({ bias }) => bias);
  const common = { participations: PARTICIPATIONS, sigma: sigmaFor(BUDGET, PARTICIPATIONS) };
  const trunk = trainHead(joint, pair.train, {
    ...{ ...common, biases, hidden: HIDDEN },
    seed: `${seed}/trunk`,
  });
  const share = Math.max(2, Math.floor(PARTICIPATIONS / heads));
  for (const [head, ledger] of ledgers.entries()) {
    const its = { train: labelled(pair.train, head), test: labelled(pair.test, head) };
    const of = (rows: HeadRows): Float32Array => {
      const all = scoresBy(trunk, { ...joint, x: rows.x });
      return rows.labels.map((_, i) => all[i * heads + head] as number);
    };
    note(ledger, `split: trunk of ${heads} heads, DP`, seed, its, of);
    const alone = trainHead(joint, its.train, {
      participations: share,
      sigma: sigmaFor(BUDGET, share * heads),
      biases: [biases[head] as number],
      seed: `${seed}/alone/${head}`,
    });
    note(
      ledger,
      `split: ${heads} heads alone, ${share} participations each, DP`,
      seed,
      its,
      (rows) => scoresBy(alone, rows),
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
