/** What the contract of the log is run in: an engine, clients of it, names that nobody uses. */
import { expect } from 'vitest';
import { Fenced, type Frame, type UpdateLog } from '../../aggregator/cluster/update-log.ts';

/** An engine that runs; the contract opens as many clients as it needs. */
export interface RunningEngine {
  readonly address: string;
  /** kill -9 and start again; null where the engine has no process of its own. */
  readonly restart: (() => Promise<void>) | null;
  stop(): Promise<void>;
}

/** Long enough for several messages of JetStream. */
export const LONG = 2_200_001;

export interface LogWorld extends Pick<RunningEngine, 'address' | 'restart'> {
  /** One more client, with nothing in common with the others; closed after the suite. */
  open(): Promise<UpdateLog>;
  /** Two clients that are open. */
  readonly log: UpdateLog;
  readonly other: UpdateLog;
  /** A name that nobody has used. */
  name(): string;
}

export async function collect(log: UpdateLog, partition: string, after: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of log.read(partition, after)) frames.push(frame);
  return frames;
}

/** Says whether bytes are the same; vitest takes seconds to compare megabytes. */
export function same(one: Uint8Array | null, two: Uint8Array): boolean {
  return one !== null && Buffer.compare(one, two) === 0;
}

/** How often each outcome came: numbers are wins. */
export async function race(
  calls: readonly Promise<number>[],
): Promise<{ won: number[]; fenced: number }> {
  const outcomes = await Promise.allSettled(calls);
  const won = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const lost = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  for (const reason of lost) expect(reason).toBeInstanceOf(Fenced);
  return { won, fenced: lost.length };
}
