/** A cluster of processes on a real PostgreSQL. */
import { describe } from 'vitest';
import { clusterSuite } from '../cluster/suite.ts';
import { findPostgres, SKIPPED } from '../servers/find.ts';
import { startPostgres } from '../servers/postgres.ts';

const here = findPostgres() !== null;

describe.skipIf(!here)(`a cluster on PostgreSQL${here ? '' : ` (${SKIPPED})`}`, () => {
  clusterSuite(async () => {
    const postgres = await startPostgres();
    return {
      address: () => postgres.url,
      accept: [],
      restart: async () => {
        await postgres.kill();
        await postgres.start();
      },
      stop: postgres.stop,
    };
  });
});
