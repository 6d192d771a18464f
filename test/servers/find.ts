/** Finds nats-server and PostgreSQL for the tests of the engines, or installs them from Debian. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const DEBIAN = '/usr/lib/postgresql';

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function onPath(name: string): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  // Debian's nats-server lies in sbin, which the PATH of a user may lack.
  const paths = [...folders, '/usr/sbin', '/usr/local/sbin'].map((folder) => join(folder, name));
  return paths.find(executable) ?? null;
}

/** Path of nats-server: NATS_SERVER, then PATH; null when there is none. */
export function findNats(): string | null {
  const given = process.env.NATS_SERVER;
  if (given !== undefined && given !== '' && executable(given)) return given;
  return onPath('nats-server');
}

/** Folder with `initdb` and `postgres`: PG_BIN, then Debian's newest, then PATH; null for none. */
export function findPostgres(): string | null {
  const complete = (folder: string): boolean =>
    executable(join(folder, 'initdb')) && executable(join(folder, 'postgres'));
  const given = process.env.PG_BIN;
  if (given !== undefined && given !== '' && complete(given)) return given;
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(Number) : [];
  const newest = versions.sort((a, b) => b - a).map((one) => join(DEBIAN, String(one), 'bin'));
  const folders = [...newest, ...(process.env.PATH ?? '').split(delimiter)];
  return folders.find((folder) => folder !== '' && complete(folder)) ?? null;
}

function install(names: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const stdio = ['ignore', 'ignore', 'inherit'] as const;
  const flags = ['install', '-y', '-qq', '--no-install-recommends'];
  spawnSync('apt-get', ['update', '-qq'], { stdio: [...stdio], env });
  // One at a time: what one lacks must not keep the other away.
  for (const name of names) spawnSync('apt-get', [...flags, name], { stdio: [...stdio], env });
}

/** Finds the servers or installs them, and says which; without them their tests skip. */
export function ensureServers(say: (line: string) => void): void {
  const missing = [
    ...(findNats() === null ? ['nats-server'] : []),
    ...(findPostgres() === null ? ['postgresql'] : []),
  ];
  const root = process.getuid?.() === 0 && existsSync('/etc/debian_version');
  if (missing.length > 0 && root) {
    say(`Installing with apt-get, for the tests of the engines: ${missing.join(', ')}.`);
    install(missing);
  }
  say(`nats-server: ${findNats() ?? `${MISSING}; NATS_SERVER may name one`}.`);
  say(`PostgreSQL: ${findPostgres() ?? `${MISSING}; PG_BIN may name its bin folder`}.`);
}

const MISSING = 'none found or installed, so its tests skip';
/** Reason of a skipped test, for its name. */
export const SKIPPED =
  'skipped: the server is not installed, and npm test installs it as root only';
