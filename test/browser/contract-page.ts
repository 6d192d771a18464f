/** Entry of the page in which the database contract runs against the browser's own IndexedDB. */
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import { databaseContract } from '../contract/database.ts';
import { runAll } from './contract-runner.ts';

databaseContract('IndexedDB', (name) => indexedDatabase(name), { shared: true });
Object.assign(window, { runContract: runAll });
