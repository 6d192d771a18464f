/** The log as a whole: checkpoint, cosignature, tree and what was seen before (PR52). */
import { createHash } from 'node:crypto';
import { toHex } from '../../shared/bytes/hex.ts';
import { LogError, logOrigin, witnessName } from '../../shared/protocol/checkpoint.ts';
import { LogReader } from '../../shared/protocol/log-reader.ts';
import { Frontier, leafInput } from '../../shared/protocol/merkle.ts';
import { type FetchFile, type KeptCheckpoint, TILE_WIDTH } from '../../shared/protocol/tiles.ts';
import { type CheckName, type Checks, Tally } from './check.ts';
import type { History } from './history.ts';
import { reasonOf } from './web.ts';

export interface LogOptions {
  readonly fetch: FetchFile;
  readonly site: string;
  /** The key that the site's tasks name. */
  readonly logKey: string;
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

const FAULTS: Readonly<Record<LogError['code'], CheckName>> = {
  'bad-checkpoint': 'checkpoint',
  'bad-tile': 'log-tree',
  'log-fork': 'log-consistency',
  'not-cosigned': 'cosignature',
  'not-in-log': 'log-tree',
};

function readerOf(
  { fetch, site, logKey }: LogOptions,
  fetchOther: FetchFile | null,
  last: KeptCheckpoint | null,
): LogReader {
  return new LogReader({ fetch: fetchOther ?? fetch, origin: logOrigin(site), logKey, last });
}

export class AuditedLog {
  readonly #options: LogOptions;
  readonly #checks: Checks;
  readonly #frontier = new Frontier(sha256);
  #reader: LogReader;
  #kept: KeptCheckpoint | null = null;
  #broken = false;

  constructor(options: LogOptions, checks: Checks) {
    this.#options = options;
    this.#checks = checks;
    this.#reader = readerOf(options, null, null);
  }

  /** The checkpoint up to which all entries were read, or null. */
  get kept(): KeptCheckpoint | null {
    return this.#broken ? null : this.#kept;
  }

  /** Reads on to the served checkpoint and hands every new entry to `history`. */
  async advance(history: History): Promise<boolean> {
    if (this.#broken) return false;
    try {
      const kept = await this.#reader.update();
      const frontier = this.#frontier;
      while (frontier.size < kept.size) {
        const bundle = Math.floor(frontier.size / TILE_WIDTH);
        const entries = await this.#reader.entries(bundle);
        for (const entry of entries.slice(frontier.size - bundle * TILE_WIDTH)) {
          frontier.push(sha256(leafInput(entry)));
          await history.take(entry);
        }
      }
      if (toHex(frontier.root) !== kept.root) {
        throw new LogError('bad-tile', 'the entries do not make the root');
      }
      this.#kept = kept;
      return true;
    } catch (error) {
      this.#broken = true;
      this.#fail(error, 'log-tree');
      return false;
    }
  }

  /** Records that what was read last held. */
  pass(history: History): void {
    if (this.#broken || this.#kept === null) return;
    const { size, root } = this.#kept;
    this.#checks.pass('checkpoint', '', `signed by ${this.#options.logKey}`, { size, root });
    this.#checks.pass('log-tree', '', `${history.size} entries make root ${root}`, { size, root });
  }

  /** @param last the checkpoint that was seen before, null at first contact. */
  async checkConsistency(last: KeptCheckpoint | null, why: string): Promise<void> {
    if (last === null) {
      this.#checks.skip('log-consistency', '', why);
      return;
    }
    try {
      const kept = await readerOf(this.#options, null, last).update();
      const detail = `${last.size} entries seen before are the first of ${kept.size}`;
      this.#checks.pass('log-consistency', '', detail, { before: last.size, size: kept.size });
    } catch (error) {
      this.#fail(error, 'log-consistency');
    }
  }

  /** Whether the log seen here and the one seen elsewhere are one. */
  async compare(other: FetchFile | KeptCheckpoint, place: string): Promise<void> {
    const ours = this.#kept;
    if (ours === null) return;
    const options = this.#options;
    try {
      let [first, second] = [ours.size, 0];
      if (typeof other === 'function') {
        const theirs = await readerOf(options, other, null).update();
        second = theirs.size;
        const [later, last] = theirs.size < ours.size ? [null, theirs] : [other, ours];
        await readerOf(options, later, last).update();
      } else {
        second = other.size;
        if (other.size > ours.size) {
          throw new Error(
            `${place} has seen ${other.size} entries, of which ${ours.size} are here`,
          );
        }
        await readerOf(options, null, other).update();
      }
      if (first > second) [first, second] = [second, first];
      this.#checks.pass('log-compare', place, `${first} entries there and here are the same`);
    } catch (error) {
      this.#checks.fail('log-compare', place, reasonOf(error));
    }
  }

  /** @param clients as whom the log is read besides; what each is shown goes on from ours. */
  async checkClients(clients: readonly FetchFile[]): Promise<void> {
    const same = new Tally();
    for (const [i, client] of clients.entries()) {
      let fault = '';
      try {
        await readerOf(this.#options, client, this.#kept).update();
      } catch (error) {
        fault = reasonOf(error);
      }
      same.look(fault === '', () => `client ${i + 1}: ${fault}`);
    }
    this.#checks.tally('served-log', '', same, `one log, read as ${clients.length} clients`);
  }

  /** @param identities of the helper, any of which will do. */
  async checkCosigned(
    identities: readonly string[],
    patienceMs: number,
    pause: (ms: number) => Promise<void>,
  ): Promise<void> {
    const name = witnessName(this.#options.site);
    for (let waited = 0; ; waited += 500) {
      try {
        await this.#reader.update();
        await this.#reader.assertCosigned(name, identities);
        this.#checks.pass('cosignature', '', `by the helper, as ${name}`);
        return;
      } catch (error) {
        if (!(error instanceof LogError && error.code === 'not-cosigned') || waited >= patienceMs) {
          this.#fail(error, 'cosignature');
          return;
        }
        await pause(500);
      }
    }
  }

  #fail(error: unknown, otherwise: CheckName): void {
    const name = error instanceof LogError ? FAULTS[error.code] : otherwise;
    this.#checks.fail(name, '', reasonOf(error));
  }
}
