/** Token buckets, one an address, in memory alone (SPEC.md, H11). */
import { assertInteger } from '../../shared/assert/assert.ts';
import { Refusal } from '../../shared/protocol/refusals.ts';

/** Buckets kept at once; about 100 bytes each. */
const MAX_BUCKETS = 65_536;

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** With the time after which the next request would be taken. */
export class RateLimited extends Refusal {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super('rate-limited');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface RateOptions {
  /** Tokens regained in a minute. */
  readonly perMinute: number;
  /** Tokens of a full bucket. */
  readonly burst: number;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly maxBuckets?: number;
}

export class RateLimiter {
  readonly #options: Required<RateOptions>;
  /** In the order of last use. A full one is forgotten: it says nothing. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateOptions) {
    assertInteger('perMinute', options.perMinute, 1);
    assertInteger('burst', options.burst, 1);
    this.#options = { maxBuckets: MAX_BUCKETS, ...options };
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one token of this key's bucket. @throws RateLimited when it is empty */
  take(key: string): void {
    const { burst, perMinute, nowMs, maxBuckets } = this.#options;
    const now = nowMs();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledAtMs: now };
    const regained = (Math.max(0, now - bucket.filledAtMs) * perMinute) / 60_000;
    bucket.tokens = Math.min(burst, bucket.tokens + regained);
    bucket.filledAtMs = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    this.#forget(now, maxBuckets);
    if (bucket.tokens < 1) {
      // Less what sums of steps may be off by, so that a whole number stays one.
      throw new RateLimited(Math.ceil(((1 - bucket.tokens) * 60) / perMinute - 1e-9));
    }
    bucket.tokens -= 1;
  }

  /** Those that have filled up since their last use, oldest use first, and any beyond the bound. */
  #forget(now: number, maxBuckets: number): void {
    const { burst, perMinute } = this.#options;
    for (const [key, { tokens, filledAtMs }] of this.#buckets) {
      const full = tokens + ((now - filledAtMs) * perMinute) / 60_000 >= burst;
      if (!(full && filledAtMs < now) && this.#buckets.size <= maxBuckets) return;
      this.#buckets.delete(key);
    }
  }
}
