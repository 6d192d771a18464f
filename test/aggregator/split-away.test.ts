/** The aggregator against a helper that is away, slow, forgetful, or refuses. */
import { describe, expect, it } from 'vitest';
import { HELPER_PATHS } from '../../shared/protocol/opening.ts';
import { headOf, START_MS } from './fixture.ts';
import { closedWorld, down, honest, SplitWorld, WINDOW_MS, type Wire } from './split-world.ts';

const { open } = HELPER_PATHS;
const version = (world: SplitWorld): number => world.up.service.status().model.version;
const helperOf = (world: SplitWorld) => world.up.service.status().tasks[0]?.helper;

describe('a helper that is away', () => {
  it('RD16 the round stays closing with no round open, is asked again, and is published', async () => {
    const world = await closedWorld(down);
    expect((await headOf(world.up.app, world.taskHash)).round).toBeNull();
    expect(helperOf(world)).toEqual({
      state: 'unreachable',
      sinceMs: START_MS,
      code: 'unreachable',
    });
    expect(world.up.service.notReady).toBeNull();
    await world.pass(999);
    expect(world.eventsOf('helper-unreachable')).toHaveLength(1);
    await world.pass(1);
    expect(world.eventsOf('helper-unreachable')).toHaveLength(2);
    await world.pass(1999);
    expect(world.eventsOf('helper-unreachable')).toHaveLength(2);
    world.wire = honest;
    await world.pass(1);
    expect(version(world)).toBe(1);
    expect(world.up.service.status().helperFailures).toEqual({ unreachable: 2 });
    expect(helperOf(world)).toMatchObject({ state: 'ok', sinceMs: START_MS + 3000 });
    expect(world.eventsOf('helper-back')).toHaveLength(1);
    const { round, model } = await headOf(world.up.app, world.taskHash);
    expect(round?.record.openedAtMs).toBe(model?.record.closedAtMs);
  });

  it('RD16 abandoned one window after the close; the next round opens then', async () => {
    const world = await closedWorld(down);
    for (let ms = 0; ms < WINDOW_MS - 1000; ms += 1000) await world.pass(1000);
    expect(world.up.service.status().rounds).toMatchObject({ open: 0, abandoned: 0 });
    await world.pass(1000);
    expect(world.up.service.status().rounds).toMatchObject({ open: 1, abandoned: 1 });
    const { round, model } = await headOf(world.up.app, world.taskHash);
    expect([model, round?.record.openedAtMs]).toEqual([null, START_MS + WINDOW_MS]);
    const log = Buffer.from(world.disk.files().get('log.jsonl') ?? []).toString();
    expect(log).toContain(`"closedAtMs":${START_MS},"reason":"helper","reports":5,"round":1`);
    const files = [...world.disk.files().keys()];
    expect(files.filter((path) => path.endsWith('1.journal'))).toEqual([]);
  }, 20_000);

  it('RD16 one that does not answer in time is unreachable; a stop does not wait for it', async () => {
    const never: Wire = (_path, { signal }) =>
      new Promise((_resolve, reject) => {
        const abort = (): void => reject(signal?.reason as Error);
        if (signal?.aborted) abort();
        signal?.addEventListener('abort', abort);
      });
    const world = await SplitWorld.prepared();
    await world.startHelper();
    world.timeoutMs = 40;
    await world.start();
    world.wire = never;
    await world.send([1, 2, 3, 4, 5]);
    await world.settle();
    expect(world.eventsOf('helper-unreachable')).toHaveLength(1);
    await world.up.service.stop();
    world.timeoutMs = 600_000;
    await world.start(false);
    expect(world.up.service.status().rounds.open).toBe(0);
    await world.up.service.stop();
  });

  it('RD16 a proxy that answers for it, unsigned, makes it unreachable', async () => {
    const world = await closedWorld(async () => new Response('bad gateway', { status: 502 }));
    expect(helperOf(world)).toMatchObject({ state: 'unreachable' });
    expect(world.up.service.notReady).toBeNull();
  });

  it('RD16 its own refusal is counted by its code, and asked again', async () => {
    const world = await SplitWorld.started();
    await world.send([1, 2, 3, 4]);
    // Nothing is cosigned from here on, so that the helper knows no further round.
    world.wire = async (path, _init, pass) =>
      path === HELPER_PATHS.cosign ? down(path, {}, pass) : pass();
    await world.send([5]);
    await world.settle();
    expect(version(world)).toBe(1);
    await world.send([6, 7, 8, 9, 10]);
    await world.settle();
    expect(version(world)).toBe(1);
    expect(helperOf(world)).toMatchObject({ state: 'refuses', code: 'unknown-round' });
    expect(world.up.service.notReady).toBeNull();
    world.wire = honest;
    await world.pass(5000);
    await world.pass(5000);
    expect(version(world)).toBe(2);
  });

  it('RD15 one that forgot what it prepared prepares the same again', async () => {
    const world = await closedWorld(async (path, init, pass) =>
      path === open ? down(path, init, pass) : pass(),
    );
    await world.helper?.stop();
    await world.startHelper();
    world.wire = honest;
    await world.pass(1000);
    expect(version(world)).toBe(1);
    expect(world.up.service.status().helperFailures).toEqual({ unreachable: 1, 'not-prepared': 1 });
  });
});
