/** The aggregator as a process: one data folder, one port. `--data DIR --port P --host H`. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import { PATHS } from '../shared/protocol/paths.ts';
import { Refusal } from '../shared/protocol/refusals.ts';
import type { Disk } from './accumulate/disk.ts';
import { nodeDisk } from './accumulate/node-disk.ts';
import { createApp } from './app.ts';
import { chooseBackend } from './average/choose.ts';
import { loadKey, signerOf } from './keys.ts';
import { jsonLogger, type Logger } from './logger.ts';
import { jsonReply, refusalReply } from './replies.ts';
import { handleReport } from './reports.ts';
import { Service } from './service.ts';
import { type Settings, settingsOf } from './settings.ts';
import { systemClock, systemScheduler } from './time.ts';

/** The aggregator's own key pair lies in its data folder. */
export const KEY_FILE = 'aggregator.key';

export interface AggregatorOptions {
  readonly dataDir: string;
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port?: number;
  readonly logger?: Logger;
  readonly settings?: Partial<Settings>;
  /** Name of an averaging backend; the fastest that works when left out. */
  readonly average?: string;
  /** Another file system under the same names; the key is always read from `dataDir`. */
  readonly disk?: Disk;
}

export interface Aggregator {
  readonly url: string;
  /** Tasks, rounds and counters. */
  readonly rounds: Service;
  /** Refuses new reports, answers those on their way, flushes and stops. */
  close(): Promise<void>;
}

/** The server cannot start; `message` says what to do. */
export class StartError extends Error {
  readonly code: 'port-in-use' | 'port-forbidden' | 'no-key';

  constructor(code: StartError['code'], message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'StartError';
    this.code = code;
  }
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        const message = `port ${port} on ${host} is in use; choose another with --port`;
        reject(new StartError('port-in-use', message, { cause: error }));
      } else if (error.code === 'EACCES') {
        const message = `port ${port} needs more rights; choose another with --port`;
        reject(new StartError('port-forbidden', message, { cause: error }));
      } else reject(error);
    });
    server.listen(port, host, () => {
      const { address, family, port: taken } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`);
    });
  });
}

/** Answers while the journals are read. */
const starting: RequestListener = (request, response) => {
  const { status, headers, text } =
    request.url === PATHS.livez
      ? jsonReply(200, { status: 'ok' })
      : refusalReply(new Refusal('not-ready', 'starting'), 1);
  request.resume();
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
  response.end(text);
};

async function stopServer(server: Server, drainMs: number): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
}

async function loadSigner(dataDir: string): Promise<ReturnType<typeof signerOf>> {
  const path = join(dataDir, KEY_FILE);
  try {
    return signerOf(await loadKey(path));
  } catch (cause) {
    throw new StartError('no-key', `${path} holds no Ed25519 key pair`, { cause });
  }
}

/**
 * Starts an aggregator on a data folder that `writeSite` filled and that holds its key.
 * The port is taken first, so that a second start on the same one touches no journal.
 * @throws StartError, SiteError, DiskError, CorruptJournal, CorruptLog; the port is free again then.
 */
export async function startAggregator(options: AggregatorOptions): Promise<Aggregator> {
  const { dataDir, host = '127.0.0.1', port = 0, logger = jsonLogger() } = options;
  const settings = settingsOf(options.settings);
  const average = chooseBackend(options.average ?? null);
  let listener = starting;
  const server = createServer(
    {
      maxHeaderSize: settings.maxHeaderBytes,
      headersTimeout: settings.headersTimeoutMs,
      requestTimeout: settings.requestTimeoutMs,
      keepAliveTimeout: settings.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, settings.headersTimeoutMs),
    },
    (request, response) => listener(request, response),
  );
  server.maxConnections = settings.maxConnections;
  const url = await listen(server, host, port);
  let service: Service;
  try {
    service = await Service.start({
      disk: options.disk ?? nodeDisk(dataDir),
      signer: await loadSigner(dataDir),
      clock: systemClock,
      scheduler: systemScheduler,
      logger,
      settings,
      average,
    });
  } catch (error) {
    server.closeAllConnections();
    await stopServer(server, 0);
    throw error;
  }
  const deps = { service, logger };
  const viaHono = getRequestListener(createApp(deps).fetch, { overrideGlobalObjects: false });
  listener = (request, response) => {
    if (request.method === 'POST' && request.url === PATHS.reports) {
      handleReport(deps, request, response);
    } else void viaHono(request, response);
  };
  const { backend, reason } = average;
  logger('info', 'started', { backend: backend.name, reason });
  let closing: Promise<void> | null = null;
  return {
    url,
    rounds: service,
    close() {
      closing ??= (async () => {
        service.drain();
        await stopServer(server, settings.drainMs);
        await service.stop();
        logger('info', 'stopped');
      })();
      return closing;
    },
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '8787' },
      host: { type: 'string', default: '127.0.0.1' },
      average: { type: 'string' },
    },
  });
  const port = Number(values.port);
  if (values.data === undefined) throw new TypeError('--data DIR is needed');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError('--port must be an integer from 0 to 65535');
  }
  const { data: dataDir, host, average } = values;
  const asked = average === undefined ? {} : { average };
  const aggregator = await startAggregator({ dataDir, host, port, ...asked });
  process.stdout.write(`${JSON.stringify({ event: 'listening', url: aggregator.url })}\n`);
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(130);
      stopping = true;
      void aggregator.close().then(() => process.exit(0));
    });
  }
}

const entry = process.argv[1];
if (entry !== undefined && import.meta.url === pathToFileURL(entry).href) {
  main().catch((error: unknown) => {
    process.stderr.write(`aggregator: ${(error as Error).message}\n`);
    process.exitCode = 1;
  });
}
