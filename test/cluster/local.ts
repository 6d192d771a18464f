/** The nodes of a cluster in one process, on any log, with time by hand and calls in place of HTTP. */

import type { AverageBackend } from '../../aggregator/average/backend.ts';
import { referenceBackend } from '../../aggregator/average/reference.ts';
import { Accumulator } from '../../aggregator/cluster/accumulator.ts';
import { NodeUnreachable } from '../../aggregator/cluster/client.ts';
import { remoteHolders } from '../../aggregator/cluster/holders.ts';
import type { AccumulatorClient } from '../../aggregator/cluster/internal.ts';
import { RemoteBatch } from '../../aggregator/cluster/remote-batch.ts';
import { Router } from '../../aggregator/cluster/router.ts';
import type { UpdateLog } from '../../aggregator/cluster/update-log.ts';
import type { ViewWriter } from '../../aggregator/cluster/view.ts';
import {
  type Addressed,
  decodeGroup,
  decodeResult,
  encodeGroup,
  encodeResult,
} from '../../aggregator/cluster/wire.ts';
import type { RoundsDeps } from '../../aggregator/open-round.ts';

export interface LocalOptions {
  readonly log: UpdateLog;
  readonly partitions: number;
  readonly summer?: AverageBackend;
}

export const TTL_MS = 1000;
/** A beat, as the nodes have it. */
const BEAT_MS = 250;

export class LocalCluster {
  readonly log: UpdateLog;
  readonly accumulators = new Map<string, Accumulator>();
  /** Those that do not answer, as if frozen or cut off. */
  readonly away = new Set<string>();
  /** Those whose own clock stands still, and at what. */
  readonly stopped = new Map<string, number>();
  /** Accumulators that had to give a partition up, and why. */
  readonly dropped: string[] = [];
  readonly router: Router;
  readonly client: AccumulatorClient;
  nowMs = 0;
  #poll: (() => void)[] = [];
  readonly #options: LocalOptions;

  constructor(options: LocalOptions) {
    this.#options = options;
    this.log = options.log;
    const at = (url: string): Accumulator => {
      const found = this.accumulators.get(url);
      if (found === undefined || this.away.has(url)) throw new NodeUnreachable(url);
      return found;
    };
    this.client = {
      take: async (url, group: readonly Addressed[]) =>
        at(url).take(decodeGroup(encodeGroup(group))),
      counts: async (url) => at(url).counts(),
      close: async (url, of) => at(url).close(of),
      result: async (url, of) => {
        const result = await at(url).result(of);
        return result && decodeResult(encodeResult(result));
      },
    };
    this.router = this.newRouter();
  }

  /** Of one more accept node. */
  newRouter(): Router {
    return new Router({
      log: this.log,
      client: this.client,
      partitions: this.#options.partitions,
      nowMs: () => this.nowMs,
      pause: async (ms) => {
        this.nowMs += ms;
      },
      patienceMs: TTL_MS,
    });
  }

  add(url: string): Accumulator {
    const accumulator = new Accumulator({
      log: this.log,
      node: url,
      url: () => url,
      partitions: this.#options.partitions,
      ttlMs: TTL_MS,
      nowMs: () => this.stopped.get(url) ?? this.nowMs,
      summerOf: () => this.#options.summer ?? referenceBackend,
      flushBytes: 1 << 20,
      dropped: (partition, reason) => this.dropped.push(`${url} ${partition} ${reason}`),
    });
    this.accumulators.set(url, accumulator);
    return accumulator;
  }

  /** So many beats of everyone who answers, and of the coordinator's poll. */
  async beats(count = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.nowMs += BEAT_MS;
      for (const [url, accumulator] of this.accumulators) {
        if (!this.away.has(url)) await accumulator.tick();
      }
      await this.poll();
    }
  }

  /** Until every partition has a holder. */
  async settle(): Promise<void> {
    do {
      await this.beats();
      await this.router.refresh();
    } while (this.router.holders.includes(null));
  }

  /** The coordinator asks for counts. */
  async poll(): Promise<void> {
    for (const work of this.#poll.splice(0)) work();
    // Counts come back over a few turns of the event loop.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** What makes a service's rounds lie in partitions. */
  openBatch(view: ViewWriter): NonNullable<RoundsDeps['openBatch']> {
    const { partitions } = this.#options;
    const after = (_ms: number, work: () => void): (() => void) => {
      this.#poll.push(work);
      return () => {
        this.#poll = this.#poll.filter((one) => one !== work);
      };
    };
    const { log, router, client } = this;
    const holders = remoteHolders({ router, client, after, pollMs: 0 });
    return (given, task, announced) => {
      const { task: hash, round } = announced.signed.record;
      const of = { task: hash, roundHash: announced.hash, round };
      return RemoteBatch.open({ ...given, log, holders, view, partitions, task, round: of });
    };
  }
}
