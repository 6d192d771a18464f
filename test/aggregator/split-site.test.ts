/** What a split task needs before it is served, blind tokens, and both servers over sockets. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initKeys, loadKeyRing, signTask } from '../../aggregator/ceremony.ts';
import { startHelper } from '../../aggregator/helper.ts';
import { httpHelper } from '../../aggregator/helper-client.ts';
import { generateKey, saveKey, signerOf } from '../../aggregator/keys.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import { settingsOf } from '../../aggregator/settings.ts';
import type { TaskDraft } from '../../aggregator/site.ts';
import { epsilonOf } from '../../shared/privacy/mechanism.ts';
import { PATHS, type ServerStatus } from '../../shared/protocol/paths.ts';
import { decodeSignedTask, recordHash } from '../../shared/protocol/records.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { Task, TaskHead } from '../../shared/protocol/task.ts';
import {
  boot,
  codeOf,
  draft,
  openRound,
  post,
  ROOT_KEY,
  report,
  SERVER_KEY,
  site,
} from './fixture.ts';
import { keyRing } from './helper-parts.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { D, SplitWorld, splitReport } from './split-world.ts';
import { world } from './world.ts';

const SPLIT: Partial<TaskDraft> = {
  tier: 'split',
  mechanism: { name: 'discrete-gaussian', sigma: 2 },
};

describe('a split task, drafted', () => {
  it('RD19 needs keys, a signature by them, Gaussian noise and n_max ≤ 2·n_min', async () => {
    const { status, signer } = await keyRing();
    const cosign = async (task: Task): Promise<string> => signRecord(task, signer).signature;
    const write = (more: Partial<TaskDraft>, by: typeof cosign | null = cosign): Promise<unknown> =>
      site(
        new SimulatedDisk(),
        [draft('intent', D, { ...SPLIT, helper: status, ...more })],
        by === null ? {} : { cosign: by },
      );
    await expect(write({})).resolves.toBeDefined();
    const { helper: _, ...keyless } = draft('intent', D, { ...SPLIT, helper: status });
    await expect(site(new SimulatedDisk(), [keyless], { cosign })).rejects.toThrow(/helper's keys/);
    await expect(write({}, null)).rejects.toThrow(/cosign/);
    await expect(write({ maxReports: 7 })).rejects.toThrow(/2·minReports/);
    await expect(write({ mechanism: { name: 'none' } })).rejects.toThrow(/without noise/);
    await expect(write({ scaleBits: 24, minReports: 200, maxReports: 400 })).rejects.toThrow(
      /wrap/,
    );
    const stranger = signerOf(generateKey());
    const forged = async (task: Task): Promise<string> => signRecord(task, stranger).signature;
    await expect(write({}, forged)).rejects.toThrow(/bad-signature/);
  });

  it('R6 RD19 claims at least the provable ε of one participation', async () => {
    const { task } = await SplitWorld.prepared();
    const truth = epsilonOf(task.mechanism, task.delta, 1);
    expect(task.epsilon).toBeGreaterThanOrEqual(truth);
    expect(task.epsilon).toBeLessThan(truth + 2e-6);
    expect(task.helper?.sealingKey).toHaveLength(43);
  });
});

describe('a split task, loaded', () => {
  it('RD19 is refused by name without a helper, and with a signature of another', async () => {
    const made = await SplitWorld.prepared();
    await expect(boot(made.disk, made.time)).rejects.toThrow(/bad-site.*needs a helper \(--helper/);
    const { record, signature } = made.signedTask;
    const helperSignature = signRecord(record, signerOf(generateKey())).signature;
    const file = await made.disk.open(`tasks/${made.taskHash}.json`);
    await file.truncate(0);
    const forged = JSON.stringify({ record, signature, helperSignature });
    await file.append([new TextEncoder().encode(forged)]);
    const more = { helper: made.client };
    await expect(boot(made.disk, made.time, {}, silentLogger, more)).rejects.toThrow(
      /bad-site.*its helper has not signed it/,
    );
  });

  it('RD19 is refused by name when the site has revoked one of its keys', async () => {
    const made = await SplitWorld.prepared();
    const { helper } = made.task;
    const fields = {
      aggregatorKey: SERVER_KEY.publicKey,
      identityKey: helper?.identityKey ?? '',
      sealingKey: helper?.sealingKey ?? '',
    };
    for (const [field, key] of Object.entries(fields)) {
      const { status, signer } = made.keys;
      const cosign = async (task: Task): Promise<string> => signRecord(task, signer).signature;
      const tasks = [draft('intent', D, { ...SPLIT, helper: status })];
      const disk = new SimulatedDisk();
      await site(disk, tasks, { cosign, revoked: [key] });
      const more = { helper: made.client };
      await expect(boot(disk, made.time, {}, silentLogger, more), field).rejects.toThrow(
        `its ${field} is revoked`,
      );
    }
    const disk = new SimulatedDisk();
    await site(disk, [draft('intent', D)], { revoked: [SERVER_KEY.publicKey] });
    await expect(boot(disk, made.time)).rejects.toThrow('its aggregatorKey is revoked');
  });

  it('RD19 opens no round once its sealing key has expired', async () => {
    const made = await SplitWorld.started();
    made.time.now = made.keys.status.sealingKeyExpiresAtMs;
    await made.settle();
    expect((await (await made.up.app.request(PATHS.head(made.taskHash))).json()).round).toBeNull();
    expect(made.up.service.notReady).toBeNull();
  });

  it('RD18 takes shares of any value, of the exact length alone', async () => {
    const made = await SplitWorld.started();
    const round = await openRound(made.up.app, made.taskHash);
    const body = await splitReport(made.task, [made.taskHash, round], 1);
    const wild = Uint8Array.from(body);
    wild.fill(0xff, 88, 88 + 4 * D);
    expect((await post(made.up.app, wild)).status).toBe(201);
    expect(await codeOf(await post(made.up.app, body))).toBe('report-conflict');
    expect((await post(made.up.app, wild)).status).toBe(201);
    expect(await codeOf(await post(made.up.app, wild.subarray(0, -1)))).toBe('bad-length');
    const wrong = Uint8Array.from(wild);
    wrong[5] = 1;
    expect(await codeOf(await post(made.up.app, wrong))).toBe('wrong-tier');
    expect(made.up.service.status().tasks[0]?.reports).toBe(1);
  });

  it('RD15 httpHelper takes origins alone', () => {
    const options = { signer: signerOf(SERVER_KEY), timeoutMs: 1000 };
    expect(() => httpHelper({ ...options, url: 'https://helper.test/x' })).toThrow(RangeError);
    expect(() => httpHelper({ ...options, url: 'ftp://helper.test' })).toThrow(RangeError);
    expect(httpHelper({ ...options, url: 'https://helper.test' })).toBeDefined();
  });
});

describe('blind tokens', () => {
  it('H10 are off: a token is not looked at', async () => {
    const { app, taskHash } = await world();
    const roundHash = await openRound(app, taskHash);
    const body = report({ taskHash, roundHash, id: 1, coordinates: [1, 2, 3] });
    expect((await post(app, body, { 'vitrine-token': 'anything' })).status).toBe(201);
  });

  it('H10 required without a verifier: token-required for every report', async () => {
    const { disk, time, taskHash, service } = await world();
    await service.stop();
    const { app } = await boot(disk, time, { tokens: 'required' });
    const roundHash = await openRound(app, taskHash);
    const body = report({ taskHash, roundHash, id: 1, coordinates: [1, 2, 3] });
    const bare = await post(app, body);
    expect([bare.status, await codeOf(bare)]).toEqual([401, 'token-required']);
    expect(await codeOf(await post(app, body, { 'vitrine-token': 'x' }))).toBe('token-required');
    const preflight = await app.request(PATHS.reports, { method: 'OPTIONS' });
    expect(preflight.headers.get('access-control-allow-headers')).toBe(
      'content-type, vitrine-token',
    );
  });

  it('H10 required with a verifier: its word counts, for this report of this round', async () => {
    const { disk, time, taskHash, service } = await world();
    await service.stop();
    const spent = new Map<string, string>();
    const more = {
      verifyToken: async (token: string, use: { reportId: string; roundHash: string }) => {
        const by = `${use.roundHash}${use.reportId}`;
        if (token !== 'good') return false;
        if (!spent.has(token)) spent.set(token, by);
        return spent.get(token) === by;
      },
    };
    const { app, service: again } = await boot(
      disk,
      time,
      { tokens: 'required' },
      silentLogger,
      more,
    );
    const roundHash = await openRound(app, taskHash);
    const body = (id: number) => report({ taskHash, roundHash, id, coordinates: [1, 2, 3] });
    expect(await codeOf(await post(app, body(1)))).toBe('token-required');
    const bad = await post(app, body(1), { 'vitrine-token': 'bad' });
    expect([bad.status, await codeOf(bad)]).toEqual([403, 'bad-token']);
    const good = { 'vitrine-token': 'good' };
    expect((await post(app, body(1), good)).status).toBe(201);
    expect((await post(app, body(1), good)).status).toBe(201);
    expect(await codeOf(await post(app, body(2), good))).toBe('bad-token');
    expect(again.status().reports).toMatchObject({
      accepted: 1,
      duplicates: 1,
      refused: { 'token-required': 1, 'bad-token': 2 },
    });
  });

  it('H10 the setting is one of two', () => {
    expect(settingsOf().tokens).toBe('off');
    expect(() => settingsOf({ tokens: 'on' as never })).toThrow(/settings\.tokens/);
  });
});

describe('over sockets', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vitrine-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }

  it('RD13 RD14 a round of aggregator and helper, each with its own folder', async () => {
    const [dataDir, keysDir] = [join(folder, 'aggregator'), join(folder, 'keys')];
    await initKeys(keysDir);
    const keys = await loadKeyRing(keysDir);
    await saveKey(join(dataDir, KEY_FILE), SERVER_KEY);
    const day = 24 * 3600 * 1000;
    const tasks = [
      draft('intent', D, {
        ...SPLIT,
        helper: keys.status,
        quietMs: day,
        separationMs: day,
        expiresAtMs: Date.now() + day,
      }),
    ];
    const cosign = async (task: Task): Promise<string> => signTask(task, keys);
    const { taskHashes } = await site(dataDir, tasks, { cosign });
    const taskHash = taskHashes.intent as string;
    const port = await freePort();
    const helper = await startHelper({
      dataDir: join(folder, 'helper'),
      keysDir,
      aggregatorUrl: `http://127.0.0.1:${port}`,
      trust: ROOT_KEY.publicKey,
      logger: silentLogger,
    });
    const aggregator = await startAggregator({
      dataDir,
      port,
      logger: silentLogger,
      helper: { url: helper.url },
    });
    try {
      const get = async (path: string) => (await fetch(aggregator.url + path)).json();
      const { record } = decodeSignedTask(await get(PATHS.task(taskHash)));
      const { round } = (await get(PATHS.head(taskHash))) as TaskHead;
      if (round === null) throw new Error('no round is open');
      const roundHash = await recordHash(round.record);
      for (const id of [1, 2, 3, 4, 5]) {
        const body = await splitReport(record, [taskHash, roundHash], id);
        const headers = { 'content-type': REPORT_CONTENT_TYPE };
        const url = aggregator.url + PATHS.reports;
        const answer = await fetch(url, {
          method: 'POST',
          headers,
          body: body as Uint8Array<ArrayBuffer>,
        });
        expect(answer.status).toBe(201);
      }
      const status = async () => (await get(PATHS.status)) as ServerStatus;
      await expect.poll(async () => (await status()).model.version, { timeout: 15_000 }).toBe(1);
      expect((await status()).tasks[0]?.helper).toMatchObject({ state: 'ok' });
      const checkpoint = await (await fetch(aggregator.url + PATHS.checkpoint)).text();
      expect(checkpoint).not.toBe('');
    } finally {
      await aggregator.close();
      await helper.close();
    }
  }, 30_000);
});
