/** What `ingest` and `soak` share: a site with one task, server and load as processes, bodies. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { generateKey, type KeyPair, saveKey } from '../../aggregator/keys.ts';
import { KEY_FILE } from '../../aggregator/main.ts';
import { writeSite } from '../../aggregator/site.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { encodeInt32LE } from '../../shared/field/fixed.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { encodeReport } from '../../shared/protocol/report.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';

const SERVER = fileURLToPath(new URL('./ingest-server.ts', import.meta.url));
const FLOOD = fileURLToPath(new URL('./flood.ts', import.meta.url));
const WEEK_MS = 7 * 24 * 3600 * 1000;

/** 10 × content vector and positions, and four times 10 × 10 weights. */
const WIDTH = 10;
const HISTORY = 60;
const FIXED = WIDTH * HISTORY + 4 * WIDTH * WIDTH;

export type Mode = 'bare' | 'volatile' | 'durable';

/** Whether server and load can each have cores of their own. */
export const pinned: boolean =
  availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

function tsx(cores: string, script: string, ...args: readonly string[]): ChildProcess {
  const node = [process.execPath, '--import', 'tsx', script, ...args];
  const [command, ...rest] = pinned ? ['taskset', '-c', cores, ...node] : node;
  return spawn(command as string, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
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

export interface ServerProcess {
  readonly process: ChildProcess;
  readonly url: string;
  /** @param collect collects garbage first. */
  usage(collect?: boolean): Promise<Usage>;
}

export interface Usage {
  /** Of all threads. */
  readonly cpuSeconds: number;
  /** Resident bytes, and bytes of the JavaScript heap. */
  readonly rss: number;
  readonly heap: number;
}

/** A server on the first core; it listens when this resolves. @param port 0 takes a free one. */
export async function startServer(mode: Mode, dataDir: string, port = 0): Promise<ServerProcess> {
  const child = tsx('0', SERVER, mode, dataDir, String(port));
  const next = linesOf(child);
  try {
    const url = (await next()).url as string;
    const usage = async (collect = false): Promise<Usage> => {
      child.stdin?.write(collect ? 'gc\n' : '\n');
      return (await next()) as unknown as Usage;
    };
    return { process: child, url, usage };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

export interface FloodProcess {
  readonly process: ChildProcess;
  /** Its next line; see flood.ts. */
  next(): Promise<Record<string, unknown>>;
}

/** Load on the other cores. */
export function startFlood(options: Readonly<Record<string, unknown>>): FloodProcess {
  const cores = `1-${availableParallelism() - 1}`;
  const child = tsx(cores, FLOOD, JSON.stringify(options));
  return { process: child, next: linesOf(child) };
}

/** Ends processes of the bench, and waits until they are gone. */
export async function kill(...children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}

export interface PreparedSite {
  readonly key: KeyPair;
  readonly taskHash: string;
}

/**
 * Writes a site with one task of the local tier.
 * @param d coordinates of a report, a multiple of WIDTH above FIXED.
 */
export async function prepare(
  dataDir: string,
  d: number,
  maxReports = 2 ** 22,
): Promise<PreparedSite> {
  const key = generateKey();
  await saveKey(join(dataDir, KEY_FILE), key);
  const catalogue = new Uint8Array(8);
  const hash = createHash('sha256').update(catalogue).digest('hex');
  const content = (d - FIXED) / WIDTH;
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
        architecture: {
          name: 'tower',
          kind: 'attention',
          content,
          width: WIDTH,
          historyLength: HISTORY,
        },
        clipL2: 1,
        scaleBits: 16,
        mechanism: { name: 'discrete-gaussian', sigma: 0.6893 },
        delta: 1e-6,
        participations: 1,
        separationMs: 0,
        quietMs: 0,
        coin: 65_536,
        minReports: 100,
        maxReports,
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
        initialWeights: new Float32Array(d),
      },
    ],
  });
  return { key, taskHash: taskHashes.bench as string };
}

export interface OpenRoundOf {
  readonly number: number;
  readonly hash: string;
}

/** The round that is open at a server, or null. */
export async function roundAt(url: string, taskHash: string): Promise<OpenRoundOf | null> {
  const { round } = (await (await fetch(url + PATHS.head(taskHash))).json()) as TaskHead;
  return round === null
    ? null
    : { number: round.record.round, hash: await recordHash(round.record) };
}

/** A report of the prepared task. */
export function bodyOf(
  taskHash: string,
  roundHash: string,
  id: Uint8Array,
  coordinates: Int32Array,
): Uint8Array {
  const header = { tier: 'local' as const, id, taskHash: fromHex(taskHash) };
  return encodeReport({ ...header, roundHash: fromHex(roundHash) }, encodeInt32LE(coordinates));
}
