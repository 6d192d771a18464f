/**
 * `npm test`: finds a browser or installs one, builds, runs every test, and closes with one line
 * `N passed, N failed, N skipped`. Further arguments go to vitest (`npm test -- test/shared`).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBrowser } from './browser/find.ts';
import { build } from './build.ts';
import { ensureServers } from './servers/find.ts';

interface Assertion {
  readonly status: string;
  readonly fullName: string;
  readonly meta?: { readonly reason?: string };
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly Assertion[];
  }[];
}

/** Counts by outcome; a file that failed before any test ran counts as one failure. */
function count(report: Report): { passed: number; failed: number; skipped: number } {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    if (file.assertionResults.length === 0 && file.status === 'failed') total.failed += 1;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') total.passed += 1;
      else if (status === 'failed') total.failed += 1;
      else total.skipped += 1;
    }
  }
  return total;
}

async function main(): Promise<number> {
  const browser = await ensureBrowser((line) => console.log(line));
  ensureServers((line) => console.log(line));
  await build(['sdk', 'demo']);
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-test-'));
  const output = join(folder, 'report.json');
  const run = spawnSync(
    process.execPath,
    [
      join('node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${output}`,
      ...process.argv.slice(2),
    ],
    { stdio: 'inherit', env: { ...process.env, CHROME_PATH: browser ?? '' } },
  );
  let total = { passed: 0, failed: 1, skipped: 0 };
  try {
    total = count(JSON.parse(readFileSync(output, 'utf8')) as Report);
  } catch {
    console.error('vitest left no report: its own output above says why.');
  }
  rmSync(folder, { recursive: true, force: true });
  if (run.status !== 0 && total.failed === 0) total.failed = 1;
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

process.exitCode = await main();
