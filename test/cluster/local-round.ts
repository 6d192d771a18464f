/** An open round of a cluster in one process: two accumulators, four partitions, one task. */

import { idOf } from '../../aggregator/accumulate/batch.ts';
import { hashBody } from '../../aggregator/accumulate/spent.ts';
import { remoteHolders } from '../../aggregator/cluster/holders.ts';
import { RemoteBatch, type RemoteOptions } from '../../aggregator/cluster/remote-batch.ts';
import { ViewWriter } from '../../aggregator/cluster/view.ts';
import { decodeTask, recordHash } from '../../shared/protocol/records.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { draft, report, SERVER_KEY } from '../aggregator/fixture.ts';
import { SimulatedDisk } from '../aggregator/simulated-disk.ts';
import { LocalCluster } from './local.ts';
import { MemoryLog } from './memory-log.ts';

export const ROUND = '5'.repeat(64);
const PARTITIONS = 4;

export function taskOf(maxReports: number): Task {
  const { initialWeights: _, helper: __, ...rest } = draft('intent', 3, { maxReports });
  return decodeTask({
    ...rest,
    ...{ version: 1, type: 'task', site: 'test shop', d: 3, epsilon: 'none', helper: null },
    catalogue: '0'.repeat(64),
    initialModel: '1'.repeat(64),
    aggregatorKey: SERVER_KEY.publicKey,
  });
}

const TASK = taskOf(1000);
const TASK_HASH = await recordHash(TASK);

/** A report of `ROUND`; its coordinates are id, id + 1, id + 2, and `more` on the first. */
export function bodyOf(
  id: number,
  more = 0,
  { taskHash = TASK_HASH, roundHash = ROUND } = {},
): { id: string; body: Uint8Array } {
  const coordinates = [id + more, id + 1, id + 2];
  const body = report({ taskHash, roundHash, id, coordinates });
  return { id: idOf(body), body };
}

export interface Begun {
  readonly log: MemoryLog;
  readonly cluster: LocalCluster;
  readonly batch: RemoteBatch;
  readonly options: RemoteOptions;
}

/** Begins a round of another task, so that two are open. @returns the hash of that task. */
export async function besideRound({ options }: Begun, roundHash: string): Promise<string> {
  const task = { ...TASK, name: 'other' };
  const hash = await recordHash(task);
  const round = { task: hash, roundHash, round: 1 };
  const disk = new SimulatedDisk();
  await RemoteBatch.open({ ...options, task, round, disk });
  return hash;
}

export async function begun({ maxReports = 1000 } = {}): Promise<Begun> {
  const log = new MemoryLog();
  const cluster = new LocalCluster({ log, partitions: PARTITIONS });
  cluster.add('a');
  cluster.add('b');
  const task = { ...TASK, maxReports };
  const hash = await recordHash(task);
  const view = await ViewWriter.open(log, () => undefined);
  let poll = (): void => undefined;
  const after = (_ms: number, work: () => void): (() => void) => {
    poll = work;
    return () => {
      poll = () => undefined;
    };
  };
  const { router, client } = cluster;
  const holders = remoteHolders({ router, client, after, pollMs: 0 });
  cluster.poll = async () => {
    poll();
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const options: RemoteOptions = {
    ...{ log, holders, view, task, partitions: PARTITIONS, disk: new SimulatedDisk() },
    ...{ path: '1.journal', identity: hashBody(new Uint8Array(1)) },
    round: { task: hash, roundHash: ROUND, round: 1 },
  };
  const batch = await RemoteBatch.open(options);
  await cluster.settle();
  await cluster.beats(4);
  return { log, cluster, batch, options };
}
