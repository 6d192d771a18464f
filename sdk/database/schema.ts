/**
 * IndexedDB schema and its migrations. A migration is never edited once it has shipped: the next
 * change is a new entry of the table, and the database's version is the table's length.
 */
import type { DBSchema, IDBPDatabase, IDBPTransaction, StoreNames } from 'idb';
import type { LedgerEntry, OutboxEntry, StoredModel } from './database.ts';
import type { SealedGood } from './goods.ts';
import type { SealedEvents } from './seal.ts';

export interface Schema extends DBSchema {
  /** Keyed by the name of the value. */
  meta: { key: string; value: unknown };
  /** The history, encrypted (PR33). */
  events: { key: number; value: SealedEvents };
  /** Keyed by what is sealed under it: 'history'. */
  keys: { key: string; value: CryptoKey };
  models: { key: string; value: StoredModel };
  catalogues: { key: string; value: { hash: string; bytes: Uint8Array } };
  /** Public cards of the goods, by part. */
  cards: { key: string; value: { hash: string; bytes: Uint8Array } };
  /** Goods that pages told of, encrypted. */
  goods: { key: number; value: SealedGood };
  /** `round` is a `coinKey`; the key tells their order. */
  coins: {
    key: number;
    value: { readonly round: string; readonly takesPart: boolean };
    indexes: { 'by-round': string };
  };
  ledger: {
    key: number;
    value: LedgerEntry;
    indexes: { 'by-round': [string, string] };
  };
  outbox: { key: string; value: OutboxEntry };
}

export type StoreName = StoreNames<Schema>;

export const STORES: readonly StoreName[] = [
  'meta',
  'events',
  'keys',
  'models',
  'catalogues',
  'cards',
  'goods',
  'coins',
  'ledger',
  'outbox',
];

type Upgrade = IDBPTransaction<Schema, StoreName[], 'versionchange'>;
type Migration = (db: IDBPDatabase<Schema>, tx: Upgrade) => void;

const MIGRATIONS: readonly Migration[] = [
  // Version 1: every store; the ledger refuses a second entry of a round by itself (PR17).
  (db) => {
    db.createObjectStore('meta');
    db.createObjectStore('events', { keyPath: 'key', autoIncrement: true });
    db.createObjectStore('models', { keyPath: 'taskName' });
    db.createObjectStore('catalogues', { keyPath: 'hash' });
    db.createObjectStore('coins');
    const ledger = db.createObjectStore('ledger', { keyPath: 'key', autoIncrement: true });
    ledger.createIndex('by-round', ['taskHash', 'roundHash'], { unique: true });
    db.createObjectStore('outbox', { keyPath: 'reportId' });
  },
  // Version 2: retention by age finds old events without reading the whole history.
  (_db, tx) => {
    const events = tx.objectStore('events') as unknown as {
      createIndex(name: string, path: string): unknown;
    };
    events.createIndex('by-time', 'atMs');
  },
  // Version 3: coins know their order, so that the oldest can go. Those of version 2 have none.
  (db) => {
    db.deleteObjectStore('coins');
    const coins = db.createObjectStore('coins', { autoIncrement: true });
    coins.createIndex('by-round', 'round', { unique: true });
  },
  // Version 4: the history is encrypted. What version 3 kept of it in the clear goes.
  (db, tx) => {
    db.deleteObjectStore('events');
    db.createObjectStore('events', { keyPath: 'key', autoIncrement: true });
    db.createObjectStore('keys');
    void tx.objectStore('meta').delete('session');
  },
  // Version 5: cards of the goods, and goods that pages told of.
  (db) => {
    db.createObjectStore('cards', { keyPath: 'hash' });
    db.createObjectStore('goods', { keyPath: 'key', autoIncrement: true });
  },
];

export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Applies the migrations after `from`, up to `to`; an older `to` is for tests that make a
 * database as an older release left it.
 */
export function migrate(
  db: IDBPDatabase<Schema>,
  tx: Upgrade,
  from: number,
  to: number = SCHEMA_VERSION,
): void {
  for (const migration of MIGRATIONS.slice(from, to)) migration(db, tx);
}
