/** Learners in Node: the same code as in the Worker, with the binaries read from the package. */
import { readFile } from 'node:fs/promises';
import { cpu } from '../../sdk/learn/cpu.ts';
import type { Learner } from '../../sdk/learn/learner.ts';
import { createLearner } from '../../sdk/learn/train.ts';
import { wasm } from '../../sdk/learn/wasm.ts';

const BINARIES = new URL(
  '../../node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/',
  import.meta.url,
);

/** A learner on one backend; 'auto' tries wasm, then cpu. */
export function nodeLearner(backend: 'auto' | 'wasm' | 'cpu' = 'auto'): Promise<Learner> {
  const backends = { auto: [wasm, cpu], wasm: [wasm], cpu: [cpu] }[backend];
  return createLearner({ backends, allowSoftwareGpu: false, loadAsset });
}

async function loadAsset(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL(name, BINARIES)));
}
