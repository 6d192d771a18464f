/** The flags of `npm run sampler`. */
import { parseArgs } from 'node:util';
import { fromHex } from '../../shared/bytes/hex.ts';
import type { Fraction } from '../../shared/random/gaussian.ts';

export const USAGE = `npm run sampler -- --sigma S [--seed HEX] [--n N] [--json]
  --sigma  standard deviation, a decimal above 0 and below 2^40; its square is taken exactly
  --seed   64 hexadecimal digits; without it, fresh randomness
  --n      how many samples, 1 to 10,000,000 (default 10)
  --json   one JSON object with the parameters instead of a sample a line`;

const MAX_COUNT = 10_000_000;
const MAX_SIGMA = 2n ** 40n;

/** A flag that is missing, unknown or wrong. */
export class FlagError extends Error {
  override name = 'FlagError';
}

/** What is asked for; `seed` is the one given or a fresh one. */
export interface Flags {
  readonly sigma: string;
  readonly variance: Fraction;
  readonly seed: Uint8Array;
  readonly count: number;
  readonly json: boolean;
}

/** The exact square of a decimal like `3.2` or `1e6`, in lowest terms. */
function squareOf(sigma: string): Fraction {
  const match = /^(\d{1,30})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,2}))?$/.exec(sigma);
  if (match === null) throw new FlagError('--sigma must be a decimal like 3.2');
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  const power = Number(exponent) - fraction.length;
  const num = digits * 10n ** BigInt(Math.max(power, 0));
  const den = 10n ** BigInt(Math.max(-power, 0));
  if (num === 0n || num >= MAX_SIGMA * den) {
    throw new FlagError('--sigma must lie above 0 and below 2^40');
  }
  let [a, b] = [num, den];
  while (b > 0n) [a, b] = [b, a % b];
  return { num: (num / a) ** 2n, den: (den / a) ** 2n };
}

/**
 * Reads the arguments; null asks for help.
 *
 * @throws FlagError with the flag's name
 */
export function readFlags(args: readonly string[]): Flags | null {
  let values: { sigma?: string; seed?: string; n?: string; json?: boolean; help?: boolean };
  try {
    values = parseArgs({
      args: [...args],
      options: {
        sigma: { type: 'string' },
        seed: { type: 'string' },
        n: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new FlagError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return null;
  const { sigma, seed, n = '10', json = false } = values;
  if (sigma === undefined) throw new FlagError('--sigma is missing');
  const variance = squareOf(sigma);
  if (seed !== undefined && !/^[0-9a-fA-F]{64}$/.test(seed)) {
    throw new FlagError('--seed must be 64 hexadecimal digits');
  }
  const count = /^\d{1,8}$/.test(n) ? Number(n) : 0;
  if (count < 1 || count > MAX_COUNT) {
    throw new FlagError(`--n must be an integer from 1 to ${MAX_COUNT}`);
  }
  const key =
    seed === undefined
      ? globalThis.crypto.getRandomValues(new Uint8Array(32))
      : fromHex(seed.toLowerCase());
  return { sigma, variance, seed: key, count, json };
}
