/** `vitrine serve`: the aggregator under its settings file, environment and flags. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { UsageError } from './audit/web.ts';
import type { Command } from './command.ts';
import { jsonLogger } from './logger.ts';
import { type Config, ConfigError, readConfig, type SiteConfig } from './operate/config.ts';
import { LIMITS, type LimitName } from './operate/limits.ts';
import {
  flagOf,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
  type OptionValues,
} from './operate/options.ts';
import { type ServerConfig, startServer } from './server.ts';
import { type Settings, settingsOf } from './settings.ts';
import type { SiteOptions } from './sites.ts';
import { closeAtSignal } from './socket.ts';

function usage(): string {
  const lines = OPTION_NAMES.map((name) => {
    const { usual, what } = OPTIONS[name];
    const otherwise = usual === null ? '' : `; ${usual}`;
    return `  --${flagOf(name).padEnd(22)}${what}${otherwise}`;
  });
  return `vitrine serve [--config FILE] [options]

Serves one site, or those that the settings file lists. Defaults give way to the settings file, that
to the environment (--max-in-flight is VITRINE_MAX_IN_FLIGHT), and that to the flags.

  --config FILE           settings file, JSON; also VITRINE_CONFIG
${lines.join('\n')}

aggregator/OPERATING.md describes settings, routes and metrics.
`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError((cause as Error).message, { cause });
  }
}

/** The configuration of a command line. @throws UsageError, ConfigError */
export function configOf(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Config | null {
  const options = Object.fromEntries(
    OPTION_NAMES.map((name) => [flagOf(name), { type: 'string' as const }]),
  );
  const more = { config: { type: 'string' }, help: { type: 'boolean', default: false } } as const;
  let given: Readonly<Record<string, string | boolean | undefined>>;
  try {
    given = parseArgs({ args: [...args], options: { ...options, ...more } }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (given.help === true) return null;
  const flags: Partial<Record<OptionName, string>> = {};
  for (const name of OPTION_NAMES) {
    const value = given[flagOf(name)];
    if (typeof value === 'string') flags[name] = value;
  }
  const path = given.config ?? env.VITRINE_CONFIG;
  const file = typeof path === 'string' ? { path, text: readText(path) } : null;
  return readConfig({ file, env, flags, readText });
}

const LIMIT_NAMES = Object.keys(LIMITS) as LimitName[];

function settingsIn(values: OptionValues): Settings {
  const limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, values[name]]));
  const { origins, tokens, rateLimit } = values;
  return settingsOf({ ...limits, origins, tokens, rateLimit } as Partial<Settings>);
}

function siteOf(site: SiteConfig): SiteOptions {
  const { name, prefix, hosts, data: dataDir, helper } = site;
  const asked = helper === null ? {} : { helper: { url: helper } };
  return { name, prefix, hosts, dataDir, settings: settingsIn(site), ...asked };
}

/** What the server is started with. @throws ConfigError for files that cannot be read. */
export function serverConfigOf(config: Config): ServerConfig {
  const { host, port, trustProxy, average, dist, tlsCert, tlsKey } = config;
  const { adminToken: token, adminHost, adminPort } = config;
  const tls =
    tlsCert === null || tlsKey === null ? null : { cert: readText(tlsCert), key: readText(tlsKey) };
  return {
    ...{ host, port, trustProxy, average, dist, tls, settings: settingsIn(config) },
    admin: token === null ? null : { token, host: adminHost, port: adminPort },
    sites: config.sites.map(siteOf),
  };
}

/** Starts the server and tells its addresses; a signal stops it. */
export async function serve(
  args: readonly string[],
  out: (text: string) => void = (text) => void process.stdout.write(text),
): Promise<void> {
  const config = configOf(args, process.env);
  if (config === null) {
    out(usage());
    return;
  }
  const { url, adminUrl, close } = await startServer(serverConfigOf(config), jsonLogger());
  const admin = adminUrl === null ? {} : { admin: adminUrl };
  out(`${JSON.stringify({ event: 'listening', url, ...admin })}\n`);
  closeAtSignal('aggregator', close);
}

export const serveCommand: Command = {
  summary: 'serves one site or several',
  usage: usage(),
  async run(args, { out, err }) {
    try {
      await serve(args, out);
      return 0;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      err(`vitrine: ${(error as Error).message}\n`);
      return 1;
    }
  },
};
