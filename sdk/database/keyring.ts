/** The key of the history: made once per profile, kept beside what it seals, deleted with it. */
import type { Connection } from './connection.ts';
import { namedError } from './connection.ts';
import { isKey, makeKey } from './seal.ts';

const HISTORY = 'history';

export class Keyring {
  readonly #connection: Connection;
  #key: Promise<CryptoKey> | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * The key, made on first use; two tabs that race for it get the same.
   * @throws DatabaseError where the browser makes or keeps no key: the history is then not stored.
   */
  key(): Promise<CryptoKey> {
    this.#key ??= this.#findOrMake().catch((error: unknown) => {
      this.#key = null;
      throw namedError(error);
    });
    return this.#key;
  }

  async #findOrMake(): Promise<CryptoKey> {
    const found = await this.#connection.read(['keys'], (tx) =>
      tx.objectStore('keys').get(HISTORY),
    );
    if (isKey(found)) return found;
    const made = await makeKey();
    return this.#connection.write(['keys'], async (tx) => {
      const other = await tx.objectStore('keys').get(HISTORY);
      if (isKey(other)) return other;
      await tx.objectStore('keys').put(made, HISTORY);
      return made;
    });
  }
}
