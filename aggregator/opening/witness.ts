/**
 * The helper as the log's witness: it cosigns what extends the log that it cosigned last, and
 * nothing else. That log is also where it takes tasks, rounds and revocations from.
 */

import { toHex } from '../../shared/bytes/hex.ts';
import { fromUtf8 } from '../../shared/bytes/utf8.ts';
import {
  cosignatureLine,
  isCosignedBy,
  isSignedBy,
  LogError,
  logOrigin,
  MAX_NOTE_BYTES,
  type Note,
  parseCheckpoint,
  parseNote,
  witnessName,
} from '../../shared/protocol/checkpoint.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { Refusal } from '../../shared/protocol/refusals.ts';
import { SignatureError, type Signer, verifyRecord } from '../../shared/protocol/signature.ts';
import type { Task } from '../../shared/protocol/task.ts';
import type { FetchFile, KeptCheckpoint } from '../../shared/protocol/tiles.ts';
import { type CosignedLog, type OwnKeys, ownTask } from './admit.ts';
import { LogView } from './log-view.ts';
import { type Memory, MemoryError } from './memory.ts';

export interface WitnessDeps {
  readonly memory: Memory;
  readonly signer: Signer;
  readonly own: OwnKeys;
  /** GET from the aggregator; rejects when it cannot be had. */
  readonly fetch: FetchFile;
  readonly nowMs: () => number;
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  /** The memory is behind what was answered under these keys: no answer may leave any more. */
  readonly rolledBack: (error: MemoryError) => void;
}

export class Witness {
  readonly #deps: WitnessDeps;
  #view: Promise<LogView> | null = null;
  /** Openings of the log that were compared with the memory. */
  #compared = 0;

  constructor(deps: WitnessDeps) {
    this.#deps = deps;
  }

  /**
   * The log up to the last cosigned checkpoint; read anew after a restart.
   * @throws Refusal log-unavailable, log-inconsistent, not-ready
   */
  async log(): Promise<CosignedLog> {
    const { memory } = this.#deps;
    const view = await this.#read();
    return { view, size: memory.cosigned?.size ?? 0 };
  }

  /** Hashes of the tasks that this helper opens batches of. */
  async tasks(): Promise<readonly (readonly [string, Task])[]> {
    const log = await this.log();
    const found: (readonly [string, Task])[] = [];
    for (const hash of log.view.taskHashes) {
      try {
        found.push([hash, await ownTask(log, this.#deps.own, hash)]);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }
    return found;
  }

  /**
   * The line with which this helper cosigns a checkpoint.
   * @param text the log's signed note; its tiles are served already.
   * @param authenticate throws Refusal bad-peer unless one of the keys signed the request.
   * @throws Refusal log-inconsistent, log-unavailable, foreign-task, bad-message, bad-peer; DiskError
   */
  cosign(text: string, authenticate: (keys: readonly string[]) => Promise<void>): Promise<string> {
    return this.#deps.alone(() => this.#cosign(text, authenticate));
  }

  /**
   * Looks at the checkpoint that is served, for a cosignature that this helper does not remember.
   * @throws Refusal log-unavailable, bad-message
   */
  async look(): Promise<void> {
    const { fetch } = this.#deps;
    let text: string;
    try {
      text = fromUtf8(await fetch(PATHS.checkpoint, MAX_NOTE_BYTES));
    } catch (error) {
      throw new Refusal('log-unavailable', (error as Error).message);
    }
    const { note, kept, origin } = checkpointOf(text);
    await this.#assertRemembered(note, kept.size, `${origin}/helper`);
  }

  /** A longer checkpoint under its own cosignature is one that it has forgotten. */
  async #assertRemembered(note: Note, size: number, name: string): Promise<void> {
    const { memory, signer } = this.#deps;
    if (size <= (memory.cosigned?.size ?? 0)) return;
    if (await isCosignedBy(note, name, signer.publicKey)) {
      throw this.#stop(`a checkpoint of ${size} entries was cosigned before`);
    }
  }

  async #cosign(
    text: string,
    authenticate: (keys: readonly string[]) => Promise<void>,
  ): Promise<string> {
    const { memory, signer, nowMs } = this.#deps;
    const { note, kept, origin } = checkpointOf(text);
    // Only a stranger's first checkpoint is read before it is known who asks.
    const known = await this.tasks();
    if (known.length > 0) await authenticate(known.map(([, { aggregatorKey }]) => aggregatorKey));
    const last = memory.cosigned;
    if (last !== null && kept.size < last.size) {
      throw new Refusal('log-inconsistent', `${kept.size} entries after ${last.size}`);
    }
    const view = await this.#read();
    await this.#advance(view, kept);
    const log = { view, size: kept.size };
    const task = await this.#taskOf(log, note, origin);
    await authenticate([task.aggregatorKey]);
    const name = witnessName(task.site);
    if (kept.size > (last?.size ?? 0)) {
      await this.#assertRemembered(note, kept.size, name);
      await memory.recordCosigned(kept);
    }
    await memory.mark();
    return cosignatureLine(note, name, signer, Math.floor(nowMs() / 1000));
  }

  /** A task of this helper whose aggregator signed the note as the log of its site. */
  async #taskOf(log: CosignedLog, note: Note, origin: string): Promise<Task> {
    for (const hash of log.view.taskHashes) {
      const task = await ownTask(log, this.#deps.own, hash).catch((error: unknown) => {
        if (error instanceof Refusal) return null;
        throw error;
      });
      if (task === null || logOrigin(task.site) !== origin) continue;
      if (await isSignedBy(note, origin, task.aggregatorKey)) return task;
    }
    throw new Refusal('foreign-task', 'no task of this helper is in the log of its signer');
  }

  #read(): Promise<LogView> {
    this.#view ??= this.#load().catch((error: unknown) => {
      this.#view = null;
      throw error;
    });
    return this.#view;
  }

  async #load(): Promise<LogView> {
    const { fetch, own, memory } = this.#deps;
    const view = new LogView(fetch, own.trust);
    this.#compared = 0;
    if (memory.cosigned !== null) await this.#advance(view, memory.cosigned);
    return view;
  }

  async #advance(view: LogView, to: KeptCheckpoint): Promise<void> {
    try {
      await view.advance(to);
    } catch (error) {
      // What it read last may be no part of the log.
      this.#view = null;
      if (error instanceof LogError) throw new Refusal('log-inconsistent', error.message);
      throw new Refusal('log-unavailable', (error as Error).message);
    }
    await this.#compare(view);
  }

  /** What the log holds of this helper's openings must be in its memory. */
  async #compare(view: LogView): Promise<void> {
    const { memory, own } = this.#deps;
    for (; this.#compared < view.openings.length; this.#compared++) {
      const opening = view.openings[this.#compared];
      if (opening === undefined) return;
      try {
        await verifyRecord(opening, own.identityKey);
      } catch (error) {
        if (error instanceof SignatureError) continue;
        throw error;
      }
      const mine = memory.openedAs(opening.record.sequence);
      if (mine?.opening.signature !== opening.signature) {
        throw this.#stop(`the log holds batch ${opening.record.sequence}, opened by this helper`);
      }
    }
  }

  #stop(detail: string): Refusal {
    const error = new MemoryError('journal-rolled-back', detail);
    this.#deps.rolledBack(error);
    return new Refusal('not-ready', error.message);
  }
}

function checkpointOf(text: string): {
  readonly note: Note;
  readonly kept: KeptCheckpoint;
  readonly origin: string;
} {
  try {
    const note = parseNote(text);
    const { origin, size, root } = parseCheckpoint(note.text);
    return { note, kept: { size, root: toHex(root) }, origin };
  } catch (error) {
    if (error instanceof LogError) throw new Refusal('bad-message', error.message);
    throw error;
  }
}
