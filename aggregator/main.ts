/** The aggregator as a process: one data folder, one port. `--data DIR --port P --host H --helper URL`. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { RandomSource } from '../shared/random/source.ts';
import type { Disk } from './accumulate/disk.ts';
import { nodeDisk } from './accumulate/node-disk.ts';
import { chooseBackend } from './average/choose.ts';
import { httpHelper } from './helper-client.ts';
import { loadKey, signerOf } from './keys.ts';
import { attach } from './listener.ts';
import { lockFolder } from './lock.ts';
import { jsonLogger, type Logger } from './logger.ts';
import { Service } from './service.ts';
import { type Settings, settingsOf } from './settings.ts';
import { closeAtSignal, listen, StartError, stopServer } from './socket.ts';
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
  /** Where the second server answers; needed by tasks of the split tier. */
  readonly helper?: { readonly url: string };
  /** Seeds of this server's noise; WebCrypto when left out. */
  readonly source?: RandomSource;
}

export interface Aggregator {
  readonly url: string;
  /** Tasks, rounds and counters. */
  readonly rounds: Service;
  /** Refuses new reports, answers those on their way, flushes and stops. */
  close(): Promise<void>;
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
 * @throws StartError, FolderInUse, SiteError, DiskError, CorruptJournal, CorruptLog; the port is free again then.
 */
export async function startAggregator(options: AggregatorOptions): Promise<Aggregator> {
  const { dataDir, host = '127.0.0.1', port = 0, logger = jsonLogger() } = options;
  const settings = settingsOf(options.settings);
  const average = chooseBackend(options.average ?? null);
  const server = createServer({
    maxHeaderSize: settings.maxHeaderBytes,
    headersTimeout: settings.headersTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, settings.headersTimeoutMs),
  });
  server.maxConnections = settings.maxConnections;
  const serve = attach(server);
  const url = await listen(server, host, port);
  // A connection that could not be accepted ends nothing else.
  server.on('error', (error) => logger('error', 'accept-failed', { reason: error.message }));
  let unlock = async (): Promise<void> => undefined;
  let service: Service;
  try {
    const signer = await loadSigner(dataDir);
    unlock = await lockFolder(dataDir);
    const { helperTimeoutMs: timeoutMs } = settings;
    const { helper } = options;
    service = await Service.start({
      ...(helper === undefined ? {} : { helper: httpHelper({ ...helper, signer, timeoutMs }) }),
      ...(options.source !== undefined && { source: options.source }),
      disk: options.disk ?? nodeDisk(dataDir),
      signer,
      clock: systemClock,
      scheduler: systemScheduler,
      logger,
      settings,
      average,
    });
  } catch (error) {
    server.closeAllConnections();
    await stopServer(server, 0);
    await unlock();
    throw error;
  }
  serve({ service, logger });
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
        try {
          await service.stop();
        } finally {
          await unlock();
        }
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
      helper: { type: 'string' },
    },
  });
  const port = Number(values.port);
  if (values.data === undefined) throw new TypeError('--data DIR is needed');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError('--port must be an integer from 0 to 65535');
  }
  const { data: dataDir, host, average, helper: url } = values;
  const asked = {
    ...(average === undefined ? {} : { average }),
    ...(url === undefined ? {} : { helper: { url } }),
  };
  const aggregator = await startAggregator({ dataDir, host, port, ...asked });
  process.stdout.write(`${JSON.stringify({ event: 'listening', url: aggregator.url })}\n`);
  closeAtSignal('aggregator', () => aggregator.close());
}

const entry = process.argv[1];
if (entry !== undefined && import.meta.url === pathToFileURL(entry).href) {
  main().catch((error: unknown) => {
    process.stderr.write(`aggregator: ${(error as Error).message}\n`);
    process.exitCode = 1;
  });
}
