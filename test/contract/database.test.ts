import 'fake-indexeddb/auto';
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import { databaseContract } from './database.ts';

databaseContract('memory', async () => memoryDatabase({ state: 'ready' }), { shared: false });
databaseContract('IndexedDB', (name) => indexedDatabase(name), { shared: true });
