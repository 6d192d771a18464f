/** Servers with all that an operator may configure, on folders of their own. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveKey } from '../../aggregator/keys.ts';
import { type Logger, silentLogger } from '../../aggregator/logger.ts';
import { KEY_FILE } from '../../aggregator/main.ts';
import type { AdminOptions } from '../../aggregator/operator-app.ts';
import { type RunningServer, type ServerConfig, startServer } from '../../aggregator/server.ts';
import { type Settings, settingsOf } from '../../aggregator/settings.ts';
import type { TaskDraft } from '../../aggregator/site.ts';
import { draft, SERVER_KEY, site } from './fixture.ts';

export const TOKEN = 'operator-token-of-at-least-32-bytes';
export const ADMIN: AdminOptions = { token: TOKEN, host: '127.0.0.1', port: 0 };

export interface OperatedSite {
  readonly name: string;
  readonly prefix?: string;
  readonly hosts?: readonly string[];
  readonly settings?: Partial<Settings>;
  readonly tasks?: readonly TaskDraft[];
  /** Spoils the folder before the start. */
  readonly spoil?: (dataDir: string) => Promise<void>;
}

export interface Operated extends RunningServer {
  /** Task hashes by site and task name. */
  readonly taskHashes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly folders: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

export async function operated(
  sites: readonly OperatedSite[] = [{ name: 'site' }],
  config: Partial<ServerConfig> = {},
  logger: Logger = silentLogger,
): Promise<Operated> {
  const root = await mkdtemp(join(tmpdir(), 'vitrine-operated-'));
  const taskHashes: Record<string, Readonly<Record<string, string>>> = {};
  const folders: Record<string, string> = {};
  for (const { name, tasks = [draft('intent', 3)], spoil } of sites) {
    const dataDir = join(root, name);
    await mkdir(dataDir);
    folders[name] = dataDir;
    await saveKey(join(dataDir, KEY_FILE), SERVER_KEY);
    ({ taskHashes: taskHashes[name] = {} } = await site(dataDir, tasks, { site: name }));
    await spoil?.(dataDir);
  }
  const end = (): Promise<void> => rm(root, { recursive: true, force: true });
  try {
    const server = await startServer(
      {
        ...{ host: '127.0.0.1', port: 0, tls: null, trustProxy: 0, average: null, dist: null },
        ...{ admin: null, settings: settingsOf() },
        sites: sites.map(({ name, prefix = '', hosts = [], settings }) => ({
          ...{ name, prefix, hosts },
          dataDir: folders[name] as string,
          settings: settingsOf(settings),
        })),
        ...config,
      },
      logger,
    );
    return {
      ...server,
      taskHashes,
      folders,
      async end() {
        await server.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  /** Of a problem document, or ''. */
  readonly code: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Certificate that a TLS server must show. */
  readonly ca?: string;
}

/** A request with any header and target, on a connection of its own. */
export function ask(url: string, options: AskOptions = {}): Promise<Got> {
  const { method = 'GET', headers = {}, body, ca } = options;
  const { protocol, hostname, port, origin } = new URL(url);
  const request = protocol === 'https:' ? httpsRequest : httpRequest;
  // As it stands: a URL would take `..` out of its path.
  const place = { hostname, port, path: url.slice(origin.length) || '/' };
  return new Promise((resolve, reject) => {
    const sent = request({ ...place, method, headers, agent: false, ca }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(parts);
        const isProblem = response.headers['content-type'] === 'application/problem+json';
        const code = isProblem ? (JSON.parse(bytes.toString()) as { code: string }).code : '';
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, code });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
