/** Churn: will this shopper stay away? */
import { HEAD_CLIP, type HeadRecord, headRecipe } from './record.ts';

export const CHURN: HeadRecord = {
  name: 'churn',
  why: 'Win back who is about to leave for good, and leave in peace who buys anyway.',
  architecture: {
    name: 'head',
    head: 'churn',
    label: { name: 'no-purchase', days: 30 },
    inputs: [
      '~recency',
      '~idle',
      '~tenure',
      '~order-tenure',
      '~order-gap',
      '~overdue',
      '~order-span',
      '~bought-again',
      '~orders',
      '~orders@90',
      '~spend',
      '~order-value',
      '~visits@30',
      '~views@30',
      '~active-days@90',
      '~recency*~orders',
      'recency:8',
    ],
    hidden: 0,
  },
  recipe: headRecipe(12),
  clipL2: HEAD_CLIP,
  metrics: ['auc', 'log-loss', 'calibration'],
  start: null,
};
