/** Decoders of architectures and recipes, and what fits which kind of task (SPEC.md, K rules). */
import { kindOf, largestNorm, type PartsMetrics } from '../model/architecture.ts';
import { aggregateOf, isTraining, MAX_ROBUST_BYTES, robustBytes } from '../model/recipe.ts';
import { evaluatedHead, head, inputLabel, names, trunk } from './head-record.ts';
import { BASE, PARTS } from './ranker.ts';
import {
  type Check,
  either,
  integer,
  list,
  literal,
  nullable,
  number,
  object,
  ShapeError,
  text,
} from './shape.ts';
import type { Task } from './task.ts';

const HISTORY_LENGTH = integer(1, 100);
const HASHED_BINS = integer(2, 1 << 16);
/** Above 0: newer goods weigh more, and no good nothing. */
const DECAY = number(1e-6, 1);
const DAY_MS = 24 * 3600 * 1000;

/** Item indices, rising: 4,096 make 2^23 pairs. */
const among: Check = (value, path) => {
  list(integer(0, 1 << 24), 4096)(value, path);
  const items = value as readonly number[];
  if (items.length < 2 || items.some((item, i) => i > 0 && item <= (items[i - 1] as number))) {
    throw new ShapeError(path, 'at least two item indices, rising');
  }
};

const statistic = either(
  object({
    name: literal('campaign'),
    campaign: text(100),
    arms: names(16, 100),
    windowMs: integer(1, 400 * DAY_MS),
  }),
  object({
    name: literal('histogram'),
    of: literal('category', 'brand', 'price-band', 'event-kind'),
    bins: either(HASHED_BINS, names(4096, 100)),
  }),
  object({ name: literal('pairs'), of: literal('item', 'category'), bins: HASHED_BINS }),
  object({ name: literal('items'), items: integer(1, 1 << 24) }, { decay: DECAY }),
  object({ name: literal('graph-pairs'), edges: integer(1, 1 << 24), gaps: integer(1, 10) }),
  object({ name: literal('popular-pairs'), among, gaps: integer(1, 100) }, { decay: DECAY }),
  inputLabel,
);

const comparisonShape = object(
  {
    name: literal('metrics'),
    of: literal('parts'),
    task: text(40),
    historyLength: HISTORY_LENGTH,
    parts: PARTS,
  },
  { base: BASE },
);

const comparison: Check = (value, path) => {
  comparisonShape(value, path);
  const { base, parts } = value as PartsMetrics;
  if (base !== undefined && parts.pop !== null) {
    throw new ShapeError(`${path}.base`, 'popularity below the parts or among them, not both');
  }
};

export const architecture: Check = either(
  object({ name: literal('wide'), historyLength: HISTORY_LENGTH }),
  head,
  trunk,
  object({
    name: literal('tower'),
    kind: literal('attention', 'gru', 'lstm', 'cnn', 'mean'),
    content: integer(1, 1024),
    width: integer(1, 256),
    historyLength: HISTORY_LENGTH,
  }),
  object({ name: literal('counts'), statistic }),
  comparison,
  object({
    name: literal('metrics'),
    of: literal('ranking'),
    task: text(40),
    historyLength: HISTORY_LENGTH,
  }),
  object({ name: literal('metrics'), of: literal('head'), task: text(40), head: evaluatedHead }),
);

const STEP = { learningRate: number(1e-9, 1e3), decayRounds: nullable(number(1e-3, 1e9)) };
/** Below 1 by more than what float64 leaves of 1 − β. */
const BETA = number(0, 1 - 1e-6);
const ADAPTIVE = { ...STEP, beta1: BETA, tau: number(1e-12, 1e3) };

const optimizer = either(
  object({ name: literal('fedavg'), ...STEP }),
  object({ name: literal('fedavgm'), ...STEP, momentum: BETA }),
  object({ name: literal('fedadagrad'), ...ADAPTIVE }),
  object({ name: literal('fedadam', 'fedyogi'), ...ADAPTIVE, beta2: BETA }),
);

const aggregate = either(
  object({
    name: literal('experimental-multi-krum', 'experimental-trimmed-mean'),
    hostile: number(1e-6, 0.499),
  }),
  object({ name: literal('experimental-median') }),
  object({
    name: literal('experimental-centered-clipping'),
    radius: number(1e-9, 1e9),
    iterations: integer(1, 20),
  }),
);

const TRAINING = {
  steps: integer(1, 1000),
  learningRate: number(1e-9, 1e3),
  negatives: integer(0, 10_000),
  maxExamples: integer(1, 100_000),
  server: optimizer,
};

export const recipe: Check = either(
  object(TRAINING, { aggregate, popularNegatives: number(1e-3, 1) }),
  object({ server: object({ name: literal('release') }, { over: integer(2, 100) }) }),
);

/**
 * @throws ShapeError where kind, architecture, recipe, tier and clip do not belong together (K1, K4,
 * RD22).
 */
export function assertKind(task: Task): void {
  if (kindOf(task.architecture) !== task.kind) {
    throw new ShapeError('task.architecture', `one of kind ${task.kind}`);
  }
  if (isTraining(task.recipe) !== (task.kind === 'train')) {
    throw new ShapeError('task.recipe', `one of kind ${task.kind}`);
  }
  if (task.kind === 'evaluate' && 'over' in task.recipe.server) {
    throw new ShapeError('task.recipe', 'one round: a verdict is about one version');
  }
  assertAggregate(task);
  if ('popularNegatives' in task.recipe && !['wide', 'tower'].includes(task.architecture.name)) {
    throw new ShapeError('task.recipe.popularNegatives', 'none of what ranks no goods');
  }
  const norm = largestNorm(task.architecture);
  if (task.kind !== 'train' && !(task.clipL2 >= norm)) {
    throw new ShapeError('task.clipL2', `at least ${norm}, the largest norm of its entries`);
  }
}

function assertAggregate({ recipe, tier, minReports, maxReports, d }: Task): void {
  const robust = aggregateOf(recipe);
  if (robust === null) return;
  if (tier !== 'local') {
    throw new ShapeError('task.recipe.aggregate', 'none outside the local tier');
  }
  if (robustBytes(robust, maxReports, d) > MAX_ROBUST_BYTES) {
    const limit = `at most ${MAX_ROBUST_BYTES} bytes of maxReports vectors`;
    throw new ShapeError('task.recipe.aggregate', limit);
  }
  // So that 2f + 2 < n for every batch of the task: Blanchard et al., Proposition 1.
  if (robust.name === 'experimental-multi-krum' && !((1 - 2 * robust.hostile) * minReports > 2)) {
    throw new ShapeError('task.recipe.aggregate.hostile', 'less of so small a batch');
  }
}
