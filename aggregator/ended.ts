/** Rounds of one task that have ended: their records in the log and the ids that they spent. */
import type { TaskHead } from '../shared/protocol/task.ts';
import { idOf } from './accumulate/batch.ts';
import type { Disk } from './accumulate/disk.ts';
import { findSpent } from './accumulate/spent.ts';
import type { LogPlace, RecordLog } from './log/record-log.ts';

export class EndedRounds {
  readonly #disk: Disk;
  readonly #log: RecordLog;
  readonly #folder: string;
  readonly #places = new Map<number, { readonly round: LogPlace; outcome: LogPlace | null }>();
  /** One look-up at a time: late repetitions hold one file open, however many they are. */
  #lookup: Promise<unknown> = Promise.resolve();

  constructor(disk: Disk, log: RecordLog, folder: string) {
    this.#disk = disk;
    this.#log = log;
    this.#folder = folder;
  }

  opened(round: number, place: LogPlace): void {
    this.#places.set(round, { round: place, outcome: null });
  }

  ended(round: number, outcome: LogPlace): void {
    const places = this.#places.get(round);
    if (places !== undefined) places.outcome = outcome;
  }

  /** Signed records of a round that has ended, or null. */
  async records(round: number): Promise<TaskHead | null> {
    const places = this.#places.get(round);
    if (places === undefined || places.outcome === null) return null;
    const [opened, ended] = await Promise.all([
      this.#log.read(places.round.offset, places.round.length),
      this.#log.read(places.outcome.offset, places.outcome.length),
    ]);
    return {
      round: opened.type === 'round' ? opened.round : null,
      model: ended.type === 'model' ? ended.model : null,
      roundIndex: opened.type === 'round' ? places.round.index : null,
      modelIndex: ended.type === 'model' ? places.outcome.index : null,
      ...{ candidate: null, origin: null, verdict: null, subject: null },
    };
  }

  /** The ids that were counted in a published round: 16 bytes each, ascending. */
  batchPath(round: number): string {
    return `${this.#folder}/${round}.batch`;
  }

  spentPath(round: number): string {
    return `${this.#folder}/${round}.ids`;
  }

  /** What a round that has ended knows of a body's id. @throws DiskError */
  find(round: number, body: Uint8Array): Promise<'unknown' | 'same' | 'other'> {
    const path = this.spentPath(round);
    const found = this.#lookup.then(() =>
      findSpent((offset, length) => this.#disk.read(path, offset, length), idOf(body), body),
    );
    this.#lookup = found.catch(() => undefined);
    return found;
  }
}
