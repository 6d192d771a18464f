/**
 * A lease on a name: at most one holder at a time believes that it holds it, whose clock may be
 * anything. Nobody reads another machine's clock: a lease is free once its revision has stood still
 * for `ttlMs` of the observer's own time, and its holder stops believing `ttlMs` after it began its
 * last renewal. What rests on a lease is who does the work; that work counts once is held by the
 * log's fencing.
 */
import { fromUtf8, utf8 } from '../../shared/bytes/utf8.ts';
import { EngineError, Fenced, type UpdateLog } from './update-log.ts';

export interface LeaseOptions {
  readonly log: Pick<UpdateLog, 'load' | 'save'>;
  readonly key: string;
  /** Of this process, unique. */
  readonly node: string;
  /** Where this process answers; asked with every renewal. */
  readonly url: () => string;
  readonly ttlMs: number;
  /** Time that only rises, ms. */
  readonly nowMs: () => number;
}

/** What a lease says. */
export interface Holder {
  readonly node: string;
  /** Empty when it was given back. */
  readonly url: string;
  /** Rises with every holder. */
  readonly epoch: number;
}

export function decodeHolder(bytes: Uint8Array | null): Holder | null {
  return bytes === null ? null : (JSON.parse(fromUtf8(bytes)) as Holder);
}

export class Lease {
  readonly #options: LeaseOptions;
  #epoch = 0;
  /** Of this process's last save; null while it holds nothing. */
  #revision: number | null = null;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #seen: { readonly revision: number; readonly sinceMs: number } | null = null;
  #free = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Whether this process may believe that it holds the lease, now. */
  get held(): boolean {
    const { nowMs, ttlMs } = this.#options;
    return this.#revision !== null && nowMs() - this.#renewedAtMs < ttlMs;
  }

  /** Whether nobody held it when it was looked at last. */
  get free(): boolean {
    return this.#revision === null && this.#free;
  }

  /** Of the time that it was held last. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * Renews it where it is held; takes it where it is free and `wanted`. An engine that does not
   * answer changes nothing. @returns `held`.
   */
  async tick(wanted: boolean): Promise<boolean> {
    try {
      if (this.#revision !== null) await this.#renew(this.#revision);
      else await this.#look(wanted);
    } catch (error) {
      if (!(error instanceof EngineError && error.code === 'unavailable')) throw error;
    }
    return this.held;
  }

  /** Gives it back, so that nobody has to wait. */
  async release(): Promise<void> {
    const revision = this.#revision;
    this.#revision = null;
    if (revision === null) return;
    try {
      await this.#save(revision, '');
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
    }
  }

  async #renew(revision: number): Promise<void> {
    const startedMs = this.#options.nowMs();
    try {
      this.#revision = await this.#save(revision, this.#options.url());
      this.#renewedAtMs = startedMs;
    } catch (error) {
      if (!(error instanceof Fenced)) throw error;
      // A save whose answer was lost is this process's own.
      const { log, key, node } = this.#options;
      const value = await log.load(key);
      const holder = decodeHolder(value.bytes);
      const own = holder?.node === node && holder.epoch === this.#epoch && holder.url !== '';
      this.#revision = null;
      if (!own) return;
      // Others count its time from that save on, which was before this one.
      this.#revision = value.revision;
      this.#revision = await this.#save(value.revision, this.#options.url());
      this.#renewedAtMs = startedMs;
    }
  }

  async #look(wanted: boolean): Promise<void> {
    const { log, key, nowMs, ttlMs, url } = this.#options;
    const { revision, bytes } = await log.load(key);
    const now = nowMs();
    if (this.#seen?.revision !== revision) this.#seen = { revision, sinceMs: now };
    const holder = decodeHolder(bytes);
    this.#free = holder === null || holder.url === '' || now - this.#seen.sinceMs >= ttlMs;
    if (!wanted || !this.#free) return;
    this.#epoch = (holder?.epoch ?? 0) + 1;
    try {
      this.#revision = await this.#save(revision, url());
      this.#renewedAtMs = now;
    } catch (error) {
      if (!(error instanceof Fenced)) throw error;
    }
  }

  #save(revision: number, url: string): Promise<number> {
    const { log, key, node } = this.#options;
    const holder: Holder = { node, url, epoch: this.#epoch };
    return log.save(key, revision, utf8(JSON.stringify(holder)));
  }
}
