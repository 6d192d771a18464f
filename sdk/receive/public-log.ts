/**
 * The public log as this browser has seen it: what it takes part in must be in it, and no later
 * look may contradict an earlier one (shared/protocol/SPEC.md, L rules).
 */
import { logOrigin, witnessName } from '../../shared/protocol/checkpoint.ts';
import { type LogEntry, leafBytes } from '../../shared/protocol/log.ts';
import { LogReader } from '../../shared/protocol/log-reader.ts';
import type { KeptCheckpoint } from '../../shared/protocol/tiles.ts';
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
  #work: Promise<unknown> = Promise.resolve();

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
    const last = Math.max(...entries.map(({ index }) => index ?? Number.POSITIVE_INFINITY));
    if (last === Number.POSITIVE_INFINITY) {
      throw new ReceiveError('not-in-log', 'the server names no place in the log');
    }
    const known = this.#readers.get(logKey);
    let reader = known !== undefined && last < known.size ? known : await this.#update(logKey);
    if (witness !== null) {
      const name = witnessName(this.#options.site);
      await reader.assertCosigned(name, [witness]).catch(async () => {
        // The cosignature may have come after the checkpoint.
        reader = await this.#update(logKey);
        await reader.assertCosigned(name, [witness]);
      });
    }
    for (const { index, entry } of entries) await reader.includes(index ?? 0, leafBytes(entry));
  }

  /** One at a time: two looks at once could believe two logs. */
  #update(logKey: string): Promise<LogReader> {
    const done = this.#work.then(() => this.#take(logKey));
    this.#work = done.catch(() => undefined);
    return done;
  }

  /** Believes the served checkpoint, which extends what any page has believed meanwhile. */
  async #take(logKey: string): Promise<LogReader> {
    const { kept, keep } = this.#options;
    for (;;) {
      const last = (await kept()).logs[logKey] ?? null;
      const reader = this.#reader(logKey, last);
      const checkpoint = await reader.update();
      let moved = false;
      await keep((now) => {
        const next = withCheckpoint(now, logKey, checkpoint);
        const other = now.logs[logKey] ?? null;
        moved = other !== null && !isSame(other, last) && !isSame(other, checkpoint);
        return moved ? now : next;
      });
      if (!moved) return reader;
    }
  }

  /** A reader that has believed `last`, or what came after it. */
  #reader(logKey: string, last: KeptCheckpoint | null): LogReader {
    const known = this.#readers.get(logKey);
    const behind = known?.last == null || (last !== null && last.size >= known.last.size);
    if (known !== undefined && (!behind || isSame(known.last, last))) return known;
    const { transport, site } = this.#options;
    const reader = new LogReader({
      fetch: (path, maxBytes) => transport.bytes(path, maxBytes),
      origin: logOrigin(site),
      logKey,
      last,
    });
    this.#readers.set(logKey, reader);
    return reader;
  }
}

function isSame(a: KeptCheckpoint | null, b: KeptCheckpoint | null): boolean {
  return a?.size === b?.size && a?.root === b?.root;
}
