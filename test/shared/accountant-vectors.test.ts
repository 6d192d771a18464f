import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compute } from '../vectors/compute.ts';
import type { Row } from '../vectors/row.ts';
import { expectedOf, judge, paramsOf } from '../vectors/row.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHARED = resolve(ROOT, '../shared/vectors/accountant.json');

/** The command on a file; what it prints, line by line, and its exit status. */
function run(file: string): { readonly status: number | null; readonly lines: string[] } {
  const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
  const command = spawnSync(process.execPath, [tsx, 'test/vectors/run.ts', file], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status: command.status, lines: command.stdout.trim().split('\n') };
}

const row = (change: Partial<Row>): Row => ({
  id: 'a',
  mechanism: 'gaussian_analytic',
  params: { sigma: 1, sensitivity: 1 },
  delta: 0.12693674,
  epsilon: 1,
  output: 'delta',
  tolerance: 1e-7,
  tolerance_kind: 'absolute on delta',
  ...change,
});

describe('the vectors command', () => {
  const inFolder = (rows: readonly unknown[]): ReturnType<typeof run> => {
    const folder = mkdtempSync(join(tmpdir(), 'vectors-'));
    try {
      const file = join(folder, 'rows.json');
      writeFileSync(file, JSON.stringify({ vectors: rows }));
      return run(file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('passes what is right: a line each, a total, exit 0', () => {
    const { status, lines } = inFolder([
      row({}),
      row({ id: 'b', output: 'epsilon', tolerance_kind: 'absolute on epsilon', tolerance: 1e-6 }),
    ]);
    expect(status).toBe(0);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe('2 vectors: 2 ok, 0 failed');
  });

  it('fails what is wrong and what is unsupported, by name: exit 1', () => {
    const wrong = row({ id: 'w', delta: 0.1269 });
    const unknown = row({ id: 'u', mechanism: 'staircase' });
    const output = row({ id: 'o', output: 'sensitivity' });
    const { status, lines } = inFolder([row({}), wrong, unknown, output, row({ params: {} })]);
    expect(status).toBe(1);
    expect(lines[1]).toMatch(/^w .*FAIL$/);
    expect(lines[2]).toContain("FAIL: mechanism 'staircase' is unsupported");
    expect(lines[4]).toContain("FAIL: parameter 'sigma' must be a number");
    expect(lines[5]).toMatch(/^5 vectors: [12] ok, [34] failed$/);
  });

  it('exits 2 on a file that cannot be read', () => {
    expect(run(join(tmpdir(), 'there-is-no-such-file.json')).status).toBe(2);
  });

  it.skipIf(!existsSync(SHARED))(
    'passes all of the shared file (skipped where absent)',
    () => {
      const { status, lines } = run(SHARED);
      expect(lines.filter((line) => !line.endsWith('ok'))).toHaveLength(1);
      expect(lines.at(-1)).toMatch(/^(\d+) vectors: \1 ok, 0 failed$/);
      expect(status).toBe(0);
    },
    120_000,
  );
});

describe('rows', () => {
  it('hide their answer from the family that computes it', () => {
    const sigma = row({ output: 'sigma', params: { sigma: 1, sensitivity: 1 } });
    expect(expectedOf(sigma)).toBe(1);
    expect(paramsOf(sigma).has('sigma')).toBe(false);
    expect(compute(sigma)).toBeCloseTo(1, 6);
    const moved = row({ output: 'sigma', params: { sigma: 123, sensitivity: 1 } });
    expect(compute(moved)).toBe(compute(sigma));
  });

  it('are judged by the kind of their tolerance, and refused when it is unknown', () => {
    const relative = row({ tolerance_kind: 'relative on delta', tolerance: 0.01 });
    expect(judge(relative, 0.1281).ok).toBe(true);
    expect(judge(relative, 0.1283).ok).toBe(false);
    const interval = 'delta must lie in [rerun - 1e-3, delta + 1e-4]';
    const between = row({ tolerance_kind: interval, rerun: 0.1, delta: 0.2 });
    expect([0.0989, 0.0991, 0.2, 0.2002].map((x) => judge(between, x).ok)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(judge(row({}), Number.NaN).ok).toBe(false);
    expect(() => judge(row({ tolerance_kind: 'about right' }), 1)).toThrow('about right');
  });

  it('may ask for what others of the family state: σ, q, counts, orders', () => {
    const sampled = { sigma: 1.5, q: 0.04, steps: 2250 };
    const ask = (output: string, params: Record<string, unknown>): unknown =>
      compute(
        row({ mechanism: 'subsampled_gaussian_rdp', params, delta: 1e-5, epsilon: 7.4, output }),
      );
    expect(ask('sigma', { ...sampled, sigma: 0 })).toBeCloseTo(1.489, 2);
    expect(ask('q', { ...sampled, q: 0 })).toBeCloseTo(0.0404, 3);
    expect(ask('steps', { ...sampled, steps: 0 })).toBeGreaterThan(2250);
    expect(ask('optimal_order', sampled)).toBe(3.9);
    expect(() => ask('colour', sampled)).toThrow("output 'colour'");
  });
});

describe('research', () => {
  it('is imported by the vectors command and by tests alone', () => {
    const files = ['sdk', 'aggregator', 'shared', 'demo-shop'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
        .map((name) => join(ROOT, folder, name)),
    );
    const guilty = files.filter((file) =>
      /from '[^']*privacy\/research\/|from '\.\/research\//.test(readFileSync(file, 'utf8')),
    );
    expect(files.length).toBeGreaterThan(50);
    expect(guilty).toEqual([]);
  });
});
