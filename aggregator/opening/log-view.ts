/**
 * The log as the helper believes it: all entries up to a checkpoint, in order, hashed by itself.
 * A checkpoint that extends what was read is, by that, consistent with it; no proof is asked for.
 */
import { createHash } from 'node:crypto';
import { canonicalBytes } from '../../shared/bytes/canonical.ts';
import { equalBytes } from '../../shared/bytes/concat.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { fromUtf8 } from '../../shared/bytes/utf8.ts';
import { LogError } from '../../shared/protocol/checkpoint.ts';
import { Frontier, leafInput } from '../../shared/protocol/merkle.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import {
  decodeModelRecord,
  decodeOpening,
  decodeRound,
  decodeSigned,
  decodeSignedTask,
  decodeSite,
} from '../../shared/protocol/records.ts';
import { verifyRecord } from '../../shared/protocol/signature.ts';
import type {
  ModelRecord,
  OpeningRecord,
  RoundRecord,
  Signed,
  SignedTask,
} from '../../shared/protocol/task.ts';
import {
  decodeBundle,
  type FetchFile,
  type KeptCheckpoint,
  MAX_ENTRY_BYTES,
  TILE_WIDTH,
  tilePath,
} from '../../shared/protocol/tiles.ts';

/** A record with its place; signatures are checked by who uses it. */
export interface Placed<T> {
  readonly value: T;
  readonly index: number;
}

interface Raw {
  readonly type?: unknown;
  readonly [field: string]: unknown;
}

/** What each entry has besides its type; one with more, or fewer, is none. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  task: ['task'],
  round: ['round'],
  model: ['model'],
  site: ['site'],
  opening: ['helper', 'leader'],
  abandoned: ['closedAtMs', 'reason', 'reports', 'round', 'task'],
};

/** @throws SyntaxError, RangeError or TypeError for anything but an entry in its one spelling. */
function parseEntry(bytes: Uint8Array): Raw {
  const entry = JSON.parse(fromUtf8(bytes)) as Raw;
  if (!equalBytes(canonicalBytes(entry), bytes)) throw new RangeError('not canonical JSON');
  const { type, ...rest } = entry;
  if (Object.keys(rest).join() !== FIELDS[String(type)]?.join()) throw new TypeError('no entry');
  return entry;
}

const hashOf = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

export class LogView {
  readonly #fetch: FetchFile;
  readonly #trust: string;
  readonly #frontier = new Frontier(hashOf);
  readonly #tasks = new Map<string, Placed<SignedTask>>();
  readonly #rounds = new Map<string, Placed<Signed<RoundRecord>>>();
  /** By task and model hash: the first record of each. */
  readonly #models = new Map<string, Placed<Signed<ModelRecord>>>();
  readonly #abandoned = new Set<string>();
  readonly #openings: Signed<OpeningRecord>[] = [];
  readonly #revoked = new Set<string>();

  /** @param trust the site's root key. */
  constructor(fetch: FetchFile, trust: string) {
    this.#fetch = fetch;
    this.#trust = trust;
  }

  /** Entries read. */
  get size(): number {
    return this.#frontier.size;
  }

  get root(): string {
    return toHex(this.#frontier.root);
  }

  /** Keys that any record of the site under the root key has revoked: no later one takes it back. */
  get revoked(): ReadonlySet<string> {
    return this.#revoked;
  }

  get taskHashes(): Iterable<string> {
    return this.#tasks.keys();
  }

  /** The helper's records of the openings. */
  get openings(): readonly Signed<OpeningRecord>[] {
    return this.#openings;
  }

  task(hash: string): Placed<SignedTask> | null {
    return this.#tasks.get(hash) ?? null;
  }

  round(hash: string): Placed<Signed<RoundRecord>> | null {
    return this.#rounds.get(hash) ?? null;
  }

  model(task: string, model: string): Placed<Signed<ModelRecord>> | null {
    return this.#models.get(`${task}/${model}`) ?? null;
  }

  isAbandoned(task: string, round: number): boolean {
    return this.#abandoned.has(`${task}/${round}`);
  }

  /**
   * Reads on to a tree of `size` leaves. After an error this view is spoiled: make a new one.
   * @throws LogError log-fork when the tree is another one or smaller, bad-tile; what `fetch`
   * throws.
   */
  async advance({ size, root }: KeptCheckpoint): Promise<void> {
    if (size < this.size) throw new LogError('log-fork', `${size} entries after ${this.size}`);
    while (this.size < size) {
      const bundle = Math.floor(this.size / TILE_WIDTH);
      const first = bundle * TILE_WIDTH;
      const width = Math.min(TILE_WIDTH, size - first);
      const path = PATHS.tiles + tilePath({ level: 'entries', index: bundle, width });
      const bytes = await this.#fetch(path, width * (2 + MAX_ENTRY_BYTES));
      for (const entry of decodeBundle(bytes, width).slice(this.size - first)) {
        await this.#take(entry, this.size);
        this.#frontier.push(hashOf(leafInput(entry)));
      }
    }
    if (this.root !== root) throw new LogError('log-fork', `another tree of ${size} entries`);
  }

  async #take(entry: Uint8Array, index: number): Promise<void> {
    try {
      await this.#read(parseEntry(entry), index);
    } catch {
      // An entry that is none stays in the tree and stands for nothing.
    }
  }

  async #read(entry: Raw, index: number): Promise<void> {
    const place = <T>(all: Map<string, Placed<T>>, key: string, value: T): void => {
      if (!all.has(key)) all.set(key, { value, index });
    };
    switch (entry.type) {
      case 'task': {
        const task = decodeSignedTask(entry.task);
        place(this.#tasks, await sha256Hex(canonicalBytes(task.record)), task);
        return;
      }
      case 'round': {
        const round = decodeSigned(entry.round, decodeRound);
        place(this.#rounds, await sha256Hex(canonicalBytes(round.record)), round);
        return;
      }
      case 'model': {
        const model = decodeSigned(entry.model, decodeModelRecord);
        place(this.#models, `${model.record.task}/${model.record.model}`, model);
        return;
      }
      case 'opening':
        this.#openings.push(decodeSigned(entry.helper, decodeOpening));
        return;
      case 'abandoned':
        this.#abandoned.add(`${String(entry.task)}/${String(entry.round)}`);
        return;
      case 'site': {
        const site = decodeSigned(entry.site, decodeSite);
        await verifyRecord(site, this.#trust);
        for (const key of site.record.revoked) this.#revoked.add(key);
        return;
      }
    }
  }
}
