/** Limits and manners of a site's service, checked at start. */
import { assertInteger } from '../shared/assert/assert.ts';
import type { TokenMode } from './accept/tokens.ts';
import { LIMITS, type LimitName, type Limits } from './operate/limits.ts';
import { type Origins, parseOrigins } from './operate/origins.ts';

export interface Settings extends Limits {
  /** Blind tokens, one per report and round (H10). */
  readonly tokens: TokenMode;
  /** Pages that may ask from another origin (H4). */
  readonly origins: Origins;
  /** Whether each address has a bucket of requests (H11). */
  readonly rateLimit: Switch;
}

export type Switch = 'off' | 'on';

export const TOKEN_MODES: readonly TokenMode[] = ['off', 'required'];
export const SWITCHES: readonly Switch[] = ['off', 'on'];

const NAMES = Object.keys(LIMITS) as LimitName[];
const OTHERS = ['tokens', 'origins', 'rateLimit'];

function assertOneOf<T>(name: string, value: T, allowed: readonly T[]): void {
  if (!allowed.includes(value))
    throw new RangeError(`${name} must be one of ${allowed.join(', ')}`);
}

/**
 * Defaults with what is given on top.
 * @throws TypeError for a name that is no setting or a value of another kind; RangeError outside
 * its range.
 */
export function settingsOf(given: Partial<Settings> = {}): Settings {
  for (const name of Object.keys(given)) {
    if (!OTHERS.includes(name) && !Object.hasOwn(LIMITS, name)) {
      throw new TypeError(`settings.${name} is no setting`);
    }
  }
  const { tokens = 'off', origins = '*', rateLimit = 'off' } = given;
  assertOneOf('settings.tokens', tokens, TOKEN_MODES);
  assertOneOf('settings.rateLimit', rateLimit, SWITCHES);
  const limits = NAMES.map((name) => {
    const { usual, min, max } = LIMITS[name];
    const value = given[name] ?? usual;
    assertInteger(`settings.${name}`, value, min, max);
    return [name, value] as const;
  });
  return {
    ...(Object.fromEntries(limits) as unknown as Limits),
    tokens,
    origins: parseOrigins('settings.origins', origins),
    rateLimit,
  };
}
