import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DiskError } from '../../aggregator/accumulate/disk.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { decodeOpened } from '../../shared/protocol/opening.ts';
import {
  D,
  keyRing,
  leaderRecord,
  type MadeReport,
  makeReport,
  newDisk,
  prepareMessage,
  type RoundOf,
} from './helper-parts.ts';
import { HelperWorld, prepared } from './helper-world.ts';
import { SimulatedDisk } from './simulated-disk.ts';

const KEYS = await keyRing();

interface Ready {
  readonly helper: HelperWorld;
  readonly disk: SimulatedDisk;
  readonly round: RoundOf;
  readonly reports: readonly MadeReport[];
  readonly message: Uint8Array;
}

async function ready(): Promise<Ready> {
  const disk = await newDisk(new SimulatedDisk());
  const helper = await new HelperWorld(KEYS, disk).start();
  const round = await helper.addRound(await helper.addTask(), 1);
  await helper.publish();
  const reports = await Promise.all([1, 2, 3, 4].map((id) => makeReport(round, id)));
  return { helper, disk, round, reports, message: prepareMessage(round, reports) };
}

function failing(disk: SimulatedDisk, operation: string, path: string): void {
  disk.fault = (what, where) =>
    what === operation && where === path ? new DiskError('full', where) : null;
}

describe('a disk that fails', () => {
  it('S8 nothing is answered and nothing lost; the batch opens once the disk is mended', async () => {
    for (const [operation, path] of [
      ['append', 'data/journal'],
      ['append', 'keys/mark.json.tmp'],
      ['rename', 'keys/mark.json'],
    ] as const) {
      const { helper, disk, round, message } = await ready();
      const leader = leaderRecord(round, prepared(await helper.prepare(message)));
      failing(disk, operation, path);
      expect(await helper.open(message, leader), path).toMatchObject({ code: 'not-ready' });
      disk.fault = () => null;
      await helper.prepare(message);
      const { status, body } = await helper.open(message, leader);
      expect(status).toBe(200);
      expect((await decodeOpened(body, D)).opening.record.sequence).toBe(1);
      expect(await helper.open(message, leader)).toMatchObject({ status: 200, body });
    }
  });

  it('S8 after a failed sync it answers nothing until it is started again', async () => {
    const { helper, disk, round, message } = await ready();
    const leader = leaderRecord(round, prepared(await helper.prepare(message)));
    failing(disk, 'sync', 'data/journal');
    expect(await helper.open(message, leader)).toMatchObject({ code: 'not-ready' });
    disk.fault = () => null;
    expect(await helper.prepare(message)).toMatchObject({ status: 503, code: 'not-ready' });
    await helper.start();
    await helper.prepare(message);
    expect((await helper.open(message, leader)).status).toBe(200);
  });
});

describe('several at once', () => {
  it('S7 S8 of requests that race, all get the one answer or round-opened', async () => {
    const { helper, round, reports, message } = await ready();
    const fewer = prepareMessage(round, reports.slice(1));
    const [all, some] = await Promise.all([helper.prepare(message), helper.prepare(fewer)]);
    const first = leaderRecord(round, prepared(all));
    const second = leaderRecord(round, prepared(some));
    const replies = await Promise.all([
      helper.open(message, first),
      helper.open(fewer, second),
      helper.open(message, first),
      helper.open(fewer, second),
    ]);
    expect(replies.map(({ code }) => code)).toEqual(['', 'round-opened', '', 'round-opened']);
    expect(replies[2]?.body).toEqual(replies[0]?.body);
  });
});

describe('what stays', () => {
  it('S6 S10 neither seeds of reports nor seeds of noise are ever on the disk', async () => {
    const { helper, disk, round, reports } = await ready();
    await helper.openAll(round, reports);
    const seeds = [1, 2, 3, 4].map((id) =>
      createHash('sha256').update(`seed ${id} ${round.roundHash}`).digest(),
    );
    const noise = helper.drawn.map(fromHex);
    expect(noise.length).toBeGreaterThan(0);
    const files = [...disk.files().values()].map((bytes) => Buffer.from(bytes));
    const holding = (bytes: Uint8Array): number =>
      files.filter((file) => file.includes(Buffer.from(bytes))).length;
    for (const seed of [...seeds, ...noise]) expect(holding(seed)).toBe(0);
    // The search finds what is there: the ids, and the hash of the noise that was used.
    for (const { id } of reports) expect(holding(id)).toBe(1);
    const hashes = noise.map((seed) => createHash('sha256').update(seed).digest());
    expect(hashes.map(holding).filter((count) => count > 0).length).toBe(1);
  });
});

describe('a long log', () => {
  it('S2 S3 is read over many bundles, with entries that are none, and again at a start', async () => {
    const { helper, round } = await ready();
    for (let i = 0; i < 300; i++) {
      helper.log.entries.push(utf8(i % 2 === 0 ? `{"type":"abandoned","round":${i}}` : 'no JSON'));
      if (i % 100 === 0) expect(await helper.publish()).toMatchObject({ status: 200 });
    }
    for (let i = 0; i < 300; i++)
      helper.log.entries.push(utf8(`"${toHex(Uint8Array.of(i & 255))}"`));
    const last = await helper.addRound([round.task, round.taskHash], 2);
    expect(await helper.publish()).toMatchObject({ status: 200 });
    await helper.service?.stop();
    await helper.start();
    const reports = await Promise.all([7, 8, 9].map((id) => makeReport(last, id)));
    await helper.openAll(last, reports);
    // An entry that was cosigned is another one now: the log is not read, and nothing is opened.
    await helper.service?.stop();
    helper.log.entries[5] = utf8('"another"');
    await helper.start();
    const message = prepareMessage(last, reports);
    expect(await helper.prepare(message)).toMatchObject({ code: 'log-inconsistent' });
    helper.log.down = true;
    expect(await helper.prepare(message)).toMatchObject({ code: 'log-unavailable' });
  });
});
