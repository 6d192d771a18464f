/** The leases of one accumulator: its fair share of the partitions, by how many accumulators live. */
import { utf8 } from '../../shared/bytes/utf8.ts';
import { Lease, type LeaseOptions } from './lease.ts';
import { NAMES } from './names.ts';
import { EngineError, type UpdateLog } from './update-log.ts';

export interface LeasesOptions extends Omit<LeaseOptions, 'key' | 'log'> {
  readonly log: Pick<UpdateLog, 'load' | 'save' | 'list' | 'drop'>;
  readonly partitions: number;
  /** Called before a lease is given back: from its end on nothing is written any more. */
  readonly leave: (partition: number) => Promise<void>;
}

/** One that has been silent for so many lease times will not come back under the same name. */
const FORGOTTEN_TTLS = 20;

export class PartitionLeases {
  readonly #options: LeasesOptions;
  readonly #leases: readonly Lease[];
  /** Revisions of the members' values, and since when they have stood still. */
  readonly #seen = new Map<string, { revision: number; sinceMs: number }>();
  #revision = 0;
  readonly #leaving = new Set<number>();

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#leases = Array.from(
      { length: options.partitions },
      (_, partition) => new Lease({ ...options, key: NAMES.lease(partition) }),
    );
  }

  holds(partition: number): boolean {
    return this.#leases[partition]?.held === true && !this.#leaving.has(partition);
  }

  get held(): readonly number[] {
    return this.#leases.flatMap((_, partition) => (this.holds(partition) ? [partition] : []));
  }

  /** One step: tells that it lives, renews, and takes or gives back up to its share. */
  async tick(): Promise<void> {
    const living = await this.#living();
    const share = Math.ceil(this.#leases.length / living);
    for (const partition of this.held.slice(share)) await this.#giveBack(partition);
    await Promise.all(this.#leases.map((lease) => lease.tick(false)));
    // Everyone begins elsewhere, so that they seldom want the same one.
    const from = [...this.#options.node].reduce((sum, one) => sum + one.charCodeAt(0), 0);
    for (let i = 0; i < this.#leases.length && this.held.length < share; i++) {
      const lease = this.#leases[(from + i) % this.#leases.length];
      if (lease?.free) await lease.tick(true);
    }
  }

  /** Gives everything back, so that others can go on at once. */
  async release(): Promise<void> {
    await Promise.all(this.held.map((partition) => this.#giveBack(partition)));
    await this.#options.log.drop(NAMES.member(this.#options.node)).catch(ignoreEngine);
  }

  async #giveBack(partition: number): Promise<void> {
    this.#leaving.add(partition);
    await this.#options.leave(partition);
    await this.#leases[partition]?.release();
    this.#leaving.delete(partition);
  }

  /** How many accumulators have shown themselves lately, this one included. */
  async #living(): Promise<number> {
    const { log, node, url, ttlMs, nowMs } = this.#options;
    const own = NAMES.member(node);
    try {
      this.#revision = await log.save(own, this.#revision, utf8(JSON.stringify({ url: url() })));
    } catch (error) {
      ignoreEngine(error);
      this.#revision = (await log.load(own).catch(() => null))?.revision ?? this.#revision;
    }
    let living = 1;
    const names = await log.list(NAMES.members).catch(() => []);
    for (const name of names) {
      if (name === own) continue;
      const { revision } = await log.load(name).catch(() => ({ revision: -1 }));
      const now = nowMs();
      if (this.#seen.get(name)?.revision !== revision) {
        this.#seen.set(name, { revision, sinceMs: now });
      }
      const silentMs = now - (this.#seen.get(name)?.sinceMs ?? now);
      if (silentMs < ttlMs) living += 1;
      if (silentMs > FORGOTTEN_TTLS * ttlMs) await log.drop(name).catch(ignoreEngine);
    }
    return living;
  }
}

function ignoreEngine(error: unknown): void {
  if (!(error instanceof EngineError)) throw error;
}
