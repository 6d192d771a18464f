/** What the log says of one task's rounds: taken entry by entry, at start and as they are made. */
import type { LogEntry, OpeningEntry } from '../shared/protocol/log.ts';
import { recordHash } from '../shared/protocol/records.ts';
import type { ModelRecord, RoundRecord, Signed, Task } from '../shared/protocol/task.ts';
import type { Disk } from './accumulate/disk.ts';
import { EndedRounds } from './ended.ts';
import type { LogPlace } from './log/record-log.ts';
import { type Keyed, keyOfHex } from './open-round.ts';
import type { OutcomeDeps } from './outcome.ts';

type NextRound = Pick<RoundRecord, 'task' | 'round' | 'baseModel' | 'openedAtMs'>;

/** Below every sequence number of a helper. */
const NO_SEQUENCE = -1;

export class RoundHistory {
  readonly ended: EndedRounds;
  readonly #disk: Disk;
  readonly #task: Task;
  readonly #taskHash: string;
  readonly #folder: string;
  /** Numbers of all rounds by hash, 32 bytes as a latin1 string. */
  readonly #numbers = new Map<string, number>();
  #announced: (Keyed & { readonly index: number }) | null = null;
  #opening: OpeningEntry | null = null;
  #model: { readonly signed: Signed<ModelRecord>; readonly index: number } | null = null;
  #lastRound = 0;
  #lastSequence = NO_SEQUENCE;
  #nextOpensAtMs: number | null = null;
  #published = 0;
  #abandoned = 0;

  constructor({ disk, log }: Pick<OutcomeDeps, 'disk' | 'log'>, task: Task, taskHash: string) {
    this.#disk = disk;
    this.#task = task;
    this.#taskHash = taskHash;
    this.#folder = `rounds/${taskHash}`;
    this.ended = new EndedRounds(disk, log, this.#folder);
  }

  /** The round that was announced and has not ended, or null. */
  get announced(): (Keyed & { readonly index: number }) | null {
    return this.#announced;
  }

  /** Its logged opening in the split tier, or null. */
  get opening(): OpeningEntry | null {
    return this.#opening;
  }

  get model(): { readonly signed: Signed<ModelRecord>; readonly index: number } | null {
    return this.#model;
  }

  /** Journal of the last round that was announced. */
  get journalPath(): string {
    return `${this.#folder}/${this.#lastRound}.journal`;
  }

  /** Rounds since the first one. */
  get counts(): { readonly published: number; readonly abandoned: number } {
    return { published: this.#published, abandoned: this.#abandoned };
  }

  /** Of the helper's last logged opening. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** What the next round is to say; null when the task, or the key that its seeds need, expires. */
  next(nowMs: number): NextRound | null {
    const { expiresAtMs, helper, initialModel } = this.#task;
    const openedAtMs = this.#nextOpensAtMs ?? nowMs;
    const sealedUntilMs = helper?.sealingKeyExpiresAtMs ?? Number.POSITIVE_INFINITY;
    if (openedAtMs >= expiresAtMs || openedAtMs >= sealedUntilMs) return null;
    const baseModel = this.#model?.signed.record.model ?? initialModel;
    return { task: this.#taskHash, round: this.#lastRound + 1, baseModel, openedAtMs };
  }

  /** Number of a round by its hash as a latin1 string. */
  numberOf(key: string): number | undefined {
    return this.#numbers.get(key);
  }

  /** Makes the task's folder and removes what no round needs, after the log has been taken. */
  async tidy(): Promise<void> {
    await this.#disk.makeFolder(this.#folder);
    for (const name of await this.#disk.list(this.#folder)) {
      const path = `${this.#folder}/${name}`;
      const running = this.#announced !== null && path === this.journalPath;
      const kept = name.endsWith('.ids') || name.endsWith('.batch') || running;
      if (!kept) await this.#disk.remove(path);
    }
  }

  async take(entry: LogEntry, place: LogPlace): Promise<void> {
    switch (entry.type) {
      case 'round': {
        const hash = await recordHash(entry.round.record);
        const { round } = entry.round.record;
        const key = keyOfHex(hash);
        this.#announced = { signed: entry.round, hash, key, index: place.index };
        this.#numbers.set(key, round);
        this.ended.opened(round, place);
        this.#lastRound = round;
        break;
      }
      case 'opening':
        this.#opening = entry;
        this.#lastSequence = entry.helper.record.sequence;
        break;
      case 'model':
        this.#model = { signed: entry.model, index: place.index };
        this.#published += 1;
        this.#conclude(entry.model.record.closedAtMs, place);
        break;
      case 'abandoned': {
        this.#abandoned += 1;
        // The window that the helper had has passed: a round that opened before it would be over.
        const waitedMs = entry.reason === 'helper' ? this.#task.windowMs : 0;
        this.#conclude(entry.closedAtMs + waitedMs, place);
        break;
      }
      default:
    }
  }

  #conclude(nextOpensAtMs: number, outcome: LogPlace): void {
    this.ended.ended(this.#lastRound, outcome);
    this.#announced = null;
    this.#opening = null;
    this.#nextOpensAtMs = nextOpensAtMs;
  }
}
