/**
 * Every option of the aggregator's process: one table from which the settings file, the environment
 * (VITRINE_…), the flags and the help are read, and to which OPERATING.md is held.
 */
import { LIMITS, type LimitName } from './limits.ts';
import { type Origins, parseOrigins } from './origins.ts';

interface Told {
  readonly what: string;
  /** A site of `sites` may have its own. */
  readonly perSite: boolean;
}

export type Option = Told &
  (
    | {
        readonly kind: 'integer';
        readonly usual: number;
        readonly min: number;
        readonly max: number;
      }
    | { readonly kind: 'choice'; readonly usual: string; readonly choices: readonly string[] }
    | { readonly kind: 'origins'; readonly usual: '*' }
    | { readonly kind: 'text' | 'path' | 'url'; readonly usual: string | null }
  );

const text = (what: string, usual: string | null = null, perSite = false) =>
  ({ kind: 'text', usual, perSite, what }) as const;
const path = (what: string, perSite = false) =>
  ({ kind: 'path', usual: null, perSite, what }) as const;
const port = (usual: number, what: string) =>
  ({ kind: 'integer', usual, min: 0, max: 65_535, perSite: false, what }) as const;
const onOff = (choices: readonly [string, string], what: string) =>
  ({ kind: 'choice', usual: choices[0], choices, perSite: true, what }) as const;

const OWN = {
  data: path('data folder of the site', true),
  helper: {
    kind: 'url',
    usual: null,
    perSite: true,
    what: 'where the second server answers; tasks of the split tier need it',
  },
  origins: {
    kind: 'origins',
    usual: '*',
    perSite: true,
    what: 'pages that may ask from another origin: * or a list, in environment and flags by commas',
  },
  tokens: onOff(['off', 'required'], 'blind tokens, one per report and round'),
  rateLimit: onOff(['off', 'on'], 'a bucket of requests for each address'),
  host: text('address to listen on', '127.0.0.1'),
  port: port(8787, 'port to listen on; 0 takes a free one'),
  tlsCert: path('certificate chain, PEM; with tlsKey the server speaks HTTPS itself'),
  tlsKey: path('its private key, PEM'),
  trustProxy: {
    kind: 'integer',
    usual: 0,
    min: 0,
    max: 8,
    perSite: false,
    what: 'proxies of your own in front, whose X-Forwarded-For and -Proto are believed',
  },
  dist: path('folder of the built browser files (vitrine.js, Workers, WASM) to serve'),
  average: text('averaging backend; left out, the fastest that works'),
  adminHost: text('address of the operator’s listener', '127.0.0.1'),
  adminPort: port(8789, 'its port: metrics and admin routes, both behind the token'),
  adminTokenFile: path('file with the operator’s token; without a token that listener is off'),
} as const satisfies Readonly<Record<string, Option>>;

const LIMIT_OPTIONS = Object.fromEntries(
  Object.entries(LIMITS).map(([name, limit]) => [name, { kind: 'integer', ...limit }]),
) as { readonly [name in LimitName]: Extract<Option, { kind: 'integer' }> };

export const OPTIONS = { ...OWN, ...LIMIT_OPTIONS };

export type OptionName = keyof typeof OPTIONS;

type ValueOf<O> = O extends { kind: 'integer' }
  ? number
  : O extends { kind: 'origins' }
    ? Origins
    : O extends { kind: 'choice' }
      ? string
      : O extends { usual: null }
        ? string | null
        : string;

export type OptionValues = { readonly [name in OptionName]: ValueOf<(typeof OPTIONS)[name]> };

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

export const isOption = (name: string): name is OptionName => Object.hasOwn(OPTIONS, name);

/** maxInFlight is VITRINE_MAX_IN_FLIGHT. */
export const variableOf = (name: string): string =>
  `VITRINE_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;

/** maxInFlight is --max-in-flight. */
export const flagOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * Reads a value of JSON.
 * @param said how the option is called where it was given.
 * @param from folder that a relative path starts from.
 * @throws TypeError for another kind, RangeError for a value that is not allowed.
 */
export function readValue(
  name: OptionName,
  given: unknown,
  said: string,
  resolvePath: (path: string) => string,
): number | string | Origins {
  const option: Option = OPTIONS[name];
  switch (option.kind) {
    case 'integer': {
      const { min, max } = option;
      if (typeof given !== 'number')
        throw new TypeError(`${said} must be a number (is ${shown(given)})`);
      if (!Number.isInteger(given) || given < min || given > max) {
        throw new RangeError(`${said} must be an integer from ${min} to ${max} (is ${given})`);
      }
      return given;
    }
    case 'origins':
      return parseOrigins(said, given);
    case 'choice': {
      const word = wordOf(given, said);
      if (option.choices.includes(word)) return word;
      throw new RangeError(`${said} must be one of ${option.choices.join(', ')} (is ${word})`);
    }
    case 'url': {
      const url = wordOf(given, said);
      if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
        throw new RangeError(`${said} must be an http(s) URL (is ${url})`);
      }
      return url;
    }
    case 'path':
      return resolvePath(wordOf(given, said));
    default:
      return wordOf(given, said);
  }
}

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? String(value);

function wordOf(given: unknown, said: string): string {
  if (typeof given !== 'string')
    throw new TypeError(`${said} must be a string (is ${shown(given)})`);
  if (given === '') throw new RangeError(`${said} must not be empty`);
  return given;
}

/** What a variable or a flag says, as JSON would have it. */
export function valueOfText(name: OptionName, text: string): unknown {
  const { kind } = OPTIONS[name];
  if (kind === 'integer') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (kind === 'origins' && text !== '*') return text.split(',').map((one) => one.trim());
  return text;
}
