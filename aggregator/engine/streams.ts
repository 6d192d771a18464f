/**
 * What a JetStream acknowledgement is worth here. A server acknowledges before it syncs (every two
 * minutes, nats-server's `sync_interval`), so that one server alone loses what it acknowledged when
 * its machine goes down, unless it is configured with `sync_interval: always` (2.10 and later).
 */
import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { type Accepted, EngineError } from '../cluster/update-log.ts';

/** From so many replicas on, an acknowledgement outlives the machine of one. */
const SAFE_REPLICAS = 3;

export interface StreamsOptions {
  /** Names of the streams and the start of their subjects. */
  readonly stream: string;
  /** Replicas of streams that have to be made; 1 unless given. */
  readonly replicas: number | null;
  /** Address of the server's HTTP monitoring, which tells whether it syncs. */
  readonly monitor: string | null;
  readonly accept: readonly Accepted[];
}

/** Settings of an existing stream that would lose frames, or keep this program from working. */
export function unsafeSettings(config: Partial<StreamConfig>): readonly string[] {
  const wanted: readonly (readonly [string, boolean])[] = [
    ['storage: file', config.storage === 'file'],
    ['retention: limits', config.retention === 'limits'],
    ['discard: new', config.discard === 'new'],
    ['max_age: 0', (config.max_age ?? 0) === 0],
    ['max_msgs_per_subject: -1', (config.max_msgs_per_subject ?? -1) <= 0],
    ['no_ack: false', config.no_ack !== true],
    ['sealed: false', config.sealed !== true],
    ['deny_purge: false', config.deny_purge !== true],
    ['allow_direct: true', config.allow_direct === true],
    ['persist_mode: default', config.persist_mode !== 'async'],
    ['no mirror, no sources', config.mirror === undefined && (config.sources ?? []).length === 0],
  ];
  return wanted.filter(([, holds]) => !holds).map(([name]) => name);
}

interface Varz {
  readonly server_name?: string;
  readonly jetstream?: { readonly config?: { readonly sync_always?: boolean } };
}

/** Tells whether the server behind `monitor` syncs before it acknowledges; its name beside. */
export async function syncsAlways(
  monitor: string,
): Promise<{ readonly server: string | null; readonly always: boolean }> {
  try {
    const response = await fetch(new URL('/varz', monitor), { signal: AbortSignal.timeout(5000) });
    const { server_name, jetstream } = (await response.json()) as Varz;
    return { server: server_name ?? null, always: jetstream?.config?.sync_always === true };
  } catch (cause) {
    throw new EngineError('unavailable', `no answer from the monitoring at ${monitor}`, { cause });
  }
}

async function infoOf(jsm: JetStreamManager, name: string) {
  try {
    return await jsm.streams.info(name);
  } catch (error) {
    if ((error as Error).name === 'StreamNotFoundError') return null;
    throw error;
  }
}

async function promiseOf(
  replicas: number,
  server: string,
  { monitor, accept }: StreamsOptions,
): Promise<string> {
  if (replicas >= SAFE_REPLICAS) {
    return `an acknowledged report is held by most of ${replicas} servers, which sync it to disk later`;
  }
  if (monitor !== null) {
    const told = await syncsAlways(monitor);
    if (told.always && told.server === server) {
      return 'an acknowledged report is written and synced on the disk of one server';
    }
  }
  if (accept.includes('jetstream-unsynced')) {
    return 'an acknowledged report outlives a kill of the server, but not of its machine: it is synced to disk later, and that was accepted';
  }
  throw new EngineError(
    'unsafe-engine',
    `JetStream with ${replicas} replica${replicas === 1 ? '' : 's'} acknowledges before it syncs; ` +
      'use 3 replicas (replicas=3), or a server with sync_interval: always and tell its monitoring ' +
      'address (monitor=http://…), or accept it with --accept-risk jetstream-unsynced',
  );
}

/**
 * Checks the streams, or makes them where they are missing.
 * @param server name of the server that this client is connected to
 * @returns what an acknowledgement means.
 * @throws EngineError `unsafe-engine`
 */
export async function prepareStreams(
  jsm: JetStreamManager,
  server: string,
  options: StreamsOptions,
): Promise<string> {
  let promise = '';
  for (const kind of ['log', 'value']) {
    const name = `${options.stream}-${kind}`;
    const info = await infoOf(jsm, name);
    const replicas = info?.config.num_replicas ?? options.replicas ?? 1;
    if (options.replicas !== null && replicas !== options.replicas) {
      const text = `stream ${name} has ${replicas} replicas, not ${options.replicas}`;
      throw new EngineError('unsafe-engine', `${text}; change the stream or the setting`);
    }
    const faults = info === null ? [] : unsafeSettings(info.config);
    if (faults.length > 0) {
      const text = `stream ${name} must have ${faults.join(', ')}`;
      throw new EngineError('unsafe-engine', `${text}; change it or choose another stream`);
    }
    promise = await promiseOf(replicas, info?.cluster?.leader ?? server, options);
    if (info !== null) continue;
    await jsm.streams.add({
      name,
      subjects: [`${options.stream}.${kind}.>`],
      storage: 'file',
      retention: 'limits',
      discard: 'new',
      num_replicas: replicas,
      allow_direct: true,
    });
  }
  return promise;
}
