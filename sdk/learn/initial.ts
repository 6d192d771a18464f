/** Start weights of a task's first model, made once by whoever writes the task. */
import {
  type Architecture,
  INTENT_START_BIAS,
  parameterCount,
  WIDE_FEATURES,
} from '../../shared/model/architecture.ts';
import type { RandomSource } from '../../shared/random/source.ts';

/**
 * Start weights in the architecture's order. `wide`: the recipe's prior; `logistic`: zeros and
 * the bias; `attention`: uniform with variance 1 / rows of each matrix (positions: 0.01), and an
 * output of zeros, so that an untrained tower adds nothing.
 * @param source used by `attention` alone.
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
    case 'logistic':
      weights[architecture.inputs] = INTENT_START_BIAS;
      break;
    case 'attention': {
      const { content, width, historyLength } = architecture;
      let at = 0;
      const fill = (length: number, variance: number): void => {
        // A uniform variable on [−h, h] has variance h² / 3.
        const half = Math.sqrt(3 * variance);
        for (const end = at + length; at < end; at++) {
          weights[at] = half * (source.nextUint32() / 2 ** 31 - 1);
        }
      };
      fill(content * width, 1 / content);
      fill(historyLength * width, 0.01);
      fill(3 * width * width, 1 / width);
      break;
    }
  }
  return weights;
}
