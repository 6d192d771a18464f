/** Real servers over HTTP for the auditor: a site of one server, and one of two. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initKeys, signTask } from '../../aggregator/ceremony.ts';
import { command } from '../../aggregator/cli.ts';
import { startHelper } from '../../aggregator/helper.ts';
import { saveKey } from '../../aggregator/keys.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import { type TaskDraft, writeSite } from '../../aggregator/site.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { sigmaOfEpsilon } from '../../shared/privacy/zcdp.ts';
import type { HelperKeys } from '../../shared/protocol/task.ts';
import { CATALOGUE, draft, ROOT_KEY, SERVER_KEY } from '../aggregator/fixture.ts';

export const D = 5000;
/** Fills one round of 48 canaries, which a claim of ε = 2 needs. */
export const REPORTS = 48;

export interface World {
  readonly url: string;
  readonly dataDir: string;
  /** As --trust takes it. */
  readonly trust: string;
  readonly taskHashes: Readonly<Record<string, string>>;
  /** Stops the aggregator, lets `meanwhile` work on its folder, and starts it on the same port. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Counts of a histogram with d bins, at ε = 2. */
export function auditDraft(name: string, more: Partial<TaskDraft> = {}): TaskDraft {
  return draft(name, D, {
    kind: 'measure',
    tier: 'local',
    architecture: { name: 'counts', statistic: { name: 'histogram', of: 'brand', bins: D } },
    scaleBits: 15,
    mechanism: discreteGaussian(sigmaOfEpsilon(2, 1e-6)),
    minReports: REPORTS,
    maxReports: REPORTS,
    recipe: { server: { name: 'release', over: 3 } },
    initialWeights: new Float32Array(D),
    ...more,
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** @param change of the data folder before the aggregator starts. */
export async function localWorld(
  drafts: readonly TaskDraft[] = [auditDraft('audit-local')],
  change: (dataDir: string) => Promise<void> = async () => undefined,
): Promise<World> {
  return start(await newFolder(), drafts, change);
}

/** Of one site, under one key; their first rounds open at different times. */
export async function twoLogs(): Promise<readonly [World, World]> {
  const one = await localWorld();
  await new Promise((resolve) => setTimeout(resolve, 5));
  return [one, await localWorld()];
}

/** The same with a helper, in the split tier. Another process may take the port in between. */
export async function splitWorld(more: Partial<TaskDraft> = {}, tries = 3): Promise<World> {
  try {
    return await twoServers(more);
  } catch (error) {
    if (tries === 1 || (error as { code?: string }).code !== 'port-in-use') throw error;
    return splitWorld(more, tries - 1);
  }
}

async function twoServers(more: Partial<TaskDraft>): Promise<World> {
  const dataDir = await newFolder();
  const keysDir = join(dataDir, 'helper-keys');
  const keys = await initKeys(keysDir);
  const port = await freePort();
  const helper = await startHelper({
    dataDir: join(dataDir, 'helper'),
    keysDir,
    aggregatorUrl: `http://127.0.0.1:${port}`,
    trust: ROOT_KEY.publicKey,
    logger: silentLogger,
  });
  const split = auditDraft('audit-split', {
    tier: 'split',
    minReports: REPORTS / 2,
    helper: keys.status,
    ...more,
  });
  const cosign = async (task: unknown): Promise<string> => signTask(task, keys);
  return start(dataDir, [split], async () => undefined, {
    keys: keys.status,
    cosign,
    port,
    helper,
  });
}

async function newFolder(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'vitrine-audit-'));
  await saveKey(join(dataDir, KEY_FILE), SERVER_KEY);
  return dataDir;
}

interface Second {
  readonly keys: HelperKeys;
  readonly cosign: (task: unknown) => Promise<string>;
  readonly port: number;
  readonly helper: { readonly url: string; close(): Promise<void> };
}

async function start(
  dataDir: string,
  tasks: readonly TaskDraft[],
  change: (dataDir: string) => Promise<void>,
  second?: Second,
): Promise<World> {
  const { taskHashes } = await writeSite(dataDir, {
    site: 'test shop',
    budget: { epsilon: 16, delta: 1e-6 },
    segments: [],
    catalogue: { bytes: CATALOGUE, hash: await sha256Hex(CATALOGUE) },
    rootKey: ROOT_KEY,
    aggregatorKey: SERVER_KEY.publicKey,
    tasks,
    ...(second && { cosign: second.cosign }),
  });
  await change(dataDir);
  const options = {
    dataDir,
    logger: silentLogger,
    ...(second && { helper: { url: second.helper.url } }),
  };
  let aggregator = await startAggregator({ ...options, port: second?.port ?? 0 });
  const { url } = aggregator;
  return {
    url,
    dataDir,
    taskHashes,
    trust: [ROOT_KEY.publicKey, ...(second ? [second.keys.identityKey] : [])].join(' '),
    async restart(meanwhile) {
      await aggregator.close();
      await meanwhile();
      aggregator = await startAggregator({ ...options, port: Number(new URL(url).port) });
    },
    async close() {
      await aggregator.close();
      await second?.helper.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export interface Audited {
  readonly code: number;
  readonly text: string;
  readonly failed: readonly string[];
  readonly checks: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly detail: string;
    readonly figures: Readonly<Record<string, number>>;
  }[];
  outcome(name: string): string;
}

/** Runs the command in this process. */
export async function run(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let [out, err] = ['', ''];
  const code = await command(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

/** Runs `vitrine audit … --json`. */
export async function audited(world: World, ...flags: readonly string[]): Promise<Audited> {
  const common = ['--trust', world.trust, '--json', '--timeout', '20'];
  const { code, out: text, err } = await run('audit', world.url, ...common, ...flags);
  if (text === '') throw new Error(err);
  const { failed, checks } = JSON.parse(text) as Audited;
  const outcome = (name: string): string =>
    checks.find((check) => check.name === name)?.outcome ?? 'absent';
  return { code, text, failed, checks, outcome };
}
