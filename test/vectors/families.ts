/** The families of mechanisms that a vectors file may name. */
import type { Family } from './compute.ts';
import { DISTRIBUTED } from './families-distributed.ts';
import { GAUSSIAN } from './families-gaussian.ts';
import { OTHERS } from './families-others.ts';
import { PURE } from './families-pure.ts';

/** Families by the `mechanism` of a row; a name that is not here is unsupported. */
export const FAMILIES: ReadonlyMap<string, Family> = new Map(
  Object.entries({ ...GAUSSIAN, ...PURE, ...DISTRIBUTED, ...OTHERS }),
);
