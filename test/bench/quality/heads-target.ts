/** One target of a head set: every model on the same splits, by seed. */
import { quantise } from '../../../shared/model/int8.ts';
import { folds } from '../../../shared/model/metrics/resample.ts';
import type { BenchResults } from '../contract.ts';
import type { QualityRow } from './contract.ts';
import { adamFit, logisticFit } from './heads-central.ts';
import { bayesScores, treeScores } from './heads-counts.ts';
import { type HeadTarget, take, tiers } from './heads-data.ts';
import { federate, type HeadRows, sigmaFor } from './heads-federate.ts';
import { probabilities } from './heads-local.ts';
import { BUDGET, HIDDEN, PARTICIPATIONS, startOf, unscaledPlan } from './heads-plan.ts';
import { aucInterval, byTier, figures, Ledger, type Scored, shares } from './heads-score.ts';
import { scoresBy, type TrainedHead, trainFurther, trainHead } from './heads-train.ts';

/** How a target is judged. */
export interface Protocol {
  readonly seeds: number;
  /** Folds of the cross-validation; one of five is the 80/20 split. */
  readonly folds: number;
  readonly adamSteps: number;
  readonly bootstrap: number;
  /** Also other budgets, and the noise that more shoppers would have. */
  readonly curves: boolean;
}

export interface TargetResult {
  readonly rows: readonly QualityRow[];
  readonly ledger: Ledger;
  readonly details: BenchResults;
}

const SPLIT = 5;
/** Shoppers of a sister shop, by whose model a warm start begins, and reports after it. */
const SISTER = 0.5;
const WARM = { before: 6, after: 2 } as const;
/** ε in all of the curve over budgets. */
const EPSILONS = [0.5, 1, 2, 4, 8] as const;
/** The noise alone is divided: the shoppers stay who they are. */
const TIMES = [10, 100] as const;

export function evaluateTarget(target: HeadTarget, protocol: Protocol): TargetResult {
  const { rows } = target;
  const n = rows.labels.length;
  const ledger = new Ledger();
  const pooled = { dp: new Float64Array(n).fill(Number.NaN), central: new Float64Array(n) };
  for (let seed = 0; seed < protocol.seeds; seed++) {
    const parts = folds(n, protocol.folds, seed, rows.labels);
    for (const [fold, test] of parts.entries()) {
      const pair = pairOf(rows, test);
      const scored = mainScores(target, pair, `${seed}/${fold}`);
      for (const [name, one] of scored) ledger.note(`folds: ${name}`, seed, judged(one, pair));
      if (fold === 0 && protocol.folds === SPLIT)
        noteSplit(target, pair, scored, protocol, seed, ledger);
      if (seed > 0) continue;
      const [dp, central] = ['federated, DP', 'central logistic'].map((name) =>
        shares(scored.get(name)?.test ?? []),
      );
      for (const [i, row] of test.entries()) {
        pooled.dp[row] = dp?.[i] as number;
        pooled.central[row] = central?.[i] as number;
      }
    }
    if (protocol.folds === SPLIT) continue;
    const pair = pairOf(rows, folds(n, SPLIT, seed, rows.labels)[0] as number[]);
    noteSplit(target, pair, mainScores(target, pair, `${seed}/split`), protocol, seed, ledger);
  }
  const interval = aucInterval(pooled.dp, pooled.central, rows.labels, protocol.bootstrap, 0);
  const positives = rows.labels.reduce((sum, one) => sum + one, 0);
  const details = {
    label: target.label,
    shoppers: n,
    positivePercent: (100 * positives) / n,
    columns: rows.shape.columns,
    aucDpMinusCentral: { ...interval },
    aucByActivity: byTier(pooled.dp, rows.labels, tiers(target.activity)),
    aucByValue: byTier(pooled.dp, rows.labels, tiers(target.value)),
    centralAucByActivity: byTier(pooled.central, rows.labels, tiers(target.activity)),
    centralAucByValue: byTier(pooled.central, rows.labels, tiers(target.value)),
  };
  return { rows: ledger.rows(), ledger, details };
}

export interface Pair {
  readonly train: HeadRows;
  readonly test: HeadRows;
}

/** Rows outside the test fold, and those of it. */
export function pairOf(rows: HeadRows, test: readonly number[]): Pair {
  const isTest = new Set(test);
  const all = Array.from({ length: rows.labels.length / rows.shape.heads }, (_, i) => i);
  return {
    train: take(
      rows,
      all.filter((i) => !isTest.has(i)),
    ),
    test: take(rows, test),
  };
}

const judged = (scored: Scored, { train, test }: Pair): Record<string, number> =>
  figures(scored, train.labels, test.labels);

function scoresOf(weights: Float32Array, pair: Pair, hidden = 0): Scored {
  const shape = { ...pair.train.shape, hidden };
  return {
    train: probabilities(shape, weights, pair.train.x),
    test: probabilities(shape, weights, pair.test.x),
  };
}

const trainedScores = (head: TrainedHead, { train, test }: Pair): Scored => ({
  train: scoresBy(head, train),
  test: scoresBy(head, test),
});

function mainScores(target: HeadTarget, pair: Pair, seed: string): Map<string, Scored> {
  const { train, test } = pair;
  const { shape } = train;
  const positives = train.labels.reduce((sum, one) => sum + one, 0);
  const majority = positives > train.labels.length / 2 ? 1 : 0;
  const start = startOf(shape, target.bias, seed);
  const trained = (sigma: number | null): TrainedHead =>
    trainHead(target, train, {
      ...{ sigma, seed },
      participations: PARTICIPATIONS,
      biases: [target.bias],
    });
  const noised = trained(sigmaFor(BUDGET, PARTICIPATIONS));
  const small = { ...noised, weights: quantise(noised.weights, [noised.weights.length]) };
  const scored = new Map<string, Scored>([
    ['majority', { ...constant(pair, majority), threshold: 0.5 }],
    ['untrained', scoresOf(start, pair)],
    ['central logistic', scoresOf(logisticFit(train), pair)],
    ['federated, no DP', trainedScores(trained(null), pair)],
    ['federated, DP', trainedScores(noised, pair)],
    ['federated, DP, in int8', trainedScores(small, pair)],
  ]);
  if (target.recency !== null) {
    const column = target.recency;
    const only = (rows: HeadRows): HeadRows => ({
      shape: { columns: 1, hidden: 0, heads: 1 },
      x: rows.labels.map((_, i) => rows.x[i * rows.shape.columns + column] as number),
      labels: rows.labels,
    });
    const single = { train: only(train), test: only(test) };
    scored.set('recency alone, central', scoresOf(logisticFit(single.train), single));
  }
  return scored;
}

function constant({ train, test }: Pair, score: number): Scored {
  return {
    train: new Float64Array(train.labels.length).fill(score),
    test: new Float64Array(test.labels.length).fill(score),
  };
}

/** The models that are judged on one split of each seed. */
function noteSplit(
  target: HeadTarget,
  pair: Pair,
  main: Map<string, Scored>,
  protocol: Protocol,
  seed: number,
  ledger: Ledger,
): void {
  const { train } = pair;
  const note = (name: string, scored: Scored): void =>
    ledger.note(`split: ${name}`, seed, judged(scored, pair));
  for (const [name, scored] of main) note(name, scored);
  const [once, twice] = [sigmaFor(BUDGET, 1), sigmaFor(BUDGET, 2)];
  note('naive Bayes, DP counts', bayesScores(target, train, pair.test, once, `${seed}/bayes`));
  note('tree, DP counts', treeScores(target, train, pair.test, twice, `${seed}/tree`));
  const shape = { ...train.shape, hidden: HIDDEN };
  const start = startOf(shape, target.bias, `${seed}/mlp`);
  const wide = { ...train, shape };
  note('central MLP', scoresOf(adamFit(wide, start, protocol.adamSteps), pair, HIDDEN));
  const sigma = sigmaFor(BUDGET, PARTICIPATIONS);
  const common = { participations: PARTICIPATIONS, biases: [target.bias] };
  const layered = trainHead(target, train, {
    ...{ ...common, sigma, hidden: HIDDEN },
    seed: `${seed}/mlp`,
  });
  note('federated MLP, DP', trainedScores(layered, pair));
  const { weights } = layered;
  const first = (shape.columns + 1) * HIDDEN;
  const small = quantise(weights, [first, weights.length - first]);
  note('federated MLP, DP, in int8', trainedScores({ ...layered, weights: small }, pair));
  const plain = (rows: HeadRows, participations: number, hidden = 0): Scored => {
    const own = { ...rows, shape: { ...rows.shape, hidden } };
    const from = startOf(own.shape, target.bias, `${seed}/unscaled`);
    const its = unscaledPlan(rows.labels.length, participations, hidden);
    return scoresOf(federate(own, from, its, sigma, `${seed}/unscaled`), pair, hidden);
  };
  note('federated on unscaled inputs, DP', plain(train, PARTICIPATIONS));
  note('federated MLP on unscaled inputs, DP', plain(train, PARTICIPATIONS, HIDDEN));
  const half = halves(train, seed).own;
  note(`${WARM.after} participations of half, on unscaled inputs, DP`, plain(half, WARM.after));
  for (const [name, head] of warmStarts(target, train, seed)) note(name, trainedScores(head, pair));
  if (!protocol.curves) return;
  const under = (its: number): Scored =>
    trainedScores(trainHead(target, train, { ...common, sigma: its, seed: `${seed}/curve` }), pair);
  for (const epsilon of EPSILONS) {
    note(`federated, ε ${epsilon} in all`, under(sigmaFor({ ...BUDGET, epsilon }, PARTICIPATIONS)));
  }
  for (const times of TIMES) note(`federated, noise of ${times} times n`, under(sigma / times));
}

/** The shoppers of a sister shop, and the own ones. */
function halves(train: HeadRows, seed: number): Readonly<Record<'sister' | 'own', HeadRows>> {
  const cut = Math.floor(SISTER * train.labels.length);
  const ids = folds(train.labels.length, 2, seed, train.labels).flat();
  return { sister: take(train, ids.slice(0, cut)), own: take(train, ids.slice(cut)) };
}

/**
 * A shop whose shoppers report twice: from the published guess, of which one report counts, and from
 * the signed model of a sister shop, whose own shoppers (the other half) reported before.
 */
function warmStarts(
  target: HeadTarget,
  train: HeadRows,
  seed: number,
): [name: string, head: TrainedHead][] {
  const { sister, own } = halves(train, seed);
  const common = { sigma: sigmaFor(BUDGET, PARTICIPATIONS), biases: [target.bias] };
  const as = (name: string, participations: number) => ({
    ...{ ...common, participations },
    seed: `${seed}/${name}`,
  });
  const theirs = trainHead(target, sister, as('sister', WARM.before));
  const cold = trainHead(target, own, as('cold', WARM.after));
  const warm = trainFurther(own, theirs, as('warm', WARM.after));
  return [
    [`${WARM.after} participations of half, from the guess, DP`, cold],
    [`${WARM.after} participations of half, from a sister's model, DP`, warm],
  ];
}
