import { describe, expect, it } from 'vitest';
import { referenceBackend } from '../../aggregator/average/reference.ts';
import { HeldPartition } from '../../aggregator/cluster/held.ts';
import { partitionOf } from '../../aggregator/cluster/names.ts';
import { RemoteBatch } from '../../aggregator/cluster/remote-batch.ts';
import { ViewWriter } from '../../aggregator/cluster/view.ts';
import { TTL_MS } from '../cluster/local.ts';
import { type Begun, begun, besideRound, bodyOf, ROUND } from '../cluster/local-round.ts';

describe('a round in partitions', () => {
  const ids = Array.from({ length: 40 }, (_, id) => id);

  async function close({ batch }: Begun): Promise<readonly [number, number[]]> {
    await batch.close(() => 5);
    return [batch.count, [...batch.sum]];
  }

  const sumOf = (list: readonly number[]): number[] =>
    [0, 1, 2].map((i) => list.reduce((sum, id) => sum + (id + i), 0));

  it('C1 an id lies in one partition, and partitions share the ids out', () => {
    const of = ids.map((id) => partitionOf(bodyOf(id).id, 4));
    expect(ids.map((id) => partitionOf(bodyOf(id).id, 4))).toEqual(of);
    expect(new Set(of).size).toBe(4);
  });

  it('RD4 duplicates through different nodes count once, and other bytes are refused', async () => {
    const one = await begun();
    const second = one.cluster.newRouter();
    for (const id of ids) {
      const { body } = bodyOf(id);
      const answers = await Promise.all([one.cluster.router.submit(body), second.submit(body)]);
      expect(answers.sort()).toEqual(['accepted', 'duplicate']);
    }
    const other = bodyOf(3, 1).body;
    await expect(second.submit(other)).rejects.toMatchObject({ code: 'report-conflict' });
    expect(await close(one)).toEqual([40, sumOf(ids)]);
  });

  it('RD4 an id that is in an open round of another task is refused, after a takeover as well', async () => {
    const one = await begun();
    const roundHash = '6'.repeat(64);
    const taskHash = await besideRound(one, roundHash);
    const { router } = one.cluster;
    await one.cluster.beats();
    await router.submit(bodyOf(1).body);
    const beside = bodyOf(1, 0, { taskHash, roundHash }).body;
    await expect(router.submit(beside)).rejects.toMatchObject({ code: 'report-conflict' });
    const holder = router.holders[partitionOf(bodyOf(1).id, 4)] as string;
    const [frozen] = [one.cluster.accumulators.get(holder)];
    one.cluster.away.add(holder);
    one.cluster.nowMs += 2 * TTL_MS;
    const next = one.cluster.accumulators.get(holder === 'a' ? 'b' : 'a');
    // What it takes over of the first task cannot be read yet when it is asked for the other.
    one.log.fault = (operation, name) =>
      operation === 'last' && name.startsWith(`round/${ROUND}`) ? 'before' : null;
    await expect
      .poll(async () => {
        one.cluster.nowMs += 250;
        await next?.tick();
        return next?.held.length;
      })
      .toBe(4);
    await expect(router.submit(beside)).rejects.toMatchObject({ code: 'not-ready' });
    one.log.fault = () => null;
    await expect(router.submit(beside)).rejects.toMatchObject({ code: 'report-conflict' });
    expect(frozen?.held).toEqual([]);
  });

  it('RD2 the round is full at maxReports in all partitions together', async () => {
    const one = await begun({ maxReports: 25 });
    const answers = await Promise.allSettled(
      ids.map((id) => one.cluster.router.submit(bodyOf(id).body)),
    );
    const taken = ids.filter((_, i) => answers[i]?.status === 'fulfilled');
    expect(taken).toHaveLength(25);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'round-full' });
    }
    await one.cluster.beats();
    expect(one.batch.full).toBe(true);
    expect(await close(one)).toEqual([25, sumOf(taken)]);
  });

  it('C2 an accumulator that dies is replaced, and what it acknowledged is in', async () => {
    const one = await begun();
    for (const id of ids.slice(0, 20)) await one.cluster.router.submit(bodyOf(id).body);
    one.cluster.away.add('b');
    await one.cluster.beats(2 + TTL_MS / 250);
    for (const id of ids) {
      const expected = id < 20 ? 'duplicate' : 'accepted';
      expect(await one.cluster.router.submit(bodyOf(id).body)).toBe(expected);
    }
    expect(await close(one)).toEqual([40, sumOf(ids)]);
  });

  it('C2 one that was frozen in the middle of an append is fenced and acknowledges nothing', async () => {
    const one = await begun();
    const { cluster, log } = one;
    for (const id of ids.slice(0, 20)) await cluster.router.submit(bodyOf(id).body);
    const frozen = cluster.accumulators.get('b');
    const partition = frozen?.held[0] as number;
    const mine = ids.filter((id) => partitionOf(bodyOf(id).id, 4) === partition && id >= 20);
    let wake = (): void => undefined;
    const asleep = new Promise<void>((resolve) => {
      wake = resolve;
    });
    let held = false;
    log.hold = (operation, name) => {
      if (held || operation !== 'append' || !name.endsWith(`/${partition}`)) return null;
      held = true;
      return asleep;
    };
    const group = mine.map((id) => ({ partition, body: bodyOf(id).body }));
    const verdicts = frozen?.take(group);
    await expect.poll(() => held).toBe(true);
    cluster.away.add('b');
    await cluster.beats(2 + TTL_MS / 250);
    // Its replacement has read the partition, and takes one of the same reports.
    await cluster.router.submit(bodyOf(mine[0] as number).body);
    wake();
    for (const verdict of (await verdicts) ?? [])
      expect(verdict).toMatchObject({ code: 'not-ready' });
    expect(cluster.dropped.some((line) => line.startsWith('b '))).toBe(true);
    // It is back, and still everything counts once.
    cluster.away.delete('b');
    await cluster.beats(8);
    for (const id of ids) await cluster.router.submit(bodyOf(id).body);
    expect(await close(one)).toEqual([40, sumOf(ids)]);
  });

  it('C2 one whose own clock stood still still believes, and its next append is fenced', async () => {
    const one = await begun();
    const { cluster } = one;
    for (const id of ids.slice(0, 20)) await cluster.router.submit(bodyOf(id).body);
    const frozen = cluster.accumulators.get('b');
    const partition = frozen?.held[0] as number;
    const mine = ids.filter((id) => partitionOf(bodyOf(id).id, 4) === partition && id >= 20);
    cluster.away.add('b');
    cluster.stopped.set('b', cluster.nowMs);
    await cluster.beats(2 + TTL_MS / 250);
    expect(frozen?.held).toContain(partition);
    const group = mine.map((id) => ({ partition, body: bodyOf(id).body }));
    for (const verdict of (await frozen?.take(group)) ?? []) {
      expect(verdict).toMatchObject({ code: 'not-ready' });
    }
    for (const id of ids) await cluster.router.submit(bodyOf(id).body);
    expect(await close(one)).toEqual([40, sumOf(ids)]);
  });

  it('RD3 an append without an answer acknowledges nothing, and counts once when it is sent again', async () => {
    const one = await begun();
    let left = 6;
    one.log.fault = (operation, name) => {
      if (operation !== 'append' || !name.startsWith('round/') || left === 0) return null;
      left -= 1;
      return left % 2 === 0 ? 'after' : 'before';
    };
    let refused = 0;
    for (const id of ids) {
      for (;;) {
        const answer = await one.cluster.router.submit(bodyOf(id).body).catch((error) => {
          expect(error).toMatchObject({ code: 'not-ready' });
          refused += 1;
          return null;
        });
        if (answer !== null) break;
      }
    }
    expect(refused).toBeGreaterThan(0);
    expect(await close(one)).toEqual([40, sumOf(ids)]);
  });

  it('RD8 a coordinator that starts again finds the close record and the same sum', async () => {
    const one = await begun();
    for (const id of ids) await one.cluster.router.submit(bodyOf(id).body);
    const before = await close(one);
    const view = await ViewWriter.open(one.log, () => undefined);
    const again = await RemoteBatch.open({ ...one.options, view });
    expect(again.closed).toEqual(one.batch.closed);
    expect([again.count, [...again.sum]]).toEqual(before);
    const { holders } = one.options;
    const less: typeof holders = {
      ...holders,
      result: async (of) => {
        const found = await holders.result(of);
        return found && of.partition === 0 ? { ...found, spent: found.spent.slice(1) } : found;
      },
    };
    const without = RemoteBatch.open({ ...one.options, view, holders: less });
    await expect(without).rejects.toMatchObject({ code: 'corrupt-journal' });
    const late = one.cluster.router.submit(bodyOf(99).body);
    await expect(late).rejects.toMatchObject({ code: 'round-closed' });
  });

  it('RD9 nothing of the reports is left when the round has ended, and nobody takes it up again', async () => {
    const one = await begun();
    for (const id of ids) await one.cluster.router.submit(bodyOf(id).body);
    await close(one);
    await one.batch.discard();
    expect(await one.log.list(`round/${ROUND}`)).toEqual([]);
    const of = { partition: 0, partitions: 4, summer: referenceBackend, flushBytes: 1 << 20 };
    const { log, options } = one;
    // An accumulator that has not heard of the end yet begins no partition of its own.
    expect(
      await HeldPartition.open({ ...of, log, task: options.task, roundHash: ROUND }),
    ).toBeNull();
    expect(await one.cluster.router.submit(bodyOf(1).body)).toBeNull();
    await one.cluster.beats();
    expect(await one.cluster.router.submit(bodyOf(1).body)).toBeNull();
    expect(await one.log.list(`round/${ROUND}`)).toEqual([]);
  });
});
