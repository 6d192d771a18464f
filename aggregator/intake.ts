/** One memory of a service: the slots of its bodies, and the kernels that read them where they lie. */
import { reportLength } from '../shared/protocol/report.ts';
import type { Task } from '../shared/protocol/task.ts';
import { planSlots, SlotPool } from './accept/slots.ts';
import type { MagnitudeBits } from './accept/validate.ts';
import { type Choice, choiceOn } from './average/choose.ts';
import { createKernels, SCRATCH_BYTES } from './average/kernels.ts';
import { magnitudeBitsOn } from './average/wasm.ts';
import { type Observe, timedBackend } from './operate/timing.ts';
import type { Settings } from './settings.ts';

export interface Intake {
  readonly slots: SlotPool;
  /** Exact body lengths of the tasks. */
  readonly lengths: ReadonlySet<number>;
  /** The choice, on this memory where it can be. */
  readonly average: Choice;
  /** Left out where the engine has no SIMD. */
  readonly magnitudeBits?: MagnitudeBits;
}

export interface IntakeDeps {
  readonly settings: Settings;
  readonly average: Choice;
  /** Hears how long each sum took, in seconds. */
  readonly onSum?: Observe;
}

function watched(choice: Choice, onSum: Observe | undefined): Choice {
  if (onSum === undefined) return choice;
  const { backend, seeds } = choice;
  return { ...choice, backend: timedBackend(backend, onSum), seeds: timedBackend(seeds, onSum) };
}

/** @throws RangeError when a report of each task is more than one memory can hold. */
export function openIntake(
  tasks: readonly Task[],
  { settings: { maxInFlight, maxInFlightBytes }, average, onSum }: IntakeDeps,
): Intake {
  const lengths = new Set(tasks.map(reportLength));
  const limits = { limit: maxInFlight, limitBytes: maxInFlightBytes, from: SCRATCH_BYTES };
  const plan = planSlots({ lengths, ...limits });
  const memory = new WebAssembly.Memory({ initial: plan.pages, maximum: plan.pages });
  const slots = new SlotPool(plan, memory);
  try {
    const kernels = createKernels(memory, 0);
    const magnitudeBits = magnitudeBitsOn(kernels);
    return { slots, lengths, average: watched(choiceOn(kernels, average), onSum), magnitudeBits };
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    return { slots, lengths, average: watched(average, onSum) };
  }
}
