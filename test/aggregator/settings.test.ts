/** The configuration: file, environment and flags, read strictly and in this order. */
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, type ConfigSources, readConfig } from '../../aggregator/operate/config.ts';
import { LIMITS } from '../../aggregator/operate/limits.ts';
import { flagOf, OPTION_NAMES, variableOf } from '../../aggregator/operate/options.ts';
import { configOf, serverConfigOf } from '../../aggregator/serve-command.ts';
import { settingsOf } from '../../aggregator/settings.ts';

const TOKEN = 'x'.repeat(32);

function read(settings: unknown, more: Partial<ConfigSources> = {}) {
  const text = typeof settings === 'string' ? settings : JSON.stringify(settings);
  const file = settings === null ? null : { path: '/etc/vitrine/vitrine.json', text };
  return readConfig({ file, env: {}, flags: {}, readText: () => TOKEN, ...more });
}

function refusal(settings: unknown, more: Partial<ConfigSources> = {}): string {
  try {
    read(settings, more);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).code).toBe('bad-config');
    return (error as Error).message;
  }
  throw new Error('the configuration was taken');
}

describe('precedence', () => {
  it('defaults give way to the file, the file to the environment, that to the flags', () => {
    const at = (level: number): number => {
      const port = (value: number): string => String(value);
      return read(
        { data: 'd', ...(level > 0 && { port: 1 }) },
        {
          env: level > 1 ? { VITRINE_PORT: port(2) } : {},
          flags: level > 2 ? { port: port(3) } : {},
        },
      ).port;
    };
    expect([0, 1, 2, 3].map(at)).toEqual([8787, 1, 2, 3]);
  });

  it('a path starts at the file in the file, and at the working folder elsewhere', () => {
    expect(read({ data: './data' }).sites[0]?.data).toBe('/etc/vitrine/data');
    expect(read({}, { env: { VITRINE_DATA: 'data' } }).sites[0]?.data).toBe(resolve('data'));
    expect(read(null, { flags: { data: '/x' } }).sites[0]?.data).toBe('/x');
  });

  it('every option has a variable and a flag, and both are read', () => {
    for (const name of OPTION_NAMES) {
      const { port: _, ...words } = { port: 0, origins: 'https://a.example', helper: 'http://h' };
      const choice = { tokens: 'required', rateLimit: 'on' };
      const limit = Object.hasOwn(LIMITS, name) ? LIMITS[name as keyof typeof LIMITS] : null;
      const text =
        (
          { ...words, ...choice, trustProxy: '3', port: '4', adminPort: '5' } as Record<
            string,
            string
          >
        )[name] ?? (limit === null ? '/f' : String(limit.max));
      const pair = ['tlsCert', 'tlsKey'].includes(name) ? { tlsCert: '/f', tlsKey: '/f' } : {};
      const base = name === 'data' ? {} : { data: '/d' };
      const env = { [variableOf(name)]: text };
      const byEnv = read({ ...base, ...pair }, { env })[name];
      const flags = [`--${flagOf(name)}`, text, ...(name === 'data' ? [] : ['--data', '/d'])];
      if (Object.keys(pair).length > 0) flags.push('--tls-cert', '/f', '--tls-key', '/f');
      if (name === 'adminTokenFile') continue;
      const byFlag = configOf(flags, {})?.[name];
      expect([name, byEnv]).toEqual([name, byFlag]);
      expect([name, byEnv]).not.toEqual([name, read({ data: '/d' })[name]]);
    }
  });

  it('defaults of the table are those of the service', () => {
    const { settings, sites } = serverConfigOf(read({ data: 'd' }));
    expect(settings).toEqual(settingsOf());
    expect(sites[0]?.settings).toEqual(settingsOf());
  });
});

describe('what is wrong is called by its name', () => {
  const F = '/etc/vitrine/vitrine.json: ';
  const site = (more: object) => ({
    sites: [
      { name: 'a', data: 'a' },
      { name: 'b', data: 'b', ...more },
    ],
  });

  it.each<[unknown, string]>([
    ['{', F],
    ['[]', `${F}the settings must be an object`],
    [{ data: 'd', prot: 1 }, `${F}prot is no setting`],
    [{ data: 'd', port: '1' }, `${F}port must be a number (is "1")`],
    [{ data: 'd', port: 1.5 }, `${F}port must be an integer from 0 to 65535 (is 1.5)`],
    [{ data: 'd', maxInFlight: 0 }, `${F}maxInFlight must be an integer from 1 to 65536 (is 0)`],
    [{ data: 'd', tokens: 'maybe' }, `${F}tokens must be one of off, required (is maybe)`],
    [{ data: 'd', helper: 'ftp://x' }, `${F}helper must be an http(s) URL (is ftp://x)`],
    [{ data: 'd', origins: 'https://a' }, `${F}origins must be "*" or a list of origins`],
    [{ data: 'd', origins: ['https://a/'] }, `${F}origins[0] must be an origin such as`],
    [{ data: 'd', origins: ['null'] }, `${F}origins[0] must be an origin such as`],
    [{ data: '' }, `${F}data must not be empty`],
    [{}, 'data is needed: --data DIR'],
    [{ data: 'd', tlsCert: 'c' }, 'tlsCert and tlsKey are needed together'],
    [{ sites: [] }, `${F}sites must be a list of one or more`],
    [{ data: 'd', sites: [{ name: 'a', data: 'a' }] }, `${F}data and helper belong to each`],
    [site({ data: 'a' }), `${F}sites[1] and sites[0] have the same data /etc/vitrine/a`],
    [site({ name: 'a' }), `${F}sites[1] and sites[0] have the same name a`],
    [site({ name: 'v1' }), `${F}sites[1].name must not be v1`],
    [site({ name: '../b' }), `${F}sites[1].name must be`],
    [site({ port: 1 }), `${F}sites[1].port is no setting`],
    [site({ maxInFlight: 'x' }), `${F}sites[1].maxInFlight must be a number (is "x")`],
    [site({ origins: ['https://a', 1] }), `${F}sites[1].origins[1] must be a string`],
    [site({ hosts: ['A.example'] }), `${F}sites[1].hosts must be a list of lower-case`],
    [site({ prefix: 'b' }), `${F}sites[1].prefix must be true or false`],
    [{ sites: [{ name: 'a' }] }, `${F}sites[0].data is needed`],
    [
      { sites: ['a', 'b'].map((name) => ({ name, data: name, prefix: false })) },
      `${F}sites[1] and sites[0] have the same address *`,
    ],
    [
      { sites: ['a', 'b'].map((name) => ({ name, data: name, hosts: ['x.example'] })) },
      `${F}sites[1] and sites[0] have the same address x.example`,
    ],
  ])('%j', (settings, words) => {
    expect(refusal(settings)).toContain(`bad-config: ${words}`);
  });

  it('variables and flags by theirs', () => {
    const data = { data: 'd' };
    const env = (more: Record<string, string>) => refusal(data, { env: more });
    expect(env({ VITRINE_PORT: 'x' })).toContain('bad-config: VITRINE_PORT must be a number');
    expect(env({ VITRINE_PROT: '1' })).toContain('bad-config: VITRINE_PROT is no setting');
    expect(env({ VITRINE_SITES: '[]' })).toContain('VITRINE_SITES is no setting');
    expect(refusal(data, { flags: { drainMs: '-1' } })).toContain('--drain-ms must be an integer');
    expect(() => configOf(['--prot', '1'], {})).toThrow('--prot');
    expect(() => configOf(['--config', '/nowhere/x.json'], {})).toThrow(/bad-config: .*nowhere/);
  });

  it('the token: 32 bytes at least, from one place, and never in a message', () => {
    const data = { data: 'd' };
    const short = 'secret'.repeat(5);
    for (const more of [
      { env: { VITRINE_ADMIN_TOKEN: short } },
      { flags: { adminTokenFile: '/t' }, readText: () => `${short}\n` },
      { env: { VITRINE_ADMIN_TOKEN: `${TOKEN} secret` } },
      { env: { VITRINE_ADMIN_TOKEN: TOKEN }, flags: { adminTokenFile: '/t' } },
    ]) {
      const message = refusal(data, more);
      expect(message).toMatch(/VITRINE_ADMIN_TOKEN|adminTokenFile/);
      expect(message).not.toMatch(/secret|xxx/);
    }
    expect(read(data).adminToken).toBeNull();
    const file = { flags: { adminTokenFile: '/t' }, readText: () => `${TOKEN}\n` };
    expect(read(data, file).adminToken).toBe(TOKEN);
  });
});

describe('sites', () => {
  it('H14 have their own limits over those of the file, and an address each', () => {
    const { sites } = read({
      rateBurst: 5,
      origins: ['https://all.example'],
      sites: [
        { name: 'a', data: 'a', rateBurst: 7 },
        { name: 'b', data: '/b', hosts: ['b.example'], origins: '*' },
        { name: 'c', data: 'c', hosts: ['b.example'], prefix: true },
      ],
    });
    expect(
      sites.map(({ name, data, prefix, hosts, rateBurst, origins }) => [
        name,
        data,
        prefix,
        hosts,
        rateBurst,
        origins,
      ]),
    ).toEqual([
      ['a', '/etc/vitrine/a', '/a', [], 7, ['https://all.example']],
      ['b', '/b', '', ['b.example'], 5, '*'],
      ['c', '/etc/vitrine/c', '/c', ['b.example'], 5, ['https://all.example']],
    ]);
  });

  it('settingsOf takes nothing that is no setting', () => {
    expect(() => settingsOf({ nothing: 1 } as never)).toThrow(/settings\.nothing is no setting/);
    expect(() => settingsOf({ rateLimit: 'maybe' } as never)).toThrow(/settings\.rateLimit/);
    expect(() => settingsOf({ rateBurst: 0 })).toThrow(RangeError);
  });
});
