/** Value tier: will this shopper be among those who spend the most? */
import { HEAD_CLIP, type HeadRecord, headRecipe } from './record.ts';

/** 200 in 90 days is a guess at a top tier; a shop puts its own figure here. */
export const VALUE: HeadRecord = {
  name: 'value',
  why: 'Serve who will spend the most: service, early access, and no needless discounts.',
  architecture: {
    name: 'head',
    head: 'value',
    label: { name: 'spend-at-least', days: 90, amount: 200 },
    inputs: [
      '~recency',
      '~tenure',
      '~order-tenure',
      '~order-gap',
      '~overdue',
      '~bought-again',
      '~orders',
      '~orders@90',
      '~spend',
      '~spend@90',
      '~order-value',
      '~largest-order',
      '~goods-bought',
      '~items-per-order',
      '~price-mean',
      '~adds@30',
      '~views@30',
      '~spend*~orders',
      'spend:8',
    ],
    hidden: 0,
  },
  recipe: headRecipe(4),
  clipL2: HEAD_CLIP,
  metrics: ['auc', 'log-loss', 'calibration'],
  start: null,
};
