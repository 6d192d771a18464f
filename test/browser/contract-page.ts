/** Entry of the page in which the database contract runs against the browser's own IndexedDB. */
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import { databaseContract } from '../contract/database.ts';
import { CONSENT } from '../contract/database-values.ts';
import { runAll } from './contract-runner.ts';

/** What a page finds with IndexedDB alone of a history that holds `words`. */
export interface Sealed {
  readonly words: readonly string[];
  /** The first word as the SDK reads it back. */
  readonly read: string | undefined;
  readonly records: number;
  /** Every string and byte of the records, bytes as Latin-1. */
  readonly legible: string;
  readonly extractable: boolean;
  readonly exported: readonly string[];
}

const WORDS = ['teapot-4711', 'Yixing-Kanne', 'Keramikabteilung', 'purpurner-Ton'];

const request = <T>(one: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    one.onsuccess = () => resolve(one.result);
    one.onerror = () => reject(one.error);
  });

function legible(value: unknown): string {
  if (value instanceof Uint8Array) return Array.from(value, (b) => String.fromCharCode(b)).join('');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, one]) => `${key} ${legible(one)}`)
    .join(' ');
}

async function sealedWords(): Promise<Sealed> {
  const [id, name, category, term] = WORDS as [string, string, string, string];
  const items = [{ id, name, category, quantity: 1 }];
  const event = (atMs: number): ShopEvent => ({ name: 'search', atMs, session: 1, items, term });
  const db = await indexedDatabase('sealed');
  await db.setMeta('consent', CONSENT);
  for (let at = 0; at < 70; at++) {
    await db.appendEvents([event(at)], { maxEvents: 1000, maxAgeMs: 1e12 });
  }
  const read = (await db.readEvents())[0]?.items[0]?.id;
  const raw = await request(indexedDB.open('sealed'));
  const tx = raw.transaction(['events', 'keys'], 'readonly');
  const [records, key] = await Promise.all([
    request(tx.objectStore('events').getAll()),
    request<CryptoKey>(tx.objectStore('keys').get('history')),
  ]);
  raw.close();
  const exported = await Promise.all(
    (['raw', 'jwk'] as const).map((format) =>
      crypto.subtle.exportKey(format, key).then(
        () => 'exported',
        (error: DOMException) => error.name,
      ),
    ),
  );
  await db.erase();
  const { extractable } = key;
  const all = legible(records);
  return { words: WORDS, read, records: records.length, legible: all, extractable, exported };
}

databaseContract('IndexedDB', (name) => indexedDatabase(name), { shared: true });
Object.assign(window, { runContract: runAll, sealedWords });
