/** Start weights of towers. */
import { parameterCount, type TowerArchitecture, towerShapes } from './architecture.ts';

/**
 * Uniform with variance 1 / rows of each matrix (positions: 0.01), biases of zeros (an LSTM's forget
 * gate: 1) and an output of zeros, so that an untrained tower adds nothing.
 */
export function towerStart(
  architecture: TowerArchitecture,
  source: { nextUint32(): number },
): Float32Array {
  const weights = new Float32Array(parameterCount(architecture));
  let at = 0;
  for (const { name, rows, columns } of towerShapes(architecture)) {
    const end = at + rows * columns;
    if (name === 'bias') {
      if (architecture.kind === 'lstm') weights.fill(1, at + columns / 4, at + columns / 2);
    } else if (name !== 'output') {
      // A uniform variable on [−h, h] has variance h² / 3.
      const half = Math.sqrt(3 * (name === 'position' ? 0.01 : 1 / rows));
      for (let i = at; i < end; i++) weights[i] = half * (source.nextUint32() / 2 ** 31 - 1);
    }
    at = end;
  }
  return weights;
}
