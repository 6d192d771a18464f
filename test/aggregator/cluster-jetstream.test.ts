/** A cluster of processes on a real nats-server. */
import { describe } from 'vitest';
import { clusterSuite } from '../cluster/suite.ts';
import { findNats, SKIPPED } from '../servers/find.ts';
import { startNats } from '../servers/nats.ts';

const here = findNats() !== null;

describe.skipIf(!here)(`a cluster on JetStream${here ? '' : ` (${SKIPPED})`}`, () => {
  clusterSuite(async () => {
    const nats = await startNats();
    return {
      address: () => nats.url,
      accept: ['jetstream-unsynced'],
      restart: async () => {
        await nats.kill();
        await nats.start();
      },
      stop: nats.stop,
    };
  });
});
