/**
 * Randomised response over k buckets: with probability p the answer is uniform, else it is true.
 *
 * Warner, JASA 60, 1965; k buckets: Kairouz, Bonawitz and Ramage, arXiv:1602.07387, §2. Under
 * replace-one two records are compared; under replace-special one record and none, which
 * answers uniformly.
 */
import { assertInteger, assertPositive } from '../assert/assert.ts';
import type { RatioLaw } from './ratio.ts';
import { assertProbability } from './sampled.ts';

/** What a record is exchanged for. */
export type ResponseAdjacency = 'REPLACE_ONE' | 'REPLACE_SPECIAL';

/** Returns the law of ln(P/Q), P being the distribution of a record's answer. */
export function responseLaw(
  noise: number,
  buckets: number,
  adjacency: ResponseAdjacency,
): RatioLaw {
  assertPositive('noise', noise);
  assertProbability('noise', noise);
  assertInteger('buckets', buckets, 2);
  const lie = noise / buckets;
  const truth = 1 - noise + lie;
  switch (adjacency) {
    case 'REPLACE_ONE': {
      const ratio = Math.log(truth) - Math.log(lie);
      const atoms = [
        { ratio, mass: lie },
        { ratio: -ratio, mass: truth },
      ];
      if (buckets > 2) atoms.push({ ratio: 0, mass: (buckets - 2) * lie });
      return { atoms, segments: [], onlyP: 0, cut: 0 };
    }
    case 'REPLACE_SPECIAL': {
      const uniform = 1 / buckets;
      const atoms = [
        { ratio: Math.log(truth * buckets), mass: uniform },
        { ratio: Math.log(noise), mass: (buckets - 1) * uniform },
      ];
      return { atoms, segments: [], onlyP: 0, cut: 0 };
    }
    default:
      throw new RangeError(`adjacency '${String(adjacency).slice(0, 32)}' is unknown`);
  }
}
