/** PostgreSQL: the contract against a real server. */
import { describe } from 'vitest';
import { updateLogContract } from '../contract/update-log.ts';
import { findPostgres, SKIPPED } from '../servers/find.ts';
import { startPostgres } from '../servers/postgres.ts';

const here = findPostgres() !== null;
const reason = here ? '' : ` (${SKIPPED})`;

describe.skipIf(!here)(`PostgreSQL${reason}`, () => {
  updateLogContract(
    async () => {
      const postgres = await startPostgres();
      return {
        address: postgres.url,
        restart: async () => {
          await postgres.kill();
          await postgres.start();
        },
        stop: postgres.stop,
      };
    },
    { restarts: true },
  );
});
