/**
 * The quality of heads on a folder of tables: sessions with an outcome, or orders by shopper. One
 * report that counts and nine that train for each target, ε 7.2 in all against one honest server; targets that a shop
 * trains at the same time share that budget, for which see the rows of the trunk.
 *
 * `folds` rows: cross-validation. `split` rows: 80/20. Thresholds of F1 are chosen on the training
 * rows, which is part of judging and not of what a server sees.
 */
import { basename } from 'node:path';
import type { BenchResults } from '../contract.ts';
import type { QualityOptions, QualityResults, SummaryFigures } from './contract.ts';
import { FormError } from './forms.ts';
import type { HeadSet } from './heads-data.ts';
import { epsilonFor, sigmaFor } from './heads-federate.ts';
import { ordersTable, readOrders } from './heads-orders.ts';
import { BUDGET, COUNTED, PARTICIPATIONS, planFor } from './heads-plan.ts';
import { readTables } from './heads-read.ts';
import { isSessionTable, sessionTarget } from './heads-table.ts';
import { evaluateTarget, type Protocol, type TargetResult } from './heads-target.ts';
import { orderSet } from './heads-targets.ts';
import { noteTrunk } from './heads-trunk.ts';

/** Percent: what sessions must reach, and how far below the central fit orders may stay. */
const GATES = { auc: 90.5, f1: 65, behind: 1 } as const;

/** The set of a folder, by its columns. @throws FormError when no table of it is of a known form. */
export function headSet(folder: string): HeadSet {
  const tables = readTables(folder, () => true);
  const orders = ordersTable(tables);
  if (orders !== null) return orderSet(readOrders(orders, tables));
  const sessions = tables.find(isSessionTable);
  if (sessions !== undefined) {
    return { form: 'session-table', targets: [sessionTarget(sessions)], joint: null };
  }
  const seen = tables.map(({ file, columns }) => `${file} (${columns.join(', ')})`).join('; ');
  throw new FormError(`${folder}: neither orders by shopper nor sessions with an outcome: ${seen}`);
}

export async function runHeads(folder: string, options: QualityOptions): Promise<QualityResults> {
  const began = performance.now();
  const set = headSet(folder);
  const protocol: Protocol = {
    seeds: options.seeds,
    folds: options.quick ? 2 : set.form === 'orders' ? 5 : 10,
    adamSteps: options.quick ? 10 : options.curves ? 600 : 200,
    bootstrap: options.quick ? 50 : 1000,
    curves: options.curves,
  };
  const results = set.targets.map((target) => evaluateTarget(target, protocol));
  for (let seed = 0; set.joint !== null && seed < protocol.seeds; seed++) {
    noteTrunk(
      set,
      set.joint,
      seed,
      results.map(({ ledger }) => ledger),
    );
  }
  const targets = Object.fromEntries(
    set.targets.map(({ name }, i) => [name, detailsOf(set, i, results[i] as TargetResult)]),
  );
  const sigma = sigmaFor(BUDGET, PARTICIPATIONS);
  const first = results[0] as TargetResult;
  return {
    set: basename(folder),
    form: `heads/${set.form}`,
    summary: {
      ...summaryOf(first),
      coldHr10: null,
      epsilonPerParticipation: epsilonFor(sigma, BUDGET.delta, 1),
      participations: PARTICIPATIONS,
      epsilonTotal: epsilonFor(sigma, BUDGET.delta, PARTICIPATIONS),
      delta: BUDGET.delta,
    },
    targets,
    rows: set.targets.flatMap(({ name }, i) =>
      (results[i] as TargetResult).ledger
        .rows()
        .map((row) => ({ ...row, name: `${name}, ${row.name}` })),
    ),
    seconds: (performance.now() - began) / 1000,
  };
}

type HeadSummary = Record<'underDp' | 'noDp' | 'untrained' | 'popularity', SummaryFigures> & {
  readonly markov: SummaryFigures | null;
};

/** Of cross-validation; `popularity` is the majority class, `markov` the time since the last order. */
function summaryOf({ ledger }: TargetResult): HeadSummary {
  const figures = (name: string): SummaryFigures => {
    const { auc = 0, f1 = 0 } = ledger.mean(`folds: ${name}`);
    return { auc, f1 };
  };
  const hasRecency = ledger.rows().some(({ name }) => name === 'folds: recency alone, central');
  return {
    underDp: figures('federated, DP'),
    noDp: figures('federated, no DP'),
    untrained: figures('untrained'),
    popularity: figures('majority'),
    markov: hasRecency ? figures('recency alone, central') : null,
  };
}

function detailsOf(set: HeadSet, i: number, result: TargetResult): BenchResults {
  const { rows } = set.targets[i] as HeadSet['targets'][number];
  const { ledger, details } = result;
  const dp = ledger.mean('folds: federated, DP');
  const split = ledger.mean('split: federated, DP');
  const central = ledger.mean('folds: central logistic');
  const [auc, f1] = [Math.min(dp.auc ?? 0, split.auc ?? 0), Math.min(dp.f1 ?? 0, split.f1 ?? 0)];
  const behind = (central.auc ?? 0) - (dp.auc ?? 0);
  const gate: BenchResults =
    set.form === 'session-table'
      ? { auc, aucGate: GATES.auc, f1, f1Gate: GATES.f1, met: auc >= GATES.auc && f1 >= GATES.f1 }
      : { aucBehindCentral: behind, behindGate: GATES.behind, met: behind <= GATES.behind };
  const { labels, shape } = rows;
  const shoppers = labels.length * 0.8;
  const participations = PARTICIPATIONS - COUNTED;
  const plan = planFor({ shoppers, participations, columns: shape.columns, rate: 0.5 });
  // The length of the step follows from the share that was counted, which differs by fold.
  const { learningRate: _, ...server } = plan.server;
  return {
    ...summaryOf(result),
    centralLogistic: { auc: central.auc ?? 0, f1: central.f1 ?? 0 },
    gate,
    ...details,
    plan: {
      ...plan,
      server,
      counted: COUNTED,
      cohort: Math.floor(shoppers / plan.rounds),
      roundsInAll: COUNTED + plan.rounds * participations,
    },
  };
}
