/** What a browser believes of the public log and of the helper's keys. */
import { describe, expect, it } from 'vitest';
import type { Database } from '../../sdk/database/database.ts';
import type { Receiver } from '../../sdk/receive/receiver.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { signRotation } from '../../shared/protocol/rotation.ts';
import { type Signer, signRecord } from '../../shared/protocol/signature.ts';
import type { RotationRecord, Task } from '../../shared/protocol/task.ts';
import { merkleTreeHash } from '../oracles/log.ts';
import { because, memory, newSigner, newWorld, SITE, START_MS, type World } from './round-world.ts';

async function look(world: World, receiver: Receiver): Promise<void> {
  await receiver.assertLogged(world.task, await receiver.head(world.task, world.taskHash));
}

const asked = (world: World): string[] =>
  world.requests.map(({ url }) => url.replace(/^.*\/v1/, '/v1')).filter((one) => /log/.test(one));

/** Keeps what another page has seen of the log. */
async function seen(db: Database, world: World, size: number): Promise<void> {
  const root = toHex(merkleTreeHash(world.log.leaves.slice(0, size)));
  const logs = { [world.aggregator.publicKey]: { size, root } };
  await db.setMeta('site', { site: null, tasks: {}, rounds: {}, logs, revoked: [] });
}

describe('the public log', () => {
  it('L9 takes part in a logged round of a logged model, for few requests', async () => {
    const world = await newWorld();
    const receiver = world.receiver(memory());
    await look(world, receiver);
    expect(asked(world)).toEqual([]);
    const { model } = await world.publish();
    await world.openRound({ round: 2, baseModel: model });
    await look(world, receiver);
    await look(world, receiver);
    expect(asked(world)).toEqual([PATHS.checkpoint, `${PATHS.tiles}/0/000.p/2`]);
    expect(world.requests.find(({ url }) => url.endsWith('checkpoint'))?.init.cache).toBe(
      'no-store',
    );
  });

  it('L9 refuses what is not in it, was changed in it, or has no place in it', async () => {
    const refused = async (change: (world: World) => void): Promise<void> => {
      const world = await newWorld();
      await world.publish();
      change(world);
      await expect(look(world, world.receiver(memory()))).rejects.toEqual(because('not-in-log'));
    };
    await refused(({ log }) => log.leaves.pop());
    await refused(({ log }) => {
      log.leaves[0] = utf8('{"type":"abandoned"}');
    });
    await refused(({ log }) => log.leaves.unshift(utf8('moved')));
    await refused(({ answers }) => answers.set(PATHS.checkpoint, utf8('<html>')));
    await refused((world) => {
      const path = PATHS.head(world.taskHash);
      const head = world.answers.get(path) as object;
      world.answers.set(path, { ...head, modelIndex: null });
    });
    await refused((world) => {
      const path = PATHS.head(world.taskHash);
      world.answers.set(path, { ...(world.answers.get(path) as object), modelIndex: 7 });
    });
  });

  it('L9 refuses a checkpoint that the aggregator of the task has not signed', async () => {
    const world = await newWorld();
    await world.publish();
    const own = await world.log.note();
    const other = await newWorld();
    await other.publish();
    other.answers.set(PATHS.checkpoint, utf8(own));
    await expect(look(other, other.receiver(memory()))).rejects.toEqual(because('not-in-log'));
  });

  it('L6 remembers the log over pages, and names a fork and a shorter one', async () => {
    const world = await newWorld();
    const db = memory();
    await world.publish();
    await look(world, world.receiver(db));
    expect(await db.getMeta('site')).toMatchObject({
      logs: { [world.aggregator.publicKey]: { size: 1 } },
    });
    await world.publish({ modelVersion: 2, round: 2 });
    await look(world, world.receiver(db));
    await seen(db, world, 2);
    world.log.leaves[0] = utf8('forked');
    await world.publish({ modelVersion: 3, round: 3 });
    await expect(look(world, world.receiver(db))).rejects.toEqual(because('log-fork'));
    await seen(db, world, 3);
    world.log.shown = 2;
    await expect(look(world, world.receiver(db))).rejects.toEqual(because('log-fork'));
  });

  it('L9 in the split tier asks for the cosignature of the helper, which may come late', async () => {
    const world = await newWorld();
    await world.offer(split(world));
    await world.openRound();
    const receiver = world.receiver(memory());
    world.log.witness = null;
    await expect(look(world, receiver)).rejects.toEqual(because('not-in-log', /cosignature/));
    world.log.witness = newSigner();
    await expect(look(world, receiver)).rejects.toEqual(because('not-in-log', /cosignature/));
    world.log.witness = world.helper;
    await look(world, receiver);
    await world.offer();
    await world.openRound();
    world.log.witness = null;
    await look(world, receiver);
  });
});

/** A task that both servers sign. */
function split(world: World, helper: Partial<Task['helper']> = {}): Partial<Task> {
  return {
    tier: 'split',
    minReports: 200,
    maxReports: 400,
    helper: {
      identityKey: world.helper.publicKey,
      sealingKey: world.sealing.publicKey,
      sealingKeyExpiresAtMs: START_MS + 1e9,
      ...helper,
    },
  };
}

describe('the pinned helper', () => {
  const rotation = (from: Signer, to: Signer, change: Partial<RotationRecord> = {}) =>
    signRotation(
      {
        ...{ version: 1, type: 'rotation', site: SITE, rotatedAtMs: START_MS },
        ...{ from: from.publicKey, to: to.publicKey, ...change },
      },
      from,
      to,
    );

  /** A task under `identity`, offered to a browser that pins the world's helper. */
  async function offered(
    identity: (world: World) => Signer,
    rotations: (world: World, to: Signer) => unknown[] = () => [],
    revoked: (world: World, to: Signer) => string[] = () => [],
  ): Promise<Task> {
    const world = await newWorld();
    const to = identity(world);
    const hash = await world.offer(split(world, { identityKey: to.publicKey }));
    const { signature } = signRecord(world.task, to);
    const { record, ...signed } = world.answers.get(PATHS.task(hash)) as { record: Task };
    world.answers.set(PATHS.task(hash), { ...signed, record, helperSignature: signature });
    world.answers.set(PATHS.keys, { rotations: rotations(world, to) });
    world.site({ revoked: revoked(world, to) });
    const receiver = world.receiver(memory());
    await receiver.site();
    return receiver.task(hash);
  }
  const own = ({ helper }: World): Signer => helper;

  it('T2 takes a task of the pinned helper and refuses one without a pin', async () => {
    await expect(offered(own)).resolves.toMatchObject({ tier: 'split' });
    const world = await newWorld();
    const hash = await world.offer(split(world));
    const alone = world.receiver(memory(), { trust: world.root.publicKey });
    await expect(alone.task(hash)).rejects.toEqual(because('untrusted-helper', /pins no helper/));
    await expect(alone.task(hash, 'rank')).resolves.toMatchObject({ tier: 'split' });
  });

  it('T2 refuses a helper that the aggregator made, although the site signed the task', async () => {
    const made = newSigner();
    await expect(offered(() => made)).rejects.toEqual(because('untrusted-helper', /no rotation/));
    const forged = (world: World, to: Signer): unknown[] => [
      { ...rotation(to, to, {}), record: rotation(world.helper, to).record },
    ];
    await expect(offered(newSigner, forged)).rejects.toEqual(because('untrusted-helper'));
  });

  it('T2 refuses a task that the pinned helper has not signed', async () => {
    const world = await newWorld();
    const hash = await world.offer(split(world));
    const signed = world.answers.get(PATHS.task(hash)) as object;
    const { signature } = signRecord(world.task, world.aggregator);
    world.answers.set(PATHS.task(hash), { ...signed, helperSignature: signature });
    const db = memory();
    const receiver = world.receiver(db);
    const refused = because('untrusted-helper', /has not signed/);
    await expect(receiver.task(hash)).rejects.toEqual(refused);
    await expect(receiver.task(hash, 'rank')).resolves.toMatchObject({ tier: 'split' });
    // One wrong answer is not kept: the next one counts, on this page and on others.
    world.answers.set(PATHS.task(hash), signed);
    await expect(world.receiver(db).task(hash)).resolves.toMatchObject({ tier: 'split' });
    await expect(receiver.task(hash)).resolves.toMatchObject({ tier: 'split' });
  });

  it('T3 follows rotations that both keys signed, and no other', async () => {
    const middle = newSigner();
    const chain = ({ helper }: World, to: Signer) => [
      rotation(middle, to),
      rotation(helper, middle),
    ];
    await expect(offered(newSigner, chain)).resolves.toMatchObject({ tier: 'split' });
    const cases: [string, (world: World, to: Signer) => unknown[]][] = [
      ['a gap', (_world, to) => [rotation(middle, to)]],
      ['another site', ({ helper }, to) => [rotation(helper, to, { site: 'other.example' })]],
      [
        'the old key alone',
        ({ helper }, to) => {
          const good = rotation(helper, to);
          return [{ ...good, successorSignature: good.signature }];
        },
      ],
      [
        'the new key alone',
        ({ helper }, to) => {
          const good = rotation(helper, to);
          return [{ ...good, signature: good.successorSignature }];
        },
      ],
      ['two successors', ({ helper }, to) => [rotation(helper, to), rotation(helper, middle)]],
      ['a circle', ({ helper }) => [rotation(helper, middle), rotation(middle, helper)]],
    ];
    for (const [name, rotations] of cases) {
      const task = offered(newSigner, rotations);
      await expect(task, name).rejects.toEqual(because('untrusted-helper'));
    }
    const task = offered(newSigner, () => ['nonsense']);
    await expect(task).rejects.toEqual(because('bad-record'));
  });

  it('T4 refuses revoked keys: identity, sealing key, and any on the way', async () => {
    const middle = newSigner();
    const chain = ({ helper }: World, to: Signer) => [
      rotation(helper, middle),
      rotation(middle, to),
    ];
    const cases: ((world: World, to: Signer) => string[])[] = [
      ({ helper }) => [helper.publicKey],
      () => [middle.publicKey],
      (_world, to) => [to.publicKey],
      ({ sealing }) => [sealing.publicKey],
    ];
    for (const revoked of cases) {
      const task = offered(newSigner, chain, revoked);
      await expect(task).rejects.toEqual(because('key-revoked'));
    }
    await expect(offered(own, undefined, ({ helper }) => [helper.publicKey])).rejects.toEqual(
      because('key-revoked'),
    );
  });

  it('T4 a revoked aggregator key neither trains nor ranks, and stays revoked', async () => {
    const world = await newWorld();
    const db = memory();
    const receiver = world.receiver(db);
    await receiver.site();
    await receiver.task(world.taskHash);
    world.site({ revoked: [world.aggregator.publicKey] });
    await receiver.site();
    for (const purpose of ['report', 'rank'] as const) {
      const task = receiver.task(world.taskHash, purpose);
      await expect(task).rejects.toEqual(because('key-revoked', /aggregator/));
    }
    world.site({ revoked: [] });
    await receiver.site();
    const later = world.receiver(db).task(world.taskHash, 'rank');
    await expect(later).rejects.toEqual(because('key-revoked'));
  });

  it('T5 refuses a sealing key that has expired', async () => {
    const world = await newWorld();
    const hash = await world.offer(split(world));
    const receiver = world.receiver(memory());
    await receiver.task(hash);
    world.clock.set(START_MS + 1e9);
    await expect(receiver.task(hash)).rejects.toEqual(because('key-expired'));
  });
});
