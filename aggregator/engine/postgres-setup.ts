/** Tables of the log in PostgreSQL, and the settings without which a commit is not on disk. */
import type { ClientBase } from 'pg';
import { type Accepted, EngineError } from '../cluster/update-log.ts';

const TABLES = ['frame', 'head', 'value'];
/** Serialises processes that make the tables at the same time; any number of our own. */
const SETUP_LOCK = 0x56495452;

/** `"C"` makes the names below another one a range of the index. */
function definitions(schema: string): string {
  return `
CREATE SCHEMA IF NOT EXISTS ${schema};
CREATE SEQUENCE IF NOT EXISTS ${schema}.position;
CREATE TABLE IF NOT EXISTS ${schema}.head (
  partition text COLLATE "C" PRIMARY KEY, position bigint NOT NULL);
CREATE TABLE IF NOT EXISTS ${schema}.frame (
  partition text COLLATE "C", position bigint, bytes bytea NOT NULL,
  PRIMARY KEY (partition, position));
CREATE TABLE IF NOT EXISTS ${schema}.value (
  key text COLLATE "C" PRIMARY KEY, revision bigint NOT NULL, bytes bytea NOT NULL);
ALTER TABLE ${schema}.frame ALTER COLUMN bytes SET STORAGE EXTERNAL;
ALTER TABLE ${schema}.value ALTER COLUMN bytes SET STORAGE EXTERNAL;`;
}

/** Makes the tables where they are missing; a user that may not needs them made before. */
export async function prepareTables(client: ClientBase, schema: string): Promise<void> {
  const present = async (): Promise<boolean> => {
    const sql =
      'SELECT 1 FROM pg_class WHERE relname = ANY ($2) AND relnamespace = to_regnamespace($1)';
    return (await client.query(sql, [schema, [...TABLES, 'position']])).rowCount === 4;
  };
  if (await present()) return;
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock($1)', [SETUP_LOCK]);
  if (!(await present())) await client.query(definitions(schema));
  await client.query('COMMIT');
}

async function setting(client: ClientBase, name: string): Promise<string> {
  const { rows } = await client.query('SELECT current_setting($1) AS value', [name]);
  return (rows[0] as { value: string }).value;
}

/** Tells whether sessions have to turn `synchronous_commit` on for themselves. */
export async function commitsLater(client: ClientBase): Promise<boolean> {
  return (await setting(client, 'synchronous_commit')) === 'off';
}

/**
 * Checks what a commit is worth. @returns what an acknowledgement means.
 * @throws EngineError `unsafe-engine`
 */
export async function checkDurability(
  client: ClientBase,
  schema: string,
  accept: readonly Accepted[],
): Promise<string> {
  const faults: string[] = [];
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    if ((await setting(client, name)) === 'off') faults.push(`${name} = off`);
  }
  const unlogged = await client.query(
    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind = 'r' AND relpersistence <> 'p' ORDER BY relname",
    [schema],
  );
  for (const { relname } of unlogged.rows as { relname: string }[]) {
    faults.push(`table ${schema}.${relname} not logged`);
  }
  if (faults.length === 0) {
    return 'an acknowledged report is committed and synced by PostgreSQL (fsync and synchronous_commit are on)';
  }
  const text = faults.join(', ');
  if (accept.includes('postgres-unsynced')) {
    return `an acknowledged report outlives a kill of PostgreSQL, but may be lost with its machine (${text}), and that was accepted`;
  }
  throw new EngineError(
    'unsafe-engine',
    `PostgreSQL has ${text}; change it, or accept it with --accept-risk postgres-unsynced`,
  );
}
