/**
 * One simulated shopper: a profile of its own (database, ledger, outbox, records, models) that goes
 * through the SDK's own rooms over real HTTP. What shoppers of a process share is what costs no
 * privacy and a browser would not notice: the learner, the decoded catalogue and its cosines, the
 * source of randomness, and a cache of immutable files (`http-cache.ts`).
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Clock } from '../../sdk/capture/clock.ts';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { Database, OutboxState } from '../../sdk/database/database.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import { cpu } from '../../sdk/learn/cpu.ts';
import type { Learner } from '../../sdk/learn/learner.ts';
import { createLearner } from '../../sdk/learn/train.ts';
import { wasm } from '../../sdk/learn/wasm.ts';
import type { RoundOutcome } from '../../sdk/post/outcome.ts';
import { type DrainResult, drain } from '../../sdk/post/upload.ts';
import { fetchTransport } from '../../sdk/receive/fetch.ts';
import { Receiver } from '../../sdk/receive/receiver.ts';
import type { Transport } from '../../sdk/receive/transport.ts';
import { catalogueLoader, type RoundDeps, runRound } from '../../sdk/round.ts';
import { CryptoSource, type RandomSource } from '../../shared/random/source.ts';
import { wholeScorer } from './evaluate.ts';
import { cachedFetch } from './http-cache.ts';

/** The page default of the SDK: no report above this ε is made. */
const MAX_EPSILON = 8;
/** An experiment may spend what a page would not: its budget is printed beside its result. */
const MAX_TOTAL_EPSILON = 1e4;
const RETENTION = { maxEvents: 5000, maxAgeMs: 400 * 86_400_000 };

/** What the shoppers of one process share. */
export interface Street {
  readonly endpoint: string;
  readonly site: string;
  readonly trust: string;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly learner: Learner;
  readonly source: RandomSource;
  readonly catalogue: RoundDeps['catalogue'];
  readonly allowTestTier?: boolean;
  readonly maxEpsilon?: number;
}

export interface StreetOptions {
  readonly endpoint: string;
  readonly site: string;
  readonly trust: string;
  readonly clock: Clock;
  /** The page of a test accepts reports without noise, on loopback. */
  readonly allowTestTier?: boolean;
  /** And a weaker ε than the default of pages. */
  readonly maxEpsilon?: number;
}

const { resolve } = createRequire(import.meta.url);

/** The learner of the SDK's own Worker bundle: WASM, and plain JavaScript where that fails. */
export async function openStreet(options: StreetOptions): Promise<Street> {
  const loadAsset = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await readFile(resolve(`@tensorflow/tfjs-backend-wasm/wasm-out/${name}`)));
  return {
    ...options,
    transport: fetchTransport(options.endpoint, cachedFetch()),
    learner: await createLearner({ backends: [wasm, cpu], loadAsset, allowSoftwareGpu: false }),
    source: new CryptoSource(),
    catalogue: catalogueLoader(),
  };
}

export class SimulatedShopper {
  readonly db: Database;
  readonly receiver: Receiver;
  readonly #street: Street;

  private constructor(street: Street, db: Database, receiver: Receiver) {
    this.#street = street;
    this.db = db;
    this.receiver = receiver;
  }

  /**
   * A fresh profile with consent to both purposes. Its storage epoch, and with it the quiet
   * period, begins now, however old the told history is.
   */
  static async arrive(street: Street, history: readonly ShopEvent[]): Promise<SimulatedShopper> {
    const db = memoryDatabase({ state: 'ready' });
    const { transport, trust, site, endpoint, clock } = street;
    await db.setMeta('consent', { personalise: true, contribute: true });
    await db.setMeta('epochStartMs', clock.now());
    await db.appendEvents(history, RETENTION);
    const receiver = new Receiver({
      transport,
      db,
      trust,
      site,
      endpoint,
      clock,
      maxEpsilon: street.maxEpsilon ?? MAX_EPSILON,
      maxTotalEpsilon: MAX_TOTAL_EPSILON,
      allowTestTier: street.allowTestTier === true,
    });
    return new SimulatedShopper(street, db, receiver);
  }

  /** One client round, numbered steps of sdk/round.ts; the finished report lies in the outbox. */
  async contribute(taskHash: string): Promise<RoundOutcome> {
    const { learner, source, clock, catalogue } = this.#street;
    const deps: RoundDeps = {
      db: this.db,
      receiver: this.receiver,
      learner,
      source,
      clock,
      timer: performance,
      gpc: () => false,
      catalogue,
      scorer: wholeScorer,
    };
    return runRound(deps, taskHash, () => undefined, new AbortController().signal);
  }

  /**
   * Uploads what is due by `clock`, which may be ahead of the street's: then the shopper's random
   * waiting time passes at once, while server and ledger keep the real time.
   */
  async upload(
    clock: Clock = this.#street.clock,
    onFinal?: (state: OutboxState, detail: string) => void,
  ): Promise<DrainResult> {
    const { transport, source } = this.#street;
    return drain(this.db, transport, clock, {
      gpc: () => false,
      source,
      ...(onFinal !== undefined && { onFinal: (_id, state, detail) => onFinal(state, detail) }),
    });
  }
}
