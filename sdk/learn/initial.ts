/** Start weights of a task's first model, made once by whoever writes the task. */
import {
  type Architecture,
  parameterCount,
  WIDE_FEATURES,
} from '../../shared/model/architecture.ts';
import { headStart } from '../../shared/model/heads/start.ts';
import { towerStart } from '../../shared/model/tower-start.ts';
import type { RandomSource } from '../../shared/random/source.ts';

/**
 * Start weights in the architecture's order. `wide`: the recipe's prior; heads and trunks:
 * shared/model/heads/start.ts; towers: shared/model/tower-start.ts.
 * @param source used by towers and by hidden layers.
 */
export function initialWeights(
  architecture: Architecture,
  source: Pick<RandomSource, 'nextUint32'>,
): Float32Array {
  const weights = new Float32Array(parameterCount(architecture));
  switch (architecture.name) {
    case 'wide':
      weights.set(WIDE_FEATURES.map((feature) => feature.start));
      break;
    case 'head':
    case 'trunk':
      return headStart(architecture, source);
    case 'tower':
      return towerStart(architecture, source);
  }
  return weights;
}
