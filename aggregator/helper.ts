/**
 * The second server as a process: its own operator, keys and disk (HELPER.md).
 *
 *   --data DIR --keys DIR --aggregator URL --trust KEY [--port P] [--host H]
 *     [--admin-token-file FILE --admin-port P --admin-host H]
 *   init --keys DIR [--days N]                  makes the keys
 *   rotate --keys DIR --site NAME [--days N] [--from FILE]
 *                                               replaces them, prints the rotation for the log
 *   sign-task FILE --keys DIR                   prints a task's statement and signs the task
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import { assertInteger } from '../shared/assert/assert.ts';
import { canonicalJson } from '../shared/bytes/canonical.ts';
import { statementOf } from '../shared/privacy/statement.ts';
import { decodeTask } from '../shared/protocol/records.ts';
import { nodeDisk } from './accumulate/node-disk.ts';
import { initKeys, loadKeyRing, rotateKeys, SEALING_DAYS, signTask } from './ceremony.ts';
import { fetchFrom } from './fetch-file.ts';
import { joinValues } from './flags.ts';
import { createHelperApp, type HelperService } from './helper-app.ts';
import { type RunningHelper, runHelper } from './helper-service.ts';
import { lockFolder } from './lock.ts';
import { jsonLogger, type Logger } from './logger.ts';
import { loadHelperMetrics } from './operate/helper-metrics.ts';
import { adminTokenOf } from './operate/token.ts';
import { type AdminOptions, listenFor, operatorApp, type RunningAdmin } from './operator-app.ts';
import { closeAtSignal, listen, stopServer } from './socket.ts';
import { type Clock, systemClock } from './time.ts';

const DRAIN_MS = 5000;
const MAX_CONNECTIONS = 64;

export interface HelperOptions {
  readonly dataDir: string;
  readonly keysDir: string;
  /** Where the log is read, with the site's prefix where it has one. */
  readonly aggregatorUrl: string;
  /** The site's root key, base64url. */
  readonly trust: string;
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** The operator's listener with the metrics; none when left out. */
  readonly admin?: AdminOptions;
  /** Seeds of the noise, for tests that know it; whoever knows them sees the sum without noise. */
  readonly seed?: () => Uint8Array;
}

export interface Helper {
  readonly url: string;
  /** Null without one. */
  readonly adminUrl: string | null;
  readonly service: HelperService;
  /** Answers what is on its way and stops. */
  close(): Promise<void>;
}

/** No two processes under one set of keys, whatever their data folders. @throws FolderInUse */
async function lockBoth(keysDir: string, dataDir: string): Promise<() => Promise<void>> {
  const unlockKeys = await lockFolder(keysDir);
  try {
    const unlockData = await lockFolder(dataDir);
    return async () => {
      await unlockData();
      await unlockKeys();
    };
  } catch (error) {
    await unlockKeys();
    throw error;
  }
}

/**
 * Starts a helper under the keys that `initKeys` made.
 * @throws StartError, KeyError, FolderInUse, MemoryError, CorruptJournal, DiskError, TypeError
 */
export async function startHelper(options: HelperOptions): Promise<Helper> {
  const { dataDir, keysDir, trust, host = '127.0.0.1', port = 0 } = options;
  const { logger = jsonLogger(), clock = systemClock } = options;
  const fetch = fetchFrom(options.aggregatorUrl);
  const server = createServer({ maxHeaderSize: 8192, headersTimeout: 10_000 });
  server.maxConnections = MAX_CONNECTIONS;
  await loadKeyRing(keysDir);
  await nodeDisk(dataDir).makeFolder('');
  const unlock = await lockBoth(keysDir, dataDir);
  let service: RunningHelper | null = null;
  let admin: RunningAdmin | null = null;
  try {
    const keys = await loadKeyRing(keysDir);
    service = await runHelper({
      keys,
      data: nodeDisk(join(dataDir, String(keys.generation))),
      mark: nodeDisk(keys.folder),
      fetch,
      trust,
      clock,
      logger,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
    });
    const refused = new Map<string, number>();
    const onRefused = (code: string): void => void refused.set(code, (refused.get(code) ?? 0) + 1);
    const app = createHelperApp({ service, logger, onRefused });
    const serve = getRequestListener(app.fetch, {
      overrideGlobalObjects: false,
      hostname: 'localhost',
    });
    server.on('request', (request, response) => void serve(request, response));
    const url = await listen(server, host, port);
    server.on('error', (error) => logger('error', 'accept-failed', { reason: error.message }));
    if (options.admin !== undefined) {
      admin = await startMetrics(options.admin, service, refused, logger);
    }
    logger('info', 'started', { generation: keys.generation });
    // The aggregator may start later; what its log says is looked at again with every cosignature.
    service.look().catch((error: unknown) => {
      logger('warn', 'log-not-read', { reason: (error as Error).message });
    });
    const close = closer([server, service, admin], unlock, logger);
    return { url, adminUrl: admin?.url ?? null, service, close };
  } catch (error) {
    if (server.listening) await stopServer(server, 0);
    await service?.stop();
    await unlock();
    throw error;
  }
}

async function startMetrics(
  admin: AdminOptions,
  service: RunningHelper,
  refused: ReadonlyMap<string, number>,
  logger: Logger,
): Promise<RunningAdmin> {
  const scrape = await loadHelperMetrics();
  const source = () => ({ ready: service.notReady === null, pool: service.pool, refused });
  const app = operatorApp(admin.token, logger, async () => (await scrape?.(source())) ?? null);
  return listenFor(app, admin, logger);
}

function closer(
  [server, service, admin]: readonly [Server, RunningHelper, RunningAdmin | null],
  unlock: () => Promise<void>,
  logger: Logger,
): () => Promise<void> {
  let closing: Promise<void> | null = null;
  return () => {
    closing ??= (async () => {
      await Promise.all([stopServer(server, DRAIN_MS), admin?.close()]);
      try {
        await service.stop();
      } finally {
        await unlock();
      }
      logger('info', 'stopped');
    })();
    return closing;
  };
}

type Print = (text: string) => void;

const readText = (path: string): string => readFileSync(path, 'utf8');

function needed(value: string | undefined, flag: string): string {
  if (value === undefined) throw new TypeError(`${flag} is needed`);
  return value;
}

function wholeNumber(text: string, flag: string, min: number, max: number): number {
  const value = Number(text);
  assertInteger(flag, value, min, max);
  return value;
}

async function serve(options: HelperOptions, print: Print): Promise<void> {
  const helper = await startHelper(options);
  const admin = helper.adminUrl === null ? {} : { admin: helper.adminUrl };
  print(JSON.stringify({ event: 'listening', url: helper.url, ...admin }));
  closeAtSignal('helper', () => helper.close());
}

async function sign(file: string, keysDir: string, print: Print): Promise<void> {
  const value: unknown = JSON.parse(await readFile(file, 'utf8'));
  const signature = signTask(value, await loadKeyRing(keysDir));
  process.stderr.write(`${statementOf(decodeTask(value)).text}\n`);
  print(signature);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: joinValues(process.argv.slice(2), ['--trust']),
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      keys: { type: 'string' },
      aggregator: { type: 'string' },
      trust: { type: 'string' },
      site: { type: 'string' },
      from: { type: 'string' },
      days: { type: 'string', default: String(SEALING_DAYS) },
      port: { type: 'string', default: '8788' },
      host: { type: 'string', default: '127.0.0.1' },
      'admin-token-file': { type: 'string' },
      'admin-port': { type: 'string', default: '8790' },
      'admin-host': { type: 'string', default: '127.0.0.1' },
    },
  });
  const print: Print = (text) => void process.stdout.write(`${text}\n`);
  const [command, file, ...more] = positionals;
  const keysDir = needed(values.keys, '--keys DIR');
  const days = wholeNumber(values.days, '--days', 1, 366);
  if (more.length > 0 || (file !== undefined && command !== 'sign-task')) {
    throw new TypeError('too many arguments');
  }
  switch (command) {
    case undefined: {
      const token = adminTokenOf(values['admin-token-file'] ?? null, process.env, readText);
      return serve(
        {
          dataDir: needed(values.data, '--data DIR'),
          keysDir,
          aggregatorUrl: needed(values.aggregator, '--aggregator URL'),
          trust: needed(values.trust, '--trust KEY'),
          host: values.host,
          port: wholeNumber(values.port, '--port', 0, 65_535),
          ...(token !== null && {
            admin: {
              token,
              host: values['admin-host'],
              port: wholeNumber(values['admin-port'], '--admin-port', 0, 65_535),
            },
          }),
        },
        print,
      );
    }
    case 'init':
      return print(canonicalJson((await initKeys(keysDir, days)).status));
    case 'rotate': {
      const from = values.from === undefined ? {} : { from: values.from };
      const site = needed(values.site, '--site NAME');
      return print(canonicalJson(await rotateKeys(keysDir, site, { days, ...from })));
    }
    case 'sign-task':
      return sign(needed(file, 'FILE'), keysDir, print);
    default:
      throw new TypeError(`${command} is no command: init, rotate, sign-task, or none to serve`);
  }
}

const entry = process.argv[1];
if (entry !== undefined && import.meta.url === pathToFileURL(entry).href) {
  main().catch((error: unknown) => {
    process.stderr.write(`helper: ${(error as Error).message}\n`);
    process.exitCode = 1;
  });
}
