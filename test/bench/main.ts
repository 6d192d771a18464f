/** `npm run bench -- NAME [--json FILE] [--quick] [--data DIR]`: one bench, a table, a JSON file. */
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BENCHES, type Bench, type BenchOptions, type BenchResults } from './contract.ts';
import { machine } from './machine.ts';

const USAGE = `npm run bench -- NAME [--json FILE] [--quick] [--data DIR]
  NAME     one of: ${BENCHES.join(', ')}
  --json   also write { name, machine, results } to FILE
  --quick  tiny shapes: shows that it runs, the figures mean nothing
  --data   folder of real data, for a bench that can use it`;

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

/** One line per figure, names aligned. */
export function table(results: BenchResults, indent = ''): string[] {
  const entries = Object.entries(results);
  const width = Math.max(...entries.map(([name]) => name.length), 0);
  return entries.flatMap(([name, value]) => {
    if (value === null || typeof value !== 'object') {
      return [`${indent}${name.padEnd(width)}  ${words(value)}`];
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
      help: { type: 'boolean', default: false },
    },
  });
  const [name] = positionals;
  if (values.help || name === undefined) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 1;
    return;
  }
  const results = await runBench(name, { quick: values.quick, data: values.data ?? null });
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
