/**
 * Compiles the WebAssembly sampler: `npx tsx test/wasm.ts` writes `shared/random/wasm/binary.ts`,
 * and `npm run build` checks that it is what its sources give.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toBase64url } from '../shared/bytes/base64url.ts';

const SOURCES = [
  fileURLToPath(new URL('../shared/random/wasm/gaussian.as.ts', import.meta.url)),
  fileURLToPath(new URL('../shared/random/wasm/keystream.as.ts', import.meta.url)),
];
const FOLDER = dirname(SOURCES[0] as string);
const BINARY = join(FOLDER, 'binary.ts');

/** No runtime, no imports, one page of memory; 235 is about the class that is not exported. */
const FLAGS = [
  ...['--runtime', 'stub', '--enable', 'simd', '--optimizeLevel', '2', '--noAssert'],
  ...['--initialMemory', '1', '--maximumMemory', '1', '--disableWarning', '235'],
];

const LINE = 92;

/**
 * The module as a browser takes it, and as text.
 *
 * @throws Error with the compiler's words when it finds a fault.
 */
export async function compileSampler(): Promise<{ binary: Uint8Array; text: string }> {
  // Loaded here: the compiler takes a second to start, and few importers compile.
  const { default: asc } = await import('assemblyscript/asc');
  const files = new Map<string, string | Uint8Array>();
  const said: string[] = [];
  const listen = { write: (text: string | Uint8Array) => said.push(String(text)) };
  const names = SOURCES.map((path) => basename(path));
  const { error } = await asc.main(
    [...names, '--baseDir', FOLDER, '--outFile', 'binary', '--textFile', 'text', ...FLAGS],
    {
      stdout: listen as never,
      stderr: listen as never,
      writeFile: (name, contents) => {
        files.set(name, contents);
      },
    },
  );
  const [binary, text] = [files.get('binary'), files.get('text')];
  if (error || !(binary instanceof Uint8Array) || typeof text !== 'string') {
    throw new Error(`the sampler does not compile:\n${said.join('')}`, { cause: error });
  }
  return { binary, text };
}

/** The text of `binary.ts`. */
export function samplerModule(binary: Uint8Array): string {
  const text = toBase64url(binary);
  const lines = text.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return `/** Made by \`npx tsx test/wasm.ts\` from the sources beside it; ${binary.length} bytes. */
export const BINARY =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`;
}

/** @throws Error when `binary.ts` is not what its sources give. */
export async function checkSampler(): Promise<void> {
  if (readFileSync(BINARY, 'utf8') !== samplerModule((await compileSampler()).binary)) {
    throw new Error(`${BINARY} is not what its sources give: npx tsx test/wasm.ts`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { binary } = await compileSampler();
  writeFileSync(BINARY, samplerModule(binary));
  console.log(`${BINARY}: ${binary.length} bytes`);
}
