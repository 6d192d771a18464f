/** Price sensitivity: will what this shopper buys next be bought at a discount? */
import { HEAD_CLIP, type HeadRecord, headRecipe } from './record.ts';

export const PRICE_SENSITIVITY: HeadRecord = {
  name: 'price-sensitivity',
  why: 'Show offers to who waits for them, and full prices to who does not.',
  architecture: {
    name: 'head',
    head: 'price-sensitivity',
    label: { name: 'discount-share-at-least', days: 30, share: 0.5 },
    inputs: [
      '~discount-share',
      '~discount-mean',
      '~discount-share@90',
      '~band-0',
      '~band-1',
      '~band-3',
      '~band-4',
      '~price-mean',
      '~order-value',
      '~orders',
      '~spend',
      '~queries@30',
      '~views@30',
      '~weekend-share',
      'discount-share:8',
    ],
    hidden: 0,
  },
  recipe: headRecipe(12),
  clipL2: HEAD_CLIP,
  metrics: ['auc', 'log-loss', 'calibration'],
  start: null,
};
