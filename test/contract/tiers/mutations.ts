/** What is deleted from the source, one at a time, and the check that must fail for it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckName } from './checks.ts';
import type { ContractTier } from './plan.ts';

export interface Mutation {
  readonly deletes: string;
  readonly file: string;
  /** Text that stands once in the file, and what stands there instead. */
  readonly from: string;
  readonly to: string;
  readonly tier: ContractTier;
  readonly fails: CheckName;
}

/** @throws when the text does not stand there exactly once: the list is out of date. */
export async function mutate(
  root: string,
  { file, from, to }: Mutation,
): Promise<() => Promise<void>> {
  const path = join(root, file);
  const text = await readFile(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file}: '${from}' is not there once`);
  await writeFile(
    path,
    text.replace(from, () => to),
  );
  return () => writeFile(path, text);
}

export const MUTATIONS: readonly Mutation[] = [
  {
    deletes: 'the browser’s noise in the local tier',
    file: 'sdk/noise/draw.ts',
    from: 'if (std > 0) fillGaussian(',
    to: "if (task.tier === 'split') fillGaussian(",
    tier: 'local',
    fails: 'local: the residual has the variance of Δ = 2B′',
  },
  {
    deletes: 'the 2 in Δ',
    file: 'sdk/noise/draw.ts',
    from: 'mechanism.sigma * 2 * normBound(B, d)',
    to: 'mechanism.sigma * normBound(B, d)',
    tier: 'local',
    fails: 'local: the residual has the variance of Δ = 2B′',
  },
  {
    deletes: 'the browser’s share of noise in the split tier',
    file: 'sdk/noise/draw.ts',
    from: 'if (std > 0) fillGaussian(',
    to: "if (task.tier === 'local') fillGaussian(",
    tier: 'split',
    fails: 'split: one report, opened, has the variance of the browser’s share',
  },
  {
    deletes: 'the aggregator’s noise',
    file: 'aggregator/leader.ts',
    from: 'one + (noise[i] as number)',
    to: 'one + 0 * (noise[i] as number)',
    tier: 'split',
    fails: 'split: the residual has the variance of three sources of noise',
  },
  {
    deletes: 'the helper’s noise',
    file: 'aggregator/opening/preparation.ts',
    from: 'Uint32Array.from(noise)',
    to: 'new Uint32Array(noise.length)',
    tier: 'split',
    fails: 'split: the residual has the variance of three sources of noise',
  },
  {
    deletes: 'the clip',
    file: 'sdk/noise/clip.ts',
    from: 'if (normBefore <= clipL2) return',
    to: 'if (normBefore <= Infinity) return',
    tier: 'test',
    fails: 'test: every browser reports once and is charged once',
  },
  {
    deletes: 'the charge',
    file: 'sdk/database/indexed.ts',
    from: "await tx.objectStore('ledger').add(entry as LedgerEntry)",
    to: '1',
    tier: 'split',
    fails: 'split: the cap refuses a second report',
  },
];
