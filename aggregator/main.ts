/**
 * The aggregator as a process: `--config FILE`, or one data folder: `--data DIR --port P`; one node
 * of a cluster: `--role ROLE`.
 */
import { pathToFileURL } from 'node:url';
import type { RandomSource } from '../shared/random/source.ts';
import type { Disk } from './accumulate/disk.ts';
import { serveRole } from './cluster-command.ts';
import { jsonLogger, type Logger } from './logger.ts';
import { ONLY_SITE } from './operate/config.ts';
import { serve } from './serve-command.ts';
import { startServer } from './server.ts';
import type { Service } from './service.ts';
import { type Settings, settingsOf } from './settings.ts';
import { KEY_FILE as SITE_KEY_FILE } from './sites.ts';

/** The aggregator's own key pair lies in its data folder. */
export const KEY_FILE = SITE_KEY_FILE;

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

/**
 * Starts an aggregator of one site, on a data folder that `writeSite` filled and that holds its key.
 * @throws StartError, FolderInUse, SiteError, DiskError, CorruptJournal, CorruptLog; the port is free
 * again then.
 */
export async function startAggregator(options: AggregatorOptions): Promise<Aggregator> {
  const { dataDir, host = '127.0.0.1', port = 0, logger = jsonLogger() } = options;
  const { average = null, disk, helper, source } = options;
  const settings = settingsOf(options.settings);
  const site = {
    ...{ name: ONLY_SITE, prefix: '', hosts: [], dataDir, settings },
    ...(disk !== undefined && { disk }),
    ...(helper !== undefined && { helper }),
    ...(source !== undefined && { source }),
  };
  const alone = { tls: null, trustProxy: 0, dist: null, admin: null };
  const config = { host, port, average, settings, sites: [site], ...alone };
  const { url, services, close } = await startServer(config, logger);
  return { url, rounds: services.get(ONLY_SITE) as Service, close };
}

const entry = process.argv[1];
if (entry !== undefined && import.meta.url === pathToFileURL(entry).href) {
  const args = process.argv.slice(2);
  const asRole = args.some((one) => /^--role(=|$)/.test(one));
  (asRole ? serveRole : serve)(args).catch((error: unknown) => {
    process.stderr.write(`aggregator: ${(error as Error).message}\n`);
    process.exitCode = 1;
  });
}
