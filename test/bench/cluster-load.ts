/** Reports per second through a whole cluster of processes, and the CPU that each role spends on one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { fromHex } from '../../shared/bytes/hex.ts';
import { encodeInt32LE } from '../../shared/field/fixed.ts';
import { PATHS, type ServerStatus } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { encodeReport, REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { Role } from '../cluster/nodes.ts';
import { type ClusterOptions, World } from '../cluster/world.ts';
import type { BenchResults } from './contract.ts';

const FLOOD = fileURLToPath(new URL('./flood.ts', import.meta.url));
const SECONDS = 4;
const CONNECTIONS = 64;

/** What flood.ts prints last. */
interface Flooded {
  readonly ok: number;
  readonly answered: number;
  readonly seconds: number;
}

async function bodyFor(world: World, d: number, from: number): Promise<Uint8Array> {
  const head = await world.sender.head();
  if (head === null || head.round === null) throw new Error('no round is open');
  // flood.ts counts in the first four bytes of an id: the rest keeps its processes apart.
  const header = {
    tier: 'test' as const,
    id: new Uint8Array(16).fill(from),
    taskHash: fromHex(world.taskHash),
    roundHash: fromHex(await recordHash(head.round.record)),
  };
  return encodeReport(header, encodeInt32LE(Int32Array.from({ length: d }, (_, i) => i % 1000)));
}

/** `bodyFile`: a body of the tower is too long for a command line. */
async function flood(url: string, bodyFile: string, children: ChildProcess[]): Promise<Flooded> {
  const { hostname: host, port } = new URL(url);
  const plan = {
    ...{ host, port: Number(port), seconds: SECONDS, connections: CONNECTIONS, idOffset: 8 },
    ...{ path: PATHS.reports, type: REPORT_CONTENT_TYPE },
    body: `@${bodyFile}`,
  };
  const args = ['--import', import.meta.resolve('tsx'), FLOOD, JSON.stringify(plan)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  if (child.stdout === null) throw new Error('the load has no output');
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) last = line;
  if (child.exitCode === null) await once(child, 'exit');
  return JSON.parse(last) as Flooded;
}

/** Reports in the open round, once the coordinator has asked for all of them. */
async function countOf(world: World): Promise<number> {
  const url = world.urls('accept')[0];
  let count = -1;
  for (;;) {
    const status = (await (await fetch(`${url}${PATHS.status}`)).json()) as ServerStatus;
    const now = status.tasks[0]?.reports ?? 0;
    if (now === count) return count;
    count = now;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** Two accept nodes, two accumulators, a coordinator and a spare under load, on this machine. */
export async function measureCluster(
  engine: Pick<ClusterOptions, 'engine' | 'accept'>,
  d: number,
): Promise<BenchResults> {
  const world = await World.make({ ...engine, d, maxReports: 2 ** 22, leaseMs: 5000 });
  const children: ChildProcess[] = [];
  const cpu = (role: Role): number =>
    world.of(role).reduce((sum, node) => sum + (node.cpuSeconds ?? Number.NaN), 0);
  try {
    await world.startAll();
    const bodies = await Promise.all([1, 2].map((from) => bodyFor(world, d, from)));
    const before = { accept: cpu('accept'), accumulate: cpu('accumulate') };
    const urls = world.urls('accept');
    const all = await Promise.all(
      urls.map((url, i) => {
        const file = join(world.folder, `body-${i}`);
        writeFileSync(file, bodies[i] as Uint8Array);
        return flood(url, file, children);
      }),
    );
    const used = { accept: cpu('accept'), accumulate: cpu('accumulate') };
    const total = await countOf(world);
    const micros = (role: 'accept' | 'accumulate'): number =>
      Math.round(((used[role] - before[role]) / total) * 1e6);
    return {
      bodyBytes: bodies[0]?.length ?? 0,
      perSecond: Math.round(all.reduce((sum, one) => sum + one.ok / one.seconds, 0)),
      refused: all.reduce((sum, one) => sum + one.answered - one.ok, 0),
      acceptMicrosPerReport: micros('accept'),
      accumulateMicrosPerReport: micros('accumulate'),
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await world.stop();
  }
}
