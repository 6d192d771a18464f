/**
 * Reports per second at 40 KB and at 10 KB, one server process on one core with the load in another:
 * the aggregator without its journal (volatile), as it runs (durable), and a bare node:http server
 * that reads and drops the same bodies, in turn, medians.
 */

import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATHS } from '../../shared/protocol/paths.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import {
  bodyOf,
  kill,
  type Mode,
  pinned,
  prepare,
  roundAt,
  startFlood,
  startServer,
} from './ingest-world.ts';
import { median } from './medians.ts';

/** Bodies of 40,088 and 10,088 bytes. */
const SIZES = { '40k': 10_000, '10k': 2_500 } as const;
const MODES = ['bare', 'volatile', 'durable'] as const;
const CONNECTIONS = 64;

interface Sample {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

async function bodyFor(url: string, taskHash: string, d: number): Promise<Uint8Array> {
  const round = await roundAt(url, taskHash);
  if (round === null) throw new Error('no round is open');
  const coordinates = Int32Array.from({ length: d }, (_, i) => ((i * 7919) % 200_001) - 100_000);
  return bodyOf(taskHash, round.hash, new Uint8Array(16), coordinates);
}

/** One server from start to end, so that every sample has the same empty journal before it. */
async function sample(mode: Mode, d: number, seconds: number): Promise<Sample> {
  const dataDir = await mkdtemp(join(tmpdir(), 'vitrine-ingest-'));
  const children: ChildProcess[] = [];
  try {
    const taskHash = mode === 'bare' ? '' : (await prepare(dataDir, d)).taskHash;
    const server = await startServer(mode, dataDir);
    children.push(server.process);
    const { url } = server;
    const body = mode === 'bare' ? new Uint8Array(88 + 4 * d) : await bodyFor(url, taskHash, d);
    const flood = startFlood({
      host: '127.0.0.1',
      port: Number(new URL(url).port),
      seconds,
      connections: CONNECTIONS,
      path: PATHS.reports,
      type: REPORT_CONTENT_TYPE,
      body: Buffer.from(body).toString('base64'),
      idOffset: mode === 'bare' ? -1 : 8,
    });
    children.push(flood.process);
    await flood.next();
    const before = await server.usage();
    const { ok, answered, seconds: took } = (await flood.next()) as Record<string, number>;
    const after = await server.usage();
    if (ok !== answered) throw new Error(`${answered} answers, only ${ok} were 201`);
    const used = after.cpuSeconds - before.cpuSeconds;
    return {
      perSecond: (ok as number) / (took as number),
      cpuMicros: (used / (answered as number)) * 1e6,
    };
  } finally {
    await kill(...children);
    await rm(dataDir, { recursive: true, force: true });
  }
}

type Samples = Record<Mode, Sample[]>;

const rateOf = (all: readonly Sample[]): number =>
  Math.round(median(all.map(({ perSecond }) => perSecond)));

const cpuOf = ({ bare, volatile, durable }: Samples): BenchResults => {
  const of = (all: readonly Sample[]): number => Math.round(median(all.map((s) => s.cpuMicros)));
  return { volatile: of(volatile), durable: of(durable), bare: of(bare) };
};

/** Median of the ratios inside a turn, whose samples stand side by side in time. */
const ratioOf = (all: readonly Sample[], bare: readonly Sample[]): number =>
  median(all.map(({ perSecond }, i) => perSecond / (bare[i] as Sample).perSecond));

export async function run(options: Pick<BenchOptions, 'quick'>): Promise<BenchResults> {
  const turns = options.quick ? 1 : 5;
  const seconds = options.quick ? 0.5 : 3;
  const none = (): Samples => ({ bare: [], volatile: [], durable: [] });
  const taken = { '40k': none(), '10k': none() };
  for (let turn = 0; turn < turns; turn++) {
    for (const size of ['40k', '10k'] as const) {
      for (const mode of MODES) taken[size][mode].push(await sample(mode, SIZES[size], seconds));
    }
  }
  const { '40k': large, '10k': small } = taken;
  return {
    volatilePerSecond: rateOf(large.volatile),
    durablePerSecond: rateOf(large.durable),
    barePerSecond: rateOf(large.bare),
    volatileRatio: ratioOf(large.volatile, large.bare),
    durableRatio: ratioOf(large.durable, large.bare),
    bodyBytes: 88 + 4 * SIZES['40k'],
    cpuMicrosPerReport: cpuOf(large),
    volatilePerSecond10k: rateOf(small.volatile),
    durablePerSecond10k: rateOf(small.durable),
    barePerSecond10k: rateOf(small.bare),
    volatileRatio10k: ratioOf(small.volatile, small.bare),
    durableRatio10k: ratioOf(small.durable, small.bare),
    bodyBytes10k: 88 + 4 * SIZES['10k'],
    cpuMicrosPerReport10k: cpuOf(small),
    connections: CONNECTIONS,
    serverOnOneCore: pinned,
  };
}
