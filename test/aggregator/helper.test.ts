import { describe, expect, it, vi } from 'vitest';
import { serverNoise } from '../../aggregator/noise/noise.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { decodeOpened, HELPER_PATHS } from '../../shared/protocol/opening.ts';
import { verifyRecord } from '../../shared/protocol/signature.ts';
import { serverVariance } from '../../shared/random/variance.ts';
import { addInto, centred, decodeUint32LE } from '../../shared/sharing/share.ts';
import { START_MS } from './fixture.ts';
import { D, keyRing, leaderRecord, type MadeReport, prepareMessage } from './helper-parts.ts';
import { more, prepared, ready } from './helper-world.ts';

const KEYS = await keyRing();

describe('opening a batch', () => {
  it('S6 S8 opens to the sum of the reports and its own noise, exactly', async () => {
    const { helper, round, reports } = await ready(KEYS);
    const { opening, share } = await helper.openAll(round, reports);
    const sum = new Uint32Array(D);
    for (const one of reports) addInto(sum, one.share);
    addInto(sum, decodeUint32LE(share, 0, D));
    const noises = helper.drawn.map((seed) => serverNoise(round.task, fromHex(seed)).noise);
    const expected = Int32Array.from({ length: D }, (_, i) =>
      reports.reduce((total, { z }) => total + (z[i] ?? 0), noises[0]?.[i] ?? 0),
    );
    expect(centred(sum)).toEqual(expected);
    expect(noises[0]?.some((one) => one !== 0)).toBe(true);
    await verifyRecord(opening, KEYS.status.identityKey);
    expect(opening.record).toMatchObject({
      role: 'helper',
      reports: 5,
      rejected: 0,
      sigma: 2,
      variance: serverVariance(round.task).toString(),
      sequence: 1,
    });
  });

  it('S6 names what it rejects: a seal that does not open, a repeated and a spent id', async () => {
    const { helper, round, reports } = await ready(KEYS);
    const [a, b, c, d, e] = reports as [MadeReport, MadeReport, MadeReport, MadeReport, MadeReport];
    const other = { ...a, leaderShareHash: b.leaderShareHash };
    const list = [other, b, b, c, d, e, ...(await more(round, [6]))].slice(0, 6);
    const answer = prepared(await helper.prepare(prepareMessage(round, list)));
    const named = answer.rejected.map(({ id, reason }) => [id, reason]);
    const hex = ({ id }: MadeReport) => Buffer.from(id).toString('hex');
    expect(named.sort()).toEqual([[hex(a), 'bad-seal'] as const, [hex(b), 'repeated']].sort());
    expect(answer.reports).toBe(3);
    await helper.openAll(round, reports);
    const next = await helper.addRound([round.task, round.taskHash], 2);
    await helper.publish();
    const late = [{ ...a }, ...(await more(next, [11, 12, 13]))];
    const spent = prepared(await helper.prepare(prepareMessage(next, late)));
    expect(spent.rejected).toEqual([{ id: hex(a), reason: 'spent' }]);
  });

  it('S6 a seed for another task, round or report does not open', async () => {
    const { helper, round, reports } = await ready(KEYS);
    const next = await helper.addRound([round.task, round.taskHash], 2);
    const other = await helper.addRound(await helper.addTask({ name: 'other' }), 1);
    await helper.publish();
    const [first, second] = reports as [MadeReport, MadeReport];
    for (const target of [next, other]) {
      const { rejected } = prepared(await helper.prepare(prepareMessage(target, reports)));
      expect(rejected.map(({ reason }) => reason)).toEqual(Array(5).fill('bad-seal'));
    }
    const renamed = { ...first, id: second.id };
    const { rejected } = prepared(await helper.prepare(prepareMessage(round, [renamed])));
    expect(rejected.map(({ reason }) => reason)).toEqual(['bad-seal']);
  });

  it('S8 the same request gets the same bytes, after a restart too, and prepare too', async () => {
    const { helper, round, reports } = await ready(KEYS);
    const message = prepareMessage(round, reports);
    const first = await helper.prepare(message);
    const leader = leaderRecord(round, prepared(first));
    const opened = await helper.open(message, leader);
    expect(opened.status).toBe(200);
    for (let restarts = 0; restarts < 2; restarts++) {
      expect((await helper.open(message, leader)).body).toEqual(opened.body);
      expect((await helper.prepare(message)).body).toEqual(first.body);
      await helper.service?.stop();
      await helper.start();
    }
    const { opening } = await decodeOpened(opened.body, D);
    expect(opening.record.sequence).toBe(1);
  });

  it('S6 S8 a preparation that ends after its round was opened is answered as one that came later', async () => {
    const { helper, round, reports } = await ready(KEYS);
    const [message, fewer] = [reports, reports.slice(1)].map((all) => prepareMessage(round, all));
    if (message === undefined || fewer === undefined) throw new Error('two messages');
    const first = await helper.prepare(message);
    const { subtle } = globalThis.crypto;
    const decrypt = subtle.decrypt.bind(subtle);
    let release = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      release = resolve;
    });
    const held = vi.spyOn(subtle, 'decrypt').mockImplementation(async (...call) => {
      await opened;
      return decrypt(...call);
    });
    try {
      const late = [helper.prepare(message), helper.prepare(fewer)];
      await expect.poll(() => held.mock.calls.length).toBe(9);
      const open = await helper.open(message, leaderRecord(round, prepared(first)));
      expect(open.status).toBe(200);
      release();
      const [same, other] = await Promise.all(late);
      expect(same).toEqual(first);
      expect(other).toMatchObject({ code: 'round-opened' });
    } finally {
      held.mockRestore();
    }
  });

  it('S7 two preparations of a round: one alone is ever opened', async () => {
    const { helper, round, reports } = await ready(KEYS);
    const all = prepareMessage(round, reports);
    const some = prepareMessage(round, reports.slice(1));
    const [first, second] = [await helper.prepare(all), await helper.prepare(some)].map(prepared);
    if (first === undefined || second === undefined) throw new Error('not prepared');
    expect((await helper.open(all, leaderRecord(round, first))).status).toBe(200);
    const again = await helper.open(some, leaderRecord(round, second));
    expect(again).toMatchObject({ status: 409, code: 'round-opened' });
    expect(await helper.prepare(some)).toMatchObject({ code: 'round-opened' });
  });

  it('S7 a second round record under the same number is the same round', async () => {
    const { helper, round, reports } = await ready(KEYS);
    await helper.openAll(round, reports);
    const twin = await helper.addRound([round.task, round.taskHash], 1, {
      openedAtMs: START_MS + 1,
    });
    await helper.publish();
    const message = prepareMessage(twin, await more(twin, [21, 22, 23]));
    expect(await helper.prepare(message)).toMatchObject({ code: 'round-opened' });
  });

  it('S7 overlapping batches: an id is in one opened batch, whatever its task', async () => {
    const { helper, round, reports } = await ready(KEYS);
    const next = await helper.addRound([round.task, round.taskHash], 2);
    await helper.publish();
    // The same ids sealed for the next round too: only a false client makes these.
    const twins = await more(next, [1, 2, 3]);
    const message = prepareMessage(next, twins);
    const answer = prepared(await helper.prepare(message));
    expect(answer.rejected).toEqual([]);
    await helper.openAll(round, reports);
    const refused = await helper.open(message, leaderRecord(next, answer));
    expect(refused).toMatchObject({ status: 409, code: 'batch-conflict' });
  });

  it('S7 refuses a batch below n_min, above n_max, unprepared, or another than prepared', async () => {
    const { helper, round, reports } = await ready(KEYS);
    const few = prepareMessage(round, reports.slice(0, 2));
    const answer = prepared(await helper.prepare(few));
    const small = await helper.open(few, leaderRecord(round, answer));
    expect(small).toMatchObject({ status: 409, code: 'batch-too-small' });
    const many = prepareMessage(round, await more(round, [1, 2, 3, 4, 5, 6, 7]));
    expect(await helper.prepare(many)).toMatchObject({ code: 'batch-too-large' });
    const message = prepareMessage(round, reports);
    const good = prepared(await helper.prepare(message));
    const unknown = prepareMessage(round, reports.slice(0, 4));
    const code = async (sent: Uint8Array, leader: ReturnType<typeof leaderRecord>) =>
      (await helper.open(sent, leader)).code;
    expect(await code(unknown, leaderRecord(round, good))).toBe('not-prepared');
    const wrong = [{ batch: answer.batch }, { reports: 4 }, { rejected: 1 }];
    for (const one of wrong) {
      expect(await code(message, leaderRecord(round, good, one))).toBe('batch-mismatch');
    }
    expect(await code(message, leaderRecord(round, good, { sigma: 1 }))).toBe('bad-message');
    expect(await code(message, leaderRecord(round, good, { variance: '1' }))).toBe('bad-message');
    expect(await code(message, leaderRecord(round, good, { role: 'helper' }))).toBe('bad-message');
    expect(await code(message, leaderRecord(round, good))).toBe('');
  });

  it('S1 takes a message as long as its tasks allow, once it knows them', async () => {
    const { helper, round } = await ready(KEYS);
    const message = (rows: number): Uint8Array => {
      const report = { id: new Uint8Array(16), leaderShareHash: new Uint8Array(32) };
      const one = { ...report, sealed: new Uint8Array(80) };
      return prepareMessage(round, Array<typeof one>(rows).fill(one));
    };
    const send = async (rows: number): Promise<unknown> => {
      const body = message(rows);
      const headers = { 'content-length': String(body.length) };
      const init = { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> };
      const response = await helper.app?.request(HELPER_PATHS.prepare, init);
      return ((await response?.json()) as { code?: unknown } | undefined)?.code;
    };
    expect(await send(300)).toBe('too-large');
    await helper.addTask({ name: 'large', scaleBits: 4, minReports: 200, maxReports: 400 });
    await helper.publish();
    expect(await send(300)).toBe('bad-peer');
    expect(await send(401)).toBe('too-large');
    helper.log.down = true;
    await helper.service?.stop();
    await helper.start();
    expect(await send(300)).toBe('log-unavailable');
  });
});
