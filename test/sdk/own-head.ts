/** A shop's own head, in the one file that it takes: who fills a large basket this week? */
import type { HeadRecord } from '../../shared/model/heads/record.ts';

export const LARGE_BASKET: HeadRecord = {
  name: 'large-basket',
  why: 'Offer free delivery to who will reach the limit anyway, before they look elsewhere.',
  architecture: {
    name: 'head',
    head: 'large-basket',
    label: { name: 'spend-at-least', days: 7, amount: 100 },
    inputs: ['adds@7', 'views@7', 'order-value', 'recency:4', 'adds@7*order-value', 'category#8'],
    hidden: 4,
  },
  recipe: {
    steps: 3,
    learningRate: 1,
    negatives: 0,
    maxExamples: 8,
    server: { name: 'fedavg', learningRate: 2, decayRounds: 6 },
  },
  clipL2: 1,
  metrics: ['auc', 'log-loss'],
  start: -2,
};
