/** What both servers attest of a batch, against the task and against one another. */
import { sigmaOf } from '../../shared/privacy/mechanism.ts';
import type { OpeningEntry } from '../../shared/protocol/log.ts';
import type { OpeningRecord, Task } from '../../shared/protocol/task.ts';
import { serverVariance } from '../../shared/random/variance.ts';

const SAME = ['task', 'roundHash', 'batch', 'reports', 'rejected'] as const;

/** @param roundHash of the task's open round, or null. */
export function openingFaults(
  { leader: { record: leader }, helper: { record: helper } }: OpeningEntry,
  task: Task,
  roundHash: string | null,
): string[] {
  const faults: string[] = [];
  if (task.tier !== 'split') return ['an opening outside the split tier'];
  if (leader.role !== 'leader' || helper.role !== 'helper') faults.push('wrong roles');
  if (leader.roundHash !== roundHash) faults.push('not of the open round');
  for (const field of SAME) if (leader[field] !== helper[field]) faults.push(`two ${field}s`);
  const { reports } = leader;
  if (reports < task.minReports || reports > task.maxReports) faults.push(`${reports} reports`);
  const sigma = sigmaOf(task.mechanism);
  const variance = serverVariance(task).toString();
  for (const { role, ...noise } of [leader, helper]) {
    if (noise.sigma !== sigma) faults.push(`${role} attests σ ${noise.sigma}, not ${sigma}`);
    if (noise.variance !== variance) {
      faults.push(`${role} attests variance ${noise.variance}, not ${variance}`);
    }
  }
  if (leader.share === helper.share) faults.push('both name the same share');
  if (leader.sequence !== 0) faults.push('the leader counts openings');
  return faults;
}

/** The helper's own count of what it opened: rises with every batch, over all tasks. */
export class Sequences {
  /** By identity key. */
  readonly #seen = new Map<string, Set<number>>();
  readonly #last = new Map<string, number>();

  /** @returns what is wrong with the number of an opening, or null. */
  take({ sequence, task: taskHash }: OpeningRecord, { helper }: Task): string | null {
    const key = helper?.identityKey ?? '';
    const seen = this.#seen.get(key) ?? new Set();
    this.#seen.set(key, seen);
    const slot = `${key} ${taskHash}`;
    const last = this.#last.get(slot) ?? -1;
    this.#last.set(slot, Math.max(last, sequence));
    if (seen.has(sequence)) return `the helper counts opening ${sequence} twice`;
    seen.add(sequence);
    return sequence > last ? null : `the helper counts ${sequence} after ${last}`;
  }

  /** Openings that the helper counted and the log does not show. */
  get unlogged(): number {
    let missing = 0;
    for (const seen of this.#seen.values()) {
      if (seen.size > 0) missing += Math.max(...seen) - Math.min(...seen) + 1 - seen.size;
    }
    return missing;
  }
}
