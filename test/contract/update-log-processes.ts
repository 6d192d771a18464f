/** What the log must keep when processes die or stop: writers, and the engine itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { UpdateLog } from '../../aggregator/cluster/update-log.ts';
import { until } from '../servers/child.ts';
import { collect, type LogWorld, same } from './update-log-world.ts';
import { frameBytes } from './update-log-writer.ts';

const WRITER = fileURLToPath(new URL('./update-log-writer.ts', import.meta.url));
const TEST_MS = 60_000;

interface Writer {
  readonly child: ChildProcess;
  /** Next line, or null when it has ended. */
  next(): Promise<string | null>;
  kill(): Promise<void>;
}

function startWriter(...args: readonly (string | number)[]): Writer {
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, ...args.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  if (child.stdout === null) throw new Error('the writer has no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    next: async () => {
      const { value, done } = await lines.next();
      return done === true ? null : (value as string);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Appends until it succeeds, as a caller does to whom the outcome of a call is unknown. */
async function insist(
  log: UpdateLog,
  partition: string,
  after: number,
  bytes: Uint8Array,
): Promise<number> {
  let offset = 0;
  await until(async () => {
    try {
      const last = await log.last(partition);
      offset = last === after ? await log.append(partition, after, bytes) : last;
      return true;
    } catch {
      return false;
    }
  }, `an append to ${partition}`);
  return offset;
}

/** @param frameLength long enough for several messages of the engine. */
export function processContract(world: () => LogWorld, frameLength: number): void {
  it(
    'a writer that is killed loses nothing acknowledged and leaves nothing by halves',
    async () => {
      const { address, open, name } = world();
      const log = await open();
      const partition = name();
      let written = 0;
      let after = 0;
      for (const frames of [1, 2]) {
        const writer = startWriter('flood', address, partition, after, frameLength);
        const told: number[] = [];
        try {
          while (told.length < frames) {
            const line = await writer.next();
            if (line === null) throw new Error('the writer ended by itself');
            told.push(Number(line));
          }
        } finally {
          await writer.kill();
        }
        for (let line = await writer.next(); line !== null; line = await writer.next()) {
          told.push(Number(line));
        }
        const added = await collect(log, partition, after);
        // One more than was told may be there: the one whose acknowledgement died with the writer.
        expect([told.length, told.length + 1]).toContain(added.length);
        expect(added.slice(0, told.length).map(({ offset }) => offset)).toEqual(told);
        for (const [i, { bytes }] of added.entries()) {
          expect(same(bytes, frameBytes(i, frameLength))).toBe(true);
        }
        written += added.length + 1;
        after = await log.append(partition, await log.last(partition), frameBytes(7, 12));
        expect(await collect(log, partition, 0)).toHaveLength(written);
      }
    },
    TEST_MS,
  );

  it(
    'a writer that was frozen and wakes up is fenced',
    async () => {
      const { address, open, name } = world();
      const log = await open();
      const partition = name();
      const first = await log.append(partition, 0, frameBytes(1, 40));
      const writer = startWriter('once', address, partition, first, frameLength);
      try {
        expect(await writer.next()).toBe('ready');
        writer.child.kill('SIGSTOP');
        writer.child.stdin?.write('append\n');
        const second = await log.append(partition, first, frameBytes(2, 40));
        writer.child.kill('SIGCONT');
        expect(await writer.next()).toBe('fenced');
        expect(await log.last(partition)).toBe(second);
        expect(await collect(log, partition, 0)).toEqual([
          { offset: first, bytes: frameBytes(1, 40) },
          { offset: second, bytes: frameBytes(2, 40) },
        ]);
      } finally {
        await writer.kill();
      }
    },
    TEST_MS,
  );
}

/** For an engine that is a process of its own. */
export function restartContract(world: () => LogWorld, frameLength: number): void {
  it(
    'the engine is killed and started again: nothing acknowledged is lost, clients go on',
    async () => {
      const { restart, open, name, log: first, other: second } = world();
      if (restart === null) throw new Error('the engine cannot be started again');
      const log = await open();
      const partition = name();
      const key = name();
      const sizes = [50_000, 12, 50_000, 300_000];
      let offset = 0;
      for (const [i, length] of sizes.entries()) {
        offset = await log.append(partition, offset, frameBytes(i, length));
      }
      const saved = await log.save(key, 0, frameBytes(0, 1_500_000));
      const last = frameBytes(sizes.length, frameLength);
      const during = log.append(partition, offset, last);
      await Promise.all([during.catch(() => undefined), restart()]);
      offset = await insist(log, partition, offset, last);
      sizes.push(frameLength);
      const frames = await collect(log, partition, 0);
      expect(frames.map(({ bytes }) => bytes.length)).toEqual(sizes);
      for (const [i, { bytes }] of frames.entries()) {
        expect(same(bytes, frameBytes(i, sizes[i] as number))).toBe(true);
      }
      const value = await log.load(key);
      expect(value.revision).toBe(saved);
      expect(same(value.bytes, frameBytes(0, 1_500_000))).toBe(true);
      await log.save(key, saved, frameBytes(1, 10));
      const other = await open();
      expect(await other.last(partition)).toBe(offset);
      // Clients that were idle come back by themselves, each in its own time.
      for (const idle of [first, second]) {
        const last = (): Promise<number | null> => idle.last(partition).catch(() => null);
        await expect.poll(last, { timeout: 30_000 }).toBe(offset);
      }
    },
    TEST_MS,
  );
}
