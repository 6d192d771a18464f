import { describe, expect, it, vi } from 'vitest';
import { fetchTransport } from '../../sdk/receive/fetch.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { budgetOf } from '../contract/database-values.ts';
import { because, ENDPOINT, memory, newSigner, newWorld, START_MS } from './round-world.ts';

describe('site', () => {
  it('PR13 pins the budget, then only lowers it, and starts without network', async () => {
    const world = await newWorld();
    const db = memory();
    const receiver = world.receiver(db);
    expect(await receiver.storedSite()).toBeNull();
    expect((await receiver.site()).tasks).toEqual([{ name: 'wide', hash: world.taskHash }]);
    const pinned = budgetOf(30);
    expect(await db.getMeta('budget')).toEqual(pinned);
    world.site({ budget: budgetOf(99) });
    await receiver.site();
    expect(await db.getMeta('budget')).toEqual(pinned);
    world.site({ budget: budgetOf(3) });
    await receiver.site();
    expect(budgetOf(3).order).not.toBe(pinned.order);
    expect(await db.getMeta('budget')).toEqual({ ...pinned, epsilon: 3 });
    world.answers.clear();
    expect((await receiver.storedSite())?.budget.epsilon).toBe(3);
    await expect(receiver.site()).rejects.toEqual(because('server'));
  });

  it('PR13 pins no more than the page accepts in all', async () => {
    const world = await newWorld();
    const db = memory();
    await world.receiver(db, { maxTotalEpsilon: 12 }).site();
    expect(await db.getMeta('budget')).toEqual({ ...budgetOf(30), epsilon: 12 });
  });

  it('refuses another key, another site and an older serial, and keeps what it had', async () => {
    const world = await newWorld();
    const db = memory();
    const receiver = world.receiver(db);
    world.site({ serial: 50 });
    await receiver.site();
    world.site({ serial: 51 }, newSigner());
    await expect(receiver.site()).rejects.toEqual(because('bad-signature'));
    world.site({ serial: 51, site: 'other.example' });
    await expect(receiver.site()).rejects.toEqual(because('bad-record', /another site/));
    world.site({ serial: 49 });
    await expect(receiver.site()).rejects.toEqual(because('bad-record', /49, 50 was seen/));
    world.answers.set(PATHS.site, { record: 'nonsense', signature: '' });
    await expect(receiver.site()).rejects.toEqual(because('bad-record'));
    expect((await receiver.storedSite())?.serial).toBe(50);
  });

  it('does not believe a stored record that was changed', async () => {
    const world = await newWorld();
    const db = memory();
    const receiver = world.receiver(db);
    await receiver.site();
    const kept = (await db.getMeta('site')) as { site: { record: { serial: number } } };
    kept.site.record.serial = 9;
    await db.setMeta('site', kept);
    await expect(receiver.storedSite()).rejects.toEqual(because('bad-signature'));
    await db.setMeta('site', 'nonsense');
    expect(await receiver.storedSite()).toBeNull();
  });

  it('names a full or closed storage and an absent network', async () => {
    const world = await newWorld();
    const db = memory();
    const offline = (): never => {
      throw new TypeError('failed to fetch');
    };
    const transport = fetchTransport(ENDPOINT, offline);
    await expect(world.receiver(db, { transport }).site()).rejects.toEqual(because('offline'));
    db.close();
    await expect(world.receiver(db).site()).rejects.toEqual(because('storage'));
  });
});

describe('site, when a page ends or a browser is old', () => {
  it('PR13 stores nothing of a new record before its budget', async () => {
    const world = await newWorld();
    const db = memory();
    const setMeta = vi.spyOn(db, 'setMeta');
    await world.receiver(db).site();
    expect(setMeta.mock.calls.map(([key]) => key)).toEqual(['budget', 'site', 'siteSerial']);
  });

  it('names a browser whose WebCrypto has no Ed25519', async () => {
    const world = await newWorld();
    const unknown = new DOMException('Unrecognized name.', 'NotSupportedError');
    const importKey = vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(unknown);
    await expect(world.receiver(memory()).site()).rejects.toEqual(because('no-crypto'));
    importKey.mockRestore();
  });
});

describe('head, model and catalogue', () => {
  it('verifies the round and starts from the initial model', async () => {
    const world = await newWorld();
    const receiver = world.receiver(memory());
    const nothing = await receiver.head(world.task, world.taskHash);
    expect(nothing).toMatchObject({ round: null, model: null, modelVersion: 0 });
    const round = await world.openRound();
    expect(await receiver.head(world.task, world.taskHash)).toMatchObject({
      round,
      modelHash: world.initialModel,
    });
  });

  it('refuses records of another key, another task or another base model', async () => {
    const world = await newWorld();
    const receiver = world.receiver(memory());
    const head = (): Promise<unknown> => receiver.head(world.task, world.taskHash);
    await world.openRound({}, world.root);
    await expect(head()).rejects.toEqual(because('bad-signature'));
    await world.openRound({ task: 'd'.repeat(64) });
    await expect(head()).rejects.toEqual(because('bad-record', /round of another task/));
    await world.openRound({ baseModel: 'd'.repeat(64) });
    await expect(head()).rejects.toEqual(because('bad-record', /another model/));
    await world.publish({}, newSigner());
    await expect(head()).rejects.toEqual(because('bad-signature'));
    await world.publish({ task: 'd'.repeat(64) });
    await expect(head()).rejects.toEqual(because('bad-record', /model of another task/));
    world.answers.set(PATHS.head(world.taskHash), { round: null });
    await expect(head()).rejects.toEqual(because('bad-record', /head.model/));
  });

  it('refuses round numbers and versions that go back', async () => {
    const world = await newWorld();
    const receiver = world.receiver(memory());
    const head = (): ReturnType<typeof receiver.head> => receiver.head(world.task, world.taskHash);
    await world.openRound({ round: 7 });
    await head();
    await head();
    await world.openRound({ round: 6 });
    await expect(head()).rejects.toEqual(because('bad-record', /round 6 after 7/));
    const published = await world.publish({ round: 7, modelVersion: 4 });
    await world.openRound({ round: 7, baseModel: published.model });
    await expect(head()).rejects.toEqual(because('bad-record', /round 7 after 8/));
    await world.openRound({ round: 8, baseModel: published.model });
    await receiver.current(world.task, world.taskHash, await head());
    await world.publish({ round: 8, modelVersion: 3 });
    await expect(head()).rejects.toEqual(because('bad-record', /version 3 after 4/));
  });

  it('refuses another model under a version that it knows', async () => {
    const world = await newWorld();
    const receiver = world.receiver(memory());
    const head = (): ReturnType<typeof receiver.head> => receiver.head(world.task, world.taskHash);
    await world.publish();
    await receiver.current(world.task, world.taskHash, await head());
    await head();
    await world.publish({ model: 'd'.repeat(64) });
    await expect(head()).rejects.toEqual(because('bad-record', /another model under version 1/));
  });

  it('refuses a round that is open for another time than its task says', async () => {
    const world = await newWorld();
    const receiver = world.receiver(memory());
    for (const change of [{ deadlineMs: 2 ** 51 }, { deadlineMs: START_MS + 500 }]) {
      await world.openRound(change);
      const head = receiver.head(world.task, world.taskHash);
      await expect(head).rejects.toEqual(because('bad-record', /another window/));
    }
  });

  it('keeps the newest model and needs no network for it', async () => {
    const world = await newWorld();
    const db = memory();
    const receiver = world.receiver(db);
    const record = await world.publish();
    const head = await receiver.head(world.task, world.taskHash);
    const stored = await receiver.current(world.task, world.taskHash, head);
    expect(stored).toMatchObject({ modelVersion: 1, modelHash: record.model, record });
    expect(stored.weights).toEqual(new Float32Array(11).fill(0.25));
    const asked = world.requests.length;
    expect(await receiver.current(world.task, world.taskHash, head)).toEqual(stored);
    expect(world.requests).toHaveLength(asked);
  });

  it('refuses a model with a flipped bit, another length, or a weight that is not finite', async () => {
    const world = await newWorld();
    const db = memory();
    const receiver = world.receiver(db);
    const path = PATHS.model(world.initialModel);
    const bytes = Uint8Array.from(world.answers.get(path) as Uint8Array);
    await expect(receiver.model(world.initialModel, 10)).rejects.toEqual(because('server'));
    await expect(receiver.model(world.initialModel, 12)).rejects.toEqual(because('bad-record'));
    bytes[20] = (bytes[20] as number) ^ 1;
    world.answers.set(path, bytes);
    const head = await receiver.head(world.task, world.taskHash);
    const current = receiver.current(world.task, world.taskHash, head);
    await expect(current).rejects.toEqual(because('hash-mismatch', /model/));
    expect(await db.getModel('wide')).toBeUndefined();
  });

  it('checks and keeps the catalogue', async () => {
    const world = await newWorld();
    const db = memory();
    const receiver = world.receiver(db);
    const { catalogue } = world.task;
    const path = PATHS.catalogue(catalogue);
    const bytes = world.answers.get(path) as Uint8Array;
    world.answers.set(path, bytes.slice(0, -1));
    await expect(receiver.catalogue(catalogue)).rejects.toEqual(because('hash-mismatch'));
    expect(await db.getCatalogue(catalogue)).toBeUndefined();
    world.answers.set(path, bytes);
    expect(await receiver.catalogue(catalogue)).toEqual(bytes);
    world.answers.clear();
    expect(await receiver.catalogue(catalogue)).toEqual(bytes);
  });
});
