/**
 * A coordinator as a process: it waits until it is elected, then runs today's server on the data
 * folder that lies in the log, with rounds whose reports lie in partitions. When it is overtaken, or
 * the engine leaves it in doubt, it ends its term and stands for election again.
 */
import { fromUtf8 } from '../shared/bytes/utf8.ts';
import { type Disk, DiskError, writeWhole } from './accumulate/disk.ts';
import { nodeDisk } from './accumulate/node-disk.ts';
import { httpSend } from './cluster/client.ts';
import { EngineDisk } from './cluster/engine-disk.ts';
import { remoteHolders } from './cluster/holders.ts';
import { accumulatorClient } from './cluster/internal.ts';
import { Lease } from './cluster/lease.ts';
import { NAMES } from './cluster/names.ts';
import { endRound, RemoteBatch } from './cluster/remote-batch.ts';
import { Router } from './cluster/router.ts';
import { EngineError } from './cluster/update-log.ts';
import { ViewWriter } from './cluster/view.ts';
import {
  beat,
  monotonicMs,
  type NodeOptions,
  newNodeName,
  pause,
  type RunningNode,
} from './cluster-node.ts';
import { ONLY_SITE } from './operate/config.ts';
import { type RunningServer, startServer } from './server.ts';
import type { SiteOptions } from './sites.ts';
import { systemScheduler } from './time.ts';

export interface CoordinateOptions extends NodeOptions {
  /** Holds the aggregator's key, and the site that is brought into the log where it is newer. */
  readonly dataDir: string;
  readonly helper?: { readonly url: string };
  /** Name of an averaging backend; the fastest that works when null. */
  readonly average: string | null;
  /** Told of every term that begins, with where it answers. */
  readonly elected?: (url: string) => void;
}

/** In the lease while the server starts. */
const STARTING = 'starting';
/** Asks for the counts of open rounds. */
const POLL_MS = 200;
/** The result of a partition may take a reading of all its reports. */
const RESULT_MS = 30_000;
/** What `writeSite` puts into a data folder, the site record last. */
const SITE_FOLDERS = ['tasks', 'models', 'catalogues', 'rotations'];

async function serialOf(disk: Disk): Promise<number> {
  if ((await disk.size('site.json')) === null) return -1;
  const { record } = JSON.parse(fromUtf8(await disk.read('site.json'))) as {
    record: { serial: number };
  };
  return record.serial;
}

/** Brings a site that `writeSite` wrote into the log, where it is newer than the one there. */
async function bringSite(from: Disk, to: Disk): Promise<void> {
  if ((await serialOf(from)) <= (await serialOf(to))) return;
  for (const folder of SITE_FOLDERS) {
    for (const name of await from.list(folder)) {
      const path = `${folder}/${name}`;
      if ((await to.size(path)) !== null || name.endsWith('.tmp')) continue;
      await writeWhole(to, path, await from.read(path));
    }
  }
  await writeWhole(to, 'site.json', await from.read('site.json'));
}

interface Term {
  readonly url: string;
  /** Resolves when the term cannot go on. */
  readonly over: Promise<void>;
  end(): Promise<void>;
}

/** Rounds that ended while their coordinator was dying leave their reports behind. */
async function tidy({ log }: NodeOptions, view: ViewWriter, server: RunningServer): Promise<void> {
  const service = server.services.get(ONLY_SITE);
  for (const { task, round, roundHash } of view.rounds) {
    const ended = (await service?.round(task, round)) != null;
    if (ended) await endRound(log, view, roundHash);
  }
}

async function startTerm(options: CoordinateOptions, epoch: number): Promise<Term> {
  const { log, secret, partitions, leaseMs, settings, logger, dataDir, helper } = options;
  let lose = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    lose = resolve;
  });
  const failed = (error: Error): void => {
    logger('warn', 'term-lost', { reason: error.message });
    lose();
  };
  const disk = await EngineDisk.open(log, epoch, failed);
  await bringSite(nodeDisk(dataDir), disk);
  const view = await ViewWriter.open(log, failed);
  const quick = httpSend(Math.max(leaseMs, 2000));
  const slow = httpSend(RESULT_MS);
  const client = accumulatorClient(quick.send, secret);
  const patient = { ...client, result: accumulatorClient(slow.send, secret).result };
  const limits = { partitions, nowMs: monotonicMs, pause, patienceMs: leaseMs };
  const router = new Router({ log, client, ...limits });
  const after = systemScheduler.after;
  const holders = remoteHolders({ router, client: patient, after, pollMs: POLL_MS });
  const openBatch: NonNullable<SiteOptions['openBatch']> = (given, task, announced) => {
    const { task: hash, round } = announced.signed.record;
    const of = { task: hash, roundHash: announced.hash, round };
    return RemoteBatch.open({ ...given, log, holders, view, partitions, task, round: of });
  };
  const site: SiteOptions = {
    ...{ name: ONLY_SITE, prefix: '', hosts: [], dataDir, settings, disk, openBatch },
    ...(helper !== undefined && { helper }),
  };
  const { host, port, average } = options;
  const alone = { tls: null, trustProxy: 0, dist: null, admin: null };
  const close = async (server: RunningServer | null): Promise<void> => {
    await server?.close();
    quick.close();
    slow.close();
  };
  let server: RunningServer | null = null;
  try {
    server = await startServer({ host, port, average, settings, sites: [site], ...alone }, logger);
    await tidy(options, view, server);
  } catch (error) {
    await close(server);
    throw error;
  }
  const started = server;
  return { url: options.advertised ?? started.url, over, end: () => close(started) };
}

/** Whether another try may do better: the engine's failures pass, a damaged site does not. */
function passes(error: unknown): boolean {
  return error instanceof EngineError || error instanceof DiskError;
}

export interface RunningCoordinator extends RunningNode {
  /** Rejects when it cannot go on: a site, key or log that is damaged. */
  readonly done: Promise<void>;
}

/** Stands for election at once; `url` is that of its last term, '' before the first. */
export function startCoordinator(options: CoordinateOptions): RunningCoordinator {
  const { log, leaseMs, logger } = options;
  let url = STARTING;
  const lease = new Lease({
    ...{ log, key: NAMES.coordinator, node: newNodeName(), ttlMs: leaseMs, nowMs: monotonicMs },
    url: () => url,
  });
  let stopped = false;
  let changed = (): void => undefined;
  const stopBeat = beat(options, async () => {
    await lease.tick(!stopped);
    changed();
  });
  /** Resolves with the next beat. */
  const nextBeat = (): Promise<void> =>
    new Promise((resolve) => {
      changed = resolve;
    });

  async function serveTerm(): Promise<void> {
    logger('info', 'term-begins', { epoch: lease.epoch });
    const term = await startTerm(options, lease.epoch);
    url = term.url;
    options.elected?.(url);
    let lost = false;
    void term.over.then(() => {
      lost = true;
      changed();
    });
    while (!stopped && !lost && lease.held) await nextBeat();
    url = STARTING;
    await term.end();
    logger('info', 'term-ended', { epoch: lease.epoch });
  }

  async function run(): Promise<void> {
    while (!stopped) {
      if (!lease.held) {
        await nextBeat();
        continue;
      }
      try {
        await serveTerm();
      } catch (error) {
        if (!passes(error)) throw error;
        logger('warn', 'term-failed', { reason: (error as Error).message });
      }
      await lease.release();
      if (!stopped) await nextBeat();
    }
  }

  async function serve(): Promise<void> {
    try {
      await run();
    } finally {
      stopped = true;
      await stopBeat();
      await lease.release();
    }
  }

  const done = serve();
  return {
    get url() {
      return url === STARTING ? '' : url;
    },
    done,
    async close() {
      stopped = true;
      changed();
      await done;
      logger('info', 'stopped');
    },
  };
}
