/**
 * Goods that the shop's pages told of, sealed like the history: one record each, AES-GCM-256 under
 * the same key. In the clear stands the day on which the good was seen, which expiry needs.
 */
import type { Connection } from './connection.ts';
import type { Retention, StoredGood } from './database.ts';
import type { Keyring } from './keyring.ts';
import { DAY_MS, type SealedValue, sealValue, unsealValue } from './seal.ts';

export type SealedGood = SealedValue & { readonly key: number };

const LABEL = 'goods';
/** Opened at once. */
const PART = 256;

/** Kept goods; the oldest go first. */
export const MAX_GOODS = 5000;

export class GoodsStore {
  readonly #connection: Connection;
  readonly #keyring: Keyring;

  constructor(connection: Connection, keyring: Keyring) {
    this.#connection = connection;
    this.#keyring = keyring;
  }

  /** In the order in which they came; what cannot be opened is deleted. */
  async read(): Promise<StoredGood[]> {
    const sealed = await this.#connection.read(['goods'], (tx) => tx.objectStore('goods').getAll());
    if (sealed.length === 0) return [];
    const key = await this.#keyring.key();
    const goods: StoredGood[] = [];
    const damaged: number[] = [];
    for (let from = 0; from < sealed.length; from += PART) {
      const part = sealed.slice(from, from + PART);
      const opened = await Promise.all(part.map((one) => unsealValue(key, LABEL, one)));
      for (const [i, good] of opened.entries()) {
        const { key: at, day } = part[i] as SealedGood;
        if (good === null) damaged.push(at);
        else goods.push({ key: at, day, good });
      }
    }
    if (damaged.length > 0) await this.#drop(damaged);
    return goods;
  }

  /** @returns the keys of the goods, in their order */
  async put(
    goods: readonly { readonly good: unknown; readonly atMs: number }[],
    replaced: readonly number[],
    { maxAgeMs }: Pick<Retention, 'maxAgeMs'>,
  ): Promise<number[]> {
    const key = await this.#keyring.key();
    const sealed = await Promise.all(
      goods.map(({ good, atMs }) => sealValue(key, LABEL, good, Math.floor(atMs / DAY_MS))),
    );
    const newest = Math.max(...sealed.map(({ day }) => day));
    return this.#connection.write(['goods'], async (tx) => {
      const store = tx.objectStore('goods');
      for (const one of replaced) await store.delete(one);
      const keys: number[] = [];
      for (const one of sealed) keys.push(await store.add(one as SealedGood));
      const over = (await store.count()) - MAX_GOODS;
      const last = over > 0 ? (await store.getAllKeys(null, over)).at(-1) : undefined;
      if (last !== undefined) await store.delete(IDBKeyRange.upperBound(last));
      // Seen again, a good comes to the end: the first are the oldest.
      for (let at = await store.openCursor(); at !== null; at = await at.continue()) {
        if (at.value.day >= newest - Math.ceil(maxAgeMs / DAY_MS)) break;
        await at.delete();
      }
      return keys;
    });
  }

  async #drop(keys: readonly number[]): Promise<void> {
    await this.#connection.write(['goods'], async (tx) => {
      for (const key of keys) await tx.objectStore('goods').delete(key);
    });
  }
}
