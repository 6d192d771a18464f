/** `vitrine audit` against honest servers, over HTTP: PR50 to PR54, every check holds. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canariesFor, shownEpsilon } from '../../aggregator/audit/canary.ts';
import { CHECKS } from '../../aggregator/audit/check.ts';
import { chiSquaredInterval } from '../../aggregator/audit/chi-squared.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import { draft, ROOT_KEY } from '../aggregator/fixture.ts';
import { chiSquaredInterval as oracle } from '../oracles/chi-squared.ts';
import { localReport } from './exported.ts';
import { auditDraft, audited, localWorld, run, splitWorld, type World } from './world.ts';

let local: World;
let split: World;

beforeAll(async () => {
  [local, split] = await Promise.all([
    localWorld([auditDraft('audit-local'), draft('visits', 3, VISITS)]),
    splitWorld(),
  ]);
});

afterAll(async () => {
  await Promise.all([local?.close(), split?.close()]);
});

/** A task that browsers take: its mean of 200 reports has an error below its clip. */
const VISITS = {
  tier: 'local',
  mechanism: discreteGaussian(2.4),
  minReports: 200,
  maxReports: 400,
} as const;

const SPLIT_ONLY = ['task-helper', 'cosignature', 'shares', 'noise-sum', 'noise-fresh'];

describe('honest servers', () => {
  it('PR50 PR52 PR53 PR54 two servers: every check holds, in every mode', async () => {
    const { code, failed, outcome, checks } = await audited(split, '--known-input', '--canary');
    expect([code, failed]).toEqual([0, []]);
    for (const name of [...SPLIT_ONLY, 'openings', 'model-bytes', 'canary-bound']) {
      expect([name, outcome(name)]).toEqual([name, 'pass']);
    }
    const bound = checks.find(({ name }) => name === 'canary-bound')?.figures;
    expect(bound?.most).toBeGreaterThan(2);
    expect(bound?.shown).toBeLessThanOrEqual(2);
    const noise = checks.find(({ name }) => name === 'noise-sum')?.figures;
    expect(noise?.freedom).toBe(10_000);
    expect(noise?.ratio).toBeCloseTo(1, 0);
  });

  it('PR50 PR52 PR53 PR54 one server: every check holds, in every mode', async () => {
    const flags = ['--known-input', '--canary', '--task', 'audit-local'];
    const { code, failed, outcome } = await audited(local, ...flags);
    expect([code, failed]).toEqual([0, []]);
    for (const name of ['exact-sum', 'canary-batch', 'canary-bound', 'served-heads']) {
      expect([name, outcome(name)]).toEqual([name, 'pass']);
    }
    for (const name of SPLIT_ONLY.slice(0, 3)) expect(outcome(name)).toBe('skipped');
  });

  it('PR50 a state is kept, and the next audit goes on from it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vitrine-state-'));
    const state = join(folder, 'state.json');
    try {
      expect((await audited(split, '--state', state)).outcome('log-consistency')).toBe('skipped');
      const before = JSON.parse(await readFile(state, 'utf8')) as { log: { size: number } };
      const again = await audited(split, '--state', state, '--known-input');
      expect([again.failed, again.outcome('log-consistency')]).toEqual([[], 'pass']);
      const after = JSON.parse(await readFile(state, 'utf8')) as { log: { size: number } };
      expect(after.log.size).toBeGreaterThan(before.log.size);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('PR53 the exact sum for every mechanism of one server, statistics and training', async () => {
    const seeded = {
      name: 'privunit',
      acceptance: 60_000,
      threshold: 9000,
      candidates: 99,
    } as const;
    const world = await localWorld([
      auditDraft('audit-seeds', { mechanism: seeded }),
      draft('audit-training', 28, { tier: 'local', mechanism: discreteGaussian(2) }),
      draft('audit-bare', 28),
    ]);
    try {
      for (const task of ['audit-seeds', 'audit-training', 'audit-bare']) {
        const flags = ['--known-input', '--task', task, '--rounds', '2'];
        const { failed, outcome, checks } = await audited(world, ...flags);
        expect([task, failed, outcome('exact-sum')]).toEqual([task, [], 'pass']);
        const exact = checks.find(({ name }) => name === 'exact-sum');
        expect(exact?.detail).toBe('2 versions, equal in every bit');
      }
      const args = ['audit', world.url, '--trust', world.trust, '--canary', '--task'];
      expect((await run(...args, 'audit-seeds')).err).toContain('canaries need discrete Gaussian');
      expect((await run(...args, 'audit-training')).err).toContain('canaries need d ≥ 5000');
    } finally {
      await world.close();
    }
  });

  it('PR53 PR54 a batch with the report of somebody else is refused, and proves nothing', async () => {
    const { body } = await localReport(local, 'audit-local');
    const headers = { 'content-type': REPORT_CONTENT_TYPE };
    const post = { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> };
    expect((await fetch(local.url + PATHS.reports, post)).status).toBe(201);
    const { code, text, outcome } = await audited(
      local,
      ...['--known-input', '--task', 'audit-local', '--timeout', '2'],
    );
    expect(code).toBe(1);
    expect(outcome('own-batch')).toBe('fail');
    expect(outcome('exact-sum')).not.toBe('pass');
    expect(text).toContain('report was refused: round-');
  });
});

describe('the command', () => {
  it('PR50 prints checks, the statement by view, and what is not proven', async () => {
    const { code, out } = await run('audit', split.url, '--trust', split.trust);
    expect(code).toBe(0);
    expect(out).toMatch(/ {2}ok +cosignature +by the helper/);
    expect(out).toContain('If both servers collude, nothing is claimed.');
    expect(out).toContain('Neither known input nor canaries prove how the servers behave on real');
    expect(out).toMatch(/All checks hold: \d+ ok, 0 failed, \d+ left out\n$/);
    const help = await run('audit', '--help');
    for (const name of Object.keys(CHECKS)) expect(help.out).toContain(name);
  });

  it('PR50 fails with another root key, and where the helper is not the pinned one', async () => {
    const stranger = await audited({ ...split, trust: 'A'.repeat(43) });
    expect([stranger.code, stranger.failed]).toEqual([1, ['site-record']]);
    const unpinned = await audited({ ...split, trust: ROOT_KEY.publicKey });
    expect([unpinned.code, unpinned.failed]).toEqual([1, ['task-helper']]);
    const other = await audited({ ...split, trust: `${ROOT_KEY.publicKey} ${'A'.repeat(43)}` });
    expect([other.code, other.failed]).toEqual([1, ['task-helper']]);
  });

  it('runs from a clone as the file that package.json names', () => {
    const file = fileURLToPath(new URL('../../aggregator/vitrine.js', import.meta.url));
    const run = spawnSync(process.execPath, [file, 'audit', 'http://127.0.0.1:9'], {
      encoding: 'utf8',
    });
    expect([run.status, run.stderr]).toEqual([2, expect.stringContaining('--trust')]);
  });

  it('exits with 2 for bad usage and for no answer', async () => {
    const { url, trust } = local;
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [[], 'a command is needed'],
      [['verify'], "no command 'verify'"],
      [['audit'], 'one URL is needed'],
      [['audit', url], '--trust "ROOT [HELPER]" is needed'],
      [['audit', url, '--trust', 'short'], 'is no key'],
      [['audit', 'ftp://x', '--trust', trust], 'must be an http(s) URL'],
      [['audit', url, '--trust', trust, '--rounds', '0'], '--rounds'],
      [['audit', url, '--trust', trust, '--nothing'], '--nothing'],
      [['audit', url, '--trust', trust, '--known-input', '--task', 'visits'], 'made for an audit'],
      [['audit', url, '--trust', trust, '--report', join(tmpdir(), 'none')], '--report'],
      [['audit', 'http://127.0.0.1:9', '--trust', trust], 'unreachable'],
    ];
    for (const [args, words] of wrong) {
      const { code, err } = await run(...args);
      expect([args.join(' '), code]).toEqual([args.join(' '), 2]);
      expect(err).toContain(words);
    }
  });
});

describe('figures', () => {
  it('PR53 the interval of χ² is the oracle’s', () => {
    for (const freedom of [1, 2, 5, 50, 400]) {
      const [low, high] = chiSquaredInterval(freedom, 1e-6);
      const [least, most] = oracle(freedom, 1e-6);
      expect(low / least).toBeCloseTo(1, 8);
      expect(high / most).toBeCloseTo(1, 8);
    }
    // Beyond the oracle's range: Wilson and Hilferty (1931), cube roots are nearly normal.
    for (const freedom of [4096, 100_000]) {
      const spread = 4.8916 * Math.sqrt(2 / (9 * freedom));
      const [low, high] = chiSquaredInterval(freedom, 1e-6);
      expect(low / (freedom * (1 - 2 / (9 * freedom) - spread) ** 3)).toBeCloseTo(1, 4);
      expect(high / (freedom * (1 - 2 / (9 * freedom) + spread) ** 3)).toBeCloseTo(1, 4);
    }
  });

  it('PR54 the fewest canaries that can show more than the claim', () => {
    for (const epsilon of [0.5, 1, 2, 4, 8]) {
      const count = canariesFor(epsilon);
      expect(shownEpsilon(count, count)).toBeGreaterThan(epsilon);
      expect(shownEpsilon(count - 1, count - 1)).toBeLessThanOrEqual(epsilon);
      // All right: p ≥ (0.05/20)^(1/m).
      const p = 0.0025 ** (1 / count);
      expect(shownEpsilon(count, count)).toBeCloseTo(Math.log(p / (1 - p)), 8);
    }
    expect(canariesFor(2)).toBe(48);
    expect(shownEpsilon(0, 48)).toBe(0);
  });
});
