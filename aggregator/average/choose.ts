/** Which engine sums, and why: decided at start, printed, and served in the status. */
import type { Task } from '../../shared/protocol/task.ts';
import type { AverageBackend } from './backend.ts';
import { gramWithFallback, withFallback } from './fallback.ts';
import type { Kernels } from './kernels.ts';
import { referenceBackend } from './reference.ts';
import { type Gram, gramOf } from './robust/gram.ts';
import { seedBackend } from './seeds.ts';
import { tfjsBackend } from './tfjs.ts';
import { loadCuda, loadTfjs } from './tfjs-load.ts';
import { typedBackend } from './typed.ts';
import { wasmBackend, wasmBackendOn } from './wasm.ts';
import { sharedWebgpu, type Webgpu } from './webgpu/webgpu.ts';

/** A backend that may take time to open, or not open here at all. */
export interface Candidate {
  readonly name: string;
  /** @throws Error, with the reason, where it cannot be used. */
  open(): AverageBackend | Promise<AverageBackend>;
}

/** What needs nothing but this process; the first that sums rightly is the default. */
export const BACKENDS: readonly AverageBackend[] = [wasmBackend, typedBackend, referenceBackend];

/** All that may be asked for by name. A GPU is never the default for these: the bus is its limit. */
export const CANDIDATES: readonly Candidate[] = [
  ...BACKENDS.map(candidateOf),
  { name: 'webgpu', open: async () => (await sharedWebgpu(true)).dense },
  { name: 'tfjs', open: async () => tfjsBackend(await loadCuda()) },
  { name: 'tfjs-cpu', open: async () => tfjsBackend(await loadTfjs('cpu'), 'tfjs-cpu') },
];

export interface Choice {
  /** Sums int32 vectors. */
  readonly backend: AverageBackend;
  /** Sums the vectors of PrivUnitG seeds. */
  readonly seeds: AverageBackend;
  /** Gram matrices for multi-Krum. */
  readonly gram: Gram;
  readonly reason: string;
  /** Why seeds and Gram matrices are made where they are. */
  readonly gpuReason: string;
}

export interface ChooseOptions {
  /** Opens the GPU. */
  readonly openGpu?: (allowSoftware: boolean) => Promise<Webgpu>;
  /** Hears that a GPU failed and the CPU went on in its place. */
  readonly onFall?: (error: Error) => void;
}

export function candidateOf(backend: AverageBackend): Candidate {
  return { name: backend.name, open: () => backend };
}

/** The known sum: values at the ends of int32, and a start that is not zero. */
const ROWS = [-(2 ** 31), 2 ** 31 - 1, -1, 7, 2 ** 31 - 1].map(
  (value) => new Uint8Array(Int32Array.from({ length: 9 }, (_, i) => (i === 4 ? value : i)).buffer),
);
const OFFSET = 4;

/**
 * Opens a backend and tries it on the known sum.
 * @returns the backend.
 * @throws Error with the reason, from `open`, from `sum`, or because the sum is wrong.
 */
export async function openTried(candidate: Candidate): Promise<AverageBackend> {
  const backend = await candidate.open();
  const into = new Float64Array(8).fill(7);
  await backend.sum(ROWS, OFFSET, into);
  if (!into.every((one, i) => one === 7 + (i === 3 ? 2 ** 31 + 4 : 5 * (i + 1)))) {
    throw new Error(`${backend.name} sums the known case wrongly`);
  }
  return backend;
}

/** PR37: Σ of the first eight coordinates of the seeds of zeros and of the bytes 0 to 31. */
const SEED_SUM = [11_798, 1793, 9569, -231, 1219, 4800, 4720, -6399];

/**
 * Tries a backend for seeds on a known sum.
 * @throws Error with the reason.
 */
export async function triedSeeds(backend: AverageBackend): Promise<AverageBackend> {
  const into = new Float64Array(8).fill(7);
  await backend.sum([new Uint8Array(32), Uint8Array.from({ length: 32 }, (_, i) => i)], 0, into);
  if (!into.every((one, i) => one === 7 + (SEED_SUM[i] as number))) {
    throw new Error(`${backend.name} makes the known vectors wrongly`);
  }
  return backend;
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

type OnGpu = Pick<Choice, 'seeds' | 'gram' | 'gpuReason'>;

/** Seeds and Gram matrices on a GPU where one is there that is none of software, or was asked for. */
async function chooseGpu(
  allowSoftware: boolean,
  { openGpu = sharedWebgpu, onFall = () => undefined }: ChooseOptions,
): Promise<OnGpu> {
  try {
    const gpu = await openGpu(allowSoftware);
    const seeds = withFallback(await triedSeeds(gpu.seeds), seedBackend, onFall);
    return { seeds, gram: gramWithFallback(gpu.gram, onFall), gpuReason: gpu.label };
  } catch (error) {
    return { seeds: seedBackend, gram: gramOf, gpuReason: reasonOf(error) };
  }
}

const ON_CPU = { seeds: seedBackend, gram: gramOf };

/**
 * @param wanted name of a candidate, which then makes everything that it can; or null for the first
 * that sums rightly, and a GPU for what it is faster at.
 * @throws RangeError when it is unknown or does not work here, with the reason as its cause.
 */
export async function chooseBackend(
  wanted: string | null = null,
  candidates: readonly Candidate[] = CANDIDATES,
  options: ChooseOptions = {},
): Promise<Choice> {
  if (wanted !== null) return chooseNamed(wanted, candidates, options);
  const reason = 'the fastest that summed the known case exactly';
  for (const candidate of candidates) {
    const backend = await openTried(candidate).catch(() => null);
    if (backend !== null) return { backend, reason, ...(await chooseGpu(false, options)) };
  }
  throw new RangeError('no average backend works here');
}

async function chooseNamed(
  wanted: string,
  candidates: readonly Candidate[],
  options: ChooseOptions,
): Promise<Choice> {
  const candidate = candidates.find(({ name }) => name === wanted);
  if (candidate === undefined) throw new RangeError(`average backend '${wanted}' is unknown`);
  const reason = 'asked for';
  try {
    const opened = await openTried(candidate);
    if (BACKENDS.includes(opened)) {
      return { backend: opened, reason, ...ON_CPU, gpuReason: `${wanted} is asked for` };
    }
    const { onFall = () => undefined } = options;
    const backend = withFallback(opened, wasmBackend, onFall);
    return { backend, reason, ...(await chooseGpu(wanted === 'webgpu', options)) };
  } catch (cause) {
    const why = `average backend '${wanted}' does not work here: ${reasonOf(cause)}`;
    throw new RangeError(why, { cause });
  }
}

/** The same choice, but `wasm` sums reports that lie in the memory of `kernels` where they are. */
export function choiceOn(kernels: Kernels, choice: Choice): Choice {
  return choice.backend === wasmBackend ? { ...choice, backend: wasmBackendOn(kernels) } : choice;
}

/** What sums the reports of a task: the chosen engine, or the one that makes vectors from seeds. */
export function summerOf({ mechanism }: Pick<Task, 'mechanism'>, choice: Choice): AverageBackend {
  return mechanism.name === 'privunit' ? choice.seeds : choice.backend;
}
