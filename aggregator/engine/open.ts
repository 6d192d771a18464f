/** Opens the engine that an address names. */
import { fileURLToPath } from 'node:url';
import { ACCEPTABLE, type Accepted, type UpdateLog } from '../cluster/update-log.ts';
import { openFileEngine } from './file.ts';
import { openJetStream } from './jetstream.ts';
import { openPostgres } from './postgres.ts';

const TIMEOUT_MS = 10_000;
const CONNECTIONS = 8;
const STREAM = /^[A-Za-z0-9_-]{1,100}$/;

/** How engines are addressed, for a usage text. */
export const ENGINE_ADDRESSES = `file:FOLDER
nats://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…][?stream=NAME&replicas=N&monitor=http://HOST:PORT]
postgres://[USER:PASSWORD@]HOST[:PORT]/DATABASE[?schema=NAME]`;

export interface OpenOptions {
  /** Weaknesses that the operator accepts, by name. */
  readonly accept?: readonly string[];
  /** How long to wait for an answer of the engine, in milliseconds. */
  readonly timeoutMs?: number;
}

/** An address as a message may show it: without what stands before the last `@`. */
const shown = (address: string): string => address.replace(/^([a-z]+:\/*).*@/is, '$1…@');

function accepted(names: readonly string[]): readonly Accepted[] {
  for (const name of names) {
    if (!(ACCEPTABLE as readonly string[]).includes(name)) {
      throw new RangeError(`accept: ${name} is none of ${ACCEPTABLE.join(', ')}`);
    }
  }
  return names as readonly Accepted[];
}

function natsOptions(
  address: string,
): Omit<Parameters<typeof openJetStream>[0], 'accept' | 'timeoutMs'> {
  const match = /^(nats|tls):\/\/(?:([^@/]*)@)?([^@/?]+)\/?(?:\?(.*))?$/.exec(address);
  if (match === null) throw new RangeError(`engine is no address of NATS: ${shown(address)}`);
  const [, scheme, login, hosts = '', query] = match;
  const settings = new URLSearchParams(query);
  const known = ['stream', 'replicas', 'monitor'];
  const unknown = [...settings.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new RangeError(`engine has an unknown setting: ${unknown}`);
  const stream = settings.get('stream') ?? 'vitrine';
  if (!STREAM.test(stream)) throw new RangeError(`stream is no plain name: ${stream}`);
  const replicas = settings.get('replicas');
  if (replicas !== null && !/^[1-5]$/.test(replicas)) {
    throw new RangeError(`replicas must be 1 to 5, got ${replicas}`);
  }
  const [user, password] = login?.split(':', 2).map(decodeURIComponent) ?? [];
  return {
    servers: hosts.split(','),
    user: user ?? null,
    password: password ?? null,
    tls: scheme === 'tls',
    stream,
    replicas: replicas === null ? null : Number(replicas),
    monitor: settings.get('monitor'),
  };
}

/**
 * @param address see `ENGINE_ADDRESSES`.
 * @throws RangeError for an address or a setting that is none; EngineError as the engine does.
 */
export async function openEngine(address: string, options: OpenOptions = {}): Promise<UpdateLog> {
  const accept = accepted(options.accept ?? []);
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  if (address.startsWith('file://')) return openFileEngine(fileURLToPath(address), accept);
  if (/^file:./.test(address)) return openFileEngine(address.slice(5), accept);
  if (/^(nats|tls):/.test(address)) {
    return openJetStream({ ...natsOptions(address), accept, timeoutMs });
  }
  if (/^postgres(ql)?:/.test(address)) {
    const [base = '', query] = address.split('?', 2);
    const settings = new URLSearchParams(query);
    const schema = settings.get('schema') ?? 'vitrine';
    settings.delete('schema');
    const url = settings.size === 0 ? base : `${base}?${settings}`;
    return openPostgres({ url, schema, accept, timeoutMs, connections: CONNECTIONS });
  }
  throw new RangeError(`engine must be one of:\n${ENGINE_ADDRESSES}\ngot ${shown(address)}`);
}
