/** Limits of the server, checked at start. */
import { assertInteger } from '../shared/assert/assert.ts';
import type { TokenMode } from './accept/tokens.ts';

export interface Settings {
  /** Bodies in flight at most, from the first byte to the acknowledgement. */
  readonly maxInFlight: number;
  /** Memory for them, bytes. */
  readonly maxInFlightBytes: number;
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  /** A client that has not sent its headers, or its whole request, by then is cut off. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Requests in progress get this long when the server stops. */
  readonly drainMs: number;
  /** Largest group of reports in one flush, bytes. */
  readonly flushBytes: number;
  readonly retryAfterSeconds: number;
  /** Public files kept in memory, bytes. */
  readonly cacheBytes: number;
  /** The helper has this long for one answer. */
  readonly helperTimeoutMs: number;
  /** Blind tokens, one per report and round (H10). */
  readonly tokens: TokenMode;
}

const TOKEN_MODES: readonly TokenMode[] = ['off', 'required'];

const RANGES: Readonly<
  Record<Exclude<keyof Settings, 'tokens'>, readonly [number, number, number]>
> = {
  maxInFlight: [1024, 1, 65_536],
  maxInFlightBytes: [256 << 20, 1 << 16, 2 ** 36],
  maxConnections: [4096, 1, 65_536],
  maxHeaderBytes: [8192, 1024, 65_536],
  headersTimeoutMs: [10_000, 100, 600_000],
  requestTimeoutMs: [30_000, 100, 600_000],
  keepAliveTimeoutMs: [10_000, 100, 600_000],
  drainMs: [5_000, 0, 600_000],
  flushBytes: [8 << 20, 1 << 16, 1 << 28],
  retryAfterSeconds: [2, 1, 3600],
  cacheBytes: [64 << 20, 0, 2 ** 40],
  helperTimeoutMs: [60_000, 100, 600_000],
};

/**
 * Defaults with what is given on top.
 * @throws TypeError for a name that is no setting or a value of another kind; RangeError outside
 * its range.
 */
export function settingsOf(given: Partial<Settings> = {}): Settings {
  for (const name of Object.keys(given)) {
    if (name !== 'tokens' && !Object.hasOwn(RANGES, name))
      throw new TypeError(`settings.${name} is no setting`);
  }
  const { tokens = 'off' } = given;
  if (!TOKEN_MODES.includes(tokens)) {
    throw new RangeError(`settings.tokens must be one of ${TOKEN_MODES.join(', ')}`);
  }
  const names = Object.keys(RANGES) as (keyof typeof RANGES)[];
  const entries = names.map((name) => {
    const [usual, min, max] = RANGES[name];
    const value = given[name] ?? usual;
    assertInteger(`settings.${name}`, value, min, max);
    return [name, value] as const;
  });
  return { ...Object.fromEntries(entries), tokens } as unknown as Settings;
}
