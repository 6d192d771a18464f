/**
 * Bench `quality`: what learning buys on the data folder given by `--data`, at a stated privacy. The
 * form is told by the folder's files; ranking sets and head sets share the contract. `--full` adds
 * curves and, for ranking sets, towers trained to convergence, `--curves` the first of these alone;
 * both keep the results as JSON.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BenchOptions, BenchResults } from './contract.ts';
import { machine } from './machine.ts';
import type { QualityOptions } from './quality/contract.ts';
import { formOf } from './quality/forms.ts';
import { runHeads } from './quality/heads.ts';
import { runRanking } from './quality/ranking.ts';
import { syntheticFolder } from './quality/synthetic.ts';
import { fitTowers } from './quality/tower-fit.ts';

const SEEDS = 3;
const RESULTS = join(import.meta.dirname, 'results');

/** Without `--data` a small folder of its own is made, measured and removed. */
export async function run(options: BenchOptions): Promise<BenchResults> {
  const { quick, data } = options;
  const seeds = options.seeds ?? (quick ? 1 : SEEDS);
  const full = options.full ?? false;
  const given = { quick, curves: full || (options.curves ?? false), seeds };
  if (data !== null) return measured(data, given, full);
  const made = syntheticFolder('text-items');
  try {
    return await measured(made.folder, given, full);
  } finally {
    made.remove();
  }
}

async function measured(
  folder: string,
  options: QualityOptions,
  withTowers: boolean,
): Promise<BenchResults> {
  const begun = performance.now();
  const seconds = (): number => Math.round((performance.now() - begun) / 1000);
  const say = (line: string): void => {
    if (!options.quick) console.error(`${seconds()} s  ${line}`);
  };
  const heads = formOf(folder) === 'heads';
  const results: BenchResults = heads
    ? await runHeads(folder, options)
    : await runRanking(folder, options, say);
  if (!options.curves) return results;
  // Towers take longer than all the rest, which stands already where they are cut short.
  const flag = withTowers ? 'full' : 'curves';
  if (!options.quick) keep(folder, flag, results, seconds());
  if (!withTowers || heads) return results;
  const all = { ...results, towers: await fitTowers(folder, { quick: options.quick, say }) };
  if (!options.quick) keep(folder, flag, all, seconds());
  return all;
}

/** Kept beside the bench: the results, the command that made them, the commit and the duration. */
function keep(folder: string, flag: string, results: BenchResults, seconds: number): void {
  const name = basename(folder);
  mkdirSync(RESULTS, { recursive: true });
  const kept = {
    command: `npm run bench -- quality --data ${name} --${flag}`,
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    seconds,
    machine: machine(),
    results,
  };
  writeFileSync(join(RESULTS, `quality-${name}.json`), `${JSON.stringify(kept, null, 2)}\n`);
}
