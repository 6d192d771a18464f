/** What every engine of the cluster's log must do (aggregator/cluster/update-log.ts). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  EngineError,
  MAX_FRAME_BYTES,
  MAX_VALUE_BYTES,
  type UpdateLog,
} from '../../aggregator/cluster/update-log.ts';
import { openEngine } from '../../aggregator/engine/open.ts';
import { frameContract } from './update-log-frames.ts';
import { modelContract } from './update-log-model.ts';
import { nameContract } from './update-log-names.ts';
import { processContract, restartContract } from './update-log-processes.ts';
import { valueContract } from './update-log-values.ts';
import { collect, LONG, type LogWorld, type RunningEngine, same } from './update-log-world.ts';
import { frameBytes } from './update-log-writer.ts';

/** @param restarts whether the engine is a process of its own, which can be killed. */
export function updateLogContract(
  start: () => Promise<RunningEngine>,
  { restarts }: { readonly restarts: boolean },
): void {
  let engine: RunningEngine;
  const clients: UpdateLog[] = [];
  let names = 0;
  const open = async (): Promise<UpdateLog> => {
    const accept = ['file-unsynced', 'jetstream-unsynced'];
    const log = await openEngine(engine.address, { accept });
    clients.push(log);
    return log;
  };
  const name = (): string => `contract/${names++}`;
  let log: UpdateLog;
  let other: UpdateLog;

  beforeAll(async () => {
    engine = await start();
    log = await open();
    other = await open();
  }, 120_000);

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await engine?.stop();
  }, 60_000);

  it('says what an acknowledgement means', () => {
    expect(log.promise).toMatch(/^an acknowledged report .{20,}$/);
  });

  const world = (): LogWorld => ({ ...engine, open, name, log, other });
  frameContract(world);
  valueContract(world);
  nameContract(world);
  modelContract(world);
  processContract(world, LONG);
  if (restarts) restartContract(world, LONG);

  it('takes a frame and a value of the greatest length', async () => {
    const { log, other, name } = world();
    const one = name();
    const frame = frameBytes(1, MAX_FRAME_BYTES);
    const value = frameBytes(2, MAX_VALUE_BYTES);
    await log.append(one, 0, frame);
    await log.save(one, 0, value);
    for await (const { bytes } of other.read(one, 0)) expect(same(bytes, frame)).toBe(true);
    expect(same((await other.load(one)).bytes, value)).toBe(true);
    await log.drop(one);
  }, 60_000);

  it('is closed once, and says so afterwards', async () => {
    const { log, open } = world();
    const closed = await open();
    await closed.close();
    await closed.close();
    const calls = [
      closed.append('a', 0, new Uint8Array(1)),
      collect(closed, 'a', 0),
      closed.last('a'),
      closed.load('a'),
      closed.save('a', 0, new Uint8Array(1)),
      closed.drop('a'),
      closed.list(''),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome.status).toBe('rejected');
      const { reason } = outcome as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(EngineError);
      expect((reason as EngineError).code).toBe('unavailable');
    }
    expect(await log.last('a')).toBe(0);
  });
}
