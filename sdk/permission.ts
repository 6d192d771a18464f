/** The page's own word on a report before it is made: `beforeContribute`. */
import type { ReportPreview } from './api.ts';
import type { Slot } from './downlink.ts';
import { chargeQuestion } from './post/charge.ts';
import type { Hooks } from './settings.ts';

/** What the page is told of the report that the slot's open round asks for. */
function previewOf(slot: Slot, nowMs: number): ReportPreview | null {
  const { task, hash: taskHash, round, roundHash } = slot;
  if (round === null || roundHash === null) return null;
  const { entry } = chargeQuestion({ task, taskHash, round, roundHash, nowMs });
  return { task: task.name, round: round.round, bytes: entry.bytes, epsilon: entry.epsilon };
}

/**
 * Asked before anything is fetched, read or computed for the report, and so for every report
 * alike: the answer cannot depend on what the report would hold.
 *
 * @returns null when the report may be made, or why not, and whether the hook itself is to blame
 */
export async function refusalOfPage(
  hook: Hooks['beforeContribute'],
  slot: Slot,
  nowMs: number,
): Promise<{ readonly detail: string; readonly failed: boolean } | null> {
  const preview = previewOf(slot, nowMs);
  if (hook === null || preview === null) return null;
  try {
    const answer: unknown = await hook(preview);
    if (answer === true) return null;
    if (answer === false) return { detail: '', failed: false };
    return { detail: 'it returned neither true nor false', failed: true };
  } catch (error) {
    return { detail: `it failed: ${String(error)}`, failed: true };
  }
}
