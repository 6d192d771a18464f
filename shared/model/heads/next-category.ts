/** Next category: in which department does this shopper go on? */
import type { HeadRecord } from './record.ts';

/** Hashed, so that it fits any shop; a shop with few departments names them instead. */
const CATEGORIES = 16;

export const NEXT_CATEGORY: HeadRecord = {
  name: 'next-category',
  why: 'Open the shop where this shopper will look next.',
  architecture: {
    name: 'head',
    head: 'next-category',
    label: { name: 'next-category', categories: CATEGORIES },
    inputs: [`category#${CATEGORIES}`, `category@30#${CATEGORIES}`, `category@1#${CATEGORIES}`],
    hidden: 0,
  },
  recipe: {
    steps: 3,
    learningRate: 2,
    negatives: 0,
    maxExamples: 40,
    server: { name: 'fedavg', learningRate: 3, decayRounds: 6 },
  },
  clipL2: 1,
  metrics: ['hr', 'log-loss'],
  start: null,
};
