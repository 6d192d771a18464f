/**
 * The tasks of a new site whose operator says nothing of its size: one ranker, and one head with a
 * second server. plan-drafts.ts plans for a size.
 */
import {
  parameterCount,
  WIDE_FEATURES,
  type WideArchitecture,
} from '../shared/model/architecture.ts';
import { INTENT } from '../shared/model/heads/intent.ts';
import { headTask } from '../shared/model/heads/record.ts';
import { LOCAL_DEFAULTS, SPLIT_DEFAULTS } from '../shared/plan/defaults.ts';
import { PlanError } from '../shared/plan/request.ts';
import { chooseMechanism } from '../shared/privacy/choose.ts';
import { predictedTaskError, taskErrorGuard } from '../shared/privacy/guard.ts';
import { sigmaOfEpsilon } from '../shared/privacy/zcdp.ts';
import type { HelperKeys } from '../shared/protocol/task.ts';
import { ChaChaSource } from '../shared/random/source.ts';
import type { PlannedDraft, ShopSize } from './plan-drafts.ts';

export interface Plan {
  /** ε of one report of the local tier. */
  readonly epsilon: number;
  /** Reports of one browser to each task. */
  readonly participations: number;
  readonly windowMs: number;
  /** Reports of a round at least; as the error demands when null. */
  readonly minReports: number | null;
  /** The planner's part: tasks as a shop of this size should have them; the shipped ones when null. */
  readonly shop: ShopSize | null;
}

export const DAY_MS = 86_400_000;

export const DEFAULT_PLAN: Plan = {
  epsilon: LOCAL_DEFAULTS.epsilon,
  participations: LOCAL_DEFAULTS.participations,
  windowMs: DAY_MS,
  minReports: null,
  shop: null,
};

/** The recipe's; its figures are those of the README. */
const HISTORY_LENGTH = 10;
const WIDE_CLIP = 2;

/** Fewest reports of a planned round: twice what browsers ask for, and a margin. */
const FEWEST_REPORTS = 120;

/** A round may hold this many times the reports that it needs. */
const SPREAD = 8;

/** The mean of a planned round is off by this share of the clip, at most. */
const ERROR_SHARE = 0.5;

const common = ({ participations, windowMs }: Plan) => ({
  kind: 'train' as const,
  scaleBits: LOCAL_DEFAULTS.scaleBits,
  delta: LOCAL_DEFAULTS.delta,
  separationMs: LOCAL_DEFAULTS.separationMs,
  quietMs: LOCAL_DEFAULTS.quietMs,
  coin: LOCAL_DEFAULTS.coin,
  participations,
  windowMs,
  label: '',
});

/** The ranker in the local tier, which needs no second server. @throws PlanError */
export function rankerDraft(plan: Plan): PlannedDraft {
  const architecture: WideArchitecture = { name: 'wide', historyLength: HISTORY_LENGTH };
  const d = parameterCount(architecture);
  const base = common(plan);
  const { delta, participations, scaleBits } = base;
  const epsilon = participations * plan.epsilon;
  const bounds = { d, clipL2: WIDE_CLIP, scaleBits };
  const { mechanism } = chooseMechanism({ epsilon, delta, participations, ...bounds });
  const errorTask = { tier: 'local' as const, mechanism, ...bounds, minReports: 1 };
  // The error falls with the root of the reports.
  const share = predictedTaskError(errorTask, 1) / (ERROR_SHARE * WIDE_CLIP);
  const minReports = plan.minReports ?? Math.max(FEWEST_REPORTS, Math.ceil(share ** 2));
  assertUseful('wide', { ...errorTask, minReports });
  return {
    ...base,
    name: 'wide',
    tier: 'local',
    architecture,
    initialWeights: WIDE_FEATURES.map(({ start }) => start),
    clipL2: WIDE_CLIP,
    mechanism,
    minReports,
    maxReports: SPREAD * minReports,
    recipe: {
      steps: 3,
      learningRate: 1,
      negatives: 100,
      maxExamples: 60,
      server: { name: 'fedavg', learningRate: 1, decayRounds: 6 },
    },
  };
}

/** The purchase-intention head in the split tier, between two servers. @throws PlanError */
export function intentDraft(plan: Plan, helper: HelperKeys): PlannedDraft {
  const head = headTask(INTENT, new ChaChaSource(new Uint8Array(32)));
  const base = common(plan);
  const sigma = sigmaOfEpsilon(SPLIT_DEFAULTS.epsilon, base.delta);
  const mechanism = { name: 'discrete-gaussian', sigma } as const;
  const minReports = plan.minReports ?? SPLIT_DEFAULTS.minReports;
  const { scaleBits } = base;
  const bounds = { d: head.initialWeights.length, clipL2: head.clipL2, scaleBits };
  assertUseful('intent', { tier: 'split', mechanism, ...bounds, minReports });
  return {
    ...base,
    ...head,
    tier: 'split',
    helper,
    mechanism,
    minReports,
    maxReports: 2 * minReports,
  };
}

function assertUseful(name: string, task: Parameters<typeof taskErrorGuard>[0]): void {
  const { ok, predictedL2, clipL2 } = taskErrorGuard(task);
  if (ok) return;
  const error = predictedL2.toPrecision(3);
  const { minReports } = task;
  throw new PlanError(
    'bad-plan',
    `task ${name}: ${minReports} reports leave an error of ${error}, above the clip ${clipL2}; ` +
      'browsers refuse that: ask for more reports',
  );
}
