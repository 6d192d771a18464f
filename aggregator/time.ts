/** Time as the rounds see it; tests bring their own. */

export interface Clock {
  nowMs(): number;
}

export interface Scheduler {
  /** Calls `work` once after `ms`, or earlier: who needs the exact time asks the clock again. */
  after(ms: number, work: () => void): () => void;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** setTimeout counts in int32; an hour also finds out about a clock that was set. */
const LONGEST_MS = 3_600_000;

export const systemScheduler: Scheduler = {
  after(ms, work) {
    const timer = setTimeout(work, Math.min(Math.max(0, ms), LONGEST_MS));
    return () => clearTimeout(timer);
  },
};
