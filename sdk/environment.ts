/**
 * Everything of the browser that the client touches, as one record: a test in Node replaces it,
 * and importing the SDK on a server touches nothing.
 */
import type { RandomSource } from '../shared/random/source.ts';
import type { Clock } from './capture/clock.ts';
import type { Database } from './database/database.ts';
import type { Channel, Locks } from './leader.ts';
import type { Basics } from './profile/result.ts';
import type { Transport } from './receive/transport.ts';
import type { WorkerHost } from './spawn.ts';
import type { Strain } from './strain.ts';

/** Undo of a subscription or a timer. */
export type Undo = () => void;

export type PageEvent =
  | 'visible'
  | 'hidden'
  | 'online'
  | 'offline'
  | 'pagehide'
  | 'pageshow'
  /** `strain` answers differently now. */
  | 'strain';

export interface Environment {
  readonly clock: Clock;
  /** Made on first use: WebCrypto. */
  random(): RandomSource;
  /** `isSecureContext`: without it there is no WebCrypto, no Web Locks and no WebGPU. */
  secure(): boolean;
  online(): boolean;
  visible(): boolean;
  /** Global Privacy Control. */
  gpc(): boolean;
  /** Why nothing should be trained, nor fetched for it, on this device now. */
  strain(): Strain | null;
  /** What the browser shows of itself to every page. */
  about(): Pick<Basics, 'device' | 'locale'>;
  /** Absolute address of a page-relative one. */
  resolve(url: string): string;
  listen(event: PageEvent, run: () => void): Undo;
  after(ms: number, run: () => void): Undo;
  /** When the page has nothing else to do. */
  idle(run: () => void): Undo;
  readonly locks: Locks | null;
  channel(name: string): Channel | null;
  transport(endpoint: string): Transport;
  readonly workers: WorkerHost;
  /** Whether a script from elsewhere may run only with the hash that the build has pinned. */
  readonly pinned: boolean;
  /** Whether this site has a database here, without making one. */
  databaseExists(name: string): Promise<boolean>;
  /** @param options.create whether one that is not there is made; default true */
  openDatabase(name: string, options?: { readonly create?: boolean }): Promise<Database>;
  /** Deletes it without opening it. @throws DatabaseError when something is left. */
  eraseDatabase(name: string): Promise<void>;
  /** One line of debugging. */
  log(line: string): void;
}

/** Resolves when `promise` does, or after `ms`. */
export async function within(
  { after }: Pick<Environment, 'after'>,
  ms: number,
  promise: Promise<unknown>,
): Promise<void> {
  let cancel: Undo = () => undefined;
  const late = new Promise<void>((resolve) => {
    cancel = after(ms, resolve);
  });
  await Promise.race([promise, late]);
  cancel();
}
