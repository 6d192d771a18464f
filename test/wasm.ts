/**
 * Compiles the WebAssembly modules: `npx tsx test/wasm.ts` writes the `binary.ts` beside the
 * sources of each, and `npm run build` checks that it is what they give.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toBase64url } from '../shared/bytes/base64url.ts';

export interface WasmModule {
  readonly folder: string;
  readonly sources: readonly string[];
  readonly flags: readonly string[];
}

/** No runtime. */
const COMMON = ['--runtime', 'stub', '--enable', 'simd', '--optimizeLevel', '2', '--noAssert'];

/** No imports, one page of memory; 235 is about the class that is not exported. */
export const SAMPLER: WasmModule = {
  folder: fileURLToPath(new URL('../shared/random/wasm', import.meta.url)),
  sources: ['gaussian.as.ts', 'keystream.as.ts'],
  flags: ['--initialMemory', '1', '--maximumMemory', '1', '--disableWarning', '235'],
};

/** In the memory of whoever makes an instance, whatever its size. */
export const KERNELS: WasmModule = {
  folder: fileURLToPath(new URL('../aggregator/average/kernels', import.meta.url)),
  sources: ['sums.as.ts'],
  flags: ['--importMemory', '--initialMemory', '1'],
};

/** The keystream of the sampler, in a memory of its own. */
export const SEEDS: WasmModule = {
  folder: fileURLToPath(new URL('../aggregator/average/seeds', import.meta.url)),
  sources: ['vectors.as.ts'],
  flags: ['--initialMemory', '4', '--maximumMemory', '4', '--disableWarning', '235'],
};

/** In the memory of the tfjs backend. */
export const TILE: WasmModule = {
  folder: fileURLToPath(new URL('../sdk/learn/wasm-kernels', import.meta.url)),
  sources: ['tile.as.ts'],
  flags: ['--importMemory', '--initialMemory', '1'],
};

const MODULES = [SAMPLER, KERNELS, SEEDS, TILE];

/** What bench `average` compares with; compiled when it runs. */
export const READ: WasmModule = {
  folder: fileURLToPath(new URL('bench', import.meta.url)),
  sources: ['read.as.ts'],
  flags: ['--importMemory', '--initialMemory', '1'],
};

const LINE = 92;

/**
 * The module as an engine takes it, and as text.
 *
 * @throws Error with the compiler's words when it finds a fault.
 */
export async function compileModule({
  folder,
  sources,
  flags,
}: WasmModule): Promise<{ binary: Uint8Array; text: string }> {
  // Loaded here: the compiler takes a second to start, and few importers compile.
  const { default: asc } = await import('assemblyscript/asc');
  const files = new Map<string, string | Uint8Array>();
  const said: string[] = [];
  const listen = { write: (text: string | Uint8Array) => said.push(String(text)) };
  const outputs = ['--baseDir', folder, '--outFile', 'binary', '--textFile', 'text'];
  const { error } = await asc.main([...sources, ...outputs, ...COMMON, ...flags], {
    stdout: listen as never,
    stderr: listen as never,
    writeFile: (name, contents) => {
      files.set(name, contents);
    },
  });
  const [binary, text] = [files.get('binary'), files.get('text')];
  if (error || !(binary instanceof Uint8Array) || typeof text !== 'string') {
    throw new Error(`${folder} does not compile:\n${said.join('')}`, { cause: error });
  }
  return { binary, text };
}

/** Where the compiled module is kept. */
export function binaryPath({ folder }: WasmModule): string {
  return join(folder, 'binary.ts');
}

/** The text of `binary.ts`. */
export function binaryText(binary: Uint8Array): string {
  const text = toBase64url(binary);
  const lines = text.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return `/** Made by \`npx tsx test/wasm.ts\` from the sources beside it; ${binary.length} bytes. */
export const BINARY =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`;
}

/** @throws Error when a `binary.ts` is not what its sources give. */
export async function checkModules(): Promise<void> {
  for (const module of MODULES) {
    const path = binaryPath(module);
    if (readFileSync(path, 'utf8') !== binaryText((await compileModule(module)).binary)) {
      throw new Error(`${path} is not what its sources give: npx tsx test/wasm.ts`);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const module of MODULES) {
    const { binary } = await compileModule(module);
    writeFileSync(binaryPath(module), binaryText(binary));
    console.log(`${binaryPath(module)}: ${binary.length} bytes`);
  }
}
