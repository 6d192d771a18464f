/**
 * TensorFlow.js for the aggregator: `@tensorflow/tfjs-node-gpu` from `aggregator/cuda`, which has a
 * package.json of its own, or `@tensorflow/tfjs` with a backend that needs no addon.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import util from 'node:util';

export type Tensorflow = typeof import('@tensorflow/tfjs-core');

export type TfjsErrorCode =
  /** The npm package is not installed. */
  | 'missing-package'
  /** It is installed, and its addon, or what that needs, does not load. */
  | 'broken-addon'
  | 'no-backend';

export class TfjsError extends Error {
  readonly code: TfjsErrorCode;

  constructor(code: TfjsErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'TfjsError';
    this.code = code;
  }
}

export interface LoadedTfjs {
  readonly tf: Tensorflow;
  /** Versions, the backend, and whether it found a GPU. */
  readonly label: string;
}

const GPU_PACKAGE = '@tensorflow/tfjs-node-gpu';
export const INSTALL = 'npm i --prefix aggregator/cuda';

/** `aggregator/cuda`, from the sources as from the built command in `dist/`. */
export function cudaFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let at = here; ; at = dirname(at)) {
    const folder = join(at, 'aggregator', 'cuda');
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === dirname(at)) return join(dirname(here), 'cuda');
  }
}

/** tfjs-node 4.22 calls this at work, and Node 23 dropped it (tensorflow/tfjs#8425). */
function restoreIsNullOrUndefined(): void {
  const known = util as { isNullOrUndefined?: unknown };
  if (typeof known.isNullOrUndefined === 'function') return;
  known.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
}

function required(folder: string, name: string, install: string): Tensorflow {
  try {
    return createRequire(join(folder, 'package.json'))(name) as Tensorflow;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // Node names what is missing in the first line; below it stands who asked for it.
    if (code === 'MODULE_NOT_FOUND' && message.split('\n')[0]?.includes(`'${name}'`)) {
      throw new TfjsError('missing-package', `${name} is not installed: ${install}`, { cause });
    }
    throw new TfjsError('broken-addon', `${name} does not load: ${message}`, { cause });
  }
}

async function started(tf: Tensorflow, backend: string): Promise<void> {
  tf.enableProdMode();
  let works = false;
  let cause: unknown;
  try {
    works = await tf.setBackend(backend);
  } catch (error) {
    cause = error;
  }
  if (works) return;
  throw new TfjsError('no-backend', `tfjs has no backend '${backend}' here`, { cause });
}

/**
 * tfjs-node-gpu. It runs on the CPU where it finds no CUDA: the label says which.
 * @param folder where it is installed.
 * @throws TfjsError
 */
export async function loadCuda(folder: string = cudaFolder()): Promise<LoadedTfjs> {
  restoreIsNullOrUndefined();
  const tf = required(folder, GPU_PACKAGE, INSTALL);
  await started(tf, 'tensorflow');
  const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
  const where = isUsingGpuDevice === true ? 'on CUDA' : 'on the CPU, for it finds no CUDA 11';
  return { tf, label: `tfjs-node-gpu ${tf.version_core}, ${where}` };
}

/**
 * `@tensorflow/tfjs` with a backend that it registers itself.
 * @throws TfjsError
 */
export async function loadTfjs(backend: string): Promise<LoadedTfjs> {
  const here = dirname(fileURLToPath(import.meta.url));
  const tf = required(here, '@tensorflow/tfjs', 'npm i @tensorflow/tfjs');
  await started(tf, backend);
  return { tf, label: `tfjs ${tf.version_core}, ${backend}` };
}
