/** The browsers of the contract as one process: `JSON`, answers with `Told` in the file it names. */
import 'fake-indexeddb/auto';
import { writeFile } from 'node:fs/promises';
import type { Database } from '../../../sdk/database/database.ts';
import { indexedDatabase } from '../../../sdk/database/indexed.ts';
import { cpu } from '../../../sdk/learn/cpu.ts';
import { createLearner } from '../../../sdk/learn/train.ts';
import { drain } from '../../../sdk/post/upload.ts';
import { fetchTransport } from '../../../sdk/receive/fetch.ts';
import { Receiver } from '../../../sdk/receive/receiver.ts';
import { catalogueLoader, runRound } from '../../../sdk/round.ts';
import { PATHS } from '../../../shared/protocol/paths.ts';
import type { TaskHead } from '../../../shared/protocol/task.ts';
import { ChaChaSource } from '../../../shared/random/source.ts';
import { cachedFetch } from '../../simulate/http-cache.ts';
import { type Attempt, BROWSERS, type ContractTier, historyOf, MAX_EPSILON, SITE } from './plan.ts';

interface Asked {
  readonly endpoint: string;
  readonly trust: string;
  readonly file: string;
  readonly tasks: Readonly<Partial<Record<ContractTier, string>>>;
}

const asked = JSON.parse(process.argv[2] as string) as Asked;
const transport = fetchTransport(asked.endpoint, cachedFetch());
const catalogue = catalogueLoader();
const clock = { now: () => Date.now() };
const learner = await createLearner({
  backends: [cpu],
  loadAsset: () => Promise.reject(new Error('plain JavaScript needs no asset')),
  allowSoftwareGpu: false,
});

async function attempt(browser: number, db: Database, taskHash: string): Promise<Attempt> {
  const source = new ChaChaSource(new Uint8Array(32).fill(browser + 1), new Uint8Array(12));
  const receiver = new Receiver({
    transport,
    db,
    trust: asked.trust,
    site: SITE,
    endpoint: asked.endpoint,
    clock,
    maxEpsilon: MAX_EPSILON,
    maxTotalEpsilon: 1e4,
    allowTestTier: true,
  });
  const gpc = (): boolean => false;
  const deps = { db, receiver, learner, source, clock, timer: performance, gpc, catalogue };
  const signal = new AbortController().signal;
  const outcome = await runRound(deps, taskHash, () => undefined, signal);
  let state = outcome.state === 'skipped' ? outcome.reason : '';
  const waiting = (await db.readOutbox()).at(-1)?.body ?? new Uint8Array();
  const body = Buffer.from(waiting).toString('base64');
  if (outcome.state === 'enqueued') {
    // The random waiting time passes at once; the servers' clocks are the real ones.
    const late = { now: () => outcome.sendAtMs };
    await drain(db, transport, late, { gpc, source, onFinal: (_id, final) => (state = final) });
  }
  return { state, body, charges: (await db.readLedger()).length };
}

async function nextRound(taskHash: string): Promise<void> {
  for (;;) {
    const head = (await (await fetch(asked.endpoint + PATHS.head(taskHash))).json()) as TaskHead;
    if ((head.round?.record.round ?? 0) > 1) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const first: Partial<Record<ContractTier, Attempt[]>> = {};
const second: Partial<Record<ContractTier, Attempt>> = {};
for (const [tier, hash] of Object.entries(asked.tasks) as [ContractTier, string][]) {
  const attempts: Attempt[] = [];
  const databases: Database[] = [];
  for (let browser = 0; browser < BROWSERS; browser++) {
    const db = await indexedDatabase(`${tier}-${browser}`);
    databases.push(db);
    await db.setMeta('consent', { personalise: true, contribute: true });
    await db.setMeta('epochStartMs', clock.now() - 86_400_000);
    const retention = { maxEvents: 1000, maxAgeMs: 1e10 };
    await db.appendEvents(historyOf(browser, clock.now()), retention);
    attempts.push(await attempt(browser, db, hash));
  }
  first[tier] = attempts;
  if (attempts.every(({ state }) => state === 'sent')) {
    await nextRound(hash);
    second[tier] = await attempt(BROWSERS, databases[0] as Database, hash);
  }
}
await writeFile(asked.file, JSON.stringify({ first, second }));
process.exit(0);
