/** What the nodes of a cluster have in common: a name, a beat, a port, and who coordinates. */
import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { performance } from 'node:perf_hooks';
import { decodeHolder } from './cluster/lease.ts';
import { NAMES } from './cluster/names.ts';
import { EngineError, type UpdateLog } from './cluster/update-log.ts';
import type { Logger } from './logger.ts';
import type { Settings } from './settings.ts';
import { listen } from './socket.ts';

export interface NodeOptions {
  readonly log: UpdateLog;
  /** Known to the nodes of the cluster alone. */
  readonly secret: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where other nodes reach this one; host and port when left out. */
  readonly advertised?: string;
  readonly partitions: number;
  /** A node that is silent for so long is replaced, ms. */
  readonly leaseMs: number;
  readonly settings: Settings;
  readonly logger: Logger;
}

export interface RunningNode {
  readonly url: string;
  close(): Promise<void>;
}

/** Time that only rises, whatever the clock is set to. */
export const monotonicMs = (): number => performance.now();

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

export const newNodeName = (): string => randomBytes(8).toString('hex');

/** Renewals in a lease's time. */
const BEATS = 4;

/**
 * Does `work` again and again, a quarter of a lease's time apart; an engine that does not answer
 * ends nothing. @returns how to stop it; resolves when the last one is done.
 */
export function beat(
  { leaseMs, logger }: Pick<NodeOptions, 'leaseMs' | 'logger'>,
  work: () => Promise<unknown>,
): () => Promise<void> {
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(run, leaseMs / BEATS);
  };
  const run = (): void => {
    running = work().then(
      () => again(),
      (error: Error) => {
        logger('error', 'beat-failed', { reason: error.message });
        again();
      },
    );
  };
  run();
  return async () => {
    stopped = true;
    if (timer !== null) clearTimeout(timer);
    await running;
  };
}

/** A server under the limits of the settings, listening. @throws StartError */
export async function serveNode(
  { host, port, settings, logger }: NodeOptions,
  handler: RequestListener,
  expecting: RequestListener = handler,
): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer({
    maxHeaderSize: settings.maxHeaderBytes,
    headersTimeout: settings.headersTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, settings.headersTimeoutMs),
  });
  server.maxConnections = settings.maxConnections;
  server.on('request', handler);
  server.on('checkContinue', expecting);
  const url = await listen(server, host, port);
  server.on('error', (error) => logger('error', 'accept-failed', { reason: error.message }));
  return { server, url };
}

/** Where the coordinator answers; null while there is none. @throws EngineError */
export async function coordinatorUrl(log: Pick<UpdateLog, 'load'>): Promise<string | null> {
  const url = decodeHolder((await log.load(NAMES.coordinator)).bytes)?.url ?? '';
  return url.startsWith('http') ? url : null;
}

/** Passes on what is no failure of the engine. */
export function ignoreEngine(error: unknown): void {
  if (!(error instanceof EngineError)) throw error;
}
