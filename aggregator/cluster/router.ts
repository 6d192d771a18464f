/**
 * Brings a report to the accumulator that holds its partition: reports for one holder that are
 * under way at the same time go as one group. A holder that does not answer, or is none any more,
 * is looked up again; the same report may then reach two of them and counts once (RD4).
 */
import { Refusal } from '../../shared/protocol/refusals.ts';
import { idOf } from '../accumulate/batch.ts';
import { NodeUnreachable } from './client.ts';
import type { AccumulatorClient } from './internal.ts';
import { decodeHolder } from './lease.ts';
import { NAMES, partitionOf } from './names.ts';
import { EngineError, type UpdateLog } from './update-log.ts';
import type { Addressed, Verdict } from './wire.ts';

export interface RouterOptions {
  readonly log: Pick<UpdateLog, 'load'>;
  readonly client: AccumulatorClient;
  readonly partitions: number;
  /** Time that only rises, ms. */
  readonly nowMs: () => number;
  /** Waits; another one in tests. */
  readonly pause: (ms: number) => Promise<void>;
  /** A report that finds no holder for so long is refused as not-ready. */
  readonly patienceMs: number;
}

/** Groups that are under way to one holder at the same time. */
const MAX_GROUPS = 4;
const MAX_GROUP_REPORTS = 512;
const GROUP_BYTES = 4 << 20;
/** A table that is younger is not read again. */
const FRESH_MS = 100;
const PAUSE_MS = 100;

interface Waiting extends Addressed {
  readonly settle: (verdict: Verdict | null) => void;
}

interface Lane {
  readonly waiting: Waiting[];
  groups: number;
}

export class Router {
  readonly #options: RouterOptions;
  readonly #lanes = new Map<string, Lane>();
  #holders: readonly (string | null)[];
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#holders = Array.from({ length: options.partitions }, () => null);
  }

  /** Where each partition's holder answers, as far as is known. */
  get holders(): readonly (string | null)[] {
    return this.#holders;
  }

  /** Reads the leases again, unless they were just read. @throws EngineError */
  refresh(): Promise<void> {
    const { nowMs } = this.#options;
    if (nowMs() - this.#readAtMs < FRESH_MS) return Promise.resolve();
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /**
   * What the holder said; null when no round of the cluster takes this report.
   * @throws Refusal those of the holder; not-ready when none is found in time.
   */
  async submit(body: Uint8Array): Promise<'accepted' | 'duplicate' | null> {
    const { partitions, nowMs, pause, patienceMs } = this.#options;
    const partition = partitionOf(idOf(body), partitions);
    const until = nowMs() + patienceMs;
    for (let denied = 0; ; ) {
      const url = this.#holders[partition] ?? null;
      const verdict = url === null ? null : await this.#forward(url, { partition, body });
      if (verdict !== null && 'code' in verdict) throw new Refusal(verdict.code, verdict.detail);
      if (verdict !== null && verdict.outcome !== 'elsewhere') return verdict.outcome;
      await this.refresh().catch(ignoreEngine);
      const moved = (this.#holders[partition] ?? null) !== url;
      // The holder answers and knows no such round, twice: then the round has ended.
      if (verdict !== null && !moved) denied += 1;
      if (denied > 1) return null;
      if (moved && this.#holders[partition] != null) continue;
      if (nowMs() >= until) throw new Refusal('not-ready', 'no accumulator holds the partition');
      await pause(PAUSE_MS);
    }
  }

  #forward(url: string, addressed: Addressed): Promise<Verdict | null> {
    return new Promise((settle) => {
      const lane = this.#lanes.get(url) ?? { waiting: [], groups: 0 };
      this.#lanes.set(url, lane);
      lane.waiting.push({ ...addressed, settle });
      if (lane.groups < MAX_GROUPS) void this.#drain(url, lane);
    });
  }

  async #drain(url: string, lane: Lane): Promise<void> {
    lane.groups += 1;
    // Whatever the event loop holds by now goes into the same group.
    await new Promise((resolve) => setImmediate(resolve));
    while (lane.waiting.length > 0) {
      let bytes = 0;
      let count = 0;
      for (const { body } of lane.waiting) {
        if (count > 0 && (count >= MAX_GROUP_REPORTS || bytes + body.length > GROUP_BYTES)) break;
        bytes += body.length;
        count += 1;
      }
      const group = lane.waiting.splice(0, count);
      const verdicts = await this.#ask(url, group);
      for (const [i, { settle }] of group.entries()) settle(verdicts?.[i] ?? null);
    }
    lane.groups -= 1;
    if (lane.groups === 0) this.#lanes.delete(url);
  }

  /** Null when the holder did not answer. */
  async #ask(url: string, group: readonly Addressed[]): Promise<Verdict[] | null> {
    try {
      return await this.#options.client.take(url, group);
    } catch (error) {
      if (!(error instanceof NodeUnreachable)) throw error;
      return null;
    }
  }

  async #read(): Promise<void> {
    const { log, nowMs } = this.#options;
    const startedMs = nowMs();
    this.#holders = await Promise.all(
      this.#holders.map(async (_, partition) => {
        const holder = decodeHolder((await log.load(NAMES.lease(partition))).bytes);
        return holder === null || holder.url === '' ? null : holder.url;
      }),
    );
    this.#readAtMs = startedMs;
  }
}

function ignoreEngine(error: unknown): void {
  if (!(error instanceof EngineError)) throw error;
}
