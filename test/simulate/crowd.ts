/** Many simulated shoppers of one process take part in a round together. */
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { wholeScorer } from './evaluate.ts';
import {
  addAudits,
  auditLedger,
  type LedgerAudit,
  type LedgerPromise,
  NO_AUDIT,
} from './ledger-audit.ts';
import { SimulatedShopper, type Street } from './shopper.ts';

export interface CohortResult {
  readonly sent: number;
  /** Why shoppers did not report, counted. */
  readonly missed: Readonly<Record<string, number>>;
  /** Milliseconds by step of the client round, summed over the shoppers. */
  readonly timings: Readonly<Record<string, number>>;
}

/** Reasons that pass with time: they are waited for, not skipped. */
const PASSING = new Set(['quiet-period', 'separation', 'no-round', 'offline', 'server']);
const WAIT_MS = 50;
const PATIENCE_MS = 60_000;

/** Shoppers in progress at a time: training is on one core, the network is not. */
const ABREAST = 4;

async function takePart(
  shopper: SimulatedShopper,
  taskHash: string,
  result: { sent: number; missed: Record<string, number>; timings: Record<string, number> },
): Promise<void> {
  const miss = (reason: string): void => {
    result.missed[reason] = (result.missed[reason] ?? 0) + 1;
  };
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const outcome = await shopper.contribute(taskHash);
    if (outcome.state === 'enqueued') {
      for (const [step, ms] of Object.entries(outcome.timings)) {
        result.timings[step] = (result.timings[step] ?? 0) + ms;
      }
      const start = performance.now();
      const sent = await send(shopper, outcome.sendAtMs, deadline, miss);
      result.timings.upload = (result.timings.upload ?? 0) + performance.now() - start;
      result.sent += sent;
      return;
    }
    if (!PASSING.has(outcome.reason) || Date.now() > deadline) {
      miss(`${outcome.reason} ${outcome.detail}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

/**
 * Uploads until the answer is final. The random waiting time is over at once, as if the shopper's
 * clock went ahead: the experiment does not measure patience.
 */
async function send(
  shopper: SimulatedShopper,
  sendAtMs: number,
  deadline: number,
  miss: (reason: string) => void,
): Promise<number> {
  let dueMs: number | null = sendAtMs;
  while (dueMs !== null) {
    const now = dueMs;
    const { sent, nextAtMs, stopped } = await shopper.upload(
      { now: () => now },
      (state, detail) => {
        if (state !== 'sent') miss(`${state} ${detail}`);
      },
    );
    if (sent > 0) return sent;
    if (stopped !== null || Date.now() > deadline) {
      miss(`not sent: ${stopped ?? 'no answer'}`);
      return 0;
    }
    dueMs = nextAtMs;
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  return 0;
}

export class Crowd {
  readonly #street: Street;
  readonly #shoppers = new Map<number, SimulatedShopper>();

  constructor(street: Street) {
    this.#street = street;
  }

  async arrive(id: number, history: readonly ShopEvent[]): Promise<void> {
    this.#shoppers.set(id, await SimulatedShopper.arrive(this.#street, history));
  }

  /** Fetches the catalogue and computes what all share, before a connection would wait for it. */
  async prepare(taskHash: string): Promise<void> {
    const [shopper] = this.#shoppers.values();
    if (shopper === undefined) return;
    await shopper.receiver.site();
    const { catalogue } = await shopper.receiver.task(taskHash, 'rank');
    wholeScorer(await this.#street.catalogue(catalogue, shopper.receiver));
  }

  /** One round of `ids`; resolves when each has reported or has said why not. */
  async round(taskHash: string, ids: readonly number[]): Promise<CohortResult> {
    const result = { sent: 0, missed: {}, timings: {} };
    const left = [...ids].reverse();
    const lane = async (): Promise<void> => {
      for (let id = left.pop(); id !== undefined; id = left.pop()) {
        const shopper = this.#shoppers.get(id);
        if (shopper === undefined) throw new RangeError(`ids: shopper ${id} has not arrived`);
        await takePart(shopper, taskHash, result);
      }
    };
    await Promise.all(Array.from({ length: ABREAST }, lane));
    return result;
  }

  async audit(promise: LedgerPromise): Promise<LedgerAudit> {
    let all = NO_AUDIT;
    for (const { db } of this.#shoppers.values())
      all = addAudits(all, await auditLedger(db, promise));
    return all;
  }
}
