import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FlagError, readFlags } from '../sampler/flags.ts';
import vectors from '../vectors/v1/discrete-gaussian.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '../..');

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [tsx, 'test/sampler/run.ts', ...args],
    { cwd: ROOT, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

const known = (num: string, den: string): number[] =>
  vectors.cases.find((one) => one.num === num && one.den === den)?.samples ?? [];

describe('the sampler command', () => {
  it('PR30 prints the samples of a seed, one a line', () => {
    const { status, stdout } = run('--sigma', '1', '--seed', vectors.seed, '--n', '24');
    expect(status).toBe(0);
    expect(stdout).toBe(`${known('1', '1').join('\n')}\n`);
  });

  it('PR30 takes the exact square of a decimal, and says what it did as JSON', () => {
    const { status, stdout } = run('--sigma=2.50', '--seed', vectors.seed, '--n=24', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      sigma: '2.50',
      variance: { num: '25', den: '4' },
      seed: vectors.seed,
      n: 24,
      engine: 'wasm',
      samples: known('25', '4'),
    });
  });

  it('PR32 draws by TypeScript what is too wide for the module', () => {
    const { status, stdout } = run('--sigma', '1e11', '--n', '20', '--json');
    const { engine, samples, seed } = JSON.parse(stdout) as {
      engine: string;
      samples: number[];
      seed: string;
    };
    expect([status, engine, samples.length]).toEqual([0, 'typescript', 20]);
    // Each lies within 2^31 with probability 0.017.
    expect(samples.some((x) => Math.abs(x) > 2 ** 31)).toBe(true);
    expect(seed).toMatch(/^[0-9a-f]{64}$/);
  });

  it('refuses a wrong flag by name, with exit code 2 and nothing on stdout', () => {
    const { status, stdout, stderr } = run('--sigma', '0');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^FlagError: --sigma must lie above 0 and below 2\^40\n/);
  });

  it.each<[string[], RegExp]>([
    [[], /--sigma is missing/],
    [['--sigma', '1e99'], /--sigma must lie above 0 and below 2\^40/],
    [['--sigma', 'NaN'], /--sigma must be a decimal/],
    [['--sigma=-1'], /--sigma must be a decimal/],
    [['--sigma', '1', '--seed', 'ab'], /--seed must be 64 hexadecimal digits/],
    [['--sigma', '1', '--n', '0'], /--n must be an integer from 1/],
    [['--sigma', '1', '--n', '1.5'], /--n must be an integer from 1/],
    [['--sigma', '1', '--n', '10000001'], /--n must be an integer from 1/],
    [['--sigma', '1', '--count', '3'], /--count/],
    [['1'], /'1'/],
  ])('refuses %j', (args, words) => {
    expect(() => readFlags(args)).toThrow(FlagError);
    expect(() => readFlags(args)).toThrow(words);
  });

  it.each<[string, bigint, bigint]>([
    ['0.5', 1n, 4n],
    ['3.20', 256n, 25n],
    ['1.5e3', 2_250_000n, 1n],
    ['1e-3', 1n, 1_000_000n],
    ['4531.4', 22_657n ** 2n, 25n],
  ])('squares %s exactly', (sigma, num, den) => {
    expect(readFlags(['--sigma', sigma])?.variance).toEqual({ num, den });
  });
});
