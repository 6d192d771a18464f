/** A local task whose reports are PrivUnitG seeds, from the browser's rooms to the next model. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seedBackend } from '../../aggregator/average/seeds.ts';
import { saveKey } from '../../aggregator/keys.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import type { TaskDraft } from '../../aggregator/site.ts';
import { drawNoise } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { pack } from '../../sdk/pack/pack.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { bestPrivUnitMechanism } from '../../shared/privacy/choose.ts';
import { unitsOf } from '../../shared/privacy/guard.ts';
import { epsilonOf, type PrivUnitMechanism } from '../../shared/privacy/mechanism.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { REPORT_CONTENT_TYPE, REPORT_HEADER_BYTES } from '../../shared/protocol/report.ts';
import type { Signed, Task, TaskHead } from '../../shared/protocol/task.ts';
import { addPrivUnit } from '../../shared/random/privunit.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import {
  boot,
  codeOf,
  draft,
  headOf,
  idBytes,
  ManualTime,
  openRound,
  post,
  SERVER_KEY,
  site,
} from './fixture.ts';
import { SimulatedDisk, testRandom } from './simulated-disk.ts';

const D = 28;
const MECHANISM = bestPrivUnitMechanism(4, D) as PrivUnitMechanism;
const seeded = (more: Partial<TaskDraft> = {}): TaskDraft =>
  draft('intent', D, { tier: 'local', mechanism: MECHANISM, ...more });

/** A report as a browser makes it, of an update that depends on its id. */
async function reportOf(
  task: Task,
  taskHash: string,
  round: string,
  id: number,
): Promise<Uint8Array> {
  const source = new ChaChaSource(new Uint8Array(32).fill(id));
  const update = Float32Array.from({ length: D }, (_, i) => ((i * id) % 7) / 20);
  const value = privatize(update, task, drawNoise(task, source), source);
  const header = { id: idBytes(id), taskHash: fromHex(taskHash), roundHash: fromHex(round) };
  return pack(value, header);
}

/** Weights after one FedAvg step of rate 1 on the mean of what the seeds stand for. */
function expected(task: Task, reports: readonly Uint8Array[]): Float32Array {
  const sum = new Float64Array(D);
  for (const report of reports) addPrivUnit(report.subarray(REPORT_HEADER_BYTES), sum);
  const units = unitsOf(task);
  return Float32Array.from(sum, (one, i) => i / 8 + one / (reports.length * units));
}

describe('a round of seeds over HTTP', () => {
  let dataDir = '';
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'vitrine-'));
    await saveKey(join(dataDir, KEY_FILE), SERVER_KEY);
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it('PR41 W4 regenerates 32-byte reports, publishes their mean and refuses other lengths', async () => {
    const { taskHashes } = await site(dataDir, [seeded()]);
    const taskHash = taskHashes.intent as string;
    const path = join(dataDir, 'tasks', `${taskHash}.json`);
    const { record: task } = JSON.parse(await readFile(path, 'utf8')) as Signed<Task>;
    const truth = epsilonOf(MECHANISM, task.delta, 1);
    expect(task.epsilon).toBeGreaterThanOrEqual(truth);
    expect(task.epsilon).toBeLessThan(truth + 2e-6);
    const aggregator = await startAggregator({ dataDir, logger: silentLogger, settings: {} });
    try {
      const get = async (at: string): Promise<Response> => fetch(aggregator.url + at);
      const head = (await (await get(PATHS.head(taskHash))).json()) as TaskHead;
      const round = await recordHash((head.round as NonNullable<TaskHead['round']>).record);
      const send = (body: Uint8Array): Promise<Response> =>
        fetch(aggregator.url + PATHS.reports, {
          method: 'POST',
          headers: { 'content-type': REPORT_CONTENT_TYPE },
          body: body as Uint8Array<ArrayBuffer>,
        });
      const bodies = await Promise.all(
        [1, 2, 3, 4, 5].map((id) => reportOf(task, taskHash, round, id)),
      );
      expect(bodies.map(({ length }) => length)).toEqual([120, 120, 120, 120, 120]);
      const longer = await send(Uint8Array.from([...(bodies[0] as Uint8Array), 0]));
      expect(await codeOf(longer)).toBe('too-large');
      for (const body of bodies) expect((await send(body)).status).toBe(201);
      await aggregator.rounds.settled();
      const after = (await (await get(PATHS.head(taskHash))).json()) as TaskHead;
      expect(after.model?.record).toMatchObject({ reports: 5, modelVersion: 1 });
      const model = await get(PATHS.model(after.model?.record.model as string));
      const weights = decodeModel(new Uint8Array(await model.arrayBuffer()), D);
      expect(weights).toEqual(expected(task, bodies));
    } finally {
      await aggregator.close();
    }
  });
});

describe('a journal of seeds', () => {
  /** Five reports with a crash after `crashAfter` of them, or none; the model's bytes. */
  async function play(crashAfter: number | null): Promise<{ model: string; weights: Uint8Array }> {
    let disk = new SimulatedDisk();
    const time = new ManualTime();
    const { taskHashes } = await site(disk, [seeded()]);
    const taskHash = taskHashes.intent as string;
    let running = await boot(disk, time);
    const text = new TextDecoder().decode(await disk.read(`tasks/${taskHash}.json`));
    const { record: task } = JSON.parse(text) as Signed<Task>;
    const round = await openRound(running.app, taskHash);
    const bodies: Uint8Array[] = [];
    for (const id of [1, 2, 3, 4, 5]) {
      if (bodies.length === crashAfter) {
        disk = disk.recovered(testRandom(4), 'power');
        running = await boot(disk, time);
        const again = await post(running.app, bodies[0] as Uint8Array);
        expect(again.status).toBe(201);
      }
      const body = await reportOf(task, taskHash, round, id);
      expect((await post(running.app, body)).status).toBe(201);
      bodies.push(body);
    }
    await running.service.settled();
    const { model } = await headOf(running.app, taskHash);
    expect(model?.record.reports).toBe(5);
    const hash = model?.record.model as string;
    const weights = await disk.read(`models/${hash}.bin`);
    expect(decodeModel(weights, D)).toEqual(expected(task, bodies));
    await running.service.stop();
    return { model: JSON.stringify(model), weights };
  }

  it('PR41 RD1 a crash and a replay give the bytes of the uninterrupted run', async () => {
    const whole = await play(null);
    for (const after of [1, 4]) expect(await play(after)).toEqual(whole);
  });

  it('PR41 sums exactly, whatever the order, and refuses what is no seed', () => {
    const reports = [1, 2, 3].map((k) => new Uint8Array(REPORT_HEADER_BYTES + 32).fill(k));
    const [a, b] = [new Float64Array(50), new Float64Array(50)];
    seedBackend.sum(reports, REPORT_HEADER_BYTES, a);
    seedBackend.sum([...reports].reverse(), REPORT_HEADER_BYTES, b);
    expect(a).toEqual(b);
    const one = new Float64Array(50);
    addPrivUnit(new Uint8Array(32).fill(2), one);
    seedBackend.sum([reports[0], reports[2]] as Uint8Array[], REPORT_HEADER_BYTES, one);
    expect(one).toEqual(a);
    const short = [new Uint8Array(REPORT_HEADER_BYTES + 31)];
    expect(() => seedBackend.sum(short, REPORT_HEADER_BYTES, a)).toThrow('reports[0]');
  });

  it('R6 PR42 a draft outside the local tier, or that no browser takes, is refused', async () => {
    const split = seeded({ tier: 'split' });
    await expect(site(new SimulatedDisk(), [split])).rejects.toThrow('local tier alone');
    const costly = seeded({ mechanism: { ...MECHANISM, candidates: Math.ceil(2 ** 28 / D) } });
    await expect(site(new SimulatedDisk(), [costly])).rejects.toThrow('than any browser tries');
  });
});
