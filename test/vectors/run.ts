/**
 * `npm run vectors -- FILE`: checks the accountant against a file of known answers.
 *
 * One line a vector and a total; exit 1 if one is outside its tolerance or not supported, 2 if
 * the file cannot be read.
 */
import { readFileSync } from 'node:fs';
import { compute } from './compute.ts';
import type { Row } from './row.ts';
import { expectedOf, judge } from './row.ts';

function show(value: number | readonly number[]): string {
  return [value].flat().map(String).join(' ');
}

function check(row: Row): { readonly ok: boolean; readonly line: string; readonly share: number } {
  const id = String(row.id).padEnd(5);
  const name = `${row.mechanism} ${row.output}`.padEnd(44);
  try {
    const expected = expectedOf(row);
    const computed = compute(row);
    const { ok, share } = judge(row, computed);
    const figures = `expected ${show(expected)}  computed ${show(computed)}`;
    const allowed = `tolerance ${row.tolerance} (${row.tolerance_kind})`;
    const verdict = ok ? 'ok' : 'FAIL';
    return { ok, share, line: `${id} ${name} ${figures}  ${allowed}  ${verdict}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const line = `${id} ${name} FAIL: ${reason}`;
    return { ok: false, share: Number.POSITIVE_INFINITY, line };
  }
}

function rowsOf(file: string): Row[] {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const rows = (parsed as { vectors?: unknown } | null)?.vectors;
  if (!Array.isArray(rows)) throw new TypeError(`${file} holds no array 'vectors'`);
  return rows as Row[];
}

function main(files: readonly string[]): number {
  const [file] = files;
  if (file === undefined || files.length !== 1) {
    console.error('usage: npm run vectors -- FILE');
    return 2;
  }
  let rows: Row[];
  try {
    rows = rowsOf(file);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }
  let passed = 0;
  for (const row of rows) {
    const { ok, line } = check(row);
    if (ok) passed += 1;
    console.log(line);
  }
  console.log(`${rows.length} vectors: ${passed} ok, ${rows.length - passed} failed`);
  return rows.length > 0 && passed === rows.length ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
