/** Runs the population through the tiers: aggregator, helper and browsers as processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCatalogue } from '../../../aggregator/catalogue/build.ts';
import { hashedNgrams } from '../../../aggregator/catalogue/embedder.ts';
import { initKeys, loadKeyRing, signTask } from '../../../aggregator/ceremony.ts';
import { fetchFrom } from '../../../aggregator/fetch-file.ts';
import { generateKey, saveKey } from '../../../aggregator/keys.ts';
import { KEY_FILE } from '../../../aggregator/main.ts';
import { writeSite } from '../../../aggregator/site.ts';
import { sha256Hex } from '../../../shared/bytes/hash.ts';
import { fromUtf8 } from '../../../shared/bytes/utf8.ts';
import { logOrigin } from '../../../shared/protocol/checkpoint.ts';
import type { LogEntry } from '../../../shared/protocol/log.ts';
import { LogReader } from '../../../shared/protocol/log-reader.ts';
import { decodeModel } from '../../../shared/protocol/model.ts';
import { PATHS } from '../../../shared/protocol/paths.ts';
import type { SignedTask, Task, TaskHead } from '../../../shared/protocol/task.ts';
import type { SealingKeys } from '../../../shared/sharing/seal.ts';
import { decodeUint32LE } from '../../../shared/sharing/share.ts';
import { BINS, type ContractTier, draftOf, GOODS, SITE, type Told } from './plan.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CATALOGUE = GOODS.map((id) => ({
  id,
  title: `${id} in a pot`,
  description: '',
  brand: '',
  category: 'plants',
  priceCents: 500,
}));
export const SEEDS = { aggregator: 201, helper: 202 } as const;

export interface Run {
  readonly told: Told;
  readonly tasks: Readonly<Partial<Record<ContractTier, Task>>>;
  /** Published models, all from zeros: means by tier; absent where no round was published. */
  readonly means: Partial<Record<ContractTier, Float32Array>>;
  /** Both servers' noised shares, leader first; null where the split round was not published. */
  readonly shares: readonly [Uint32Array, Uint32Array] | null;
  readonly sealing: SealingKeys;
  readonly nowMs: number;
}

/** A copy of the source whose files may be changed. */
export async function copySource(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'vitrine-mutant-'));
  for (const part of ['sdk', 'aggregator', 'shared', 'package.json', 'tsconfig.json', 'test']) {
    await cp(join(ROOT, part), join(copy, part), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

class Processes {
  readonly #children: ChildProcess[] = [];
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  start(file: string, ...args: readonly string[]): ChildProcess {
    const path = join(this.#root, 'test/contract/tiers', file);
    const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
      cwd: this.#root,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#children.push(child);
    return child;
  }

  async stop(): Promise<void> {
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  }
}

/** What a process wrote to stderr, and its exit code. */
function ended(child: ChildProcess): Promise<{ code: number | null; errors: string }> {
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  return once(child, 'close').then(([code]) => ({ code: code as number | null, errors }));
}

async function listening(child: ChildProcess, end: ReturnType<typeof ended>): Promise<void> {
  const dead = await Promise.race([once(child, 'message').then(() => null), end]);
  if (dead !== null) throw new Error(`a server did not start: ${dead.errors}`);
}

/**
 * Writes a site with one task a tier, starts its servers from `root`, lets the browsers report and
 * reads what was published.
 */
export async function runTiers(root: string, tiers: readonly ContractTier[]): Promise<Run> {
  const nowMs = Date.now();
  const folder = await mkdtemp(join(tmpdir(), 'vitrine-tiers-'));
  const processes = new Processes(root);
  try {
    const [data, keysDir] = [join(folder, 'aggregator'), join(folder, 'keys')];
    await mkdir(data);
    const [rootKey, aggregatorKey] = [generateKey(), generateKey()];
    await saveKey(join(data, KEY_FILE), aggregatorKey);
    const ring = await initKeys(keysDir);
    const catalogue = await buildCatalogue(CATALOGUE, { embedder: hashedNgrams(), maxK: 8 });
    const { taskHashes } = await writeSite(data, {
      site: SITE,
      budget: { epsilon: 1e4, delta: 1e-6 },
      segments: [],
      catalogue,
      rootKey,
      aggregatorKey: aggregatorKey.publicKey,
      tasks: tiers.map((tier) => draftOf(tier, nowMs, ring.status)),
      cosign: async (task) => signTask(task, await loadKeyRing(keysDir)),
    });
    const [port, helperPort] = [await freePort(), await freePort()];
    const [url, helperUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${helperPort}`];
    const trust = rootKey.publicKey;
    const helper = processes.start(
      'server.ts',
      'helper',
      JSON.stringify({
        dataDir: join(folder, 'helper'),
        keysDir,
        aggregatorUrl: url,
        trust,
        port: helperPort,
        seed: SEEDS.helper,
      }),
    );
    await listening(helper, ended(helper));
    const aggregator = processes.start(
      'server.ts',
      'aggregator',
      JSON.stringify({ dataDir: data, port, helper: { url: helperUrl }, seed: SEEDS.aggregator }),
    );
    await listening(aggregator, ended(aggregator));
    const file = join(folder, 'told.json');
    const asked = { endpoint: url, trust: `${trust} ${ring.signer.publicKey}`, file };
    const browsers = processes.start(
      'browsers.ts',
      JSON.stringify({ ...asked, tasks: taskHashes }),
    );
    const { code, errors } = await ended(browsers);
    if (code !== 0) throw new Error(`the browsers ended with ${code}: ${errors}`);
    const told = JSON.parse(await readFile(file, 'utf8')) as Told;
    const published = await collect(url, taskHashes);
    return { told, sealing: ring.sealing, nowMs, ...published };
  } finally {
    await processes.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function collect(
  url: string,
  taskHashes: Readonly<Record<string, string>>,
): Promise<Pick<Run, 'tasks' | 'means' | 'shares'>> {
  const bytes = async (path: string): Promise<Uint8Array> =>
    new Uint8Array(await (await fetch(url + path)).arrayBuffer());
  const json = async <T>(path: string): Promise<T> =>
    (await fetch(url + path)).json() as Promise<T>;
  const tasks: Partial<Record<ContractTier, Task>> = {};
  const means: Partial<Record<ContractTier, Float32Array>> = {};
  let shares: Run['shares'] = null;
  for (const [name, hash] of Object.entries(taskHashes)) {
    const tier = name as ContractTier;
    tasks[tier] = (await json<SignedTask>(PATHS.task(hash))).record;
    const { model } = await json<TaskHead>(PATHS.head(hash));
    if (model?.record.type !== 'model') continue;
    const { d } = tasks[tier] as Task;
    means[tier] = decodeModel(await bytes(PATHS.model(model.record.model)), d);
    if (model.record.openings !== null) shares = await sharesOf(url, tasks[tier] as Task);
  }
  return { tasks, means, shares };
}

/** The shares whose hashes the servers attested in the log. */
async function sharesOf(url: string, { site, aggregatorKey }: Task): Promise<Run['shares']> {
  const fetch = fetchFrom(url);
  const origin = logOrigin(site);
  const log = new LogReader({ fetch, origin, logKey: aggregatorKey, last: null });
  await log.update();
  for (let index = 0; index < log.size; index++) {
    const entry = JSON.parse(fromUtf8(await log.entry(index))) as LogEntry;
    if (entry.type !== 'opening') continue;
    const [leader, helper] = await Promise.all(
      [entry.leader, entry.helper].map(async ({ record }) => {
        const body = await fetch(PATHS.share(record.share), 4 * BINS);
        if ((await sha256Hex(body)) !== record.share) throw new Error('a share has another hash');
        return decodeUint32LE(body, 0, BINS);
      }),
    );
    return [leader as Uint32Array, helper as Uint32Array];
  }
  return null;
}
