/** Purchase intention: will the visit that is under way end in an order? */
import { INTENT_INPUTS } from './inputs.ts';
import type { HeadRecord } from './record.ts';

export const INTENT: HeadRecord = {
  name: 'intent',
  why: 'Show help, or nothing, to who is about to buy, and an offer to who is about to leave.',
  architecture: {
    name: 'head',
    head: 'intent',
    label: { name: 'purchase-in-session' },
    inputs: INTENT_INPUTS,
    hidden: 0,
  },
  recipe: {
    steps: 5,
    learningRate: 1,
    negatives: 0,
    maxExamples: 30,
    server: { name: 'fedavg', learningRate: 4, decayRounds: 6 },
  },
  clipL2: 1,
  metrics: ['auc', 'f1', 'log-loss'],
  start: null,
};

/** The same with a hidden layer, for shops whose rounds are large enough for its 233 weights. */
export const INTENT_MLP: HeadRecord = {
  ...INTENT,
  name: 'intent-mlp',
  architecture: { ...INTENT.architecture, name: 'head', hidden: 8 } as HeadRecord['architecture'],
};
