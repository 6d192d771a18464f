/**
 * The server killed with SIGKILL every few seconds under load, while every client sends its report
 * again, the same bytes, until it is acknowledged: the sum at the end is that of the acknowledged
 * reports in every coordinate. Then one server over many rounds: whether its memory stays flat.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { idOf, OpenBatch } from '../../aggregator/accumulate/batch.ts';
import { Journal } from '../../aggregator/accumulate/journal.ts';
import { nodeDisk } from '../../aggregator/accumulate/node-disk.ts';
import { wasmBackend } from '../../aggregator/average/wasm.ts';
import { signerOf } from '../../aggregator/keys.ts';
import { journalIdentity } from '../../aggregator/publish/announce.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { bodyOf, kill, prepare, roundAt, type ServerProcess, startServer } from './ingest-world.ts';
import { clientOf } from './soak-client.ts';
import { memoryOver } from './soak-memory.ts';

const D = 2500;
const WORKERS = 16;
/** Of so many acknowledged reports one is sent once more. */
const REPEAT = 20;

interface Soaked {
  readonly kills: number;
  readonly acknowledged: number;
  readonly duplicates: number;
  readonly lost: number;
  readonly doubled: number;
  readonly exact: number;
}

/** Coordinates of the report with this number: xorshift32, within what the task allows. */
function coordinatesOf(number: number): Int32Array {
  let state = (number + 1) * 2_654_435_761;
  return Int32Array.from({ length: D }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state % 100_000;
  });
}

function idBytes(number: number): Uint8Array {
  const id = Buffer.alloc(16, 0xab);
  id.writeUInt32LE(number, 0);
  return id;
}

const keyOf = (id: Uint8Array): string => Buffer.from(id).toString('latin1');

/** What the journal holds, counted and added up apart from the aggregator's own sum. */
async function journalled(
  dataDir: string,
  path: string,
  identity: Uint8Array,
): Promise<{ readonly times: ReadonlyMap<string, number>; readonly sum: Float64Array }> {
  const times = new Map<string, number>();
  const disk = nodeDisk(dataDir);
  const journal = await Journal.open(disk, path, identity, (entries) => {
    for (const { bytes } of entries) times.set(idOf(bytes), (times.get(idOf(bytes)) ?? 0) + 1);
  });
  await journal.close();
  const options = { disk, path, identity, d: D, maxReports: 2 ** 22, summer: wasmBackend };
  const limits = { reportBytes: 88 + 4 * D, flushBytes: 8 << 20 };
  const batch = await OpenBatch.open({ ...options, ...limits });
  await batch.stop();
  return { times, sum: batch.sum };
}

/** @param pauseMs between two kills, at least; at most twice that. */
async function soak(dataDir: string, kills: number, pauseMs: number): Promise<Soaked> {
  const { key, taskHash } = await prepare(dataDir, D);
  let server: ServerProcess = await startServer('durable', dataDir);
  const port = Number(new URL(server.url).port);
  const round = await roundAt(server.url, taskHash);
  if (round === null) throw new Error('no round is open');
  const client = clientOf(port);
  const expected = new Float64Array(D);
  const acknowledged = new Set<string>();
  let duplicates = 0;
  let next = 0;
  let over = false;
  const untilAcknowledged = async (body: Uint8Array): Promise<void> => {
    for (;;) {
      const status = await client.post(body);
      if (status === 201) return;
      // Gone, starting or stopping; anything else is a fault.
      if (status !== 0 && status !== 503) throw new Error(`a report was answered ${status}`);
      await delay(10);
    }
  };
  const worker = async (): Promise<void> => {
    while (!over) {
      const number = next++;
      const coordinates = coordinatesOf(number);
      const body = bodyOf(taskHash, round.hash, idBytes(number), coordinates);
      await untilAcknowledged(body);
      acknowledged.add(keyOf(idBytes(number)));
      for (let i = 0; i < D; i++) {
        expected[i] = (expected[i] as number) + (coordinates[i] as number);
      }
      if (number % REPEAT !== 0) continue;
      await untilAcknowledged(body);
      duplicates += 1;
    }
  };
  try {
    const load = Promise.all(Array.from({ length: WORKERS }, worker));
    const fault = load.then(() => undefined);
    for (let i = 0; i < kills; i++) {
      await Promise.race([fault, delay(pauseMs * (1 + (i % 5) / 4))]);
      await kill(server.process);
      server = await startServer('durable', dataDir, port);
    }
    over = true;
    await load;
  } finally {
    over = true;
    client.close();
    await kill(server.process);
  }
  const path = `rounds/${taskHash}/${round.number}.journal`;
  const found = await journalled(dataDir, path, journalIdentity(signerOf(key), round.hash));
  return {
    kills: kills + 1,
    acknowledged: acknowledged.size,
    duplicates,
    lost: [...acknowledged].filter((id) => !found.times.has(id)).length,
    doubled: [...found.times.values()].filter((times) => times > 1).length,
    exact: found.sum.every((one, i) => one === expected[i]) ? 1 : 0,
  };
}

async function inFolder<T>(work: (dataDir: string) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'vitrine-soak-'));
  try {
    return await work(dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

export async function run({ quick }: Pick<BenchOptions, 'quick'>): Promise<BenchResults> {
  const soaked = await inFolder((dataDir) => soak(dataDir, quick ? 2 : 20, quick ? 300 : 2000));
  const { lost, doubled, exact } = soaked;
  if (lost + doubled > 0 || exact !== 1) {
    throw new Error(`not exact: ${lost} lost, ${doubled} doubled, sum equal: ${exact}`);
  }
  const memory = await inFolder((dataDir) =>
    quick ? memoryOver(dataDir, 1500, 500) : memoryOver(dataDir, 200_000, 10_000),
  );
  return { ...soaked, ...memory };
}
