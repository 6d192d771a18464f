/** A cluster of processes on the file engine. */
import { describe } from 'vitest';
import { clusterSuite } from '../cluster/suite.ts';

describe('a cluster on the file engine', () => {
  clusterSuite(async () => ({
    address: (folder) => `file:${folder}/engine`,
    // The folder of temporary files may lie in memory.
    accept: ['file-unsynced'],
    restart: null,
    stop: async () => undefined,
  }));
});
