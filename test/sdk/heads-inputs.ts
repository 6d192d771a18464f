/** Every input that there is, alone and in the forms of the grammar. */
import { HISTORY_INPUTS, INTENT_INPUTS, WINDOW_INPUTS } from '../../shared/model/heads/inputs.ts';

export const EVERY: readonly string[] = [
  ...INTENT_INPUTS,
  ...WINDOW_INPUTS,
  ...WINDOW_INPUTS.map((name) => `${name}@7`),
  ...HISTORY_INPUTS,
  'category#5',
  'brand@30#3',
  'recency:4',
  'spend@30*category#5',
  'orders*recency:3',
];
