/**
 * How many reports each partition of a round may hold, together never more than the task's
 * `maxReports` (RD2; in the split tier the noise rests on it). A partition asks for more room when
 * its own is used up and gets a part of what is left, so that the parts get small towards the end.
 */
import { fromUtf8, utf8 } from '../../shared/bytes/utf8.ts';
import { NAMES } from './names.ts';
import { Fenced, type UpdateLog } from './update-log.ts';

export interface QuotaOptions {
  readonly log: Pick<UpdateLog, 'load' | 'save'>;
  readonly roundHash: string;
  readonly partition: number;
  readonly partitions: number;
  readonly maxReports: number;
}

export class Quota {
  readonly #options: QuotaOptions;
  #granted = 0;
  #growing: Promise<boolean> | null = null;

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /** What this partition may hold. */
  get granted(): number {
    return this.#granted;
  }

  /**
   * Asks for more, once for all who ask at the same time; false when the round has no room left.
   * @param waiting how many reports wait for a place.
   * @throws EngineError
   */
  grow(waiting: () => number): Promise<boolean> {
    this.#growing ??= this.#grow(waiting).finally(() => {
      this.#growing = null;
    });
    return this.#growing;
  }

  async #grow(waiting: () => number): Promise<boolean> {
    const { log, roundHash, partition, partitions, maxReports } = this.#options;
    const key = NAMES.quota(roundHash);
    for (;;) {
      const { revision, bytes } = await log.load(key);
      const parts =
        bytes === null
          ? Array.from({ length: partitions }, () => 0)
          : (JSON.parse(fromUtf8(bytes)) as number[]);
      const before = parts[partition] as number;
      // A grant whose answer was lost, or one to the partition's last holder.
      if (before > this.#granted) {
        this.#granted = before;
        return true;
      }
      const left = maxReports - parts.reduce((sum, one) => sum + one, 0);
      if (left <= 0) return false;
      const part = Math.floor(left / (2 * partitions));
      parts[partition] = before + Math.min(left, Math.max(1, part, waiting()));
      try {
        await log.save(key, revision, utf8(JSON.stringify(parts)));
        this.#granted = parts[partition] as number;
        return true;
      } catch (error) {
        if (!(error instanceof Fenced)) throw error;
      }
    }
  }
}
