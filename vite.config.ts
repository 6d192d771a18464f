/** How everything is bundled; `test/build.ts` runs these, and Vitest reads the default export. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InlineConfig, Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const TFJS = resolve(ROOT, 'node_modules/@tensorflow');

/** Browsers with module Workers, IndexedDB v3, BigInt and WebAssembly SIMD. */
const TARGET = ['es2022'];

/**
 * Cuts tfjs down to what is imported by name: the core without its side effects, no threaded
 * WASM, and no kernel, flag or polyfill that nothing calls.
 */
export function slimTfjs(): Plugin {
  const core = resolve(TFJS, 'tfjs-core/dist/base.js');
  return {
    name: 'slim-tfjs',
    enforce: 'pre',
    resolveId: {
      order: 'pre',
      filter: { id: /^@tensorflow\/tfjs-core$|threaded-simd|^seedrandom$/ },
      handler: (id) => (id === '@tensorflow/tfjs-core' ? core : '\0empty'),
    },
    load: {
      filter: { id: /^\0empty$|\/tfjs-core\/dist\/hash_util\.js$/ },
      handler: (id) =>
        id === '\0empty'
          ? 'export default {}; export const alea = 0, wasmWorkerContents = 0;'
          : 'export function hexToLong() { throw new Error("not bundled"); }\nexport const fingerPrint64 = hexToLong;',
    },
    transform: {
      filter: { id: /@tensorflow\/tfjs-(?:backend-[a-z]+|core)\/dist\/.*\.js$/ },
      handler(code, id) {
        const needed = /\/(?:flags|flags_webgpu|engine|tensor)\.js$/.test(id);
        return { code, map: null, moduleSideEffects: needed };
      },
    },
  };
}

/** Notices that the bundled packages' licences ask for, and that minifying drops. */
const PACKAGES = {
  comlink: 'comlink (Apache-2.0, Copyright 2019 Google LLC)',
  idb: 'idb (ISC, Copyright (c) 2016, Jake Archibald)',
  tfjs: 'TensorFlow.js (Apache-2.0, Copyright Google LLC)',
  hpke: 'hpke (MIT, Copyright (c) 2025 Filip Skokan)',
  noble: '@noble/curves and @noble/hashes (MIT, Copyright (c) 2022 Paul Miller)',
} as const;

export interface ScriptOptions {
  /** Packages inside it; null: no notice at all, not even ours. */
  readonly holds?: readonly (keyof typeof PACKAGES)[] | null;
  /** SHA-384 of the files that it starts, by name. */
  readonly integrity?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly target?: string;
}

function defines({ integrity, version }: ScriptOptions): Record<string, string> {
  return {
    'process.env.NODE_ENV': '"production"',
    ...(integrity && { VITRINE_INTEGRITY: JSON.stringify(integrity) }),
    ...(version && { VITRINE_VERSION: JSON.stringify(version) }),
  };
}

/** One self-contained classic script: the tag, the engine and both learners. */
export function classicScript(
  entry: string,
  name: string,
  options: ScriptOptions = {},
): InlineConfig {
  const { holds = [] } = options;
  const inside = holds?.length ? `; with ${holds.map((one) => PACKAGES[one]).join(', ')}` : '';
  return {
    configFile: false,
    root: ROOT,
    base: './',
    publicDir: false,
    logLevel: 'warn',
    plugins: [slimTfjs()],
    define: defines(options),
    build: {
      target: options.target ?? TARGET,
      outDir: 'dist',
      emptyOutDir: false,
      reportCompressedSize: false,
      rollupOptions: {
        input: resolve(ROOT, entry),
        output: {
          format: 'iife',
          entryFileNames: name,
          codeSplitting: false,
          ...(holds !== null && { postBanner: `/*! Vitrine (Apache-2.0)${inside} */` }),
        },
      },
    },
  };
}

/** The npm entries: ES modules whose dependencies stay imports. */
export function library(
  entries: Readonly<Record<string, string>>,
  options: ScriptOptions = {},
): InlineConfig {
  const entry = Object.entries(entries).map(([name, path]) => [name, resolve(ROOT, path)]);
  return {
    configFile: false,
    root: ROOT,
    base: './',
    publicDir: false,
    logLevel: 'warn',
    define: defines(options),
    build: {
      target: TARGET,
      outDir: 'dist/esm',
      emptyOutDir: true,
      minify: false,
      reportCompressedSize: false,
      lib: {
        entry: Object.fromEntries(entry) as Record<string, string>,
        formats: ['es'],
        fileName: (_format, name) => `${name}.js`,
      },
      rollupOptions: { external: [/^comlink$/, /^idb$/, /^@tensorflow\//] },
    },
  };
}

/** The `vitrine` command, one file for Node with everything inside. */
export function commandLine(): InlineConfig {
  return {
    configFile: false,
    root: ROOT,
    publicDir: false,
    logLevel: 'warn',
    ssr: { noExternal: true },
    build: {
      target: 'node20',
      ssr: resolve(ROOT, 'aggregator/cli.ts'),
      outDir: 'dist',
      emptyOutDir: false,
      reportCompressedSize: false,
      rollupOptions: { output: { entryFileNames: 'cli.js', codeSplitting: false } },
    },
  };
}

/** The demo shop as static files. */
export function demo(): InlineConfig {
  return {
    configFile: false,
    root: resolve(ROOT, 'demo-shop'),
    // Every address of the shop is served the same index.html.
    base: '/',
    logLevel: 'warn',
    build: {
      target: TARGET,
      outDir: resolve(ROOT, 'dist/demo'),
      emptyOutDir: true,
      reportCompressedSize: false,
    },
  };
}

export default defineConfig({
  root: ROOT,
  resolve: {
    alias: [
      { find: /^@tensorflow\/tfjs-core$/, replacement: resolve(TFJS, 'tfjs-core/dist/base.js') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    pool: 'forks',
    // tfjs's files are ES modules that Node takes for CommonJS.
    server: { deps: { inline: [/@tensorflow\/tfjs-(?:core|backend)/] } },
  },
});
