/** tfjs-core's one engine per realm: backends by name, each started once and then shared. */
import type { KernelBackend } from '@tensorflow/tfjs-core/dist/backends/backend.js';
import {
  findBackend,
  getBackend,
  registerBackend,
  removeBackend,
  setBackend,
} from '@tensorflow/tfjs-core/dist/globals.js';
import {
  getKernel,
  type KernelConfig,
  registerKernel,
} from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import type { BackendName } from './learner.ts';
import { ensurePlatform } from './platform.ts';

const users = new Map<BackendName, number>();

/**
 * Makes `name` the current backend, starting it with `make` the first time.
 * Every call is matched by one `release`.
 */
export async function select(
  name: BackendName,
  kernels: readonly KernelConfig[],
  make: () => Promise<KernelBackend>,
): Promise<void> {
  ensurePlatform();
  for (const kernel of kernels) {
    if (getKernel(kernel.kernelName, name) === undefined) registerKernel(kernel);
  }
  if (findBackend(name) === null) {
    const backend = await make();
    registerBackend(name, () => backend);
  }
  await use(name);
  users.set(name, (users.get(name) ?? 0) + 1);
}

/** Makes a started backend the current one. */
export async function use(name: BackendName): Promise<void> {
  if (getBackend() !== name && !(await setBackend(name))) {
    throw new Error(`tfjs could not select ${name}`);
  }
}

/** Ends the backend when its last user has let go. */
export function release(name: BackendName): void {
  const left = (users.get(name) ?? 0) - 1;
  users.set(name, Math.max(left, 0));
  if (left === 0) removeBackend(name);
}
