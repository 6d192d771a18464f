import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BINARY as SUMS_BINARY } from '../../aggregator/average/kernels/binary.ts';
import { BINARY as SEEDS_BINARY } from '../../aggregator/average/seeds/binary.ts';
import { fromBase64url } from '../../shared/bytes/base64url.ts';
import { binaryPath, binaryText, compileModule, KERNELS, SEEDS } from '../wasm.ts';

it.each([
  ['sums', KERNELS, SUMS_BINARY, [{ module: 'env', name: 'memory', kind: 'memory' }], 'f64x2.add'],
  ['seeds', SEEDS, SEEDS_BINARY, [], 'i32x4.add'],
] as const)(
  'the module of %s is what its sources give, below 3 KB, and imports no more than its memory',
  async (_, module, base64, imports, instruction) => {
    const { binary, text } = await compileModule(module);
    expect(readFileSync(binaryPath(module), 'utf8')).toBe(binaryText(binary));
    expect(fromBase64url(base64)).toEqual(new Uint8Array(binary));
    expect(binary.length).toBeLessThan(3072);
    const compiled = new WebAssembly.Module(fromBase64url(base64));
    expect(WebAssembly.Module.imports(compiled)).toEqual(imports);
    expect(text).toContain(instruction);
  },
  120_000,
);
