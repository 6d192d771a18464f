/** `npm run bench -- NAME [flags]`: one bench, a table, a JSON file. */
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BENCHES, type Bench, type BenchOptions, type BenchResults } from './contract.ts';
import { machine } from './machine.ts';

const USAGE = `npm run bench -- NAME [--json FILE] [--quick] [--data DIR] [--full | --curves] [--seeds N]
  NAME     one of: ${BENCHES.join(', ')}
  --json   also write { name, machine, results } to FILE
  --quick  tiny shapes: shows that it runs, the figures mean nothing
  --data   folder of real data, for a bench that can use it
  --full   also what takes long: curves and tables that are kept
  --curves of these the curves alone
  --seeds  repetitions of a bench that has random parts`;

function fileOf(name: string): string {
  return fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
}

/** Names whose file is here. */
export function benchesPresent(): string[] {
  return BENCHES.filter((name) => existsSync(fileOf(name)));
}

/** @throws RangeError when there is no such bench. */
export async function runBench(name: string, options: BenchOptions): Promise<BenchResults> {
  if (!benchesPresent().includes(name)) {
    throw new RangeError(
      `no bench ${JSON.stringify(name)}; there are: ${benchesPresent().join(', ')}`,
    );
  }
  const bench = (await import(new URL(`./${name}.ts`, import.meta.url).href)) as Bench;
  return bench.run(options);
}

function words(value: unknown): string {
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(4);
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${flag}: a whole number from 1`);
  return value;
}

interface MeasuredRow {
  readonly name: string;
  readonly mean: Readonly<Record<string, number>>;
  readonly std: Readonly<Record<string, number>>;
}

function isMeasured(value: unknown): value is MeasuredRow {
  return typeof value === 'object' && value !== null && 'mean' in value && 'std' in value;
}

/** One line per row: each figure as mean ± standard deviation. */
function measured(rows: readonly MeasuredRow[], indent: string): string[] {
  const width = Math.max(...rows.map(({ name }) => name.length), 0);
  return rows.map(({ name, mean, std }) => {
    const figures = Object.entries(mean).map(
      ([figure, value]) => `${figure} ${value.toFixed(2)} ± ${(std[figure] ?? 0).toFixed(2)}`,
    );
    return `${indent}${name.padEnd(width)}  ${figures.join('  ')}`;
  });
}

/** One line per figure, names aligned. */
export function table(results: BenchResults, indent = ''): string[] {
  const entries = Object.entries(results);
  const width = Math.max(...entries.map(([name]) => name.length), 0);
  return entries.flatMap(([name, value]) => {
    if (value === null || typeof value !== 'object') {
      return [`${indent}${name.padEnd(width)}  ${words(value)}`];
    }
    if (Array.isArray(value) && value.length > 0 && value.every(isMeasured)) {
      return [`${indent}${name}`, ...measured(value, `${indent}  `)];
    }
    return [`${indent}${name}`, ...table(value as BenchResults, `${indent}  `)];
  });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      data: { type: 'string' },
      full: { type: 'boolean', default: false },
      curves: { type: 'boolean', default: false },
      seeds: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [name] = positionals;
  if (values.help || name === undefined) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 1;
    return;
  }
  const results = await runBench(name, {
    quick: values.quick,
    data: values.data ?? null,
    full: values.full,
    curves: values.curves,
    ...(values.seeds !== undefined && { seeds: wholeNumber('--seeds', values.seeds) }),
  });
  const where = machine();
  console.log(`${name}: ${where.cpu}, ${where.cores} cores, Node ${where.node}`);
  for (const line of table(results, '  ')) console.log(line);
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ name, machine: where, results }, null, 2)}\n`);
    console.log(`written: ${values.json}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
