/** The step that bench `train` times, for both engines: shapes, weights and examples from a seed. */
import type { SequenceExamples } from '../../sdk/features/examples.ts';
import { parameterCount, type TowerArchitecture } from '../../shared/model/architecture.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

export type TimedKind = 'attention' | 'gru';

export interface Shape {
  readonly examples: number;
  readonly candidates: number;
  readonly length: number;
}

/** The issue's: batch 32, length 30; as many candidates as a batch with in-batch negatives has. */
export const WHOLE: Shape = { examples: 32, candidates: 32, length: 30 };
export const TINY: Shape = { examples: 3, candidates: 4, length: 5 };

export const LEARNING_RATE = 0.05;

/** 24,888 and 24,860 weights over vectors of 64. */
export function timedArchitecture(kind: TimedKind, { length }: Shape): TowerArchitecture {
  const width = { attention: 68, gru: 55 }[kind];
  return { name: 'tower', kind, content: 64, width, historyLength: length };
}

export interface Timed {
  readonly architecture: TowerArchitecture;
  readonly weights: Float32Array;
  readonly examples: SequenceExamples;
}

/** Every weight is awake, so that every gradient is worked out; every position counts. */
export function timed(kind: TimedKind, shape: Shape): Timed {
  const source = new ChaChaSource(new Uint8Array(32).fill(5), new Uint8Array(12));
  const uniform = (length: number, half: number): Float32Array =>
    Float32Array.from({ length }, () => half * (source.nextUint32() / 2 ** 31 - 1));
  const architecture = timedArchitecture(kind, shape);
  const { examples, candidates, length } = shape;
  const { content } = architecture;
  return {
    architecture,
    weights: uniform(parameterCount(architecture), 0.2),
    examples: {
      kind: 'sequence',
      history: uniform(examples * length * content, 0.3),
      historyMask: new Float32Array(examples * length).fill(1),
      candidatesVectors: uniform(examples * candidates * content, 0.3),
      base: uniform(examples * candidates, 1),
      mask: new Float32Array(examples * candidates).fill(1),
      examples,
      candidates,
      length,
      content,
    },
  };
}
