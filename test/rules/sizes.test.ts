/** The budgets of what a page loads, held on the built files. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DIST } from '../build.ts';
import { BUDGETS, gzipped, over } from '../sizes.ts';

let bytes: Awaited<ReturnType<typeof gzipped>>;
const text = (file: string): string => readFileSync(join(DIST, file), 'utf8');
const integrity = (file: string): string =>
  `sha384-${createHash('sha384')
    .update(readFileSync(join(DIST, file)))
    .digest('base64')}`;

beforeAll(async () => {
  bytes = await gzipped();
}, 120_000);

describe('what a page loads', () => {
  it('keeps its budgets, each file by itself', () => {
    expect(over(bytes)).toEqual([]);
    for (const size of Object.values(bytes)) expect(size).toBeGreaterThan(500);
  });

  it('is named where it is over', () => {
    const grown = { ...bytes, tagGzip: BUDGETS.tagGzip.most + 1 };
    expect(over(grown)).toEqual(['vitrine.js: 12001 bytes of gzip, over its budget of 12000']);
  });

  it.each(Object.values(BUDGETS).map(({ file }) => file))(
    '%s is a classic script that holds all that it needs',
    (file) => {
      const code = text(file);
      expect(() => new Function(code)).not.toThrow();
      expect(code).not.toMatch(/\bimport\s*\(|\beval\(|new Function/);
    },
  );

  it('is pinned from the tag on: it knows the engine by its hash, the engine the learners', () => {
    expect(text('vitrine.js')).toContain(integrity('vitrine-engine.js'));
    const engine = text('vitrine-engine.js');
    for (const file of ['worker-wasm.js', 'worker-webgpu.js', 'tfjs-backend-wasm-simd.wasm']) {
      expect(engine).toContain(integrity(file));
    }
  });

  it('learners hold nothing of the database, the noise or the protocol', () => {
    for (const file of ['worker-wasm.js', 'worker-webgpu.js']) {
      expect(text(file)).not.toMatch(/indexedDB|BroadcastChannel|AES-GCM|HPKE|\/v1\//);
    }
  });
});
