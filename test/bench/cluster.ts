/**
 * A cluster's control path without network and disk: report arrivals through four accept nodes'
 * routing, with repetitions through other nodes, to the accumulators that hold the partitions (dedupe, quota, group commit,
 * sum), on an engine in memory, while accumulators die, freeze and come back; rounds close, and
 * every sum is compared in every coordinate.
 */

import { hashBody } from '../../aggregator/accumulate/spent.ts';
import { wasmBackend } from '../../aggregator/average/wasm.ts';
import { remoteHolders } from '../../aggregator/cluster/holders.ts';
import { RemoteBatch } from '../../aggregator/cluster/remote-batch.ts';
import type { Router } from '../../aggregator/cluster/router.ts';
import { ViewWriter } from '../../aggregator/cluster/view.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { encodeInt32LE } from '../../shared/field/fixed.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { Refusal } from '../../shared/protocol/refusals.ts';
import { encodeReport } from '../../shared/protocol/report.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { SimulatedDisk } from '../aggregator/simulated-disk.ts';
import { LocalCluster, TTL_MS } from '../cluster/local.ts';
import { taskOf } from '../cluster/local-round.ts';
import { MemoryLog } from '../cluster/memory-log.ts';
import { TOWER_D } from '../cluster/world.ts';
import { findNats } from '../servers/find.ts';
import { startNats } from '../servers/nats.ts';
import { measureCluster } from './cluster-load.ts';
import type { BenchOptions, BenchResults } from './contract.ts';

const D = 3;
const PARTITIONS = 16;
const ACCUMULATORS = 4;
const NODES = 4;
/** Browsers under way at the same time. */
const PARALLEL = 512;
/** Every so many-th report is sent again through another node. */
const REPEATED = 20;

interface Tally {
  arrivals: number;
  acknowledged: number;
  duplicates: number;
  retries: number;
  refused: number;
  replaced: number;
  rounds: number;
  exact: boolean;
}

/** A report whose coordinates follow from its number. */
function reportOf(taskHash: Uint8Array, roundHash: Uint8Array, number: number): Uint8Array {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, number, true);
  const coordinates = Int32Array.of(number % 1001, -(number % 77), 1);
  return encodeReport({ tier: 'test', id, taskHash, roundHash }, encodeInt32LE(coordinates));
}

async function playRound(
  cluster: LocalCluster,
  nodes: readonly Router[],
  view: ViewWriter,
  task: Task,
  round: number,
  tally: Tally,
): Promise<void> {
  const { log, client } = cluster;
  const hash = await recordHash(task);
  const roundHash = await sha256Hex(utf8(`round ${round}`));
  const names = [fromHex(hash), fromHex(roundHash)] as const;
  const after = (): (() => void) => () => undefined;
  const holders = remoteHolders({ router: cluster.router, client, after, pollMs: 0 });
  const batch = await RemoteBatch.open({
    ...{ log, holders, view, task, partitions: PARTITIONS, disk: new SimulatedDisk() },
    ...{ path: 'journal', identity: hashBody(utf8('bench')) },
    round: { task: hash, roundHash, round },
  });
  await cluster.beats(2);
  const sum = new Float64Array(D);
  let accepted = 0;
  let next = 0;
  let full = false;
  const fate = `${round % ACCUMULATORS}`;
  let trouble: Promise<void> | null = null;
  /** Silent until others hold what it held; then it wakes up and believes that it still does. */
  const silence = async (): Promise<void> => {
    cluster.away.add(fate);
    await cluster.beats(2 + TTL_MS / 250);
    cluster.away.delete(fate);
    await cluster.beats(2);
    trouble = null;
    tally.replaced += 1;
  };
  const deliver = async (node: Router, body: Uint8Array): Promise<string> => {
    for (;;) {
      const answer = await node.submit(body).catch((error: unknown) => {
        if (!(error instanceof Refusal)) throw error;
        return error.code;
      });
      if (answer !== 'not-ready' || answer === null) return answer ?? 'unknown';
      tally.retries += 1;
      await (trouble ?? cluster.beats());
    }
  };
  const browser = async (): Promise<void> => {
    while (!full) {
      const number = next++;
      if (number === Math.floor(task.maxReports / 2)) trouble = silence();
      const body = reportOf(names[0], names[1], number);
      const sends = number % REPEATED === 0 ? 2 : 1;
      let acknowledged = false;
      for (let send = 0; send < sends; send++) {
        tally.arrivals += 1;
        const answer = await deliver(nodes[(number + send) % NODES] as Router, body);
        if (answer === 'accepted' || answer === 'duplicate') {
          if (acknowledged) tally.duplicates += 1;
          acknowledged = true;
        } else tally.refused += 1;
        if (answer === 'round-full') full = true;
      }
      if (!acknowledged) continue;
      accepted += 1;
      for (const [i, one] of [number % 1001, -(number % 77), 1].entries()) {
        sum[i] = (sum[i] as number) + one;
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, browser));
  await cluster.beats();
  await batch.close(() => 0);
  const same = batch.sum.every((one, i) => one === sum[i]);
  tally.exact &&= same && batch.count === accepted && accepted <= task.maxReports;
  tally.acknowledged += accepted;
  tally.rounds += 1;
  await batch.discard();
  await batch.stop();
}

/** Coordinates of a report as long as a seed's, of one of 4 KB, and of the tower. */
const LOADS = [8, 1000, TOWER_D];

/** Real processes: on the file engine, and on nats-server where there is one. */
async function measured(): Promise<BenchResults> {
  const file = { engine: (folder: string) => `file:${folder}/engine`, accept: ['file-unsynced'] };
  const results: Record<string, BenchResults> = {};
  for (const d of LOADS) results[`file${d}`] = await measureCluster(file, d);
  if (findNats() === null) return results;
  const nats = await startNats();
  try {
    for (const d of LOADS) {
      const engine = (): string => `${nats.url}?stream=load${d}`;
      results[`jetstream${d}`] = await measureCluster(
        { engine, accept: ['jetstream-unsynced'] },
        d,
      );
    }
  } finally {
    await nats.stop();
  }
  return results;
}

export async function run({ quick }: Pick<BenchOptions, 'quick'>): Promise<BenchResults> {
  const wanted = quick ? 5000 : 1_000_000;
  const task = taskOf(quick ? 2000 : 100_000);
  const log = new MemoryLog();
  const cluster = new LocalCluster({ log, partitions: PARTITIONS, summer: wasmBackend });
  for (let i = 0; i < ACCUMULATORS; i++) cluster.add(String(i));
  await cluster.settle();
  await cluster.beats(4);
  const nodes = Array.from({ length: NODES }, () => cluster.newRouter());
  const view = await ViewWriter.open(log, () => undefined);
  const tally: Tally = {
    ...{ arrivals: 0, acknowledged: 0, duplicates: 0, refused: 0, replaced: 0, rounds: 0 },
    retries: 0,
    exact: true,
  };
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  while (tally.arrivals < wanted) {
    await playRound(cluster, nodes, view, task, tally.rounds + 1, tally);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    arrivals: tally.arrivals,
    perSecond: Math.round(tally.arrivals / seconds),
    cpuMicrosPerArrival: (user + system) / tally.arrivals,
    exact: tally.exact ? 1 : 0,
    acknowledged: tally.acknowledged,
    duplicates: tally.duplicates,
    retries: tally.retries,
    refused: tally.refused,
    rounds: tally.rounds,
    accumulatorsReplaced: tally.replaced,
    nodes: { accept: NODES, accumulators: ACCUMULATORS, partitions: PARTITIONS },
    ...(quick ? {} : { processes: await measured() }),
  };
}
