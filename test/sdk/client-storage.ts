/** Connections of several tabs to one store in memory. */
import { type Database, DatabaseError } from '../../sdk/database/database.ts';

/** One tab's connection: closing it leaves the store; a deleted store closes it. */
export function connection(
  store: Database,
  { present, remove, full }: { present(): boolean; remove(): void; full(): boolean },
): Database {
  let closed = false;
  const open = (): void => {
    if (closed || !present()) throw new DatabaseError('closed', 'the connection is closed');
  };
  return new Proxy(store, {
    get(target, key) {
      if (key === 'state') return closed || !present() ? 'closed' : target.state;
      if (key === 'close') {
        return () => {
          closed = true;
        };
      }
      if (key === 'erase') {
        return async () => {
          open();
          await target.erase();
          remove();
          closed = true;
        };
      }
      const method: unknown = Reflect.get(target, key, target);
      // Promises ask every value for 'then'.
      if (typeof method !== 'function') return method;
      return async (...all: unknown[]) => {
        open();
        if (full() && /^(set|put|append|charge|update|coin)/.test(String(key))) {
          throw new DatabaseError('quota', 'the disk is full');
        }
        return method.apply(target, all);
      };
    },
  });
}
