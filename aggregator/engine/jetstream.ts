/**
 * The log in NATS JetStream: a stream for frames and one for values, a subject for each name. A
 * value is a series of which only the last frame is kept.
 */
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import {
  assertBytes,
  assertName,
  assertPosition,
  assertPrefix,
  EngineError,
  type Frame,
  MAX_FRAME_BYTES,
  MAX_VALUE_BYTES,
  type UpdateLog,
  type Value,
} from '../cluster/update-log.ts';
import { loadPackages } from './packages.ts';
import { type Ask, Series } from './series.ts';
import { prepareStreams, type StreamsOptions } from './streams.ts';

/** nats-server's advice for messages; larger ones are put into parts. */
const MAX_PART_BYTES = 1024 * 1024;
/** What the headers of a part take at most. */
const HEADER_BYTES = 1024;
const MIN_PAYLOAD = 2 * HEADER_BYTES;
const RECONNECT_WAIT_MS = 250;
/** Ends a subject, so that one filter reaches a name and the names below it; no name has it. */
const END = '+';

export interface JetStreamOptions extends StreamsOptions {
  /** `host:port`, one or more of a cluster. */
  readonly servers: readonly string[];
  readonly user: string | null;
  readonly password: string | null;
  readonly tls: boolean;
  /** How long to wait for an answer. */
  readonly timeoutMs: number;
}

async function named<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const { message } = error as Error;
    throw new EngineError('unavailable', `JetStream, ${what}: ${message}`, { cause: error });
  }
}

/**
 * Watches a connection: a request that is made without one is not sent, and one whose connection
 * breaks is given up, since no answer would come; it may have arrived.
 */
function watch(connection: NatsConnection): Ask {
  const waiting = new Set<(reason: Error) => void>();
  let connected = true;
  const listen = async (): Promise<void> => {
    for await (const { type } of connection.status()) {
      if (type === 'reconnect') connected = true;
      if (type !== 'disconnect' && type !== 'close') continue;
      connected = false;
      for (const fail of waiting) fail(new Error('the connection broke'));
    }
  };
  listen().catch(() => undefined);
  return async (request) => {
    if (!connected) throw new Error('no connection');
    let fail: (reason: Error) => void = () => undefined;
    const broken = new Promise<never>((_, reject) => {
      fail = reject;
    });
    waiting.add(fail);
    try {
      return await Promise.race([request(), broken]);
    } finally {
      waiting.delete(fail);
    }
  };
}

class JetStreamEngine implements UpdateLog {
  readonly engine = 'jetstream';
  readonly promise: string;
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #log: Series;
  readonly #values: Series;

  constructor(
    promise: string,
    connection: NatsConnection,
    prefix: string,
    series: { readonly log: Series; readonly values: Series },
  ) {
    this.promise = promise;
    this.#connection = connection;
    this.#prefix = prefix;
    this.#log = series.log;
    this.#values = series.values;
  }

  async append(partition: string, after: number, bytes: Uint8Array): Promise<number> {
    assertName(partition, 'partition');
    assertPosition(after, 'after');
    assertBytes(bytes, MAX_FRAME_BYTES);
    const subject = this.#subject('log', partition, END);
    return named(partition, async () => (await this.#log.append(subject, after, bytes)).offset);
  }

  async *read(partition: string, after: number): AsyncIterable<Frame> {
    assertName(partition, 'partition');
    assertPosition(after, 'after');
    const frames = this.#log.read(this.#subject('log', partition, END), after);
    const iterator = frames[Symbol.asyncIterator]();
    for (;;) {
      const next = await named(partition, () => iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  async last(partition: string): Promise<number> {
    assertName(partition, 'partition');
    const subject = this.#subject('log', partition, END);
    return named(partition, async () => (await this.#log.tail(subject)).offset);
  }

  async load(key: string): Promise<Value> {
    assertName(key, 'key');
    const subject = this.#subject('value', key, END);
    const frame = await named(key, () => this.#values.latest(subject));
    if (frame === null) return { revision: 0, bytes: null };
    return { revision: frame.offset, bytes: frame.bytes };
  }

  async save(key: string, expected: number, bytes: Uint8Array): Promise<number> {
    assertName(key, 'key');
    assertPosition(expected, 'expected');
    assertBytes(bytes, MAX_VALUE_BYTES);
    const subject = this.#subject('value', key, END);
    const { offset, first } = await named(key, () => this.#values.append(subject, expected, bytes));
    // The value is saved; what a failed purge leaves behind, the next one takes.
    if (first !== null) await this.#values.purge(subject, first).catch(() => undefined);
    return offset;
  }

  async drop(name: string): Promise<void> {
    assertName(name, 'name');
    const log = this.#subject('log', name, '>');
    const values = this.#subject('value', name, '>');
    await named(name, async () => {
      await this.#log.purge(log);
      await this.#values.purge(values);
    });
  }

  async list(prefix: string): Promise<readonly string[]> {
    assertPrefix(prefix);
    const log = this.#subject('log', prefix, '>');
    const values = this.#subject('value', prefix, '>');
    const subjects = await named(prefix, async () => [
      ...(await this.#log.subjects(log)),
      ...(await this.#values.subjects(values)),
    ]);
    const names = subjects.map((subject) => subject.split('.').slice(2, -1).join('/'));
    return [...new Set(names)].sort();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #subject(kind: 'log' | 'value', name: string, end: string): string {
    if (this.#connection.isClosed()) throw new EngineError('unavailable', 'the log is closed');
    const parts = name === '' ? [] : name.split('/');
    return [this.#prefix, kind, ...parts, end].join('.');
  }
}

/**
 * Connects and checks the streams, which are made where they are missing. A lost connection is taken
 * up again for as long as it takes; calls in between fail.
 * @throws EngineError `missing-package`, `unsafe-engine`, or `unavailable` when no server answers.
 */
export async function openJetStream(options: JetStreamOptions): Promise<UpdateLog> {
  const [{ connect, headers }, { jetstream, jetstreamManager }] = await loadPackages(
    'JetStream',
    ['@nats-io/transport-node', '@nats-io/jetstream'],
    () => Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]),
  );
  const { servers, user, password, tls, timeoutMs, stream } = options;
  const login: ConnectionOptions =
    user === null ? {} : password === null ? { token: user } : { user, pass: password };
  return named(servers.join(', '), async () => {
    const connection = await connect({
      ...login,
      servers: [...servers],
      ...(tls ? { tls: {} } : {}),
      name: 'vitrine',
      timeout: timeoutMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT_MS,
    });
    try {
      const jsm = await jetstreamManager(connection, { timeout: timeoutMs });
      const js = jetstream(connection, { timeout: timeoutMs });
      const { server_name = '', max_payload = MAX_PART_BYTES } = connection.info ?? {};
      const promise = await prepareStreams(jsm, server_name, options);
      const partBytes = Math.min(max_payload, MAX_PART_BYTES) - HEADER_BYTES;
      if (max_payload < MIN_PAYLOAD) {
        const text = `max_payload of ${max_payload} bytes is too small, ${MIN_PAYLOAD} are needed`;
        throw new EngineError('unavailable', text);
      }
      const clients = { js, jsm, headers, partBytes, ask: watch(connection) };
      return new JetStreamEngine(promise, connection, stream, {
        log: new Series(`${stream}-log`, clients),
        values: new Series(`${stream}-value`, clients),
      });
    } catch (error) {
      await connection.close();
      throw error;
    }
  });
}
