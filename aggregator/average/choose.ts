/** Which engine sums, and why: decided at start, printed, and served in the status. */
import type { Task } from '../../shared/protocol/task.ts';
import type { AverageBackend } from './backend.ts';
import { referenceBackend } from './reference.ts';
import { seedBackend } from './seeds.ts';
import { typedBackend } from './typed.ts';
import { wasmBackend } from './wasm.ts';

export const BACKENDS: readonly AverageBackend[] = [wasmBackend, typedBackend, referenceBackend];

export interface Choice {
  readonly backend: AverageBackend;
  readonly reason: string;
}

/** A sum whose answer is known, with values at the ends of int32. */
function works(backend: AverageBackend): boolean {
  try {
    return sumsRightly(backend);
  } catch {
    return false;
  }
}

function sumsRightly(backend: AverageBackend): boolean {
  const rows = [-(2 ** 31), 2 ** 31 - 1, -1, 7, 2 ** 31 - 1].map(
    (value) =>
      new Uint8Array(Int32Array.from({ length: 9 }, (_, i) => (i === 4 ? value : i)).buffer),
  );
  const into = new Float64Array(9);
  backend.sum(rows, 0, into);
  return into.every((one, i) => one === (i === 4 ? 2 ** 31 + 4 : 5 * i));
}

/**
 * @param wanted name of a backend, or null for the first that sums rightly.
 * @throws RangeError when it is unknown or sums wrongly here.
 */
export function chooseBackend(wanted: string | null = null): Choice {
  if (wanted !== null) {
    const backend = BACKENDS.find(({ name }) => name === wanted);
    if (backend === undefined || !works(backend)) {
      throw new RangeError(`average backend '${wanted}' is unknown or does not work here`);
    }
    return { backend, reason: 'asked for' };
  }
  const backend = BACKENDS.find(works);
  if (backend === undefined) throw new RangeError('no average backend works here');
  return { backend, reason: 'the fastest that summed the known case exactly' };
}

/** What sums the reports of a task: the chosen engine, or the one that makes vectors from seeds. */
export function summerOf(
  { mechanism }: Pick<Task, 'mechanism'>,
  { backend }: Choice,
): AverageBackend {
  return mechanism.name === 'privunit' ? seedBackend : backend;
}
