/**
 * The public log as this browser has seen it: what it takes part in must be in it, and no later
 * look may contradict an earlier one (shared/protocol/SPEC.md, L rules).
 */
import { logOrigin, witnessName } from '../../shared/protocol/checkpoint.ts';
import { type LogEntry, leafBytes } from '../../shared/protocol/log.ts';
import { LogReader } from '../../shared/protocol/log-reader.ts';
import { ReceiveError } from './error.ts';
import { type Kept, withCheckpoint } from './kept.ts';
import type { Transport } from './transport.ts';

/** An entry and the leaf number that the server says it has. */
export interface PlacedEntry {
  readonly index: number | null;
  readonly entry: LogEntry;
}

export interface PublicLogOptions {
  readonly transport: Transport;
  readonly site: string;
  readonly kept: () => Promise<Kept>;
  readonly keep: (change: (kept: Kept) => Kept) => Promise<void>;
}

export class PublicLog {
  readonly #options: PublicLogOptions;
  /** By the key of the log. */
  readonly #readers = new Map<string, LogReader>();

  constructor(options: PublicLogOptions) {
    this.#options = options;
  }

  /**
   * Asks the network for a checkpoint only when an entry lies beyond the one that is known.
   * @param logKey the task's `aggregatorKey`.
   * @param witness the helper's key that must have cosigned; null outside the split tier.
   * @throws ReceiveError, LogError or NetworkError unless all entries are in the log.
   */
  async assertHolds(
    logKey: string,
    entries: readonly PlacedEntry[],
    witness: string | null,
  ): Promise<void> {
    if (entries.length === 0) return;
    const reader = await this.#reader(logKey);
    const last = Math.max(...entries.map(({ index }) => index ?? Number.POSITIVE_INFINITY));
    if (last === Number.POSITIVE_INFINITY) {
      throw new ReceiveError('not-in-log', 'the server names no place in the log');
    }
    if (last >= reader.size) await this.#update(logKey, reader);
    if (witness !== null) {
      const name = witnessName(this.#options.site);
      await reader.assertCosigned(name, [witness]).catch(async () => {
        // The cosignature may have come after the checkpoint.
        await this.#update(logKey, reader);
        await reader.assertCosigned(name, [witness]);
      });
    }
    for (const { index, entry } of entries) await reader.includes(index ?? 0, leafBytes(entry));
  }

  async #reader(logKey: string): Promise<LogReader> {
    const known = this.#readers.get(logKey);
    if (known !== undefined) return known;
    const { transport, site, kept } = this.#options;
    const reader = new LogReader({
      fetch: (path, maxBytes) => transport.bytes(path, maxBytes),
      origin: logOrigin(site),
      logKey,
      last: (await kept()).logs[logKey] ?? null,
    });
    this.#readers.set(logKey, reader);
    return reader;
  }

  async #update(logKey: string, reader: LogReader): Promise<void> {
    const checkpoint = await reader.update();
    await this.#options.keep((kept) => withCheckpoint(kept, logKey, checkpoint));
  }
}
