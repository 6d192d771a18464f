/**
 * A writer in a process of its own, for the contract of the log: it can be killed and frozen.
 *
 *   update-log-writer.ts flood ADDRESS PARTITION AFTER BYTES   appends on and on, prints each offset
 *   update-log-writer.ts once ADDRESS PARTITION AFTER BYTES    prints "ready", waits for a line,
 *                                                              appends, prints the offset or a code
 */
import { once } from 'node:events';
import { EngineError, type UpdateLog } from '../../aggregator/cluster/update-log.ts';
import { openEngine } from '../../aggregator/engine/open.ts';

/** Bytes that differ at every place and from those of the frame before. */
export function frameBytes(number: number, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4) + 1);
  let state = (number * 2_654_435_761 + 1) >>> 0;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = state;
  }
  words[0] = number;
  return new Uint8Array(words.buffer, 0, Math.max(4, length));
}

export function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

async function flood(log: UpdateLog, partition: string, after: number, length: number) {
  for (let number = 0, offset = after; ; number++) {
    offset = await log.append(partition, offset, frameBytes(number, length));
    console.log(offset);
  }
}

async function main(): Promise<void> {
  const [mode, address, partition, after, length] = process.argv.slice(2) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const accept = ['file-unsynced', 'jetstream-unsynced'];
  const log = await openEngine(address, { accept });
  if (mode === 'flood') await flood(log, partition, Number(after), Number(length));
  console.log('ready');
  await once(process.stdin, 'data');
  try {
    console.log(await log.append(partition, Number(after), frameBytes(0, Number(length))));
  } catch (error) {
    console.log(error instanceof EngineError ? error.code : String(error));
  }
  await log.close();
  process.exit();
}

if (process.argv[1]?.endsWith('update-log-writer.ts')) await main();
