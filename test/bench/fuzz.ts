/**
 * Bench `fuzz`: mutated inputs at every door of both servers, 108,000 in a whole run. What must be 0
 * is counted: errors without a name, server errors other than 503, and processes that stopped
 * answering. Memory is compared, collected, at a fifth of the run and at its end.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { saveKey } from '../../aggregator/keys.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { draft, SERVER_KEY, site } from '../aggregator/fixture.ts';
import { testRandom } from '../aggregator/simulated-disk.ts';
import { SplitWorld } from '../aggregator/split-world.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import {
  byteDecoders,
  type Door,
  helperDoor,
  jsonDecoders,
  reportDoor,
  requestBytes,
  routeDoor,
  specimensOf,
  type Verdict,
} from './fuzz-doors.ts';
import { mutate, mutateJson } from './fuzz-mutate.ts';

const INPUTS = { bytes: 45_000, json: 20_000, reports: 25_000, routes: 12_000, helper: 4_000 };
const SOCKETS = 2_000;
const QUICK = 50;

type Counts = Record<Verdict, number>;

const collect = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

function heldMb(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

/** Writes each input to a connection of its own; the answer, or the close, ends it. */
function throwAt(port: number, input: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(input));
    socket.on('data', () => undefined);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}

/** @returns how many times a running server did not answer `/livez` afterwards. */
async function sockets(
  corpus: readonly Uint8Array[],
  inputs: number,
  seed: number,
): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'vitrine-fuzz-'));
  const random = testRandom(seed);
  await saveKey(join(dataDir, KEY_FILE), SERVER_KEY);
  await site(dataDir, [draft('intent', 3)]);
  const aggregator = await startAggregator({ dataDir, logger: silentLogger });
  const port = Number(new URL(aggregator.url).port);
  let dead = 0;
  try {
    for (let sent = 0; sent < inputs; sent += 20) {
      await Promise.all(Array.from({ length: 20 }, () => throwAt(port, mutate(corpus, random))));
      const response = await fetch(aggregator.url + PATHS.livez).catch(() => null);
      if (response?.status !== 200) dead += 1;
    }
  } finally {
    await aggregator.close();
    await rm(dataDir, { recursive: true, force: true });
  }
  return dead;
}

/** @param seed of the mutations; a run with the same seed repeats them. */
export async function fuzz(scale: number, seed: number): Promise<BenchResults> {
  const random = testRandom(seed);
  const counts: Counts = { taken: 0, refused: 0, unnamed: 0, 'server-error': 0 };
  const world = await SplitWorld.started();
  const specimens = await specimensOf(world);
  const paths = specimens.paths.map(utf8);
  const [decoders, readers] = [byteDecoders(), jsonDecoders()];
  const [reports, routes] = [reportDoor(world), routeDoor(world)];
  const any = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const helper: Door = (input) => helperDoor(world, any(specimens.messages)[0])(input);
  const bodies = specimens.messages.map(([, body]) => body);
  const one: Readonly<Record<keyof typeof INPUTS, () => Verdict | Promise<Verdict>>> = {
    bytes: () => any(decoders)(mutate(specimens.files, random)),
    json: () => any(readers)(mutateJson(any(specimens.json), random)),
    reports: () => reports(mutate(specimens.reports, random)),
    routes: () => routes(mutate(paths, random)),
    helper: () => helper(mutate(bodies, random)),
  };
  const names = Object.keys(INPUTS) as (keyof typeof INPUTS)[];
  const turns = 50;
  let early = 0;
  let inputs = 0;
  for (let turn = 0; turn < turns; turn++) {
    for (const name of names) {
      const share = Math.ceil(INPUTS[name] / scale / turns);
      for (let i = 0; i < share; i++, inputs++) counts[await one[name]()] += 1;
    }
    if (turn === turns / 5) early = heldMb();
  }
  const late = heldMb();
  await world.up.service.stop();
  await world.helper?.stop();
  const corpus = [
    ...specimens.reports.map(requestBytes),
    utf8('GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n'),
  ];
  const thrown = Math.ceil(SOCKETS / scale / 20) * 20;
  const dead = await sockets(corpus, thrown, seed);
  return {
    inputs: inputs + thrown,
    taken: counts.taken,
    refused: counts.refused,
    unnamed: counts.unnamed,
    serverErrors: counts['server-error'],
    dead,
    growthMb: late - early,
    seed,
  };
}

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  return fuzz(quick ? QUICK : 1, quick ? 1 : Math.floor(Date.now() / 1000));
}
