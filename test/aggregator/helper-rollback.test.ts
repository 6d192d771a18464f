import { describe, expect, it } from 'vitest';
import { newMark, writeMark } from '../../aggregator/opening/mark.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { HELPER_PATHS } from '../../shared/protocol/opening.ts';
import {
  folder,
  keyRing,
  leaderRecord,
  makeReport,
  newDisk,
  prepareMessage,
  type RoundOf,
} from './helper-parts.ts';
import { HelperWorld, prepared } from './helper-world.ts';
import { SimulatedDisk, testRandom } from './simulated-disk.ts';

const KEYS = await keyRing();

const copy = (disk: SimulatedDisk): SimulatedDisk => disk.recovered(testRandom(1), 'kill');

/** A disk with `keys/` of one and `data/` of another. */
async function joined(keys: SimulatedDisk, data: SimulatedDisk): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const parts: readonly (readonly [SimulatedDisk, string])[] = [
    [keys, 'keys/'],
    [data, 'data/'],
  ];
  for (const [from, name] of parts) {
    for (const [path, bytes] of from.files())
      if (path.startsWith(name)) await put(disk, path, bytes);
  }
  return disk;
}

async function put(disk: SimulatedDisk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(path);
  await file.truncate(0);
  await file.append([bytes]);
}

interface Played {
  readonly helper: HelperWorld;
  readonly disk: SimulatedDisk;
  readonly rounds: readonly RoundOf[];
  readonly messages: readonly Uint8Array[];
  /** Copies of the disk: at the start, then after each opened round. */
  readonly images: readonly SimulatedDisk[];
}

async function open(helper: HelperWorld, round: RoundOf, first: number): Promise<Uint8Array> {
  const ids = [first, first + 1, first + 2];
  const reports = await Promise.all(ids.map((id) => makeReport(round, id)));
  await helper.openAll(round, reports);
  return prepareMessage(round, reports);
}

async function played(): Promise<Played> {
  const disk = await newDisk(new SimulatedDisk());
  const helper = await new HelperWorld(KEYS, disk).start();
  const task = await helper.addTask();
  const rounds = [await helper.addRound(task, 1), await helper.addRound(task, 2)];
  await helper.publish();
  const images = [copy(disk)];
  const messages: Uint8Array[] = [];
  for (const [i, round] of rounds.entries()) {
    messages.push(await open(helper, round, 10 * i));
    images.push(copy(disk));
  }
  await helper.service?.stop();
  return { helper, disk, rounds, messages, images };
}

function startOn(helper: HelperWorld, disk: SimulatedDisk): Promise<unknown> {
  helper.disk = disk;
  return helper.start();
}

async function journalOf(disk: SimulatedDisk): Promise<Uint8Array> {
  return disk.read('data/journal');
}

describe('a helper that has forgotten', () => {
  it('S9 a journal that is gone is journal-missing', async () => {
    const { helper, disk } = await played();
    await disk.remove('data/journal');
    await expect(startOn(helper, disk)).rejects.toMatchObject({ code: 'journal-missing' });
    const empty = await joined(disk, new SimulatedDisk());
    await expect(startOn(helper, empty)).rejects.toMatchObject({ code: 'journal-missing' });
  });

  it('S9 a journal that is older or cut is journal-rolled-back', async () => {
    const { helper, disk, images } = await played();
    for (const older of images.slice(0, -1)) {
      const restored = await joined(disk, older);
      await expect(startOn(helper, restored)).rejects.toMatchObject({
        code: 'journal-rolled-back',
      });
    }
    const whole = await journalOf(disk);
    const code = async (length: number): Promise<unknown> => {
      const cut = copy(disk);
      await put(cut, 'data/journal', whole.subarray(0, length));
      return startOn(helper, cut).then(
        () => '',
        (error: { code?: unknown }) => error.code,
      );
    };
    expect(await code(whole.length)).toBe('');
    for (let length = 0; length < whole.length; length += 37) {
      expect(await code(length)).toBe('journal-rolled-back');
    }
    expect(await code(whole.length - 1)).toBe('journal-rolled-back');
  });

  it('S9 a journal of another past is journal-rolled-back, however long', async () => {
    const { helper, disk, images } = await played();
    // From the first image, another second half: more records than the mark counts.
    const other = copy(images[0] as SimulatedDisk);
    helper.disk = other;
    await helper.start();
    const task = await helper.addTask({ name: 'other' });
    for (let number = 1; number <= 3; number++) {
      const round = await helper.addRound(task, number);
      await helper.publish();
      await open(helper, round, 100 * number);
    }
    const joint = await joined(disk, other);
    await expect(startOn(helper, joint)).rejects.toMatchObject({ code: 'journal-rolled-back' });
  });

  it('S9 a damaged journal and a missing share are corrupt-journal', async () => {
    const { helper, disk } = await played();
    const whole = await journalOf(disk);
    const damaged = copy(disk);
    const bytes = whole.slice();
    bytes[80] = 1 ^ (bytes[80] as number);
    await put(damaged, 'data/journal', bytes);
    await expect(startOn(helper, damaged)).rejects.toMatchObject({ code: 'corrupt-journal' });
    const [share] = await disk.list('data/shares');
    await disk.remove(`data/shares/${share}`);
    await expect(startOn(helper, disk)).rejects.toMatchObject({ code: 'corrupt-journal' });
  });

  it('S9 a torn tail that no answer rests on is cut', async () => {
    const { helper, disk, messages } = await played();
    const whole = await journalOf(disk);
    await put(disk, 'data/journal', Buffer.concat([whole, utf8('VTJ2 torn')]));
    await startOn(helper, disk);
    expect(await journalOf(disk)).toEqual(whole);
    expect((await helper.prepare(messages[0] as Uint8Array)).status).toBe(200);
  });

  it('S9 keys and journal restored together: its own signatures in the log stop it', async () => {
    const { helper, rounds, messages, images } = await played();
    const second = rounds[1] as RoundOf;
    const message = messages[1] as Uint8Array;
    const answer = prepared(await (await startAt(helper, images[2])).prepare(message));
    const leader = leaderRecord(second, answer);
    const opened = await helper.open(message, leader);
    const length = new DataView(opened.body.buffer, opened.body.byteOffset).getUint32(4, true);
    const opening = JSON.parse(Buffer.from(opened.body.subarray(8, 8 + length)).toString());
    helper.log.add({ type: 'opening', leader, helper: opening });
    await startAt(helper, images[1]);
    expect(await helper.publish()).toMatchObject({ status: 503, code: 'not-ready' });
    expect(helper.service?.notReady).toContain('journal-rolled-back');
    expect(await helper.prepare(message)).toMatchObject({ code: 'not-ready' });
    expect((await helper.app?.request(HELPER_PATHS.readyz))?.status).toBe(503);
    await helper.service?.stop();
    await expect(helper.start()).rejects.toMatchObject({ code: 'journal-rolled-back' });
  });

  it('S9 a cosignature of its own under a longer log stops it', async () => {
    const { helper, rounds, images } = await played();
    const [first] = rounds as [RoundOf];
    await startAt(helper, images[2]);
    await helper.addRound([first.task, first.taskHash], 3);
    const note = await helper.log.checkpoint();
    const line = Buffer.from((await helper.cosign(note)).body).toString();
    await startAt(helper, images[2]);
    helper.log.served = note;
    await helper.service?.look();
    helper.log.served = note + line;
    await expect(helper.service?.look()).rejects.toMatchObject({ code: 'not-ready' });
    expect(await helper.publish()).toMatchObject({ status: 503, code: 'not-ready' });
    await startAt(helper, images[2]);
    expect(await helper.cosign(note + line)).toMatchObject({ status: 503, code: 'not-ready' });
    expect(await helper.cosign(note)).toMatchObject({ status: 503, code: 'not-ready' });
  });

  it('S9 starts again under new keys', async () => {
    const { helper, disk } = await played();
    await disk.remove('data/journal');
    const next = new HelperWorld(await keyRing(), new SimulatedDisk());
    await next.disk.makeFolder('keys');
    await writeMark(folder(next.disk, 'keys'), newMark(toHex(new Uint8Array(32).fill(9))));
    next.log = helper.log;
    await next.start();
    const round = await next.addRound(await next.addTask({ name: 'next' }), 1);
    expect(await next.publish()).toMatchObject({ status: 200 });
    await open(next, round, 500);
  });
});

async function startAt(
  helper: HelperWorld,
  image: SimulatedDisk | undefined,
): Promise<HelperWorld> {
  if (image === undefined) throw new Error('no image');
  helper.disk = copy(image);
  return helper.start();
}
