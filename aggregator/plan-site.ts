/** The tasks of a new site: what the planner chooses from the shipped defaults. */
import {
  INTENT_INPUTS,
  INTENT_START_BIAS,
  parameterCount,
  WIDE_FEATURES,
  type WideArchitecture,
} from '../shared/model/architecture.ts';
import { LOCAL_DEFAULTS, SPLIT_DEFAULTS } from '../shared/plan/defaults.ts';
import { chooseMechanism } from '../shared/privacy/choose.ts';
import { predictedTaskError, taskErrorGuard } from '../shared/privacy/guard.ts';
import { sigmaOfEpsilon } from '../shared/privacy/zcdp.ts';
import type { HelperKeys } from '../shared/protocol/task.ts';
import type { TaskDraft } from './site.ts';

export interface Plan {
  /** ε of one report of the local tier. */
  readonly epsilon: number;
  /** Reports of one browser to each task. */
  readonly participations: number;
  readonly windowMs: number;
  /** Reports of a round at least; as the error demands when null. */
  readonly minReports: number | null;
}

export const DAY_MS = 86_400_000;

export const DEFAULT_PLAN: Plan = {
  epsilon: LOCAL_DEFAULTS.epsilon,
  participations: LOCAL_DEFAULTS.participations,
  windowMs: DAY_MS,
  minReports: null,
};

export type PlannedDraft = Omit<TaskDraft, 'expiresAtMs'>;

/** A plan that browsers would refuse, or that no round could meet. */
export class PlanError extends Error {
  readonly code = 'bad-plan';

  constructor(message: string) {
    super(`bad-plan: ${message}`);
    this.name = 'PlanError';
  }
}

/** The recipe's; its figures are those of the README. */
const HISTORY_LENGTH = 10;
const WIDE_CLIP = 2;
const INTENT_CLIP = 1;

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
  const inputs = INTENT_INPUTS.length;
  const base = common(plan);
  const sigma = sigmaOfEpsilon(SPLIT_DEFAULTS.epsilon, base.delta);
  const mechanism = { name: 'discrete-gaussian', sigma } as const;
  const minReports = plan.minReports ?? SPLIT_DEFAULTS.minReports;
  const { scaleBits } = base;
  const bounds = { d: inputs + 1, clipL2: INTENT_CLIP, scaleBits };
  assertUseful('intent', { tier: 'split', mechanism, ...bounds, minReports });
  return {
    ...base,
    name: 'intent',
    tier: 'split',
    helper,
    architecture: { name: 'logistic', head: 'intent', inputs },
    initialWeights: [...Array<number>(inputs).fill(0), INTENT_START_BIAS],
    clipL2: INTENT_CLIP,
    mechanism,
    minReports,
    maxReports: 2 * minReports,
    recipe: {
      steps: 5,
      learningRate: 1,
      negatives: 0,
      maxExamples: 30,
      server: { name: 'fedavg', learningRate: 4, decayRounds: 6 },
    },
  };
}

function assertUseful(name: string, task: Parameters<typeof taskErrorGuard>[0]): void {
  const { ok, predictedL2, clipL2 } = taskErrorGuard(task);
  if (ok) return;
  const error = predictedL2.toPrecision(3);
  const { minReports } = task;
  throw new PlanError(
    `task ${name}: ${minReports} reports leave an error of ${error}, above the clip ${clipL2}; ` +
      'browsers refuse that: ask for more reports',
  );
}
