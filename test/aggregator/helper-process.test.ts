/** The helper as it runs: keys made by hand, real folders, real sockets, a process of its own. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type HelperKeyRing,
  initKeys,
  KeyError,
  loadKeyRing,
  rotateKeys,
  signTask,
} from '../../aggregator/ceremony.ts';
import { type Helper, type HelperOptions, startHelper } from '../../aggregator/helper.ts';
import { httpHelper } from '../../aggregator/helper-client.ts';
import { generateKey, signerOf } from '../../aggregator/keys.ts';
import { FolderInUse } from '../../aggregator/lock.ts';
import { sha256Sync } from '../../aggregator/log/tree.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { canonicalJson } from '../../shared/bytes/canonical.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { isCosignedBy, parseNote, witnessName } from '../../shared/protocol/checkpoint.ts';
import { HELPER_PATHS } from '../../shared/protocol/opening.ts';
import { decodeSignedRotation, recordHash } from '../../shared/protocol/records.ts';
import { verifyRecord } from '../../shared/protocol/signature.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { codeOf, ManualTime } from './fixture.ts';
import {
  AGGREGATOR,
  D,
  HandMadeLog,
  leaderRecord,
  makeReport,
  prepareMessage,
  ROOT,
  SITE,
  signedTask,
  splitTask,
} from './helper-parts.ts';
import { HelperWorld } from './helper-world.ts';
import { SimulatedDisk } from './simulated-disk.ts';

const REPO = fileURLToPath(new URL('../..', import.meta.url));
const NOW = 1_700_000_000_000;

let folder: string;
let log: HandMadeLog;
let aggregator: Server;
let options: HelperOptions;
let helpers: Helper[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrine-helper-'));
  log = new HandMadeLog();
  helpers = [];
  aggregator = createServer((request, response) => {
    log.fetch(request.url ?? '').then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => aggregator.listen(0, '127.0.0.1', resolve));
  const { port } = aggregator.address() as AddressInfo;
  options = {
    dataDir: join(folder, 'data'),
    keysDir: join(folder, 'keys'),
    aggregatorUrl: `http://127.0.0.1:${port}`,
    trust: ROOT.publicKey,
    logger: silentLogger,
    clock: new ManualTime(NOW),
  };
});

afterEach(async () => {
  for (const helper of helpers) await helper.close();
  aggregator.closeAllConnections();
  await new Promise((resolve) => aggregator.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function start(more: Partial<HelperOptions> = {}): Promise<Helper> {
  const helper = await startHelper({ ...options, ...more });
  helpers.push(helper);
  return helper;
}

/** The hand-made aggregator with these keys. */
function worldOf(keys: HelperKeyRing): HelperWorld {
  const world = new HelperWorld(keys, new SimulatedDisk());
  world.log = log;
  return world;
}

describe('the helper over real sockets', () => {
  it('S1 S2 S6 S8 cosigns, prepares and opens; the same bytes after a restart', async () => {
    const keys = await initKeys(options.keysDir, 90, NOW);
    const world = worldOf(keys);
    const round = await world.addRound(await world.addTask(), 1, { openedAtMs: NOW });
    const reports = await Promise.all([1, 2, 3, 4].map((id) => makeReport(round, id)));
    const message = prepareMessage(round, reports);
    const peer = { identityKey: keys.status.identityKey };
    const note = await log.checkpoint();
    const answers: unknown[] = [];
    for (let restarts = 0; restarts < 2; restarts++) {
      const helper = await start();
      const client = httpHelper({ url: helper.url, signer: AGGREGATOR, timeoutMs: 10_000 });
      const line = Buffer.from(await client.cosign(peer, utf8(note))).toString();
      const cosigned = parseNote(note + line);
      expect(await isCosignedBy(cosigned, witnessName(SITE), peer.identityKey)).toBe(true);
      const answer = await client.prepare(peer, message, 4);
      const request = {
        prepared: toHex(sha256Sync(message)),
        leader: leaderRecord(round, answer),
      };
      const opened = await client.open(peer, request, D);
      await verifyRecord(opened.opening, peer.identityKey);
      answers.push(opened);
      const stranger = httpHelper({
        url: helper.url,
        signer: signerOf(generateKey()),
        timeoutMs: 10_000,
      });
      await expect(stranger.prepare(peer, message, 4)).rejects.toMatchObject({
        code: 'bad-peer',
        refused: true,
      });
      await helper.close();
    }
    expect(answers[1]).toEqual(answers[0]);
  });

  it('S1 serves its public keys and its health, and nothing else', async () => {
    const { status } = await initKeys(options.keysDir, 90, NOW);
    const { url } = await start();
    const keys = await fetch(url + HELPER_PATHS.keys);
    expect(await keys.json()).toEqual(status);
    for (const path of [HELPER_PATHS.livez, HELPER_PATHS.readyz]) {
      expect((await fetch(url + path)).status).toBe(200);
    }
    const other = await fetch(`${url}/v1/helper/seeds`);
    expect([other.status, await codeOf(other)]).toEqual([404, 'not-found']);
    const long = await fetch(url + HELPER_PATHS.open, {
      method: 'POST',
      body: new Uint8Array(40_000),
    });
    expect([long.status, await codeOf(long)]).toEqual([413, 'too-large']);
  });

  it('S11 one process at a time, and never without keys', async () => {
    await expect(start()).rejects.toMatchObject({ code: 'no-keys' });
    await initKeys(options.keysDir, 90, NOW);
    const { url } = await start();
    await expect(start()).rejects.toThrow(FolderInUse);
    await expect(start({ dataDir: join(folder, 'other') })).rejects.toThrow(FolderInUse);
    await expect(rotateKeys(options.keysDir, SITE)).rejects.toThrow(FolderInUse);
    const keysDir = join(folder, 'other keys');
    await initKeys(keysDir, 90, NOW);
    await expect(start({ keysDir })).rejects.toThrow(FolderInUse);
    const port = Number(new URL(url).port);
    const dataDir = join(folder, 'other');
    await expect(start({ keysDir, dataDir, port })).rejects.toMatchObject({ code: 'port-in-use' });
    await start({ keysDir, dataDir });
  });
});

describe('keys', () => {
  it('S11 are made once, for their owner alone', async () => {
    const ring = await initKeys(options.keysDir, 30, NOW);
    expect(ring.status.sealingKeyExpiresAtMs).toBe(NOW + 30 * 24 * 3600 * 1000);
    await expect(initKeys(options.keysDir)).rejects.toThrow(KeyError);
    expect((await loadKeyRing(options.keysDir)).status).toEqual(ring.status);
    for (const name of ['identity.key', 'sealing.key']) {
      expect((await stat(join(ring.folder, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('S11 rotate into a new generation with a journal of its own', async () => {
    const first = await initKeys(options.keysDir, 90, NOW);
    const old = await start();
    await old.close();
    await rm(options.dataDir, { recursive: true });
    await expect(start()).rejects.toMatchObject({ code: 'journal-missing' });
    const rotation = decodeSignedRotation(await rotateKeys(options.keysDir, SITE, { nowMs: NOW }));
    const { record, signature, successorSignature } = rotation;
    expect(record).toMatchObject({ from: first.status.identityKey, site: SITE, rotatedAtMs: NOW });
    await verifyRecord({ record, signature }, record.from);
    await verifyRecord({ record, signature: successorSignature }, record.to);
    const next = await start();
    expect(next.service.status.identityKey).toBe(record.to);
    expect(next.service.status.sealingKey).not.toBe(first.status.sealingKey);
    // From a backup of the identity alone, after the folder of keys is lost.
    const keysDir = join(folder, 'new keys');
    const from = join(options.keysDir, '2', 'identity.key');
    const again = await rotateKeys(keysDir, SITE, { from });
    expect(again.record.from).toBe(record.to);
    expect((await loadKeyRing(keysDir)).status.identityKey).toBe(again.record.to);
    await expect(rotateKeys(join(folder, 'none'), SITE)).rejects.toMatchObject({ code: 'no-keys' });
  });

  it('S4 signs a task that it would open, and no other', async () => {
    const keys = await initKeys(options.keysDir, 90, NOW);
    const task = splitTask(keys);
    const signature = signTask(task, keys);
    await verifyRecord({ record: task, signature }, keys.status.identityKey);
    const refused: readonly (readonly [string, Partial<Task>])[] = [
      ['task.helper', { helper: { ...keys.status, sealingKeyExpiresAtMs: 1 } }],
      ['task.epsilon', { epsilon: (task.epsilon as number) - 0.01 }],
      ['task.epsilon', { mechanism: discreteGaussian(1.9) }],
      ['task.maxReports', { maxReports: 7 }],
      ['maxReports times B', { scaleBits: 24, minReports: 60, maxReports: 120 }],
      ['split tier', { tier: 'local', helper: null }],
    ];
    for (const [name, more] of refused) {
      expect(() => signTask({ ...task, ...more }, keys), name).toThrow(name);
    }
    expect(() => signTask(signedTask(task, ROOT, keys.signer), keys)).toThrow(TypeError);
  });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

function command(...args: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'aggregator/helper.ts', ...args], {
    cwd: REPO,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, out, errors }));
  });
  const line = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  return { child, ended, line };
}

describe('the command', () => {
  it('S11 makes keys, signs a task, serves, stops, rotates', async () => {
    const { keysDir: keys, dataDir: data } = options;
    const made = await command('init', '--keys', keys).ended;
    expect(made.code).toBe(0);
    const ring = await loadKeyRing(keys);
    expect(JSON.parse(made.out)).toEqual(ring.status);
    const file = join(folder, 'task.json');
    await writeFile(file, canonicalJson(splitTask(ring)));
    const serve = ['--data', data, '--keys', keys, '--aggregator', options.aggregatorUrl];
    const running = command(...serve, '--trust', ROOT.publicKey, '--port', '0');
    const [signed, again] = await Promise.all([
      command('sign-task', file, '--keys', keys).ended,
      command('init', '--keys', keys).ended,
    ]);
    const signature = signed.out.trim();
    await verifyRecord({ record: splitTask(ring), signature }, ring.status.identityKey);
    expect(signed.errors).toContain('If both servers collude, nothing is claimed.');
    expect([again.code, again.out]).toEqual([1, '']);
    expect(again.errors).toContain('keys-exist');
    const { event, url } = JSON.parse(await running.line) as { event: string; url: string };
    expect(event).toBe('listening');
    expect((await fetch(url + HELPER_PATHS.readyz)).status).toBe(200);
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
    const rotated = await command('rotate', '--keys', keys, '--site', SITE).ended;
    const rotation = decodeSignedRotation(JSON.parse(rotated.out));
    expect(await recordHash(rotation.record)).toBe(
      await recordHash(
        decodeSignedRotation(JSON.parse(await readFile(join(keys, '2', 'rotation.json'), 'utf8')))
          .record,
      ),
    );
  }, 60_000);
});
