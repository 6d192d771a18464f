/**
 * `npm run cluster [-- --once] [--engine ADDRESS]`: two accept nodes, two accumulators, a coordinator
 * and a spare on this machine, against a nats-server that is found or installed; simulated browsers
 * report through both accept nodes, and every published sum is checked. Ends with Ctrl-C.
 */
import { parseArgs } from 'node:util';
import { ensureServers, findNats } from '../servers/find.ts';
import { type Nats, startNats } from '../servers/nats.ts';
import { until, World } from './world.ts';

const MAX_REPORTS = 100;
const USAGE = `npm run cluster [-- options]
  --once             ends after one round; the exit status tells whether its sum was exact
  --engine ADDRESS   another engine: file:FOLDER, nats://HOST:PORT or postgres://…
  --accept-risk NAME a weakness of that engine that is accepted, by name; may be repeated`;

const say = (line: string): void => console.log(line);

function elsewhere(): string {
  const node = 'npx tsx aggregator/main.ts';
  const common = '--engine nats://BROKER:4222 --secret SECRET_FILE --host 0.0.0.0';
  return `
The same on several machines: one nats-server that all of them reach (three, with replicas, outlive
the loss of one), and a file with the same secret on each. Only accept nodes are reached from outside.

  nats-server -js -sd /var/lib/nats
  head -c 24 /dev/urandom | base64 | tr '+/' '-_' > SECRET_FILE
  ${node} --role accept     ${common} --port 8787 --url http://THIS_MACHINE:8787
  ${node} --role accumulate ${common} --port 9001 --url http://THIS_MACHINE:9001
  ${node} --role coordinate ${common} --port 9000 --url http://THIS_MACHINE:9000 --data DIR

DIR holds aggregator.key and the site (npx vitrine new). Any number of accept nodes and accumulators,
and two coordinators with the same DIR, of which one waits. aggregator/SCALING.md says how many.
`;
}

/** @returns the address of the engine, the risks to accept, and how to stop it. */
async function engineOf(
  address: string | undefined,
  accept: readonly string[],
): Promise<{ address: (folder: string) => string; accept: readonly string[]; nats: Nats | null }> {
  if (address !== undefined) return { address: () => address, accept, nats: null };
  if (findNats() === null) ensureServers(say);
  if (findNats() === null) {
    say('No nats-server: the file engine takes its place, which works on one machine alone.');
    return { address: (folder) => `file:${folder}/engine`, accept: ['file-unsynced'], nats: null };
  }
  const nats = await startNats();
  say(`nats-server at ${nats.url}, with its data in a temporary folder.`);
  // Debian's nats-server cannot sync every message; on one machine that is a demonstration's risk.
  return { address: () => nats.url, accept: ['jetstream-unsynced'], nats };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      engine: { type: 'string' },
      'accept-risk': { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(USAGE);
    return 0;
  }
  let stopped = false;
  const onSignal = (): void => {
    if (stopped) process.exit(130);
    stopped = true;
    say('Stopping.');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const { address, accept, nats } = await engineOf(values.engine, values['accept-risk']);
  const world = await World.make({ engine: address, accept, maxReports: MAX_REPORTS });
  try {
    await world.startAll();
    for (const { plan, url } of world.nodes) {
      say(`${plan.role.padEnd(11)} ${url === '' ? 'waits to be elected' : url}`);
    }
    say(`Reports go through both accept nodes; a round closes at ${MAX_REPORTS}.`);
    let checked = 0;
    let exact = true;
    const over = (): boolean => stopped || (values.once && checked > 0);
    await Promise.all([
      world.sender.run(4, over),
      (async () => {
        while (!over()) {
          await until(
            'a further round',
            async () => stopped || (await world.published()) > checked,
          );
          if (stopped) break;
          const round = checked + 1;
          const { faults, reports } = await world.check(round);
          exact &&= faults.length === 0;
          checked = round;
          const verdict = faults.length === 0 ? 'every coordinate is exact' : faults.join('; ');
          say(`round ${round} published: ${reports} reports so far, ${verdict}`);
        }
      })(),
    ]);
    say(`${world.sender.count} reports acknowledged, ${checked} rounds checked.`);
    if (!stopped) say(elsewhere());
    return exact && (stopped || checked > 0) ? 0 : 1;
  } finally {
    await world.stop();
    await nats?.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
