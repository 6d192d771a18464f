/** `npm run check` is clean: strict types, Biome's rules, knip, publint. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

it('npm run check finds nothing', () => {
  const run = spawnSync('npm', ['run', '--silent', 'check'], {
    cwd: resolve(import.meta.dirname, '../..'),
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  expect(run.status, `${run.stdout}\n${run.stderr}`).toBe(0);
}, 180_000);
