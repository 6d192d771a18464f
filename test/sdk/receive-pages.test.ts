/** What pages of one browser, or two looks of one page, believe of the log at the same time. */
import { describe, expect, it } from 'vitest';
import { fetchTransport } from '../../sdk/receive/fetch.ts';
import type { Receiver } from '../../sdk/receive/receiver.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { merkleTreeHash } from '../oracles/log.ts';
import { because, ENDPOINT, memory, newWorld, type World } from './round-world.ts';

async function look(world: World, receiver: Receiver): Promise<void> {
  await receiver.assertLogged(world.task, await receiver.head(world.task, world.taskHash));
}

describe('one log for all pages', () => {
  it('L6 two pages that are shown two trees of one size notice', async () => {
    const world = await newWorld();
    const db = memory();
    await world.publish();
    const root = toHex(merkleTreeHash([utf8('another')]));
    const transport = fetchTransport(ENDPOINT, async (...call) => {
      const logs = { [world.aggregator.publicKey]: { size: 1, root } };
      // The other page is faster, after this one has read what is kept.
      if (/checkpoint$/.test(String(call[0]))) {
        await db.setMeta('site', { site: null, tasks: {}, rounds: {}, logs, revoked: [] });
      }
      return world.fetch(...call);
    });
    const late = look(world, world.receiver(db, { transport }));
    await expect(late).rejects.toEqual(because('log-fork', /another page/));
  });

  it('L6 two pages at once, shown two logs of different sizes, notice', async () => {
    const world = await newWorld();
    const db = memory();
    const [older, other] = [world.receiver(db), world.receiver(db)];
    await world.publish();
    await look(world, older);
    await world.publish({ modelVersion: 2, round: 2 });
    await look(world, other);
    // To the first page the log goes on without what the other one saw.
    world.log.leaves.length = 1;
    await world.publish({ modelVersion: 3, round: 3 });
    await world.publish({ modelVersion: 4, round: 4 });
    await expect(look(world, older)).rejects.toEqual(because('log-fork'));
    expect(await db.getMeta('site')).toMatchObject({
      logs: { [world.aggregator.publicKey]: { size: 2 } },
    });
  });

  it('L6 two looks at once of one page do not believe two logs', async () => {
    const world = await newWorld();
    let slow: Promise<void> | null = null;
    const transport = fetchTransport(ENDPOINT, async (...call) => {
      const answer = await world.fetch(...call);
      if (/tile/.test(String(call[0]))) await slow;
      return answer;
    });
    const receiver = world.receiver(memory(), { transport });
    await world.publish();
    await look(world, receiver);
    await world.publish({ modelVersion: 2, round: 2 });
    let release = (): void => undefined;
    slow = new Promise((resolve) => {
      release = resolve;
    });
    const head = await receiver.head(world.task, world.taskHash);
    const first = receiver.assertLogged(world.task, head);
    await expect.poll(() => world.requests.at(-1)?.url).toMatch(/000.p.2$/);
    slow = null;
    world.log.leaves.length = 1;
    await world.publish({ modelVersion: 3, round: 3 });
    await world.publish({ modelVersion: 4, round: 4 });
    const forked = await receiver.head(world.task, world.taskHash);
    const second = receiver.assertLogged(world.task, forked);
    await new Promise((resolve) => setTimeout(resolve, 20));
    release();
    await first;
    await expect(second).rejects.toEqual(because('log-fork'));
  });
});
