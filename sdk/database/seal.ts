/**
 * The history at rest: records of up to 64 events under AES-GCM-256 (NIST SP 800-38D, random
 * 96-bit IV), with a key that no script can read. In the clear stand how many events a record
 * holds and the day of the oldest, which retention needs; both are authenticated.
 */
import { fromUtf8, utf8 } from '../../shared/bytes/utf8.ts';
import type { ShopEvent } from '../capture/event.ts';
import type { StoredEvent } from './database.ts';

export interface SealedEvents {
  /** Rises with every record. */
  readonly key: number;
  readonly iv: Uint8Array;
  readonly data: Uint8Array;
  /** Number of events. */
  readonly count: number;
  /** Days since 1970, UTC, of the oldest event. */
  readonly day: number;
}

/** What is sealed: an event has no key before its first record has one. */
export type Keyless = Omit<SealedEvents, 'key'>;

export const RECORD_EVENTS = 64;
export const DAY_MS = 86_400_000;

/** Keys of events that were stored together lie between the keys of two records. */
const KEYS_PER_RECORD = 1024;
const IV_BYTES = 12;
/** A record's length tells no more of its events than a multiple of this. */
const PAD_BYTES = 256;
const SPACE = 0x20;

export const firstKey = (recordKey: number): number => recordKey * KEYS_PER_RECORD;
export const recordOf = (eventKey: number): number => Math.floor(eventKey / KEYS_PER_RECORD);

/** A key for one profile; the browser gives its bytes to no script. */
export function makeKey(): Promise<CryptoKey> {
  const algorithm = { name: 'AES-GCM', length: 256 };
  return globalThis.crypto.subtle.generateKey(algorithm, false, ['encrypt', 'decrypt']);
}

export function isKey(value: unknown): value is CryptoKey {
  const { algorithm, extractable } = (value ?? {}) as Partial<CryptoKey>;
  return algorithm?.name === 'AES-GCM' && extractable === false;
}

/** @param events 1 to 64, oldest first; those with a `key` keep it. */
export async function seal(key: CryptoKey, events: readonly ShopEvent[]): Promise<Keyless> {
  const iv = globalThis.crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const count = events.length;
  const oldestMs = events.reduce((least, { atMs }) => Math.min(least, atMs), events[0]?.atMs ?? 0);
  const day = Math.floor(oldestMs / DAY_MS);
  const parameters = { name: 'AES-GCM', iv, additionalData: boundTo(count, day) };
  const data = await globalThis.crypto.subtle.encrypt(parameters, key, padded(events));
  return { iv, data: new Uint8Array(data), count, day };
}

/** The events of a record, or null when it was damaged or sealed under another key. */
export async function unseal(key: CryptoKey, record: SealedEvents): Promise<StoredEvent[] | null> {
  try {
    const { iv, data, count, day } = record;
    const parameters = {
      name: 'AES-GCM',
      iv: iv as Uint8Array<ArrayBuffer>,
      additionalData: boundTo(count, day),
    };
    const bytes = data as Uint8Array<ArrayBuffer>;
    const opened = await globalThis.crypto.subtle.decrypt(parameters, key, bytes);
    const events = JSON.parse(fromUtf8(new Uint8Array(opened))) as (ShopEvent & { key?: number })[];
    const first = firstKey(record.key);
    return events.map((event, i) => ({ ...event, key: event.key ?? first + i }));
  } catch {
    return null;
  }
}

/** A sealed value of another kind than events; in the clear stands the day that it is of. */
export interface SealedValue {
  readonly iv: Uint8Array;
  readonly data: Uint8Array;
  /** Days since 1970, UTC. */
  readonly day: number;
}

/** @param label of what is sealed, so that no value stands for one of another kind */
export async function sealValue(
  key: CryptoKey,
  label: string,
  value: unknown,
  day: number,
): Promise<SealedValue> {
  const iv = globalThis.crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const additionalData = utf8(`vitrine/${label}/1/${day}`);
  const parameters = { name: 'AES-GCM', iv, additionalData };
  const data = await globalThis.crypto.subtle.encrypt(parameters, key, padded(value));
  return { iv, data: new Uint8Array(data), day };
}

/** The value, or null when it was damaged or sealed under another key. */
export async function unsealValue(
  key: CryptoKey,
  label: string,
  { iv, data, day }: SealedValue,
): Promise<unknown> {
  try {
    const additionalData = utf8(`vitrine/${label}/1/${day}`);
    const parameters = { name: 'AES-GCM', iv: iv as Uint8Array<ArrayBuffer>, additionalData };
    const bytes = data as Uint8Array<ArrayBuffer>;
    const opened = await globalThis.crypto.subtle.decrypt(parameters, key, bytes);
    return JSON.parse(fromUtf8(new Uint8Array(opened)));
  } catch {
    return null;
  }
}

/** Whether nobody has rewritten the record: an IV is used once. */
export function isSame(a: Pick<SealedEvents, 'iv'> | undefined, b: typeof a): boolean {
  return a !== undefined && b !== undefined && String(a.iv) === String(b.iv);
}

function padded(value: unknown): Uint8Array<ArrayBuffer> {
  const text = utf8(JSON.stringify(value));
  const bytes = new Uint8Array(Math.ceil(text.length / PAD_BYTES) * PAD_BYTES).fill(SPACE);
  bytes.set(text);
  return bytes;
}

const boundTo = (count: number, day: number): Uint8Array<ArrayBuffer> =>
  utf8(`vitrine/events/1/${count}/${day}`);
