/**
 * Bench `engine`: what one writer gets from each engine that is here, one append after the other:
 * a report id alone, one report of 40 KB, a group commit of 64 of them; one partition, and four at
 * once; and reading the groups back. `syncsPerSecond` is the disk's own pace: 4 KB and fdatasync.
 * Engines take turns, medians of the turns.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UpdateLog } from '../../aggregator/cluster/update-log.ts';
import { openEngine } from '../../aggregator/engine/open.ts';
import { findNats, findPostgres } from '../servers/find.ts';
import { startNats } from '../servers/nats.ts';
import { startPostgres } from '../servers/postgres.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { medians, note, type Times } from './medians.ts';

/** A report of 10,000 coordinates with its header. */
const REPORT_BYTES = 40_088;
const ID_BYTES = 16;
const GROUP = 64;
const PARTITIONS = 4;

const SHAPES: Readonly<Record<string, number>> = {
  id: ID_BYTES,
  report: REPORT_BYTES,
  group: GROUP * REPORT_BYTES,
};

interface Running {
  readonly log: UpdateLog;
  stop(): Promise<void>;
}

async function inFolder(): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'vitrine-bench-'));
  const log = await openEngine(`file:${folder}`, { accept: ['file-unsynced'] });
  return { log, stop: () => rm(folder, { recursive: true, force: true }) };
}

async function onServer(server: { url: string; stop(): Promise<void> }): Promise<Running> {
  const log = await openEngine(server.url, { accept: ['jetstream-unsynced'] });
  return {
    log,
    stop: async () => {
      await log.close();
      await server.stop();
    },
  };
}

/** Appends until the time is over. @returns appends per second. */
async function appendFor(
  log: UpdateLog,
  partition: string,
  bytes: Uint8Array,
  milliseconds: number,
): Promise<{ readonly appends: number; readonly perSecond: number }> {
  const start = performance.now();
  let offset = 0;
  let appends = 0;
  do {
    offset = await log.append(partition, offset, bytes);
    appends += 1;
  } while (performance.now() - start < milliseconds);
  return { appends, perSecond: (appends * 1000) / (performance.now() - start) };
}

async function readAll(log: UpdateLog, partition: string, frames: number): Promise<number> {
  const start = performance.now();
  let length = 0;
  let seen = 0;
  for await (const { bytes } of log.read(partition, 0)) {
    length += bytes.length;
    seen += 1;
  }
  if (seen !== frames) throw new Error(`${frames} frames were appended and ${seen} read`);
  return length / 1000 / (performance.now() - start);
}

/** One turn of one engine. */
async function turn(log: UpdateLog, milliseconds: number, times: Times): Promise<void> {
  for (const [shape, length] of Object.entries(SHAPES)) {
    const bytes = new Uint8Array(length).map((_, i) => (i * 2_654_435_761) >>> 24);
    const { appends, perSecond } = await appendFor(log, 'bench/0', bytes, milliseconds);
    note(times, `${shape}PerSecond`, perSecond);
    if (shape === 'group') {
      note(times, 'groupMbPerSecond', (perSecond * length) / 1e6);
      note(times, 'readMbPerSecond', await readAll(log, 'bench/0', appends));
    }
    await log.drop('bench');
    const all = await Promise.all(
      Array.from({ length: PARTITIONS }, (_, i) =>
        appendFor(log, `bench/${i}`, bytes, milliseconds),
      ),
    );
    const together = all.reduce((sum, one) => sum + one.perSecond, 0);
    note(times, `${shape}PerSecondOf${PARTITIONS}`, together);
    await log.drop('bench');
  }
}

async function syncsPerSecond(milliseconds: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'vitrine-bench-'));
  const file = await open(join(folder, 'file'), 'a');
  try {
    const bytes = new Uint8Array(4096).fill(7);
    const start = performance.now();
    let syncs = 0;
    do {
      await file.write(bytes);
      await file.datasync();
      syncs += 1;
    } while (performance.now() - start < milliseconds);
    return (syncs * 1000) / (performance.now() - start);
  } finally {
    await file.close();
    await rm(folder, { recursive: true, force: true });
  }
}

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const milliseconds = quick ? 1 : 1000;
  const turns = quick ? 1 : 5;
  const running: Record<string, Running> = {};
  try {
    running.file = await inFolder();
    if (findNats() !== null) running.jetstream = await onServer(await startNats());
    if (findPostgres() !== null) running.postgres = await onServer(await startPostgres());
    const times: Record<string, Times> = {};
    const syncs: Times = {};
    for (let i = 0; i < turns; i++) {
      note(syncs, 'syncsPerSecond', await syncsPerSecond(milliseconds));
      for (const [name, { log }] of Object.entries(running)) {
        times[name] ??= {};
        await turn(log, milliseconds, times[name]);
      }
    }
    const engines = Object.entries(running).map(([name, { log }]) => {
      const figures = medians(times[name] as Times);
      return [name, { promise: log.promise, ...figures }] as const;
    });
    const fileReportsPerSecond = medians(times.file as Times).groupPerSecond as number;
    return {
      ...medians(syncs),
      fileReportsPerSecond: fileReportsPerSecond * GROUP,
      ...Object.fromEntries(engines),
    };
  } finally {
    await Promise.all(Object.values(running).map((one) => one.stop()));
  }
}
