/** Reports as a browser makes them, by the SDK's own rooms. */
import { drawNoise } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { pack } from '../../sdk/pack/pack.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { decodeHead, decodeSignedTask, recordHash } from '../../shared/protocol/records.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { CryptoSource } from '../../shared/random/source.ts';
import type { World } from './world.ts';

export interface MadeReport {
  readonly id: string;
  readonly body: Uint8Array;
  readonly task: Task;
  readonly taskHash: string;
  readonly roundHash: string;
}

/** A report of a small update to the open round of a task. */
export async function localReport(world: World, name: string): Promise<MadeReport> {
  const taskHash = world.taskHashes[name] as string;
  const json = async (path: string): Promise<unknown> => (await fetch(world.url + path)).json();
  const { record: task } = decodeSignedTask(await json(PATHS.task(taskHash)));
  const { round } = decodeHead(await json(PATHS.head(taskHash)));
  if (round === null) throw new Error('no round is open');
  const roundHash = await recordHash(round.record);
  const source = new CryptoSource();
  const id = new Uint8Array(16);
  source.fill(id);
  const update = Float32Array.from({ length: task.d }, (_, i) => (i % 7) / 7);
  const value = privatize(update, task, drawNoise(task, source), source);
  const header = { id, taskHash: fromHex(taskHash), roundHash: fromHex(roundHash) };
  const body = await pack(value, header, { helper: task.helper, source });
  return { id: toHex(id), body, task, taskHash, roundHash };
}
