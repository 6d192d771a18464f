/** Start weights of heads and trunks. */
import {
  type HeadArchitecture,
  headsOf,
  parameterCount,
  type TrunkArchitecture,
} from '../architecture.ts';
import { columnsOf } from './inputs.ts';
import { outputsOf, START_BIAS } from './label.ts';

/**
 * Outputs of zeros and the label's published bias, so that an untrained head tells the base rate
 * to everybody; a hidden layer uniform with variance 1 / columns and biases of zeros.
 *
 * @param source used by a hidden layer alone
 * @param bias of a head with two outcomes, in place of the label's own
 */
export function headStart(
  architecture: HeadArchitecture | TrunkArchitecture,
  source: { nextUint32(): number },
  bias?: number,
): Float32Array {
  const weights = new Float32Array(parameterCount(architecture));
  const { hidden } = architecture;
  const columns = columnsOf(architecture.inputs);
  // A uniform variable on [−h, h] has variance h² / 3.
  const half = Math.sqrt(3 / columns);
  const first = columns * hidden;
  for (let i = 0; i < first; i++) weights[i] = half * (source.nextUint32() / 2 ** 31 - 1);
  let at = first + hidden;
  for (const { label } of headsOf(architecture)) {
    const outputs = outputsOf(label);
    at += (hidden === 0 ? columns : hidden) * outputs;
    if (outputs === 1) weights[at] = bias ?? START_BIAS[label.name];
    at += outputs;
  }
  return weights;
}
