/** OPERATING.md against the code: every setting, route and metric, and none that is not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ACTIONS, ADMIN_PATHS, createAdminApp } from '../../aggregator/admin.ts';
import { command } from '../../aggregator/cli.ts';
import { readConfig } from '../../aggregator/operate/config.ts';
import { METRICS } from '../../aggregator/operate/metrics.ts';
import { OPTION_NAMES, OPTIONS, type OptionName } from '../../aggregator/operate/options.ts';
import { TOKEN } from './operated.ts';
import { world } from './world.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const TEXT = read('aggregator/OPERATING.md');
const DATA = read('shared/privacy/DATA.md');

/** Rows of the tables whose first column has this name, cells without their backticks. */
function tables(text: string, first: string): string[][] {
  const rows: string[][] = [];
  let inside = false;
  for (const line of text.split('\n')) {
    const cells = line.startsWith('|')
      ? line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim().replace(/`/g, ''))
      : null;
    if (cells === null) inside = false;
    else if (cells[0] === first) inside = true;
    else if (inside && !/^-+$/.test(cells[0] ?? '')) rows.push(cells);
  }
  return rows;
}

const sorted = (list: Iterable<string>): string[] => [...list].sort();

/** Routes of a Hono app as the documents write them. */
function routesOf(
  app: { routes: readonly { method: string; path: string }[] },
  keep = false,
): string[] {
  return app.routes
    .filter(({ method, path }) => method !== 'ALL' && path !== '/*' && path !== '*')
    .map(({ method, path }) => {
      const plain = path.replace(/\{[^}]*\}+/g, '').replace(/\*$/, ':');
      return `${method} ${keep ? plain : plain.replace(/:\w+/g, ':')}`;
    });
}

describe('OPERATING.md', () => {
  it('names every setting with its default', () => {
    const told = tables(TEXT, 'Setting').map(([name = '', usual = '']) => [name, usual]);
    const known = OPTION_NAMES.map((name) => [name, String(OPTIONS[name].usual ?? '')]);
    expect(sorted(told.map(String))).toEqual(sorted(known.map(String)));
  });

  it('says rightly which settings a site may have of its own', () => {
    const names = tables(TEXT, 'Setting').map(([name]) => name as OptionName);
    const perSite = names.slice(0, names.indexOf('helperTimeoutMs') + 1);
    expect(sorted(perSite)).toEqual(sorted(OPTION_NAMES.filter((name) => OPTIONS[name].perSite)));
    expect(TEXT).toContain('The settings up to `helperTimeoutMs` may differ');
  });

  it('has an example of several sites that is taken', () => {
    const [, text = ''] = /```json\n([\s\S]*?)```/.exec(TEXT) ?? [];
    const config = readConfig({
      file: { path: '/etc/vitrine/vitrine.json', text },
      env: {},
      flags: {},
      readText: () => TOKEN,
    });
    expect(config.sites.map(({ name, prefix, hosts }) => [name, prefix, hosts])).toEqual([
      ['tea', '/tea', []],
      ['mugs', '', ['vitrine.mugs.example']],
    ]);
  });

  it('names every route, public and of the operator', async () => {
    const { app } = await world();
    const deps = { services: new Map(), doors: [], metrics: null, logger: () => undefined };
    const operators = routesOf(createAdminApp(TOKEN, deps), true);
    expect(operators).toHaveLength(Object.keys(ADMIN_PATHS).length);
    const told = tables(TEXT, 'Route').map(([route = '']) => route);
    expect(sorted(told)).toEqual(sorted(new Set([...routesOf(app), ...operators])));
    const [, actions = ''] =
      tables(TEXT, 'Route').find(([route]) => route?.includes(':action')) ?? [];
    for (const action of Object.keys(ACTIONS)) expect(actions).toContain(action);
    const data = tables(DATA.slice(DATA.indexOf("### Operator's requests")), 'Method');
    expect(sorted(data.slice(0, 3).map(([method, path]) => `${method} ${path}`))).toEqual(
      sorted(operators),
    );
  });

  it('names every metric with its kind and labels', () => {
    const told = tables(TEXT, 'Metric').map(([name, kind, labels = '', what]) => [
      name,
      kind,
      labels,
      what,
    ]);
    const known = Object.entries(METRICS).map(([name, [kind, labels, what]]) => [
      name,
      kind,
      labels.join(', '),
      what,
    ]);
    expect(told).toEqual(known);
  });

  it('and the command’s help names every flag', async () => {
    let help = '';
    const out = (text: string): void => {
      help += text;
    };
    expect(await command(['serve', '--help'], { out, err: () => undefined })).toBe(0);
    for (const name of OPTION_NAMES) {
      expect(help).toContain(
        `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} `,
      );
    }
  });
});
