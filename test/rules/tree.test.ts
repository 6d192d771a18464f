/** Rules about the tree itself: top level, file sizes, what must never stand in it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

function tracked(): string[] {
  const list = (...flags: string[]): string[] =>
    execFileSync('git', ['ls-files', '-z', ...flags], { cwd: ROOT, encoding: 'utf8' }).split('\0');
  const gone = new Set(list('--deleted'));
  return [...list('--cached', '--others', '--exclude-standard')].filter(
    (file) => file !== '' && !gone.has(file),
  );
}

const TOP_LEVEL = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'aggregator',
  'demo-shop',
  'package-lock.json',
  'package.json',
  'sdk',
  'shared',
  'test',
  'tsconfig.json',
  'vite.config.ts',
];

describe('tree', () => {
  it('has the agreed top level', () => {
    const top = new Set(tracked().map((file) => file.split('/')[0] as string));
    expect([...top].filter((name) => !name.startsWith('.')).sort()).toEqual(TOP_LEVEL);
  });

  it('keeps every TypeScript file within 300 lines', () => {
    const long = tracked()
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > 301);
    expect(long).toEqual([]);
  });

  it('records no download address in the lock file', () => {
    expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved"/);
  });

  it('pins every dependency exactly', () => {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string>>;
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });
});
