import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from './random.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vitrine-simulated-'));

function simulate(...flags: string[]) {
  const run = spawnSync(process.execPath, ['--import', 'tsx', MAIN, ...flags], {
    encoding: 'utf8',
    timeout: 150_000,
  });
  return { code: run.status, output: run.stdout + run.stderr };
}

describe('npm run simulate', () => {
  beforeAll(() => {
    const random = new SeededRandom('simulate');
    const colours = ['blue', 'red', 'green', 'white', 'black', 'amber'];
    const things = ['cup', 'lamp', 'chair', 'rope', 'spade', 'kettle', 'globe', 'quilt'];
    const items = things.flatMap((thing) => colours.map((colour) => `${colour} ${thing}`));
    const lines = items.map((title, id) =>
      JSON.stringify({ id, title, brand: `brand ${id % 5}`, description: `a ${title}` }),
    );
    // Shoppers stay with one kind of thing.
    const walk = (): number[] => {
      const thing = random.below(things.length);
      return Array.from({ length: 4 }, () => thing * colours.length + random.below(6));
    };
    const rows = Array.from({ length: 80 }, (_, user) => {
      const items = walk();
      return `${user}\t${items.slice(0, 3).join(' ')}\t${items[3]}`;
    });
    writeFileSync(join(folder, 'items.jsonl'), lines.join('\n'));
    writeFileSync(
      join(folder, 'train_sequences.txt'),
      Array.from({ length: 130 }, (_, user) => `${user} ${walk().join(' ')}`).join('\n'),
    );
    for (const name of ['valid.tsv', 'test.tsv']) {
      writeFileSync(join(folder, name), ['user\thistory\ttarget', ...rows].join('\n'));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('federates both starts over HTTP, with ε beside every result and no violation', () => {
    const json = join(folder, 'result.json');
    const run = simulate(
      ...['--data', folder, '--json', json],
      ...['--rounds', '4', '--cohort', '60', '--participations', '2'],
    );
    expect(run.code, run.output).toBe(0);
    const { name, results, settings, machine } = JSON.parse(readFileSync(json, 'utf8'));
    expect(name).toBe('simulate');
    expect(machine.cores).toBeGreaterThan(0);
    expect(settings).toMatchObject({ rounds: 4, cohort: 60, participations: 2, clipL2: 2 });
    const { summary } = results;
    expect(summary).toMatchObject({ participations: 2, delta: 1e-6 });
    expect(summary.epsilonPerReport).toBeCloseTo(8, 6);
    // Two uses of ρ = 1/(2·0.6893²) at δ = 10⁻⁶ by the provable conversion.
    expect(summary.epsilonTotal).toBeGreaterThan(11);
    expect(summary.epsilonTotal).toBeLessThan(13);
    for (const key of ['trained', 'trainedFromZero', 'untrained', 'popularity', 'markov']) {
      expect(summary[key].hr10, key).toBeGreaterThan(0);
      expect(summary[key].ndcg10, key).toBeLessThanOrEqual(summary[key].hr10);
    }
    expect(results.ledgerViolations).toBe(0);
    expect(results.runs.prior.charges).toBe(240);
    expect(results.runs.zero.charges).toBe(240);
    expect(run.output).toContain('ε 8.000 × 2 participations');
    expect(run.output).toContain('ledger violations: 0');
  }, 180_000);

  it('refuses what the ledger would not allow, and flags out of range, by name', () => {
    const cap = ['--rounds', '5', '--cohort', '60', '--participations', '2'];
    const many = simulate('--data', folder, ...cap);
    expect(many.code).toBe(1);
    expect(many.output).toContain('3 participations; 2 are allowed');
    expect(simulate('--data', folder, '--epsilon', '9').output).toContain('--epsilon 9');
    expect(simulate().output).toContain('--data is needed');
  }, 120_000);

  it('says why shoppers do not report when a task is useless', () => {
    const run = simulate(
      ...['--data', folder, '--epsilon', '0.5', '--cohort', '60'],
      ...['--rounds', '1', '--start', 'prior'],
    );
    expect(run.code).toBe(1);
    expect(run.output).toContain('predicted-error');
  }, 120_000);
});
