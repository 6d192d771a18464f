/** What a bench is: one file of this folder with `run`. */

export interface BenchOptions {
  /** Tiny shapes and few repetitions: that it runs is checked, its figures mean nothing. */
  readonly quick: boolean;
  /** Folder of real data, for a bench that can use it. */
  readonly data: string | null;
  /** Also what takes long: curves and tables that are kept as JSON. */
  readonly full?: boolean;
  /** Of these the curves alone: towers take hours on large sets. */
  readonly curves?: boolean;
  /** Repetitions of a bench that has random parts; its own number by default. */
  readonly seeds?: number;
}

/** Figures by name; the unit is in the name. Nested records are printed indented. */
export type BenchResults = { readonly [name: string]: BenchValue };

export type BenchValue = number | string | boolean | null | BenchResults | readonly BenchValue[];

export interface Bench {
  run(options: BenchOptions): Promise<BenchResults> | BenchResults;
}

export const BENCHES = [
  'round',
  'recommend',
  'average',
  'ingest',
  'cold',
  'sampler',
  'privunit',
  'client',
  'seal',
  'error',
  'robust',
  'fuzz',
  'soak',
  'engine',
  'cluster',
  'gpu',
  'quality',
  'train',
  'profile',
  'page',
] as const;
