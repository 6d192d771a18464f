import { describe, expect, it } from 'vitest';
import { generateKey, signerOf } from '../../aggregator/keys.ts';
import { canonicalBytes } from '../../shared/bytes/canonical.ts';
import { fromUtf8, utf8 } from '../../shared/bytes/utf8.ts';
import { gaussianOrder } from '../../shared/privacy/curve.ts';
import { NO_MECHANISM } from '../../shared/privacy/mechanism.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { ModelRecord, SiteRecord } from '../../shared/protocol/task.ts';
import { START_MS } from './fixture.ts';
import {
  AGGREGATOR,
  EXPIRES_MS,
  HandMadeLog,
  keyRing,
  leaderRecord,
  prepareMessage,
  ROOT,
  type RoundOf,
  SITE,
  splitTask,
} from './helper-parts.ts';
import { more, prepared, ready, startHelperWorld } from './helper-world.ts';

const KEYS = await keyRing();
const STRANGER = signerOf(generateKey());

describe('whom and what it believes', () => {
  it('S1 a message that is not signed by the task’s aggregator is bad-peer', async () => {
    const { helper, round, reports } = await ready(KEYS);
    const message = prepareMessage(round, reports);
    expect(await helper.prepare(message, STRANGER)).toMatchObject({
      status: 401,
      code: 'bad-peer',
    });
    const answer = prepared(await helper.prepare(message));
    const leader = leaderRecord(round, answer);
    expect(await helper.open(message, leader, STRANGER)).toMatchObject({ code: 'bad-peer' });
    const forged = signRecord(leader.record, STRANGER);
    expect(await helper.open(message, forged)).toMatchObject({ code: 'bad-peer' });
    const note = await helper.log.checkpoint();
    expect(await helper.cosign(note, STRANGER)).toMatchObject({ code: 'bad-peer' });
  });

  it('S1 what is no message is bad-message', async () => {
    const { helper, round, reports } = await ready(KEYS);
    const message = prepareMessage(round, reports);
    const cut = message.subarray(0, message.length - 1);
    const descending = message.slice();
    descending.copyWithin(72, 72 + 128, 72 + 256);
    descending.set(message.subarray(72, 72 + 128), 72 + 128);
    for (const bad of [cut, descending, new Uint8Array(80)]) {
      expect(await helper.prepare(bad)).toMatchObject({ status: 400, code: 'bad-message' });
    }
    const answer = prepared(await helper.prepare(message));
    const body = { prepared: 'x', leader: leaderRecord(round, answer) };
    const open = await helper.post('/v1/helper/open', canonicalBytes(body));
    expect(open).toMatchObject({ status: 400, code: 'bad-message' });
    expect(await helper.cosign('no note')).toMatchObject({ status: 400, code: 'bad-message' });
  });

  it('S4 refuses a task that is not its own, whoever signed what', async () => {
    const { helper } = await ready(KEYS);
    const mallory = await keyRing();
    const own = KEYS.status;
    const cases = [
      // A helper key made by the aggregator, for its own helper or beside the real one.
      await helper.addTask({ helper: mallory.status }, ROOT, mallory.signer),
      await helper.addTask({ helper: { ...own, sealingKey: mallory.status.sealingKey } }),
      await helper.addTask({ helper: { ...own, sealingKeyExpiresAtMs: EXPIRES_MS + 1 } }),
      await helper.addTask({ label: 'not cosigned' }, ROOT, mallory.signer),
      await helper.addTask({ label: 'not of the site' }, AGGREGATOR),
      await helper.addTask({ mechanism: NO_MECHANISM, label: 'no noise' }),
    ];
    const rounds: RoundOf[] = [];
    for (const one of cases) rounds.push(await helper.addRound(one, 1));
    expect(await helper.publish()).toMatchObject({ status: 200 });
    for (const round of rounds) {
      const message = prepareMessage(round, await more(round, [1, 2, 3]));
      expect(await helper.prepare(message)).toMatchObject({ status: 403, code: 'foreign-task' });
      const leader = leaderRecord(
        { ...round, task: splitTask(KEYS) },
        {
          batch: 'd'.repeat(64),
          reports: 3,
          rejected: [],
        },
      );
      expect(await helper.open(message, leader)).toMatchObject({ code: 'foreign-task' });
    }
  });

  it('S3 knows a task and a round from the cosigned log alone', async () => {
    const { helper, round } = await ready(KEYS);
    const task = await helper.addTask({ name: 'later' });
    const first = await helper.addRound(task, 1);
    const next = await helper.addRound([round.task, round.taskHash], 2);
    const ask = async (of: RoundOf) =>
      (await helper.prepare(prepareMessage(of, await more(of, [1, 2, 3])))).code;
    expect(await ask(first)).toBe('unknown-task');
    expect(await ask(next)).toBe('unknown-round');
    await helper.publish();
    expect(await ask(first)).toBe('');
    expect(await ask(next)).toBe('');
    const forged = await helper.addRound(task, 2, {}, STRANGER);
    const long = await helper.addRound(task, 3, { deadlineMs: START_MS + 1 });
    await helper.publish();
    expect(await ask(forged)).toBe('unknown-round');
    expect(await ask(long)).toBe('unknown-round');
    expect(await ask({ ...next, task: task[0], taskHash: task[1] })).toBe('unknown-round');
  });

  it('S3 reads an entry in its one spelling alone', async () => {
    const { helper, round } = await ready(KEYS);
    const task = [round.task, round.taskHash] as const;
    const two = await helper.addRound(task, 2);
    const three = await helper.addRound(task, 3);
    const [second, third] = helper.log.entries.splice(-2).map((leaf) => fromUtf8(leaf));
    const named = /^\{"round":/;
    for (const leaf of [
      // Other readers take the first of two members, or go by a member that is not checked here.
      `${third?.replace(/,"type":"round"\}$/, '')},${second?.slice(1)}`,
      second?.replace(named, '{"deadlineMs":1,"round":'),
      second?.replace(named, '{"round": '),
    ]) {
      expect(JSON.parse(leaf ?? '')).toMatchObject({ round: { record: { round: 2 } } });
      helper.log.entries.push(utf8(leaf ?? ''));
    }
    expect(await helper.publish()).toMatchObject({ status: 200 });
    const message = prepareMessage(two, await more(two, [1, 2, 3]));
    expect(await helper.prepare(message)).toMatchObject({ code: 'unknown-round' });
    helper.log.entries.push(utf8(second ?? ''));
    expect(await helper.publish()).toMatchObject({ status: 200 });
    expect(await helper.prepare(message)).toMatchObject({ code: '' });
    const other = prepareMessage(three, await more(three, [1, 2, 3]));
    expect(await helper.prepare(other)).toMatchObject({ code: 'unknown-round' });
  });

  it('S5 refuses a foreign base model, an abandoned round, an expired and a revoked key', async () => {
    const { helper, round } = await ready(KEYS);
    const task = [round.task, round.taskHash] as const;
    const ask = async (of: RoundOf) =>
      (await helper.prepare(prepareMessage(of, await more(of, [31, 32, 33])))).code;
    const baseModel = 'e'.repeat(64);
    const foreign = await helper.addRound(task, 2, { baseModel });
    await helper.publish();
    expect(await ask(foreign)).toBe('foreign-model');
    const record: ModelRecord = {
      version: 1,
      type: 'model',
      task: round.taskHash,
      modelVersion: 1,
      model: baseModel,
      previousModel: round.task.initialModel,
      round: 1,
      roundHash: round.roundHash,
      reports: 3,
      batch: 'f'.repeat(64),
      closedAtMs: START_MS,
      openings: null,
    };
    helper.log.add({ type: 'model', model: signRecord(record, STRANGER) });
    const unsigned = await helper.addRound(task, 3, { baseModel });
    await helper.publish();
    expect(await ask(unsigned)).toBe('foreign-model');
    helper.log.add({
      type: 'model',
      model: signRecord({ ...record, model: '9'.repeat(64) }, AGGREGATOR),
    });
    const logged = await helper.addRound(task, 4, { baseModel: '9'.repeat(64) });
    await helper.publish();
    expect(await ask(logged)).toBe('');
    helper.log.add({
      type: 'abandoned',
      task: round.taskHash,
      round: 4,
      reports: 1,
      reason: 'too-few',
      closedAtMs: START_MS,
    });
    await helper.publish();
    expect(await ask(logged)).toBe('round-closed');
    const late = await helper.addRound(task, 5, { openedAtMs: EXPIRES_MS });
    const inTime = await helper.addRound(task, 6, { openedAtMs: EXPIRES_MS - 1 });
    await helper.publish();
    expect(await ask(late)).toBe('key-expired');
    expect(await ask(inTime)).toBe('');
    helper.time.set(EXPIRES_MS + 2 * round.task.windowMs + 1);
    expect(await ask(inTime)).toBe('key-expired');
  });

  it('S5 a key that any record of the site has revoked stays revoked', async () => {
    for (const key of [KEYS.status.sealingKey, KEYS.status.identityKey, AGGREGATOR.publicKey]) {
      const { helper, round, reports } = await ready(KEYS);
      const message = prepareMessage(round, reports);
      const put = async (serial: number, revoked: readonly string[], signer = ROOT) => {
        const record: SiteRecord = {
          version: 1,
          type: 'site',
          site: SITE,
          serial,
          budget: { epsilon: 16, delta: 1e-6, order: gaussianOrder(16, 1e-6) },
          tasks: [],
          segments: [],
          revoked,
        };
        helper.log.add({ type: 'site', site: signRecord(record, signer) });
        await helper.publish();
        return (await helper.prepare(message)).code;
      };
      expect(await put(9, [key], AGGREGATOR)).toBe('');
      expect(await put(2, [])).toBe('');
      expect(await put(3, [key])).toBe('key-revoked');
      // A newer record that was drafted without the list, and an older one, take nothing back.
      expect(await put(4, [])).toBe('key-revoked');
      expect(await put(1, [])).toBe('key-revoked');
      await helper.service?.stop();
      await helper.start();
      expect(await helper.prepare(message)).toMatchObject({ code: 'key-revoked' });
    }
  });

  it('S2 cosigns what extends the last one, and nothing else', async () => {
    const { helper, round } = await ready(KEYS);
    const first = await helper.log.checkpoint();
    await helper.addRound([round.task, round.taskHash], 2);
    const shorter = [...helper.log.entries];
    expect(await helper.publish()).toMatchObject({ status: 200 });
    expect(await helper.publish()).toMatchObject({ status: 200 });
    expect(await helper.cosign(first)).toMatchObject({ status: 409, code: 'log-inconsistent' });
    // A fork: another last entry, and more behind it.
    helper.log.entries = shorter.slice(0, 2);
    await helper.addRound([round.task, round.taskHash], 2, { openedAtMs: START_MS + 5 });
    expect(await helper.publish()).toMatchObject({ code: 'log-inconsistent' });
    await helper.addRound([round.task, round.taskHash], 3);
    for (let restarts = 0; restarts < 2; restarts++) {
      expect(await helper.publish()).toMatchObject({ code: 'log-inconsistent' });
      await helper.service?.stop();
      await helper.start();
    }
    helper.log.entries = shorter;
    await helper.addRound([round.task, round.taskHash], 4);
    expect(await helper.publish()).toMatchObject({ status: 200 });
    helper.log.down = true;
    await helper.addRound([round.task, round.taskHash], 5);
    expect(await helper.publish()).toMatchObject({ status: 503, code: 'log-unavailable' });
  });

  it('S2 cosigns no log without a task of its own, and none of another signer', async () => {
    const helper = await startHelperWorld(KEYS);
    const mallory = await keyRing();
    await helper.addTask({ helper: mallory.status }, ROOT, mallory.signer);
    expect(await helper.publish()).toMatchObject({ code: 'foreign-task' });
    await helper.addTask();
    const entries = [...helper.log.entries];
    helper.log = new HandMadeLog(STRANGER);
    helper.log.entries = entries;
    const note = await helper.log.checkpoint();
    expect(await helper.cosign(note, STRANGER)).toMatchObject({ code: 'foreign-task' });
    helper.log = new HandMadeLog();
    helper.log.entries = entries;
    expect(await helper.publish()).toMatchObject({ status: 200 });
  });
});
