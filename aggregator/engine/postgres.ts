/**
 * The log in PostgreSQL. A row of `head` tells how far a partition is; whoever appends moves it on
 * and inserts the frame in one statement, so that the row's lock is the fence and the order of
 * positions in a partition is the order of commits. Positions come from one sequence and are never
 * given twice, not even after a drop.
 */
import type { ClientBase, ClientConfig, Pool } from 'pg';
import {
  type Accepted,
  assertBytes,
  assertName,
  assertPosition,
  assertPrefix,
  EngineError,
  Fenced,
  type Frame,
  MAX_FRAME_BYTES,
  MAX_VALUE_BYTES,
  type UpdateLog,
  type Value,
} from '../cluster/update-log.ts';
import { loadPackages } from './packages.ts';
import { checkDurability, commitsLater, prepareTables } from './postgres-setup.ts';

/** Bytes of frames that one query brings, past the first. */
const PAGE_BYTES = 8 * 1024 * 1024;
const PAGE_FRAMES = 256;
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

export interface PostgresOptions {
  readonly url: string;
  readonly schema: string;
  readonly accept: readonly Accepted[];
  /** How long to wait for an answer. */
  readonly timeoutMs: number;
  /** Connections at most. */
  readonly connections: number;
}

/** Columns as `pg` gives them: a bigint as text; a bytea is asked for in base64. */
interface Row {
  readonly position: string;
  readonly revision: string;
  readonly name: string;
  readonly base64: string;
}

/** What counts as `bytea` in a parameter, sent in binary and without a copy. */
function parameter(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** `pg` reads every column as text; this takes half the time of bytea's own hex. */
const BYTES = "encode(bytes, 'base64') AS base64";

function decoded(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

async function named<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const { message } = error as Error;
    throw new EngineError('unavailable', `PostgreSQL, ${what}: ${message}`, { cause: error });
  }
}

class PostgresEngine implements UpdateLog {
  readonly engine = 'postgres';
  readonly promise: string;
  readonly #pool: Pool;
  readonly #schema: string;

  constructor(promise: string, pool: Pool, schema: string) {
    this.promise = promise;
    this.#pool = pool;
    this.#schema = schema;
  }

  async append(partition: string, after: number, bytes: Uint8Array): Promise<number> {
    assertName(partition, 'partition');
    assertPosition(after, 'after');
    assertBytes(bytes, MAX_FRAME_BYTES);
    const next = `nextval('${this.#schema}.position')`;
    const moved =
      after === 0
        ? `INSERT INTO ${this.#schema}.head SELECT $1, ${next} WHERE $2 = 0::bigint
           ON CONFLICT DO NOTHING RETURNING position`
        : `UPDATE ${this.#schema}.head SET position = ${next}
           WHERE partition = $1 AND position = $2 RETURNING position`;
    const [row] = await this.#query(
      partition,
      `WITH moved AS (${moved})
       INSERT INTO ${this.#schema}.frame SELECT $1, position, $3 FROM moved
       RETURNING position`,
      [partition, after, parameter(bytes)],
    );
    if (row === undefined) throw new Fenced(`${partition} has moved on from ${after}`);
    return Number(row.position);
  }

  async *read(partition: string, after: number): AsyncIterable<Frame> {
    assertPosition(after, 'after');
    const end = await this.last(partition);
    for (let from = after; from < end; ) {
      const rows = await this.#query(
        partition,
        `SELECT position, ${BYTES} FROM (
           SELECT position, bytes, sum(octet_length(bytes)) OVER (ORDER BY position)
             - octet_length(bytes) AS before
           FROM (SELECT position, bytes FROM ${this.#schema}.frame
             WHERE partition = $1 AND position > $2 AND position <= $3
             ORDER BY position LIMIT ${PAGE_FRAMES}) page
         ) sized WHERE before < ${PAGE_BYTES} ORDER BY position`,
        [partition, from, end],
      );
      if (rows.length === 0) return;
      for (const { position, base64 } of rows) {
        from = Number(position);
        yield { offset: from, bytes: decoded(base64) };
      }
    }
  }

  async last(partition: string): Promise<number> {
    assertName(partition, 'partition');
    const [row] = await this.#query(
      partition,
      `SELECT position FROM ${this.#schema}.head WHERE partition = $1`,
      [partition],
    );
    return Number(row?.position ?? 0);
  }

  async load(key: string): Promise<Value> {
    assertName(key, 'key');
    const [row] = await this.#query(
      key,
      `SELECT revision, ${BYTES} FROM ${this.#schema}.value WHERE key = $1`,
      [key],
    );
    if (row === undefined) return { revision: 0, bytes: null };
    return { revision: Number(row.revision), bytes: decoded(row.base64) };
  }

  async save(key: string, expected: number, bytes: Uint8Array): Promise<number> {
    assertName(key, 'key');
    assertPosition(expected, 'expected');
    assertBytes(bytes, MAX_VALUE_BYTES);
    const next = `nextval('${this.#schema}.position')`;
    const [row] = await this.#query(
      key,
      expected === 0
        ? `INSERT INTO ${this.#schema}.value SELECT $1, ${next}, $3 WHERE $2 = 0::bigint
           ON CONFLICT DO NOTHING RETURNING revision`
        : `UPDATE ${this.#schema}.value SET revision = ${next}, bytes = $3
           WHERE key = $1 AND revision = $2 RETURNING revision`,
      [key, expected, parameter(bytes)],
    );
    if (row === undefined) throw new Fenced(`${key} is no longer at revision ${expected}`);
    return Number(row.revision);
  }

  async drop(name: string): Promise<void> {
    assertName(name, 'name');
    // "0" follows "/" in ASCII: everything below the name lies between.
    const range = [name, `${name}/`, `${name}0`];
    const below = (column: string): string =>
      `WHERE ${column} = $1 OR (${column} > $2 AND ${column} < $3)`;
    await this.#transaction(name, async (client) => {
      // First the heads: a writer that waits for one finds it gone.
      await client.query(`DELETE FROM ${this.#schema}.head ${below('partition')}`, range);
      await client.query(`DELETE FROM ${this.#schema}.frame ${below('partition')}`, range);
      await client.query(`DELETE FROM ${this.#schema}.value ${below('key')}`, range);
    });
  }

  async list(prefix: string): Promise<readonly string[]> {
    assertPrefix(prefix);
    const rows = await this.#query(
      prefix,
      `SELECT name FROM (SELECT partition AS name FROM ${this.#schema}.head
         UNION SELECT key FROM ${this.#schema}.value) names
       WHERE $1 = '' OR name = $1 OR (name > $2 AND name < $3)`,
      [prefix, `${prefix}/`, `${prefix}0`],
    );
    return rows.map(({ name }) => name).sort();
  }

  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end();
  }

  #query(what: string, text: string, values: readonly unknown[]): Promise<Row[]> {
    return named(what, async () => (await this.#pool.query<Row>(text, [...values])).rows);
  }

  #transaction(what: string, work: (client: ClientBase) => Promise<void>): Promise<void> {
    return named(what, async () => {
      const client = await this.#pool.connect();
      let failure: Error | undefined;
      try {
        await client.query('BEGIN');
        await work(client);
        await client.query('COMMIT');
      } catch (error) {
        failure = error as Error;
        throw error;
      } finally {
        // A connection whose transaction has failed is thrown away with it.
        client.release(failure);
      }
    });
  }
}

/**
 * Connects, makes the tables where they are missing and checks the settings. Connections that are
 * lost are replaced; calls in between fail.
 * @throws RangeError for a schema that is no plain name; EngineError `missing-package`,
 * `unsafe-engine`, or `unavailable` when the server does not answer.
 */
export async function openPostgres(options: PostgresOptions): Promise<UpdateLog> {
  const { url, schema, accept, timeoutMs, connections } = options;
  if (!SCHEMA.test(schema)) throw new RangeError(`schema is no plain name: ${schema}`);
  const { default: pg } = await loadPackages('PostgreSQL', ['pg'], () => import('pg'));
  const config = (settings: string): ClientConfig => ({
    connectionString: url,
    options: settings,
    application_name: 'vitrine',
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    keepAlive: true,
  });
  return named('start', async () => {
    let settings = '-c default_transaction_isolation=read\\ committed';
    const probe = new pg.Client(config(settings));
    probe.on('error', () => undefined);
    try {
      await probe.connect();
      await prepareTables(probe, schema);
      if (await commitsLater(probe)) settings += ' -c synchronous_commit=on';
    } finally {
      await probe.end();
    }
    const pool = new pg.Pool({ ...config(settings), max: connections });
    // An idle connection that breaks is replaced when the next call needs one.
    pool.on('error', () => undefined);
    const client = await pool.connect();
    try {
      return new PostgresEngine(await checkDurability(client, schema, accept), pool, schema);
    } catch (error) {
      setImmediate(() => void pool.end());
      throw error;
    } finally {
      client.release();
    }
  });
}
