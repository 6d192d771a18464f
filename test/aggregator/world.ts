/** A site of one task on a disk in memory, with time by hand. */
import type { TaskDraft } from '../../aggregator/site.ts';
import { boot, draft, ManualTime, openRound, post, type Running, report, site } from './fixture.ts';
import { SimulatedDisk } from './simulated-disk.ts';

export interface World extends Running {
  readonly disk: SimulatedDisk;
  readonly time: ManualTime;
  readonly taskHash: string;
  send(id: number): Promise<Response>;
}

export async function world(more: Partial<TaskDraft> = {}): Promise<World> {
  const disk = new SimulatedDisk();
  const time = new ManualTime();
  const { taskHashes } = await site(disk, [draft('intent', 3, more)]);
  const taskHash = taskHashes.intent as string;
  const running = await boot(disk, time);
  const send = async (id: number): Promise<Response> => {
    const roundHash = await openRound(running.app, taskHash);
    return post(running.app, report({ taskHash, roundHash, id, coordinates: [id, 1, 2] }));
  };
  return { ...running, disk, time, taskHash, send };
}
