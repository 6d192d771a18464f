/** PostgreSQL: what the engine does and refuses when it starts. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../aggregator/engine/open.ts';
import { collect } from '../contract/update-log-world.ts';
import { frameBytes } from '../contract/update-log-writer.ts';
import { findPostgres, SKIPPED } from '../servers/find.ts';
import { type Postgres, startPostgres } from '../servers/postgres.ts';

const here = findPostgres() !== null;
const reason = here ? '' : ` (${SKIPPED})`;
const ACCEPT = { accept: ['postgres-unsynced'] };

describe.skipIf(!here)(`PostgreSQL, what it does at start${reason}`, () => {
  let postgres: Postgres;

  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres?.stop());

  async function administer(...statements: readonly string[]): Promise<pg.QueryResult> {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      let result: pg.QueryResult | null = null;
      for (const statement of statements) result = await client.query(statement);
      return result as pg.QueryResult;
    } finally {
      await client.end();
    }
  }

  async function restart(settings: Readonly<Record<string, string>>): Promise<void> {
    await postgres.shutDown();
    await postgres.start(settings);
  }

  it('makes its tables once, whoever comes first, in the schema that was named', async () => {
    const address = `${postgres.url}&schema=shop_a`;
    const logs = await Promise.all(Array.from({ length: 6 }, () => openEngine(address)));
    const [first, second] = logs as [(typeof logs)[0], (typeof logs)[0]];
    await first.append('p', 0, frameBytes(1, 10));
    expect(await collect(second, 'p', 0)).toHaveLength(1);
    const elsewhere = await openEngine(`${postgres.url}&schema=shop_b`);
    expect(await elsewhere.list('')).toEqual([]);
    await Promise.all([...logs, elsewhere].map((log) => log.close()));
    await expect(openEngine(`${postgres.url}&schema=a;b`)).rejects.toThrow(RangeError);
  });

  it('works for a user that may not make tables, where they are', async () => {
    await (await openEngine(postgres.url)).close();
    await administer(
      'CREATE ROLE clerk LOGIN',
      'GRANT USAGE ON SCHEMA vitrine TO clerk',
      'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA vitrine TO clerk',
      'GRANT USAGE ON ALL SEQUENCES IN SCHEMA vitrine TO clerk',
    );
    const address = postgres.url.replace('vitrine@', 'clerk@');
    const log = await openEngine(address);
    await log.save(
      'v',
      await log.append('p', 0, frameBytes(1, 10)).then(() => 0),
      frameBytes(1, 1),
    );
    await log.drop('p');
    await log.close();
    const refused = openEngine(`${address}&schema=other`);
    await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
    await expect(refused).rejects.toThrow(/permission denied/);
  });

  it('goes on when its connections are cut', async () => {
    const log = await openEngine(postgres.url);
    const offset = await log.append('cut', 0, frameBytes(1, 10));
    const cut =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vitrine'";
    expect((await administer(cut)).rowCount).toBeGreaterThan(0);
    // The cut may be seen by the first call; none after it is lost.
    await log.last('cut').catch(() => undefined);
    expect(await log.last('cut')).toBe(offset);
    expect(await log.append('cut', offset, frameBytes(2, 10))).toBeGreaterThan(offset);
    await log.close();
  });

  it('turns synchronous_commit on for itself', async () => {
    await administer('ALTER SYSTEM SET synchronous_commit = off', 'SELECT pg_reload_conf()');
    await restart({});
    expect((await administer('SHOW synchronous_commit')).rows).toEqual([
      { synchronous_commit: 'off' },
    ]);
    const log = await openEngine(postgres.url);
    expect(log.promise).toMatch(/committed and synced/);
    await log.append('p/on', 0, frameBytes(1, 10));
    await log.close();
    // Unless the address turns it off, which nothing can overrule.
    const off = `${postgres.url}&options=${encodeURIComponent('-c synchronous_commit=off')}`;
    await expect(openEngine(off)).rejects.toThrow(/synchronous_commit = off/);
    await administer('ALTER SYSTEM RESET synchronous_commit', 'SELECT pg_reload_conf()');
  });

  it.each(['fsync', 'full_page_writes'])(
    'refuses %s = off unless accepted by name',
    async (one) => {
      await restart({ [one]: 'off' });
      const refused = openEngine(postgres.url);
      await expect(refused).rejects.toMatchObject({ code: 'unsafe-engine' });
      await expect(refused).rejects.toThrow(`PostgreSQL has ${one} = off;`);
      await expect(refused).rejects.toThrow(/--accept-risk postgres-unsynced/);
      const log = await openEngine(postgres.url, ACCEPT);
      expect(log.promise).toContain(`(${one} = off), and that was accepted`);
      await log.close();
      await restart({});
    },
  );

  it('refuses tables that a crash empties', async () => {
    await (await openEngine(`${postgres.url}&schema=fast`)).close();
    await administer('ALTER TABLE fast.frame SET UNLOGGED');
    const refused = openEngine(`${postgres.url}&schema=fast`);
    await expect(refused).rejects.toThrow(/table fast\.frame not logged/);
  });

  it('keeps nothing of what was dropped', async () => {
    const log = await openEngine(`${postgres.url}&schema=kept`);
    await log.append('a/b', 0, frameBytes(1, 10_000));
    await log.save('a/c', 0, frameBytes(1, 10_000));
    await log.append('a-b', 0, frameBytes(1, 10_000));
    await log.drop('a');
    const counts = await administer(
      `SELECT (SELECT count(*) FROM kept.head) AS heads, (SELECT count(*) FROM kept.frame) AS frames,
         (SELECT count(*) FROM kept.value) AS values`,
    );
    expect(counts.rows).toEqual([{ heads: '1', frames: '1', values: '0' }]);
    await log.close();
  });

  it('says when no server answers', async () => {
    const gone = openEngine('postgres://x@127.0.0.1:1/x', { timeoutMs: 2000 });
    await expect(gone).rejects.toMatchObject({ code: 'unavailable' });
  });
});
