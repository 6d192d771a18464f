/** A PostgreSQL in a folder of its own, reached by a socket in it, so that no port is taken. */
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Server, startServer, until } from './child.ts';
import { findPostgres } from './find.ts';

const USER = 'vitrine';
/** Users that initdb may run as where the tests run as root, which it refuses. */
const SERVANTS = ['postgres', 'nobody'];
/** What the postmaster says while a child of the one that was killed is still at work. */
const OCCUPIED = /pre-existing shared memory block/;

export interface Postgres {
  readonly url: string;
  /** Kills the postmaster with SIGKILL; its children notice and go. */
  kill(): Promise<void>;
  /** Ends it in good order, which is quicker to start from than a kill. */
  shutDown(): Promise<void>;
  /** Starts it again on the same data, with other settings if given. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** kill -9, and the folder is removed. */
  stop(): Promise<void>;
}

function numberOf(flag: string, user: string): number | null {
  const run = spawnSync('id', [flag, user], { encoding: 'utf8' });
  return run.status === 0 ? Number(run.stdout) : null;
}

function servant(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of SERVANTS) {
    const uid = numberOf('-u', user);
    const gid = numberOf('-g', user);
    if (uid !== null && gid !== null) return { uid, gid };
  }
  throw new Error(`PostgreSQL does not run as root, and there is no user ${SERVANTS.join(' or ')}`);
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** @throws when PostgreSQL is missing or does not start. */
export async function startPostgres(): Promise<Postgres> {
  const bin = findPostgres();
  if (bin === null) throw new Error('PostgreSQL is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-pg-'));
  const data = join(folder, 'data');
  const url = `postgres://${USER}@/postgres?host=${encodeURIComponent(folder)}`;
  const as = servant();
  const identity = as === undefined ? {} : { as };
  let launches = 0;
  const freshLog = (): string => join(folder, `log-${++launches}`);
  let server: Server | null = null;

  async function start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const flags = Object.entries({
      listen_addresses: '',
      unix_socket_directories: folder,
      shared_buffers: '16MB',
      ...settings,
    }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const command = [join(bin as string, 'postgres'), '-D', data, ...flags];
    const launch = (): Promise<Server> => startServer(command, { log: freshLog(), ...identity });
    let started = await launch();
    await until(async () => {
      server = started;
      if (await answers(url)) return true;
      if (!started.exited()) return false;
      const output = started.output();
      if (!OCCUPIED.test(output)) throw new Error(`PostgreSQL does not start:\n${output}`);
      started = await launch();
      return false;
    }, 'PostgreSQL');
  }

  async function kill(): Promise<void> {
    await server?.kill();
    server = null;
  }

  async function shutDown(): Promise<void> {
    if (server === null) return;
    process.kill(server.pid, 'SIGINT');
    await until(() => !existsSync(join(data, 'postmaster.pid')), 'PostgreSQL to end');
    await kill();
  }

  async function stop(): Promise<void> {
    await kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }

  try {
    if (as !== undefined) chownSync(folder, as.uid, as.gid);
    const flags = ['-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'];
    const run = spawnSync(join(bin, 'initdb'), flags, { encoding: 'utf8', cwd: folder, ...as });
    if (run.status !== 0) throw new Error(`initdb failed:\n${run.stdout}${run.stderr}`);
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, kill, shutDown, start, stop };
}
