/** One task, a profile and a listening server for the tests of the post room. */
import type { Database, OutboxEntry } from '../../sdk/database/database.ts';
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import { type EnqueueResult, enqueue } from '../../sdk/post/enqueue.ts';
import type { PostResult, Sender } from '../../sdk/post/sender.ts';
import { type DrainOptions, type DrainResult, drain } from '../../sdk/post/upload.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { reportLength } from '../../shared/protocol/report.ts';
import type { RoundRecord, Task } from '../../shared/protocol/task.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { BUDGET, CONSENT } from '../contract/database-values.ts';
import { newWorld, START_MS, testClock } from './round-world.ts';

export const HOUR = 3_600_000;
export const { task } = await newWorld();
export const taskHash = await recordHash(task);
export const roundOf = (round: number): RoundRecord => ({
  version: 1,
  type: 'round',
  task: taskHash,
  round,
  baseModel: task.initialModel,
  openedAtMs: START_MS,
  deadlineMs: START_MS + HOUR,
});

export const source = (seed = 1): ChaChaSource => new ChaChaSource(new Uint8Array(32).fill(seed));
/** Set back to START_MS by each test file before each test. */
export const clock = testClock();
let count = 0;

export async function openDb(): Promise<Database> {
  const db = await indexedDatabase(`post-${count++}`);
  await db.setMeta('consent', CONSENT);
  await db.setMeta('budget', { ...BUDGET, epsilon: 1e4 });
  return db;
}

export async function put(
  db: Database,
  round: number,
  change: Partial<Task> = {},
  seed = round,
): Promise<EnqueueResult> {
  const record = roundOf(round);
  return enqueue({
    db,
    task: { ...task, participations: 1000, ...change },
    taskHash,
    round: record,
    roundHash: await recordHash(record),
    nowMs: clock.now(),
    reportId: `report-${round}`,
    body: new Uint8Array(reportLength(task)).fill(round),
    source: source(seed),
  });
}

/** Takes what it is given and answers as told, accepted after that. */
export function listener(answers: (PostResult | Error)[] = []): Sender & { bodies: Uint8Array[] } {
  const bodies: Uint8Array[] = [];
  return {
    bodies,
    async report(body) {
      bodies.push(body);
      const answer = answers.shift() ?? { accepted: true };
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}
export const refusal = (code: string, retryAfterMs: number | null = null): PostResult => ({
  accepted: false,
  code,
  retryAfterMs,
});

export const run = (
  db: Database,
  sender: Sender,
  options: Partial<DrainOptions> = {},
): Promise<DrainResult> =>
  drain(db, sender, clock, { gpc: () => false, source: source(), ...options });

export const only = async (db: Database): Promise<OutboxEntry> => {
  const [entry] = await db.readOutbox();
  if (entry === undefined) throw new Error('the outbox is empty');
  return entry;
};
