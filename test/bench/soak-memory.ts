/** Resident memory of one server over many reports and rounds. */
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchResults } from './contract.ts';
import { bodyOf, kill, prepare, roundAt, type ServerProcess, startServer } from './ingest-world.ts';
import { clientOf } from './soak-client.ts';

const D = 2500;
const WORKERS = 32;
/** Samples of the memory. */
const SAMPLES = 40;
/** Of them, from where on code is compiled and buffers have their size. */
const WARM = SAMPLES / 5;

/** Slope of a line through equally spaced values, by least squares. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  let products = 0;
  let squares = 0;
  for (const [i, value] of values.entries()) {
    products += (i - middle) * value;
    squares += (i - middle) ** 2;
  }
  return products / squares;
}

/** Sends `reports` to a server, in rounds of `perRound`; resolves when all are acknowledged. */
async function load(
  server: ServerProcess,
  taskHash: string,
  reports: number,
  acknowledged: (count: number) => Promise<void>,
): Promise<void> {
  const client = clientOf(Number(new URL(server.url).port));
  const coordinates = Int32Array.from({ length: D }, (_, i) => ((i * 7919) % 200_001) - 100_000);
  let round = await roundAt(server.url, taskHash);
  let next = 0;
  let count = 0;
  const worker = async (): Promise<void> => {
    while (count < reports) {
      const id = Buffer.alloc(16, 0xcd);
      id.writeUInt32LE(next++, 0);
      const asked = round;
      const body = asked === null ? null : bodyOf(taskHash, asked.hash, id, coordinates);
      let status = body === null ? 503 : await client.post(body);
      // A connection may be closed as idle just when a report is sent on it.
      while (body !== null && status === 0) status = await client.post(body);
      if (status === 201) {
        count += 1;
        await acknowledged(count);
        continue;
      }
      if (status !== 409 && status !== 503) throw new Error(`a report was answered ${status}`);
      // The round is full; the next one opens once this one is published.
      await delay(5);
      if (round === asked) round = await roundAt(server.url, taskHash);
    }
  };
  try {
    await Promise.all(Array.from({ length: WORKERS }, worker));
  } finally {
    client.close();
  }
}

export async function memoryOver(
  dataDir: string,
  reports: number,
  perRound: number,
): Promise<BenchResults> {
  const { taskHash } = await prepare(dataDir, D, perRound);
  const server = await startServer('durable', dataDir);
  const every = Math.floor(reports / SAMPLES);
  const rss: number[] = [];
  const heap: number[] = [];
  try {
    await load(server, taskHash, reports, async (count) => {
      if (count % every !== 0) return;
      const usage = await server.usage(true);
      rss.push(usage.rss / 2 ** 20);
      heap.push(usage.heap / 2 ** 20);
    });
  } finally {
    await kill(server.process);
  }
  const warm = rss.slice(WARM);
  return {
    memoryReports: reports,
    memoryRounds: Math.floor(reports / perRound),
    rssStartMb: Math.round(warm[0] as number),
    rssEndMb: Math.round(warm.at(-1) as number),
    growthMbPer100k: (slopeOf(warm) / every) * 100_000,
    heapStartMb: heap[WARM] as number,
    heapEndMb: heap.at(-1) as number,
  };
}
