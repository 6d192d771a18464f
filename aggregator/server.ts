/** The aggregator's server: a public port for its sites, and one for its operator. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  createServer as createHttp,
  type Server as HttpServer,
  type ServerOptions,
} from 'node:http';
import { createServer as createHttps, type Server as HttpsServer } from 'node:https';
import { startAdmin } from './admin.ts';
import { type Choice, chooseBackend } from './average/choose.ts';
import { attach, type Door } from './listener.ts';
import type { Logger } from './logger.ts';
import { type Assets, loadAssets } from './operate/assets.ts';
import { loadMetrics, type Metrics } from './operate/metrics.ts';
import type { AdminOptions, RunningAdmin } from './operator-app.ts';
import type { Service } from './service.ts';
import type { Settings } from './settings.ts';
import { type RunningSite, type SiteOptions, startSite } from './sites.ts';
import { listen, StartError, stopServer } from './socket.ts';

export interface TlsFiles {
  /** Certificate chain, PEM. */
  readonly cert: string;
  /** Private key, PEM. */
  readonly key: string;
}

export interface ServerConfig {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls: TlsFiles | null;
  /** Proxies of one's own in front. */
  readonly trustProxy: number;
  /** Limits of connections and requests, which hold for the whole server. */
  readonly settings: Settings;
  /** Name of an averaging backend; the fastest that works when null. */
  readonly average: string | null;
  /** Folder of the browser's files, where they are served from here. */
  readonly dist: string | null;
  /** Null: no operator's listener. */
  readonly admin: AdminOptions | null;
  readonly sites: readonly SiteOptions[];
}

export interface RunningServer {
  readonly url: string;
  readonly adminUrl: string | null;
  /** Of the sites that have started, by name. */
  readonly services: ReadonlyMap<string, Service>;
  /** Refuses new reports, answers those on their way, flushes and stops. */
  close(): Promise<void>;
}

function makeServer({ settings, tls }: ServerConfig): HttpServer | HttpsServer {
  const options: ServerOptions = {
    maxHeaderSize: settings.maxHeaderBytes,
    headersTimeout: settings.headersTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, settings.headersTimeoutMs),
  };
  if (tls === null) return createHttp(options);
  try {
    // Node takes a server without a key, of which every handshake fails.
    if (!new X509Certificate(tls.cert).checkPrivateKey(createPrivateKey(tls.key))) {
      throw new RangeError('the key is not that of the certificate');
    }
    return createHttps({ ...options, ...tls, handshakeTimeout: settings.headersTimeoutMs });
  } catch (cause) {
    const why = (cause as Error).message;
    throw new StartError('bad-tls', `certificate or key cannot be used: ${why}`, { cause });
  }
}

interface Parts {
  readonly average: Choice;
  readonly metrics: Metrics | null;
  readonly assets: Assets | null;
  readonly logger: Logger;
}

/** Opens the site's door, or closes it for good and says why. @returns null then. */
async function openSite(
  site: SiteOptions,
  door: Door,
  { average, metrics, assets, logger }: Parts,
): Promise<RunningSite> {
  try {
    const timing =
      metrics === null ? {} : { onSync: metrics.observeSync, onSum: metrics.observeSum };
    const running = await startSite(site, { average, logger, ...timing });
    door.open({ service: running.service, logger, assets });
    return running;
  } catch (error) {
    const { code } = error as { code?: unknown };
    door.fail(typeof code === 'string' ? code : 'failed');
    throw error;
  }
}

/** Log lines of several sites say which one they are of. */
function loggerOf(logger: Logger, { name }: SiteOptions, sites: number): Logger {
  if (sites === 1) return logger;
  return (level, event, fields) => logger(level, event, { site: name, ...fields });
}

/**
 * Starts the server. The port is taken first, so that a second start on the same one touches no
 * journal. A site that cannot start stops none of the others.
 * @throws StartError, AssetError; what kept the first site from starting when none has started. The
 * ports are free again then.
 */
export async function startServer(config: ServerConfig, logger: Logger): Promise<RunningServer> {
  const { host, port, tls, trustProxy, settings, sites } = config;
  const assets = config.dist === null ? null : await loadAssets(config.dist);
  const metrics = config.admin === null ? null : await loadMetrics();
  const average = await chooseBackend(config.average, undefined, {
    onFall: ({ message }) => logger('warn', 'backend-failed', { reason: message }),
  });
  const server = makeServer(config);
  server.maxConnections = settings.maxConnections;
  const doors = attach(server, sites, { trustProxy, tls: tls !== null });
  const url = await listen(server, host, port, { scheme: tls === null ? 'http' : 'https' });
  // A connection that could not be accepted ends nothing else.
  server.on('error', (error) => logger('error', 'accept-failed', { reason: error.message }));
  const running = new Map<string, RunningSite>();
  const stopSites = async (): Promise<void> => {
    const stopped = await Promise.allSettled([...running.values()].map((site) => site.stop()));
    const failure = stopped.find((one) => one.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  };
  let admin: RunningAdmin | null = null;
  try {
    const started = await Promise.allSettled(
      sites.map(async (site, i) => {
        const own = loggerOf(logger, site, sites.length);
        const parts = { average, metrics, assets, logger: own };
        running.set(site.name, await openSite(site, doors[i] as Door, parts));
      }),
    );
    const failures = started.flatMap((one, i) =>
      one.status === 'rejected' ? [{ error: one.reason as Error, site: sites[i]?.name ?? '' }] : [],
    );
    if (failures.length === sites.length) throw failures[0]?.error;
    for (const { error, site } of failures) {
      logger('error', 'site-failed', { site, reason: error.message });
    }
    if (config.admin !== null) {
      const services = new Map([...running].map(([name, { service }]) => [name, service]));
      admin = await startAdmin(config.admin, { services, doors, metrics, logger });
    }
  } catch (error) {
    server.closeAllConnections();
    await stopServer(server, 0);
    await stopSites();
    throw error;
  }
  const { backend, reason, seeds, gpuReason } = average;
  const chosen = { backend: backend.name, reason, seeds: seeds.name, seedsReason: gpuReason };
  logger('info', 'started', chosen);
  const services = new Map([...running].map(([name, { service }]) => [name, service]));
  let closing: Promise<void> | null = null;
  return {
    url,
    adminUrl: admin?.url ?? null,
    services,
    close() {
      closing ??= (async () => {
        for (const service of services.values()) service.drain();
        await Promise.all([stopServer(server, settings.drainMs), admin?.close()]);
        await stopSites();
        logger('info', 'stopped');
      })();
      return closing;
    },
  };
}
