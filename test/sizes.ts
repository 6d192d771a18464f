/**
 * `npm run sizes [-- --json FILE]`: what a page loads, gzip at level 9, in bytes, against the budget
 * of each file. Ends with 1 where one is over, naming it.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, sizes } from './build.ts';

interface Budget {
  readonly file: string;
  /** Bytes after gzip -9; null: measured, and not bounded. */
  readonly most: number | null;
}

/** By the name in the JSON. */
export const BUDGETS = {
  tagGzip: { file: 'vitrine.js', most: 12_000 },
  stubGzip: { file: 'stub.js', most: 1000 },
  elementsGzip: { file: 'vitrine-elements.js', most: 15_000 },
  workerWasmGzip: { file: 'worker-wasm.js', most: 75_000 },
  workerWebgpuGzip: { file: 'worker-webgpu.js', most: 95_000 },
  engineGzip: { file: 'vitrine-engine.js', most: null },
} as const satisfies Record<string, Budget>;

type Name = keyof typeof BUDGETS;

/** Bytes of the built files after gzip -9. */
export async function gzipped(): Promise<Record<Name, number>> {
  await build(['sdk']);
  const of = new Map(sizes().map(({ file, gzip }) => [file, gzip]));
  const named = Object.entries(BUDGETS).map(([name, { file }]) => [name, of.get(file)]);
  return Object.fromEntries(named) as Record<Name, number>;
}

/** One line for each file that is over its budget. */
export function over(bytes: Readonly<Record<Name, number>>): string[] {
  return (Object.keys(BUDGETS) as Name[]).flatMap((name) => {
    const { file, most } = BUDGETS[name];
    if (most === null || bytes[name] <= most) return [];
    return [`${file}: ${bytes[name]} bytes of gzip, over its budget of ${most}`];
  });
}

async function main(): Promise<void> {
  const at = process.argv.indexOf('--json');
  const path = at === -1 ? undefined : process.argv[at + 1];
  if (at !== -1 && path === undefined) throw new Error('--json needs a file');
  const bytes = await gzipped();
  for (const name of Object.keys(BUDGETS) as Name[]) {
    const { file, most } = BUDGETS[name];
    console.log(`${file.padEnd(22)}${String(bytes[name]).padStart(8)} of ${most ?? 'any'}`);
  }
  if (path !== undefined) writeFileSync(path, `${JSON.stringify(bytes, null, 2)}\n`);
  const tooLarge = over(bytes);
  for (const line of tooLarge) console.error(line);
  if (tooLarge.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
