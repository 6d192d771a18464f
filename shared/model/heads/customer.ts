/**
 * Churn, value and price sensitivity on one shared hidden layer: one task, one charge of the budget
 * for three answers.
 */
import { CHURN } from './churn.ts';
import { PRICE_SENSITIVITY } from './price-sensitivity.ts';
import type { HeadRecord } from './record.ts';
import { VALUE } from './value.ts';

const PARTS = [CHURN, VALUE, PRICE_SENSITIVITY];

export const CUSTOMER: HeadRecord = {
  name: 'customer',
  why: 'What the three heads are for, where the budget does not reach for three tasks.',
  architecture: {
    name: 'trunk',
    inputs: [...new Set(PARTS.flatMap(({ architecture }) => architecture.inputs))],
    hidden: 8,
    heads: PARTS.flatMap(({ architecture }) =>
      architecture.name === 'head' ? [{ head: architecture.head, label: architecture.label }] : [],
    ),
  },
  recipe: {
    steps: 1,
    learningRate: 1,
    negatives: 0,
    maxExamples: 12,
    server: { name: 'fedavgm', learningRate: 10, momentum: 0.9, decayRounds: 20 },
  },
  clipL2: 0.5,
  metrics: ['auc', 'log-loss', 'calibration'],
  start: null,
};
