/**
 * Churn, value and price sensitivity on one shared hidden layer: one task, one charge of the budget
 * for three answers.
 */
import { CHURN } from './churn.ts';
import { PRICE_SENSITIVITY } from './price-sensitivity.ts';
import { HEAD_CLIP, type HeadRecord, headRecipe } from './record.ts';
import { VALUE } from './value.ts';

const HIDDEN = 8;
const PARTS = [CHURN, VALUE, PRICE_SENSITIVITY];

export const CUSTOMER: HeadRecord = {
  name: 'customer',
  why: 'What the three heads are for, where the budget does not reach for three tasks.',
  architecture: {
    name: 'trunk',
    inputs: [...new Set(PARTS.flatMap(({ architecture }) => architecture.inputs))],
    hidden: HIDDEN,
    heads: PARTS.flatMap(({ architecture }) =>
      architecture.name === 'head' ? [{ head: architecture.head, label: architecture.label }] : [],
    ),
  },
  recipe: headRecipe(12, HIDDEN),
  clipL2: HEAD_CLIP,
  metrics: ['auc', 'log-loss', 'calibration'],
  start: null,
};
