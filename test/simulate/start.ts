/** `npm start`: builds what is stale, then helper, aggregator, demo shop and simulated shoppers. */
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { hostname, networkInterfaces } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { LOCAL_DEFAULTS, SPLIT_DEFAULTS } from '../../shared/plan/defaults.ts';
import { build, DIST } from '../build.ts';
import { type Certificate, selfSigned } from './certificate.ts';
import { type Child, claimPort, startChild } from './children.ts';
import { type DemoSite, prepareSite } from './demo-site.ts';
import { FlagError, readStartFlags, START_HELP, type StartFlags } from './flags.ts';
import type { Told } from './population.ts';
import { createShop } from './shop-server.ts';

const LOOPBACK = '127.0.0.1';

const say = (line: string): void => console.log(line);
const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Addresses under which other machines of this network find this one. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((one) => one ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

async function certificate(data: string, nowMs: number): Promise<Certificate> {
  const folder = join(data, 'https');
  const hosts = ['localhost', LOOPBACK, hostname(), ...ownAddresses()];
  const stamp = join(folder, 'hosts.json');
  try {
    const kept = JSON.parse(await readFile(stamp, 'utf8')) as { hosts: string[]; madeMs: number };
    if (kept.hosts.join() === hosts.join() && nowMs - kept.madeMs < 60 * 86_400_000) {
      return {
        cert: await readFile(join(folder, 'cert.pem'), 'utf8'),
        key: await readFile(join(folder, 'key.pem'), 'utf8'),
      };
    }
  } catch {
    // None yet, or not a readable one: it is made below.
  }
  const made = selfSigned(hosts, nowMs);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'cert.pem'), made.cert);
  await writeFile(join(folder, 'key.pem'), made.key, { mode: 0o600 });
  await writeFile(stamp, JSON.stringify({ hosts, madeMs: nowMs }));
  return made;
}

interface Running {
  readonly children: Child[];
  quality: Told['quality'] | null;
  stop(): Promise<void>;
}

async function startShop(flags: StartFlags, site: DemoSite, running: Running): Promise<void> {
  const app = createShop({
    shop: join(DIST, 'demo'),
    workers: DIST,
    site: site.site,
    trust: site.trust,
    aggregatorPort: flags.aggregatorPort,
    proxy: flags.https,
    quality: () => running.quality,
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const onRequest = (...call: Parameters<typeof listener>): void => void listener(...call);
  const server = flags.https
    ? createHttps(await certificate(flags.data, Date.now()), onRequest)
    : createHttp(onRequest);
  server.listen(flags.shopPort, flags.https ? '0.0.0.0' : LOOPBACK);
  await once(server, 'listening');
  const stop = running.stop;
  running.stop = async () => {
    server.close();
    server.closeAllConnections();
    await stop();
  };
}

async function startHelper(flags: StartFlags, { rootKey, helper }: DemoSite): Promise<Child> {
  const child = startChild(
    'helper',
    fileOf('./helper.ts'),
    [
      ...['--data', helper.dataDir, '--keys', helper.keysDir, '--trust', rootKey],
      ...['--aggregator', `http://${LOOPBACK}:${flags.aggregatorPort}`],
      ...['--port', String(flags.helperPort)],
    ],
    () => undefined,
  );
  await answering(child);
  return child;
}

/** Resolves when a server of the demo answers. @throws Error with what it wrote when it ends. */
async function answering(child: Child): Promise<void> {
  const listening = once(child.process, 'message').then(() => null);
  const dead = await Promise.race([listening, child.ended]);
  if (dead !== null) throw new Error(`the ${child.name} did not start: ${dead}\n${child.errors()}`);
}

async function startAggregator(flags: StartFlags, site: DemoSite): Promise<Child> {
  const helper = `http://${LOOPBACK}:${flags.helperPort}`;
  const args = ['--data', site.folder, '--port', String(flags.aggregatorPort), '--helper', helper];
  const child = startChild('aggregator', fileOf('./server.ts'), args, () => undefined);
  await answering(child);
  return child;
}

function startPopulation(flags: StartFlags, site: DemoSite, running: Running): Child {
  const child = startChild(
    'population',
    fileOf('./population.ts'),
    [
      ...['--endpoint', `http://${LOOPBACK}:${flags.aggregatorPort}`],
      ...['--site', site.site, '--trust', site.trust],
      ...['--shoppers', String(flags.shoppers)],
    ],
    say,
  );
  child.process.on('message', ({ quality }: Told) => {
    running.quality = quality;
  });
  return child;
}

function welcome(flags: StartFlags, { trust }: DemoSite): void {
  const scheme = flags.https ? 'https' : 'http';
  const status = flags.https
    ? `https://localhost:${flags.shopPort}/v1/status`
    : `http://localhost:${flags.aggregatorPort}/v1/status`;
  say('');
  say(`  Shop        ${scheme}://localhost:${flags.shopPort}`);
  if (flags.https) {
    for (const address of ownAddresses()) say(`              https://${address}:${flags.shopPort}`);
  }
  say(`  Status      ${status}`);
  say(`  Data        ${relative(process.cwd(), flags.data) || flags.data}`);
  say(
    flags.shoppers > 0
      ? `  Population  ${flags.shoppers} simulated shoppers, test/simulate/BEHAVIOUR.md`
      : '  Population  none: a round needs 120 reports, so that no version will come',
  );
  say(
    `  Helper      http://localhost:${flags.helperPort}, the second server, with keys of its own`,
  );
  const { epsilon, participations } = LOCAL_DEFAULTS;
  say(
    `  Privacy     ε ${epsilon} per report in the local tier, ${SPLIT_DEFAULTS.epsilon} in the split tier,`,
  );
  say(`              ${participations} reports per task; demo periods: seconds instead of days`);
  if (flags.https) {
    say('');
    say('  The certificate was made here, and no browser knows it. On the phone, in the same');
    say(
      '  network: open the address, read the warning, and go on to the page (Advanced, Proceed);',
    );
    say(`  or install ${join(flags.data, 'https', 'cert.pem')} as a trusted certificate first.`);
  }
  say('');
  say('  Audit it from outside (npm start -- --audit for a task that measures the noise):');
  say(`  npx vitrine audit http://localhost:${flags.aggregatorPort} --trust "${trust}"`);
  say('');
  say('  Ctrl-C stops everything.');
  say('');
}

async function main(): Promise<void> {
  const flags = readStartFlags(process.argv.slice(2));
  if (flags.help) {
    say(START_HELP);
    return;
  }
  await claimPort('--shop-port', flags.shopPort, flags.https ? '0.0.0.0' : LOOPBACK);
  await claimPort('--aggregator-port', flags.aggregatorPort, LOOPBACK);
  await claimPort('--helper-port', flags.helperPort, LOOPBACK);

  let stopping = false;
  const children: Child[] = [];
  const running: Running = {
    children,
    quality: null,
    stop: async () => {
      // The population first, so that no report meets a server that is gone.
      for (const child of [...children].reverse()) await child.stop();
    },
  };
  const end = async (code: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await running.stop();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say('stopping');
      void end(0);
    });
  }
  const watch = (child: Child): void => {
    children.push(child);
    void child.ended.then((words) => {
      if (stopping) return;
      console.error(`the ${child.name} has ended: ${words}\n${child.errors()}`);
      void end(1);
    });
  };

  try {
    await build(['sdk', 'demo'], say);
    const site = await prepareSite(flags.data, flags, Date.now());
    if (stopping) return;
    watch(await startHelper(flags, site));
    watch(await startAggregator(flags, site));
    await startShop(flags, site, running);
    if (flags.shoppers > 0 && !stopping) watch(startPopulation(flags, site, running));
    welcome(flags, site);
  } catch (error) {
    if (stopping) return;
    console.error(error instanceof Error ? error.message : String(error));
    await end(1);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof FlagError ? error.message : error);
  process.exit(1);
});
