/**
 * `npm run build`: makes `dist/`. Each target is made again only when one of its sources has
 * changed since; two builds at the same time take turns.
 *
 *   learners worker-wasm.js, worker-webgpu.js and the WASM binaries beside them
 *   engine   vitrine-engine.js, with the hashes of the learners inside
 *   tag      vitrine.js, with the hash of the engine inside
 *   elements vitrine-elements.js
 *   stub     stub.js
 *   sdk      all of these
 *   package  esm/ and types/, what a shop's bundler reads, and cli.js, the `vitrine` command
 *            (`--package` makes this one alone)
 *   demo     the demo shop as static files
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build as bundle } from 'vite';
import { classicScript, commandLine, demo, library } from '../vite.config.ts';
import { checkModules } from './wasm.ts';

type Part = 'learners' | 'engine' | 'tag' | 'elements' | 'stub' | 'package' | 'demo';
export type Target = 'sdk' | Part;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const DIST = join(ROOT, 'dist');
/** What was built from what, and the lock; outside `dist/`, which is published. */
const STATE = join(ROOT, '.vitrine/build');
const WASM_OUT = join(ROOT, 'node_modules/@tensorflow/tfjs-backend-wasm/wasm-out');

const LEARNERS = ['worker-wasm', 'worker-webgpu'] as const;
const BINARIES = ['tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm.wasm'] as const;

const COMMON = [
  'sdk',
  'shared',
  'package.json',
  'package-lock.json',
  'test/build.ts',
  'tsconfig.json',
  'vite.config.ts',
];
const SOURCES: Record<Part, readonly string[]> = {
  learners: COMMON,
  engine: COMMON,
  tag: COMMON,
  elements: COMMON,
  stub: COMMON,
  package: [...COMMON, 'aggregator'],
  demo: [...COMMON, 'demo-shop'],
};

/** What each target makes, to see that nobody has deleted it. */
const RESULTS: Record<Part, readonly string[]> = {
  learners: [...LEARNERS.map((name) => `${name}.js`), ...BINARIES],
  engine: ['vitrine-engine.js'],
  tag: ['vitrine.js'],
  elements: ['vitrine-elements.js'],
  stub: ['stub.js'],
  package: ['esm/vitrine.js', 'esm/elements.js', 'esm/react.js', 'types/sdk/index.d.ts', 'cli.js'],
  demo: ['demo/index.html'],
};

/** What a page may load. */
const SDK: Part[] = ['tag', 'stub', 'elements', 'engine', 'learners'];

/** What holds the hashes of another is made after it. */
const NEEDS: Partial<Record<Part, Part>> = { engine: 'learners', tag: 'engine', package: 'engine' };

/** The npm entries. */
const ENTRIES: Readonly<Record<string, string>> = {
  vitrine: 'sdk/index.ts',
  elements: 'sdk/elements.ts',
  react: 'sdk/react.ts',
};

const VERSION = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
).version;

/** Subresource integrity of what a part has made, by name. */
function integrity(part: Part): Record<string, string> {
  const of = (name: string): string =>
    `sha384-${createHash('sha384')
      .update(readFileSync(join(DIST, name)))
      .digest('base64')}`;
  return Object.fromEntries(RESULTS[part].map((name) => [name, of(name)]));
}

const MAKE: Record<Part, () => Promise<void>> = {
  async learners() {
    const holds = ['comlink', 'tfjs'] as const;
    for (const name of LEARNERS) {
      await bundle(classicScript(`sdk/${name}.ts`, `${name}.js`, { holds }));
    }
    for (const name of BINARIES) copyFileSync(join(WASM_OUT, name), join(DIST, name));
  },
  async engine() {
    const holds = ['comlink', 'idb', 'hpke', 'noble'] as const;
    const options = { holds, integrity: integrity('learners') };
    await bundle(classicScript('sdk/engine.ts', 'vitrine-engine.js', options));
  },
  async tag() {
    const options = {
      holds: ['comlink'],
      integrity: integrity('engine'),
      version: VERSION,
    } as const;
    await bundle(classicScript('sdk/script.ts', 'vitrine.js', options));
  },
  async elements() {
    await bundle(classicScript('sdk/elements.ts', 'vitrine-elements.js'));
  },
  async stub() {
    // It is pasted into every page, before anything can tell what the browser understands.
    await bundle(classicScript('sdk/stub.ts', 'stub.js', { holds: null, target: 'es2020' }));
  },
  async package() {
    await bundle(library(ENTRIES, { integrity: integrity('engine'), version: VERSION }));
    await bundle(commandLine());
    declarations();
  },
  async demo() {
    await bundle(demo());
  },
};

/** A part after those that it needs. */
function withNeeds(part: Part): Part[] {
  const need = NEEDS[part];
  return need === undefined ? [part] : [...withNeeds(need), part];
}

/** Makes what is not up to date. `say` hears one line per target made. */
export async function build(
  targets: readonly Target[],
  say: (line: string) => void = () => {},
): Promise<void> {
  mkdirSync(DIST, { recursive: true });
  mkdirSync(STATE, { recursive: true });
  const unlock = await lock();
  try {
    const parts = targets.flatMap((one): Part[] => (one === 'sdk' ? SDK : [one]));
    for (const target of new Set(parts.flatMap(withNeeds))) {
      const stamp = join(STATE, target);
      const state = fingerprint(target);
      const there = RESULTS[target].every((name) => existsSync(join(DIST, name)));
      if (there && existsSync(stamp) && readFileSync(stamp, 'utf8') === state) continue;
      const start = performance.now();
      rmSync(stamp, { force: true });
      await MAKE[target]();
      writeFileSync(stamp, state);
      say(`${target}: built in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    }
  } finally {
    unlock();
  }
}

export interface FileSize {
  readonly file: string;
  readonly bytes: number;
  readonly gzip: number;
  readonly brotli: number;
}

/** Sizes of what a browser downloads; gzip at level 9, brotli at 11. */
export function sizes(): FileSize[] {
  return SDK.flatMap((part) => RESULTS[part]).map((file) => {
    const bytes = readFileSync(join(DIST, file));
    return {
      file,
      bytes: bytes.length,
      gzip: gzipSync(bytes, { level: 9 }).length,
      brotli: brotliCompressSync(bytes).length,
    };
  });
}

/** Type declarations of the public entries, with the imports that a consumer can resolve. */
function declarations(): void {
  const types = join(DIST, 'types');
  rmSync(types, { recursive: true, force: true });
  const project = join(STATE, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rewriteRelativeImportExtensions: true,
    rootDir: ROOT,
    outDir: types,
    types: ['@webgpu/types'],
  };
  writeFileSync(
    project,
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions,
      include: [],
      files: Object.values(ENTRIES).map((path) => join(ROOT, path)),
    }),
  );
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const run = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
  rmSync(project);
  if (run.status !== 0) throw new Error(`tsc made no declarations:\n${run.stdout}${run.stderr}`);
}

/** Hash of the paths, sizes and times of a target's sources. */
function fingerprint(target: Part): string {
  const hash = createHash('sha256');
  const visit = (path: string): void => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) {
      for (const name of readdirSync(path).sort()) visit(join(path, name));
    } else if (stat) {
      hash.update(`${relative(ROOT, path)} ${stat.size} ${stat.mtimeMs}\n`);
    }
  };
  for (const source of SOURCES[target]) visit(join(ROOT, source));
  return hash.digest('hex');
}

/** Waits for another process's build, unless that process is gone. */
async function lock(): Promise<() => void> {
  const path = join(STATE, 'lock');
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!holderLives(path)) rmSync(path, { force: true });
    else await sleep(100);
  }
}

function holderLives(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    if (pid === process.pid) return true;
    // An empty file belongs to a builder between creating it and writing to it.
    if (pid === 0) return Date.now() - statSync(path).mtimeMs < 5_000;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function main(): Promise<void> {
  const only = process.argv.includes('--package');
  if (!only) await checkModules();
  await build(only ? ['package'] : ['sdk', 'package', 'demo'], console.log);
  if (only) return;
  for (const { file, bytes, gzip, brotli } of sizes()) {
    const kilobytes = [bytes, gzip, brotli].map((n) => (n / 1000).toFixed(1).padStart(7));
    console.log(`${file.padEnd(28)}${kilobytes.join(' ')} kB (plain, gzip, brotli)`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
