/** The public log as the aggregator keeps and serves it. */
import { describe, expect, it } from 'vitest';
import { generateKey, signerOf } from '../../aggregator/keys.ts';
import { RecordLog } from '../../aggregator/log/record-log.ts';
import { canonicalBytes } from '../../shared/bytes/canonical.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { fromUtf8, utf8 } from '../../shared/bytes/utf8.ts';
import { logOrigin } from '../../shared/protocol/checkpoint.ts';
import type { LogEntry } from '../../shared/protocol/log.ts';
import { LogReader } from '../../shared/protocol/log-reader.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { signRotation } from '../../shared/protocol/rotation.ts';
import type { SignedRotation } from '../../shared/protocol/task.ts';
import { merkleTreeHash } from '../oracles/log.ts';
import { boot, draft, headOf, ManualTime, SERVER_KEY, site } from './fixture.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { world } from './world.ts';

const SITE = 'test shop';
const entry = (round: number): LogEntry => ({
  ...{ type: 'abandoned', task: 'a'.repeat(64), round, reports: 0 },
  ...{ reason: 'too-few', closedAtMs: 1 },
});

function readerOf(app: { request(path: string): Response | Promise<Response> }): LogReader {
  return new LogReader({
    fetch: async (path) => {
      const response = await app.request(path);
      if (response.status !== 200) throw new Error(`${response.status} ${path}`);
      return new Uint8Array(await response.arrayBuffer());
    },
    origin: logOrigin(SITE),
    logKey: SERVER_KEY.publicKey,
    last: null,
  });
}

describe('what is served', () => {
  it('L1 L3 every entry, in order, under a checkpoint that its tiles make', async () => {
    const { app, disk, service, send, taskHash } = await world();
    for (let id = 0; id < 5; id++) await send(id);
    await service.settled();
    const reader = readerOf(app);
    const { size } = await reader.update();
    const entries = await reader.entries(0);
    expect(entries).toHaveLength(size);
    const types = entries.map((one) => (JSON.parse(fromUtf8(one)) as LogEntry).type);
    expect(types).toEqual(['site', 'task', 'round', 'model', 'round']);
    const lines = fromUtf8(disk.files().get('log.jsonl') as Uint8Array).split('\n');
    expect(entries.map(fromUtf8)).toEqual(
      lines.slice(0, -1).map((line) => fromUtf8(canonicalBytes(JSON.parse(line).entry))),
    );
    const head = await headOf(app, taskHash);
    expect([head.modelIndex, head.roundIndex]).toEqual([3, 4]);
    await reader.includes(4, canonicalBytes({ type: 'round', round: head.round }));
    const ended = await (await app.request(PATHS.round(taskHash, 1))).json();
    expect(ended).toMatchObject({ roundIndex: 2, modelIndex: 3 });
  });

  it('L3 H1 H2 tiles are immutable, the checkpoint is not kept, and nothing else is there', async () => {
    const { app } = await world();
    const get = (path: string): Promise<Response> => Promise.resolve(app.request(path));
    const checkpoint = await get(PATHS.checkpoint);
    expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(checkpoint.headers.get('cache-control')).toBe('no-store');
    const tile = await get(`${PATHS.tiles}/0/000.p/2`);
    expect(tile.headers.get('content-type')).toBe('application/octet-stream');
    expect(tile.headers.get('cache-control')).toMatch(/immutable/);
    expect((await tile.arrayBuffer()).byteLength).toBe(64);
    expect((await get(`${PATHS.tiles}/entries/000.p/3`)).status).toBe(200);
    for (const path of [
      '/0/000',
      '/0/000.p/4',
      '/0/001.p/1',
      '/1/000.p/1',
      '/0/0',
      '/entries/000',
    ]) {
      expect((await get(PATHS.tiles + path)).status, path).toBe(404);
    }
    expect(await (await get(PATHS.keys)).json()).toEqual({ rotations: [] });
  });

  it('L4 a restart serves the checkpoint of the same size byte for byte', async () => {
    const { app, disk, time, service } = await world();
    const before = await (await app.request(PATHS.checkpoint)).text();
    await service.stop();
    time.now += 12_345;
    const again = await boot(disk, time);
    expect(await (await again.app.request(PATHS.checkpoint)).text()).toBe(before);
  });

  it('T3 logs the rotations that lie in the folder, once, and serves them', async () => {
    const disk = new SimulatedDisk();
    const time = new ManualTime();
    await site(disk, [draft('intent', 3)]);
    const [from, to] = [signerOf(generateKey()), signerOf(generateKey())];
    const record = { version: 1, type: 'rotation', site: SITE, rotatedAtMs: 5 } as const;
    const rotation = signRotation({ ...record, from: from.publicKey, to: to.publicKey }, from, to);
    await put(disk, rotation);
    const { app, service } = await boot(disk, time);
    expect(await (await app.request(PATHS.keys)).json()).toEqual({ rotations: [rotation] });
    const { size } = await readerOf(app).update();
    await service.stop();
    const again = await boot(disk, time);
    expect(await (await again.app.request(PATHS.keys)).json()).toEqual({ rotations: [rotation] });
    expect((await readerOf(again.app).update()).size).toBe(size);
    await again.service.stop();
    await put(disk, { ...rotation, successorSignature: rotation.signature });
    await expect(boot(disk, time)).rejects.toThrow(/bad-signature/);
  });
});

async function put(disk: SimulatedDisk, rotation: SignedRotation): Promise<void> {
  await disk.makeFolder('rotations');
  const file = await disk.open('rotations/1.json');
  await file.truncate(0);
  await file.append([utf8(JSON.stringify(rotation))]);
  await file.sync();
  await file.close();
}

describe('the file', () => {
  it('L1 refuses an entry that no bundle can hold, and goes on', async () => {
    const log = await RecordLog.open(new SimulatedDisk(), 'log.jsonl', () => undefined);
    const large = { ...entry(1), task: 'a'.repeat(70_000) } as LogEntry;
    await expect(log.append(large)).rejects.toThrow(RangeError);
    expect(await log.append(entry(1))).toMatchObject({ index: 0 });
    expect(toHex(log.root)).toBe(toHex(merkleTreeHash([canonicalBytes(entry(1))])));
  });

  it('L1 cuts a torn last line and names any other damage', async () => {
    const disk = new SimulatedDisk();
    const log = await RecordLog.open(disk, 'log.jsonl', () => undefined);
    for (let i = 0; i < 4; i++) await log.append(entry(i));
    const root = toHex(log.root);
    await log.close();
    const whole = disk.files().get('log.jsonl') as Uint8Array;
    const reopened = async (bytes: Uint8Array): Promise<RecordLog> => {
      const other = new SimulatedDisk();
      const file = await other.open('log.jsonl');
      await file.append([bytes]);
      await file.sync();
      return RecordLog.open(other, 'log.jsonl', () => undefined);
    };
    expect(toHex((await reopened(whole)).root)).toBe(root);
    const lines = fromUtf8(whole).trimEnd().split('\n');
    const torn = await reopened(utf8(`${fromUtf8(whole)}${lines[0]?.slice(0, 50)}`));
    expect([torn.size, toHex(torn.root)]).toEqual([4, root]);
    const other = JSON.stringify(entry(9));
    for (const damaged of [
      [lines[0], lines[2], lines[3]],
      [lines[1], lines[0], lines[2], lines[3]],
      [lines[0], `{"entry":${other},"root":"${root}"}`, lines[2], lines[3]],
      [lines[0], 'nonsense', lines[2], lines[3]],
    ]) {
      await expect(reopened(utf8(`${damaged.join('\n')}\n`))).rejects.toThrow(/corrupt-log/);
    }
  });
});
