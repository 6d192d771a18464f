/** `vitrine audit --report`: PR55, reports as a browser exports them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exported } from '../../sdk/database/export.ts';
import { encodeInt32LE } from '../../shared/field/fixed.ts';
import { localReport, type MadeReport } from './exported.ts';
import { type Audited, audited, localWorld, splitWorld, type World } from './world.ts';

let local: World;
let split: World;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrine-report-'));
  [local, split] = await Promise.all([localWorld(), splitWorld()]);
});

afterAll(async () => {
  await Promise.all([local?.close(), split?.close()]);
  await rm(folder, { recursive: true, force: true });
});

async function audit(world: World, content: Uint8Array | string): Promise<Audited> {
  const file = join(folder, 'report');
  await writeFile(file, content);
  return audited(world, '--report', file);
}

/** The body with other bytes from `offset` on. */
function changed({ body }: MadeReport, offset: number, bytes: Uint8Array): Uint8Array {
  const copy = body.slice();
  copy.set(bytes, offset);
  return copy;
}

it('PR55 takes apart the bytes of a report, whose norm is that of the noise', async () => {
  const report = await localReport(local, 'audit-local');
  const { code, outcome, checks, text } = await audit(local, report.body);
  expect(code).toBe(0);
  for (const name of ['report-form', 'report-task', 'report-values', 'report-noise']) {
    expect([name, outcome(name)]).toEqual([name, 'pass']);
  }
  expect(text).toContain('audit-local round 1, of a round without an outcome yet');
  const figures = checks.find(({ name }) => name === 'report-noise')?.figures;
  expect((figures?.norm ?? 0) / (figures?.expected ?? 1)).toBeCloseTo(1, 1);
});

it('PR55 names what a report does not obey, each by its own check', async () => {
  const report = await localReport(local, 'audit-local');
  const { d } = report.task;
  const silent = changed(report, 88, encodeInt32LE(new Int32Array(d).fill(460)));
  expect((await audit(local, silent)).failed).toEqual(['report-noise']);
  const large = changed(report, 88, encodeInt32LE(Int32Array.of(2 ** 31 - 1)));
  expect((await audit(local, large)).failed).toContain('report-values');
  expect((await audit(local, changed(report, 24, new Uint8Array(32)))).failed).toEqual([
    'report-task',
  ]);
  expect((await audit(local, changed(report, 56, new Uint8Array(32)))).failed).toEqual([
    'report-task',
  ]);
  await expect(audit(local, report.body.subarray(4))).rejects.toThrow('neither a report nor JSON');
  expect((await audit(local, report.body.subarray(0, 1000))).failed).toEqual(['report-form']);
  expect((await audit(local, changed(report, 5, Uint8Array.of(2)))).failed).toEqual([
    'report-form',
  ]);
});

it('PR55 reads what exportData and privacyReport give', async () => {
  const { id: reportId, body, taskHash, roundHash } = await localReport(local, 'audit-local');
  const waiting = { reportId, taskHash, roundHash, body, state: 'waiting' };
  const gone = { ...waiting, reportId: 'b'.repeat(32), body: null, state: 'sent' };
  const outbox = JSON.stringify(exported({ outbox: [waiting, gone] }));
  const { code, checks } = await audit(local, outbox);
  expect(code).toBe(0);
  expect(checks.filter(({ name }) => name === 'report-form').map(({ outcome }) => outcome)).toEqual(
    ['pass', 'skipped'],
  );
  const listed = await audit(local, JSON.stringify({ budget: null, reports: [{ reportId }] }));
  expect([listed.code, listed.outcome('report-form')]).toEqual([0, 'skipped']);
});

it('PR55 says that the share of a report to two servers is masked', async () => {
  const { code, outcome, text } = await audit(
    split,
    (await localReport(split, 'audit-split')).body,
  );
  expect(code).toBe(0);
  expect([outcome('report-form'), outcome('report-noise')]).toEqual(['pass', 'skipped']);
  expect(text).toContain('masked');
});
