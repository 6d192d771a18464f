/** The Dockerfiles, as far as they can be checked without an engine. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../aggregator/operate/config.ts';
import { PATHS } from '../../shared/protocol/paths.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>;
  scripts: Record<string, string>;
  engines: { node: string };
};

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

interface Stage {
  readonly image: string;
  readonly name: string | null;
  readonly instructions: readonly Instruction[];
}

/** Stages of a Dockerfile; comments and continued lines as the reference has them. */
function stagesOf(file: string): Stage[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ');
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const [, name = '', rest = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`${file}: no instruction: ${line}`);
    if (name === 'FROM') {
      const [, image = '', stage = null] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
      stages.push({ image, name: stage, instructions: [] });
    } else stages.at(-1)?.instructions.push({ name, rest });
  }
  return stages;
}

const of = (stage: Stage, name: string): string[] =>
  stage.instructions.filter((one) => one.name === name).map(({ rest }) => rest);

/** glibc of what images are made from (Debian's and Ubuntu's packages). */
const GLIBC: Readonly<Record<string, number>> = {
  bookworm: 2.36,
  'ubuntu20.04': 2.31,
  'ubuntu22.04': 2.35,
};

/** [stage or null, sources, destination] of each COPY. */
function copiesOf(stage: Stage): [string | null, string[], string][] {
  return of(stage, 'COPY').map((rest) => {
    const [, from = null, paths = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(rest) ?? [];
    const all = paths.split(/ +/);
    return [from, all.slice(0, -1), all.at(-1) ?? ''];
  });
}

function environmentOf(stage: Stage): Record<string, string> {
  const pairs = of(stage, 'ENV').flatMap((rest) => rest.split(/ +/));
  return Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]));
}

it('the GPU server runs where there is the glibc that Dawn was linked with', () => {
  const dawn = readFileSync(join(ROOT, 'node_modules/webgpu/dist/linux-x64/dawn.node'), 'latin1');
  const needed = [...dawn.matchAll(/\0GLIBC_(2\.\d+)\0/g)].map(([, version]) => Number(version));
  const image = stagesOf('aggregator/cuda.Dockerfile').at(-1)?.image ?? '';
  const [, system = ''] = /-([a-z]+[0-9.]*)$/.exec(image) ?? [];
  expect(Math.max(...needed)).toBeGreaterThan(2);
  expect(GLIBC[system]).toBeGreaterThanOrEqual(Math.max(...needed));
});

it('images take nothing that was installed, built or made on this machine', () => {
  const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  const kept = readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n');
  for (const name of ['.git', 'dist', '.vitrine', '**/node_modules', '**/*.key', '**/admin.token'])
    expect(lines).toContain(name);
  for (const name of kept.filter((one) => one !== '' && !one.startsWith('#'))) {
    expect(lines.join('\n')).toContain(name.replaceAll('/', ''));
  }
});

describe.each(['aggregator/Dockerfile', 'aggregator/cuda.Dockerfile'])('%s', (file) => {
  const stages = stagesOf(file);
  const last = stages.at(-1) as Stage;
  const build = stages.find(({ name }) => name === 'build') as Stage;

  it('pins its images and packages by version', () => {
    for (const { image } of stages) {
      expect(image).toMatch(/^(node:\d+\.\d+\.\d+-|nvidia\/cuda:\d+\.\d+\.\d+-)[a-z0-9.-]+$/);
    }
    const major = Number(/node:(\d+)\./.exec(build.image)?.[1]);
    expect(major).toBeGreaterThanOrEqual(Number(/\d+/.exec(manifest.engines.node)?.[0]));
    const named = stages.flatMap((stage) => of(stage, 'RUN')).join(' ');
    const packages = [...named.matchAll(/ ([a-z-]+)@(\S+)/g)];
    expect(packages.length).toBeGreaterThan(0);
    for (const [, name = '', version] of packages) {
      expect([name, version]).toEqual([name, manifest.devDependencies[name]]);
    }
  });

  it('copies what is there, from the tree or from an earlier stage', () => {
    const built = ['/usr/local/bin/node', '/peers/node_modules', '/peers/cuda', '/src/dist'];
    for (const [i, stage] of stages.entries()) {
      for (const [from, sources] of copiesOf(stage)) {
        const earlier = stages.slice(0, i).map(({ name }) => name);
        if (from !== null) expect(earlier).toContain(from);
        for (const source of sources) {
          const known =
            built.includes(source) || existsSync(join(ROOT, source.replace(/^\/src\//, '')));
          expect([source, known]).toEqual([source, true]);
        }
      }
    }
  });

  it('builds from every folder that the build reads, by a script that there is', () => {
    const copied = copiesOf(build).flatMap(([, sources]) => sources);
    const names = [
      'sdk',
      'shared',
      'demo-shop',
      'aggregator',
      'test',
      'vite.config.ts',
      'tsconfig.json',
    ];
    for (const name of [...names, 'package.json', 'package-lock.json', '.npmrc']) {
      expect(copied).toContain(name);
    }
    const runs = of(build, 'RUN').flatMap((rest) => [...rest.matchAll(/npm run (\S+)/g)]);
    expect(runs.map(([, script = '']) => Object.hasOwn(manifest.scripts, script))).toEqual([true]);
  });

  it('starts the command from files that are copied, under settings that it takes', () => {
    const [command] = of(last, 'CMD').map((rest) => JSON.parse(rest) as string[]);
    expect(command?.slice(0, 3)).toEqual(['node', 'aggregator/vitrine.js', 'serve']);
    const destinations = copiesOf(last).map(([, , to]) => to);
    expect(destinations).toContain('aggregator/vitrine.js');
    // vitrine.js takes the sources where it finds them, and they are not here.
    expect(destinations).toContain('dist');
    expect(destinations).not.toContain('aggregator');
    const env = environmentOf(last);
    const text = '{"data":"./data","dist":"./assets"}';
    const settings = { path: command?.[4] ?? '', text };
    const config = readConfig({ file: settings, env, flags: {}, readText: () => '' });
    expect(config).toMatchObject({ host: '0.0.0.0', port: 8787, dist: '/etc/vitrine/assets' });
    expect(of(last, 'WORKDIR')).toEqual(['/app']);
    expect(of(last, 'VOLUME')).toEqual(['/etc/vitrine']);
    expect(config.sites[0]?.data).toBe('/etc/vitrine/data');
  });

  it('runs as nobody special, on the port that it says, stopped by a signal that drains', () => {
    const order = last.instructions.map(({ name }) => name);
    expect(of(last, 'USER')).toEqual(['node']);
    expect(order.slice(order.indexOf('USER'))).not.toContain('RUN');
    expect(of(last, 'EXPOSE')).toEqual([environmentOf(last).VITRINE_PORT]);
    expect(of(last, 'STOPSIGNAL')).toEqual(['SIGTERM']);
    const secrets = stages.flatMap((stage) => [...of(stage, 'ENV'), ...of(stage, 'ARG')]).join(' ');
    expect(secrets).not.toMatch(/TOKEN|KEY|SECRET/);
  });

  it('is asked for its health where there is a route, by a script that runs', async () => {
    const [health = ''] = of(last, 'HEALTHCHECK');
    const [, program, flag, script = ''] = JSON.parse(
      `["CMD",${/CMD \[(.*)$/.exec(health)?.[1]}`,
    ) as string[];
    expect([program, flag]).toEqual(['node', '-e']);
    const url = new URL(/fetch\('([^']+)'\)/.exec(script)?.[1] ?? '');
    expect([url.port, url.pathname]).toEqual([environmentOf(last).VITRINE_PORT, PATHS.livez]);
    for (const [answer, expected] of [
      [200, 0],
      [503, 1],
      [0, 1],
    ] as const) {
      const exited = await new Promise<number>((exit) => {
        const fetched = (): Promise<Response> =>
          answer === 0
            ? Promise.reject(new Error('refused'))
            : Promise.resolve(new Response('', { status: answer }));
        new Function('fetch', 'process', script)(fetched, { exit });
      });
      expect(exited).toBe(expected);
    }
  });
});
