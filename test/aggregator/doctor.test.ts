/** `vitrine doctor`: every backend is tried for real, and what is said is what the aggregator does. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CANDIDATES, type Candidate } from '../../aggregator/average/choose.ts';
import type { Finding } from '../../aggregator/average/examine.ts';
import { command } from '../../aggregator/cli.ts';
import { type Diagnosis, diagnose, diagnosisText } from '../../aggregator/doctor.ts';
import { swiftShaderFolder } from './swiftshader.ts';

const ROOT = resolve(import.meta.dirname, '../..');

async function doctor(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await command(['doctor', ...args], {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  });
  return { code, out: out.join(''), err: err.join('') };
}

const parsed = (text: string): Diagnosis => JSON.parse(text) as Diagnosis;

function finding({ findings }: Diagnosis, work: string, backend: string): Finding {
  const found = findings.find((one) => one.work === work && one.backend === backend);
  if (found === undefined) throw new Error(`nothing is said of ${work} on ${backend}`);
  return found;
}

/** What holds of everything that is said. */
function expectSound({ findings }: Diagnosis): void {
  for (const { found, right, why, perSecond, backend } of findings) {
    expect(found || !right, backend).toBe(true);
    expect(why === null, backend).toBe(right);
    if (right) expect(perSecond, backend).toBeGreaterThan(0);
    else expect(perSecond, backend).toBeNull();
  }
}

describe('vitrine doctor', () => {
  let folder: string;
  beforeAll(() => {
    folder = swiftShaderFolder() ?? '';
  });

  it('names the machine and every backend, found or with the reason why not', async () => {
    const { code, out } = await doctor('--json');
    expect(code).toBe(0);
    const diagnosis = parsed(out);
    expectSound(diagnosis);
    const { hardware, findings, used, ok } = diagnosis;
    expect(hardware).toMatchObject({ node: process.version, simd: true });
    expect(hardware.cores).toBeGreaterThan(0);
    expect(hardware.freeGiB).toBeLessThanOrEqual(hardware.memoryGiB);
    expect(findings.map(({ work, backend }) => `${work} ${backend}`)).toEqual([
      ...CANDIDATES.map(({ name }) => `dense ${name}`),
      ...['seeds cpu', 'seeds webgpu', 'gram cpu', 'gram webgpu'],
    ]);
    for (const name of ['wasm', 'typed', 'reference', 'tfjs-cpu']) {
      expect(finding(diagnosis, 'dense', name)).toMatchObject({ found: true, right: true });
    }
    expect(used?.dense.backend).toBe('wasm');
    expect(ok).toBe(true);
  });

  it('says WRONG of what is wrong, and fails where nothing works', async () => {
    const broken: Candidate = {
      name: 'broken',
      open: () => Promise.reject(new Error('no driver')),
    };
    const wrong: Candidate = {
      name: 'wrong',
      open: () => ({ name: 'wrong', label: 'an abacus', sum: () => undefined }),
    };
    const diagnosis = await diagnose(null, [broken, wrong]);
    expectSound(diagnosis);
    expect([diagnosis.ok, diagnosis.used]).toEqual([false, null]);
    const text = diagnosisText(diagnosis);
    expect(text).toMatch(/broken +not here +no driver/);
    expect(text).toMatch(/wrong +WRONG +wrong sums the known case wrongly/);
    expect(text).toContain('→ none works');
  });

  it('prints for people what JSON says, and refuses what it does not know', async () => {
    const { code, out } = await doctor();
    expect(code).toBe(0);
    expect(out).toMatch(/wasm +right +[\d.e+-]+ GB\/s/);
    expect(out).toContain('→ wasm is used: the fastest');
    expect((await doctor('--help')).out).toContain('Exit code');
    for (const args of [['--what'], ['--average', 'abacus'], ['--vulkan', ROOT]]) {
      const { code: bad, err } = await doctor(...args);
      expect([bad, err.startsWith('vitrine: ')]).toEqual([2, true]);
    }
  });

  it('tries a software GPU, and uses it when it is asked for', async () => {
    const args = ['--json', '--vulkan', folder, '--average', 'webgpu'];
    const diagnosis = parsed((await doctor(...args)).out);
    expectSound(diagnosis);
    for (const work of ['dense', 'seeds', 'gram'] as const) {
      const one = finding(diagnosis, work, 'webgpu');
      expect(one, work).toMatchObject({ found: true, right: true });
      expect(one.label).toMatch(/swiftshader/i);
      expect(diagnosis.used?.[work].backend).toBe('webgpu');
    }
    expect(diagnosis.used?.dense.reason).toBe('asked for');
  }, 120_000);

  it('as a command ends by itself, prints JSON alone, and leaves a software GPU aside', () => {
    const script = resolve(ROOT, 'aggregator/vitrine.js');
    const args = [script, 'doctor', '--json', '--vulkan', folder];
    const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 110_000 });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    const onCpu = { backend: 'cpu', reason: expect.stringContaining('software-adapter') };
    expect(parsed(run.stdout)).toMatchObject({
      ok: true,
      used: { dense: { backend: 'wasm' }, seeds: onCpu, gram: onCpu },
    });
  }, 120_000);
});
