/**
 * The networks of shared/model/architecture.ts on tfjs ops. A network holds its examples as
 * tensors and gives the loss as a function of its weights.
 */
import { matMul } from '@tensorflow/tfjs-core/dist/ops/mat_mul.js';
import { reshape } from '@tensorflow/tfjs-core/dist/ops/reshape.js';
import type { Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';
import type { Architecture } from '../../shared/model/architecture.ts';
import type { Examples, RankingExamples } from '../features/examples.ts';
import { TrainingError } from './backend.ts';
import { choiceOf, constant, type Hold, type Network } from './network.ts';
import { headNetwork } from './network-heads.ts';
import { towerNetwork } from './network-tower.ts';

/**
 * Builds a network over its examples; every tensor made goes through `hold`.
 * @throws TrainingError 'shape' when the examples do not fit the architecture.
 */
export function networkOf(architecture: Architecture, examples: Examples, hold: Hold): Network {
  if (architecture.name === 'wide' && examples.kind === 'ranking') return wide(examples, hold);
  if ((architecture.name === 'head' || architecture.name === 'trunk') && examples.kind === 'head') {
    return headNetwork(architecture, examples, hold);
  }
  if (architecture.name === 'tower' && examples.kind === 'sequence') {
    return towerNetwork(architecture, examples, hold);
  }
  throw new TrainingError('shape', `${examples.kind} examples do not train ${architecture.name}`);
}

function wide(x: RankingExamples, hold: Hold): Network {
  const { examples, candidates, width } = x;
  const features = constant(hold, 'features', x.features, [examples * candidates, width]);
  const choice = choiceOf(x, hold);
  return {
    shapes: [[width, 1]],
    loss: ([weights]) => {
      const logits = reshape(matMul(features, weights as Tensor2D), [examples, candidates]);
      return choice(logits as Tensor2D);
    },
  };
}
