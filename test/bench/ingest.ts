/**
 * Reports per second at 40 KB, on one server process with the load in another: the aggregator
 * without its journal (volatile), as it runs (durable), and a bare node:http server that reads and
 * drops the same bodies, in turn, medians.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { generateKey, saveKey } from '../../aggregator/keys.ts';
import { KEY_FILE } from '../../aggregator/main.ts';
import { writeSite } from '../../aggregator/site.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { encodeInt32LE } from '../../shared/field/fixed.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { encodeReport, REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { median } from './medians.ts';

const SERVER = fileURLToPath(new URL('./ingest-server.ts', import.meta.url));
const FLOOD = fileURLToPath(new URL('./flood.ts', import.meta.url));
/** 10 × (900 content + 60 positions) and four times 10 × 10 weights: a body of 40,088 bytes. */
const D = 10_000;
const CONNECTIONS = 64;
const WEEK_MS = 7 * 24 * 3600 * 1000;

type Mode = 'bare' | 'volatile' | 'durable';

interface Sample {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

function tsx(script: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** One JSON line of a child after another. @throws when the child ends instead. */
function linesOf(child: ChildProcess): () => Promise<Record<string, unknown>> {
  if (child.stdout === null) throw new Error('the child has no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    const next = await lines.next();
    if (next.done === true) throw new Error('a process of the bench ended early');
    return JSON.parse(next.value) as Record<string, unknown>;
  };
}

async function prepare(dataDir: string): Promise<string> {
  const key = generateKey();
  await saveKey(join(dataDir, KEY_FILE), key);
  const catalogue = new Uint8Array(8);
  const hash = createHash('sha256').update(catalogue).digest('hex');
  const { taskHashes } = await writeSite(dataDir, {
    site: 'bench',
    budget: { epsilon: 16, delta: 1e-6 },
    segments: [],
    catalogue: { bytes: catalogue, hash },
    rootKey: generateKey(),
    aggregatorKey: key.publicKey,
    tasks: [
      {
        name: 'bench',
        kind: 'train',
        tier: 'local',
        architecture: { name: 'attention', content: 900, width: 10, historyLength: 60 },
        clipL2: 1,
        scaleBits: 16,
        mechanism: { name: 'discrete-gaussian', sigma: 0.6893 },
        delta: 1e-6,
        participations: 1,
        separationMs: 0,
        quietMs: 0,
        coin: 65_536,
        minReports: 100,
        maxReports: 2 ** 22,
        windowMs: WEEK_MS,
        expiresAtMs: Date.now() + 52 * WEEK_MS,
        recipe: {
          steps: 1,
          learningRate: 0.1,
          negatives: 0,
          maxExamples: 1,
          server: { name: 'fedavg', learningRate: 1, decayRounds: null },
        },
        label: 'bench',
        initialWeights: new Float32Array(D),
      },
    ],
  });
  return taskHashes.bench as string;
}

async function bodyFor(url: string, taskHash: string): Promise<Uint8Array> {
  const head = (await (await fetch(url + PATHS.head(taskHash))).json()) as TaskHead;
  if (head.round === null) throw new Error('no round is open');
  const header = {
    tier: 'local' as const,
    id: new Uint8Array(16),
    taskHash: fromHex(taskHash),
    roundHash: fromHex(await recordHash(head.round.record)),
  };
  const coordinates = Int32Array.from({ length: D }, (_, i) => ((i * 7919) % 200_001) - 100_000);
  return encodeReport(header, encodeInt32LE(coordinates));
}

/** One server from start to end, so that every sample has the same empty journal before it. */
async function sample(mode: Mode, seconds: number): Promise<Sample> {
  const dataDir = await mkdtemp(join(tmpdir(), 'vitrine-ingest-'));
  const children: ChildProcess[] = [];
  try {
    const taskHash = mode === 'bare' ? '' : await prepare(dataDir);
    const server = tsx(SERVER, mode, dataDir);
    children.push(server);
    const next = linesOf(server);
    const url = (await next()).url as string;
    const body = mode === 'bare' ? new Uint8Array(88 + 4 * D) : await bodyFor(url, taskHash);
    const cpu = async (): Promise<number> => {
      server.stdin?.write('\n');
      return (await next()).cpuSeconds as number;
    };
    const before = await cpu();
    const flood = tsx(
      FLOOD,
      JSON.stringify({
        host: '127.0.0.1',
        port: Number(new URL(url).port),
        seconds,
        connections: CONNECTIONS,
        path: PATHS.reports,
        type: REPORT_CONTENT_TYPE,
        body: Buffer.from(body).toString('base64'),
        idOffset: mode === 'bare' ? -1 : 8,
      }),
    );
    children.push(flood);
    const {
      ok,
      answered,
      seconds: took,
      total,
    } = (await linesOf(flood)()) as Record<string, number>;
    if (ok !== answered) throw new Error(`${answered} answers, only ${ok} were 201`);
    const used = (await cpu()) - before;
    const all = total ?? answered ?? 0;
    return { perSecond: (ok as number) / (took as number), cpuMicros: (used / all) * 1e6 };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Ratios are medians of ratios inside a turn, whose samples stand side by side in time. */
export async function run(options: Pick<BenchOptions, 'quick'>): Promise<BenchResults> {
  const turns = options.quick ? 1 : 5;
  const seconds = options.quick ? 0.5 : 3;
  const taken: Record<Mode, Sample[]> = { bare: [], volatile: [], durable: [] };
  for (let turn = 0; turn < turns; turn++) {
    for (const mode of ['bare', 'volatile', 'durable'] as const) {
      taken[mode].push(await sample(mode, seconds));
    }
  }
  const rate = (mode: Mode): number => Math.round(median(taken[mode].map((one) => one.perSecond)));
  const cpu = (mode: Mode): number => Math.round(median(taken[mode].map((one) => one.cpuMicros)));
  const ratio = (mode: Mode): number =>
    median(taken[mode].map(({ perSecond }, i) => perSecond / (taken.bare[i] as Sample).perSecond));
  return {
    volatilePerSecond: rate('volatile'),
    durablePerSecond: rate('durable'),
    barePerSecond: rate('bare'),
    volatileRatio: ratio('volatile'),
    durableRatio: ratio('durable'),
    bodyBytes: 88 + 4 * D,
    connections: CONNECTIONS,
    cpuMicrosPerReport: { volatile: cpu('volatile'), durable: cpu('durable'), bare: cpu('bare') },
  };
}
