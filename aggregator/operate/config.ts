/**
 * The configuration of a process: defaults, then the settings file, then the environment, then the
 * flags. Everything is checked before a port is opened, and what is wrong is called by the name
 * under which it was given.
 */
import { dirname, resolve } from 'node:path';
import {
  flagOf,
  isOption,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
  type OptionValues,
  readValue,
  valueOfText,
  variableOf,
} from './options.ts';
import { adminTokenOf } from './token.ts';

/** The configuration cannot be used; `message` names what is wrong. */
export class ConfigError extends Error {
  readonly code = 'bad-config';

  constructor(message: string, options?: ErrorOptions) {
    super(`bad-config: ${message}`, options);
    this.name = 'ConfigError';
  }
}

/** One site with its own folder, limits and address. */
export interface SiteConfig extends OptionValues {
  readonly name: string;
  readonly data: string;
  /** '' or such as '/shop-a', in front of every path of the site. */
  readonly prefix: string;
  /** Names under which it is asked for; any, when empty. */
  readonly hosts: readonly string[];
}

export interface Config extends OptionValues {
  readonly sites: readonly SiteConfig[];
  /** Null when the operator's listener is off. */
  readonly adminToken: string | null;
}

export interface ConfigSources {
  /** Of the settings file, and its path; null without one. */
  readonly file: { readonly path: string; readonly text: string } | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By the name of the option, as given on the command line. */
  readonly flags: Readonly<Partial<Record<OptionName, string>>>;
  /** Reads a small file. */
  readonly readText: (path: string) => string;
}

/** Name of the one site of a configuration without `sites`. */
export const ONLY_SITE = 'site';

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const HOST = /^[a-z0-9.-]{1,253}$/;
/** First parts of a path that a prefix would hide. */
const TAKEN = ['v1', 'livez', 'readyz'];
const SITE_KEYS = ['name', 'prefix', 'hosts'];

type Given = Partial<Record<OptionName, unknown>>;

function named<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`${where}${(cause as Error).message}`, { cause });
  }
}

/** An object of JSON whose names are all known. */
function objectOf(value: unknown, said: string, known: (name: string) => boolean): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${said || 'the settings'} must be an object`);
  }
  for (const name of Object.keys(value)) {
    if (!known(name)) throw new TypeError(`${said === '' ? '' : `${said}.`}${name} is no setting`);
  }
  return value;
}

function readFileSettings(file: ConfigSources['file']): { values: Given; sites: unknown } {
  if (file === null) return { values: {}, sites: undefined };
  const json = named(`${file.path}: `, (): unknown => JSON.parse(file.text));
  return named(`${file.path}: `, () => {
    const known = (name: string): boolean => name === 'sites' || isOption(name);
    const { sites, ...given } = objectOf(json, '', known) as Given & { sites?: unknown };
    return { values: readAll(given, '', resolver(file.path)), sites };
  });
}

const resolver = (file: string) => (path: string) => resolve(dirname(file), path);

function readAll(given: Given, said: string, resolvePath: (path: string) => string): Given {
  const entries = Object.entries(given) as [OptionName, unknown][];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, readValue(name, value, said + name, resolvePath)]),
  );
}

function readEnvironment(env: ConfigSources['env']): Given {
  const names = new Map(OPTION_NAMES.map((name) => [variableOf(name), name]));
  const values: Given = {};
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('VITRINE_') || text === undefined) continue;
    if (variable === 'VITRINE_CONFIG' || variable === 'VITRINE_ADMIN_TOKEN') continue;
    const name = names.get(variable);
    if (name === undefined) throw new ConfigError(`${variable} is no setting`);
    values[name] = named('', () => readValue(name, valueOfText(name, text), variable, resolve));
  }
  return values;
}

function readFlags(flags: ConfigSources['flags']): Given {
  const entries = Object.entries(flags) as [OptionName, string][];
  return Object.fromEntries(
    entries.map(([name, text]) => {
      const said = `--${flagOf(name)}`;
      return [name, named('', () => readValue(name, valueOfText(name, text), said, resolve))];
    }),
  );
}

const DEFAULTS = Object.fromEntries(
  OPTION_NAMES.map((name) => [name, OPTIONS[name].usual]),
) as unknown as OptionValues;

/** @throws ConfigError */
export function readConfig({ file, env, flags, readText }: ConfigSources): Config {
  const { values, sites } = readFileSettings(file);
  const merged = { ...DEFAULTS, ...values, ...readEnvironment(env), ...readFlags(flags) };
  const config = merged as OptionValues;
  if ((config.tlsCert === null) !== (config.tlsKey === null)) {
    throw new ConfigError('tlsCert and tlsKey are needed together');
  }
  const all = named(file === null ? '' : `${file.path}: `, () =>
    sitesOf(config, sites, file?.path ?? ''),
  );
  return {
    ...config,
    sites: all,
    adminToken: named('', () => adminTokenOf(config.adminTokenFile, env, readText)),
  };
}

function sitesOf(config: OptionValues, sites: unknown, file: string): SiteConfig[] {
  const { data } = config;
  if (sites === undefined) {
    if (data === null) throw new ConfigError('data is needed: --data DIR, VITRINE_DATA or a file');
    return [{ ...config, data, name: ONLY_SITE, prefix: '', hosts: [] }];
  }
  if (!Array.isArray(sites) || sites.length === 0)
    throw new TypeError('sites must be a list of one or more');
  if (data !== null || config.helper !== null) {
    throw new TypeError('data and helper belong to each of the sites, not beside them');
  }
  const all = sites.map((site: unknown, i) => siteOf(config, site, `sites[${i}]`, resolver(file)));
  assertApart(all);
  return all;
}

function siteOf(
  config: OptionValues,
  json: unknown,
  said: string,
  resolvePath: (path: string) => string,
): SiteConfig {
  const known = (name: string): boolean =>
    SITE_KEYS.includes(name) || (isOption(name) && OPTIONS[name].perSite);
  const { name, prefix, hosts, ...given } = objectOf(json, said, known) as Given &
    Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new RangeError(`${said}.name must be lower-case letters, digits and single dashes`);
  }
  if (TAKEN.includes(name)) throw new RangeError(`${said}.name must not be ${name}`);
  if (prefix !== undefined && typeof prefix !== 'boolean') {
    throw new TypeError(`${said}.prefix must be true or false`);
  }
  const names = hosts === undefined ? [] : hosts;
  if (!Array.isArray(names) || !names.every((one) => typeof one === 'string' && HOST.test(one))) {
    throw new RangeError(`${said}.hosts must be a list of lower-case host names without ports`);
  }
  const values = { ...config, ...readAll(given, `${said}.`, resolvePath) } as OptionValues;
  const { data } = values;
  if (data === null) throw new TypeError(`${said}.data is needed`);
  // Where nothing tells a site by its host, its paths do.
  const prefixed = prefix ?? names.length === 0;
  return { ...values, data, name, prefix: prefixed ? `/${name}` : '', hosts: names as string[] };
}

/** No two sites under one name, folder or address. */
function assertApart(sites: readonly SiteConfig[]): void {
  const seen = new Map<string, number>();
  for (const [i, { name, data, prefix, hosts }] of sites.entries()) {
    const addresses = (hosts.length === 0 ? ['*'] : hosts).map(
      (host) => `address ${host}${prefix}`,
    );
    for (const key of [`name ${name}`, `data ${data}`, ...addresses]) {
      const other = seen.get(key);
      if (other !== undefined && other !== i) {
        throw new RangeError(`sites[${i}] and sites[${other}] have the same ${key}`);
      }
      seen.set(key, i);
    }
  }
}
