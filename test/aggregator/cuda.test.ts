/** How tfjs-node-gpu is loaded: from a folder of its own, by name when it is missing or broken. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import util from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../aggregator/average/choose.ts';
import { tfjsBackend } from '../../aggregator/average/tfjs.ts';
import { cudaFolder, INSTALL, loadCuda } from '../../aggregator/average/tfjs-load.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const NAME = '@tensorflow/tfjs-node-gpu';
const OUTSIDE = createRequire(import.meta.url).resolve('@tensorflow/tfjs');

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'vitrine-cuda-'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A copy of `aggregator/cuda` with a package in place of the real one. */
function folderWith(name: string, source: string | null): string {
  const folder = join(base, name);
  mkdirSync(folder);
  cpSync(join(cudaFolder(), 'package.json'), join(folder, 'package.json'));
  if (source === null) return folder;
  const inside = join(folder, 'node_modules', NAME);
  mkdirSync(inside, { recursive: true });
  writeFileSync(join(inside, 'package.json'), JSON.stringify({ name: NAME, version: '4.22.0' }));
  writeFileSync(join(inside, 'index.js'), source);
  return folder;
}

/** tfjs's cpu backend under the name and with the looks of tfjs-node's. */
function standIn(isUsingGpuDevice: boolean): string {
  return `
    const util = require('util');
    if (util.isNullOrUndefined(0)) throw new Error('0 is something');
    const tf = require(${JSON.stringify(OUTSIDE)});
    tf.registerBackend('tensorflow', () => {
      const backend = tf.findBackendFactory('cpu')();
      backend.isUsingGpuDevice = ${isUsingGpuDevice};
      return backend;
    });
    tf.copyRegisteredKernels('cpu', 'tensorflow');
    module.exports = tf;`;
}

describe('aggregator/cuda', () => {
  it('is a private package with one dependency, pinned, that the main lock does not know', () => {
    expect(cudaFolder()).toBe(join(ROOT, 'aggregator', 'cuda'));
    const own = JSON.parse(readFileSync(join(cudaFolder(), 'package.json'), 'utf8'));
    expect(own).toMatchObject({ private: true, dependencies: { [NAME]: '4.22.0' } });
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    expect(lock.packages[`node_modules/${NAME}`]).toBeUndefined();
    const main = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(main.workspaces).toBeUndefined();
    expect(readFileSync(join(cudaFolder(), 'README.md'), 'utf8')).toContain(INSTALL);
  });

  it('says how to install what is missing', async () => {
    const folder = folderWith('empty', null);
    await expect(loadCuda(folder)).rejects.toMatchObject({ code: 'missing-package' });
    await expect(loadCuda(folder)).rejects.toThrow(INSTALL);
  });

  it('says what is broken: the addon, or a module of the package', async () => {
    const words = 'The Node.js native addon module (tfjs_binding.node) can not be found at path: x';
    const addon = folderWith('addon', `throw new Error(${JSON.stringify(words)});`);
    await expect(loadCuda(addon)).rejects.toMatchObject({ code: 'broken-addon' });
    await expect(loadCuda(addon)).rejects.toThrow('tfjs_binding.node');
    const inner = folderWith('inner', "require('node-pre-gyp-that-is-not-there');");
    await expect(loadCuda(inner)).rejects.toMatchObject({ code: 'broken-addon' });
  });

  it('says when the package brings no backend of its own', async () => {
    const source = `module.exports = { enableProdMode() {}, setBackend: async () => false };`;
    const folder = folderWith('backend', source);
    await expect(loadCuda(folder)).rejects.toMatchObject({ code: 'no-backend' });
  });
});

describe('tfjs-node-gpu', () => {
  const known = Object.getOwnPropertyDescriptor(util, 'isNullOrUndefined');
  afterEach(() => {
    if (known !== undefined) Object.defineProperty(util, 'isNullOrUndefined', known);
  });

  it('finds what Node 23 dropped, and sums as on any other backend', async () => {
    Reflect.deleteProperty(util, 'isNullOrUndefined');
    const loaded = await loadCuda(folderWith('gpu', standIn(true)));
    const { tf, label } = loaded;
    const { isNullOrUndefined } = util as unknown as Record<string, (x: unknown) => boolean>;
    expect([null, undefined, 0, ''].map((x) => isNullOrUndefined?.(x))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(tf.getBackend()).toBe('tensorflow');
    expect(label).toContain('on CUDA');
    const into = Float64Array.of(1);
    await tfjsBackend(loaded).sum([new Uint8Array(Int32Array.of(-(2 ** 31)).buffer)], 0, into);
    expect([...into]).toEqual([1 - 2 ** 31]);
    tf.removeBackend('tensorflow');
  });

  it('says when it runs without a GPU', async () => {
    const { tf, label } = await loadCuda(folderWith('no-gpu', standIn(false)));
    expect(label).toMatch(/on the CPU/);
    tf.removeBackend('tensorflow');
  });

  it('asked for by name and not there, ends the start with its own words', async () => {
    await expect(chooseBackend('tfjs')).rejects.toThrow(INSTALL);
  });
});
