import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../aggregator/app.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS, type ServerStatus } from '../../shared/protocol/paths.ts';
import {
  decodeHead,
  decodeSigned,
  decodeSignedTask,
  decodeSite,
  recordHash,
} from '../../shared/protocol/records.ts';
import { verifyRecord } from '../../shared/protocol/signature.ts';
import {
  boot,
  CATALOGUE,
  codeOf,
  draft,
  headOf,
  idBytes,
  ManualTime,
  openRound,
  post,
  ROOT_KEY,
  type Running,
  report,
  SERVER_KEY,
  site,
} from './fixture.ts';
import { SimulatedDisk } from './simulated-disk.ts';

/** RFC 6962 §2.1 as it is written there: MTH({d0}) = H(0, d0), MTH(D[n]) = H(1, MTH, MTH). */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const hash = (...parts: readonly Uint8Array[]): Buffer =>
    createHash('sha256').update(Buffer.concat(parts)).digest();
  if (leaves.length === 1) return hash(Uint8Array.of(0), leaves[0] as Buffer);
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return hash(Uint8Array.of(1), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

const IMMUTABLE = 'public, max-age=31536000, immutable';
let running: Running;
let taskHash = '';

beforeAll(async () => {
  const disk = new SimulatedDisk();
  const tasks = [
    draft('intent', 3),
    draft('wide', 11, { architecture: { name: 'wide', historyLength: 20 } }),
  ];
  const { taskHashes } = await site(disk, tasks);
  taskHash = taskHashes.intent as string;
  running = await boot(disk, new ManualTime());
  const roundHash = await openRound(running.app, taskHash);
  for (let id = 1; id <= 5; id++) {
    await post(running.app, report({ taskHash, roundHash, id, coordinates: [id, -id, 65_536] }));
  }
  await running.service.settled();
});

async function get(path: string): Promise<Response> {
  return running.app.request(path);
}

function withoutValidators(response: Response): void {
  for (const name of ['etag', 'last-modified', 'set-cookie']) {
    expect(response.headers.get(name)).toBeNull();
  }
}

describe('public files', () => {
  it('R1 R2 R4 serves signed records under their hashes', async () => {
    const siteRecord = decodeSigned(await (await get(PATHS.site)).json(), decodeSite);
    await verifyRecord(siteRecord, ROOT_KEY.publicKey);
    const task = decodeSignedTask(await (await get(PATHS.task(taskHash))).json());
    await verifyRecord(task, ROOT_KEY.publicKey);
    expect(await recordHash(task.record)).toBe(taskHash);
    expect(task.record.epsilon).toBe('none');
    const model = new Uint8Array(
      await (await get(PATHS.model(task.record.initialModel))).arrayBuffer(),
    );
    expect(createHash('sha256').update(model).digest('hex')).toBe(task.record.initialModel);
    expect([...decodeModel(model, 3)]).toEqual([0, 0.125, 0.25]);
    const catalogue = await get(PATHS.catalogue(task.record.catalogue));
    expect(new Uint8Array(await catalogue.arrayBuffer())).toEqual(CATALOGUE);
  });

  it('R7 R8 the head names the open round and the newest model, signed by the task’s key', async () => {
    const head = decodeHead(await (await get(PATHS.head(taskHash))).json());
    if (head.round === null || head.model?.record.type !== 'model') throw new Error('no round');
    await verifyRecord(head.round, SERVER_KEY.publicKey);
    await verifyRecord(head.model, SERVER_KEY.publicKey);
    expect(head.round.record).toMatchObject({ round: 2, baseModel: head.model.record.model });
    expect(head.round.record.openedAtMs).toBe(head.model.record.closedAtMs);
    expect(head.model.record).toMatchObject({ modelVersion: 1, round: 1, reports: 5 });
    const bytes = new Uint8Array(
      await (await get(PATHS.model(head.model.record.model))).arrayBuffer(),
    );
    expect([...decodeModel(bytes, 3)]).toEqual(
      [3 / 65_536, 0.125 - 3 / 65_536, 1.25].map(Math.fround),
    );
  });

  it('H2 a round that has ended is immutable, one that is open is not there', async () => {
    const ended = await get(PATHS.round(taskHash, 1));
    expect(ended.headers.get('cache-control')).toBe(IMMUTABLE);
    const records = decodeHead(await ended.json());
    const head = await headOf(running.app, taskHash);
    expect(records.model).toEqual(head.model);
    const roundHash = await recordHash(records.round?.record as never);
    expect(records.model?.record).toMatchObject({ type: 'model', roundHash });
    expect(await codeOf(await get(PATHS.round(taskHash, 2)))).toBe('not-found');
  });

  it('R8 H2 the ids of a published round are immutable, and their root is the batch', async () => {
    const response = await get(PATHS.ids(taskHash, 1));
    expect(response.headers.get('cache-control')).toBe(IMMUTABLE);
    withoutValidators(response);
    const bytes = Buffer.from(await response.arrayBuffer());
    const ids = Array.from({ length: 5 }, (_, i) => bytes.subarray(16 * i, 16 * i + 16));
    const sent = [1, 2, 3, 4, 5].map((id) => Buffer.from(idBytes(id)));
    expect(bytes).toEqual(Buffer.concat(sent.sort((a, b) => Buffer.compare(a, b))));
    const { model } = await headOf(running.app, taskHash);
    expect(model?.record.batch).toBe(treeHash(ids).toString('hex'));
    expect(await codeOf(await get(PATHS.ids(taskHash, 2)))).toBe('not-found');
    expect(await codeOf(await get(PATHS.share('0'.repeat(64))))).toBe('not-found');
  });

  it('H2 H3 caching: content by hash for ever, mutable things never, no validators', async () => {
    const { initialModel, catalogue } = decodeSignedTask(
      await (await get(PATHS.task(taskHash))).json(),
    ).record;
    for (const path of [
      PATHS.task(taskHash),
      PATHS.model(initialModel),
      PATHS.catalogue(catalogue),
    ]) {
      const response = await get(path);
      expect(response.headers.get('cache-control')).toBe(IMMUTABLE);
      withoutValidators(response);
    }
    for (const path of [PATHS.site, PATHS.head(taskHash), PATHS.status, PATHS.livez, '/nowhere']) {
      const response = await get(path);
      expect(response.headers.get('cache-control')).toBe('no-store');
      withoutValidators(response);
    }
  });
});

describe('interface', () => {
  it('H9 status, livez and readyz', async () => {
    const status = (await (await get(PATHS.status)).json()) as ServerStatus;
    expect(status.model.version).toBe(0);
    expect(status.rounds).toEqual({ open: 2, published: 1, abandoned: 0 });
    expect(status.reports.accepted).toBe(5);
    expect(status.tasks.map(({ name, modelVersion }) => [name, modelVersion])).toEqual([
      ['intent', 1],
      ['wide', 0],
    ]);
    expect(await (await get(PATHS.livez)).json()).toEqual({ status: 'ok' });
    const ready = await get(PATHS.readyz);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
  });

  it('H1 refuses queries, other methods and unknown paths by name', async () => {
    expect(await codeOf(await get(`${PATHS.status}?x=1`))).toBe('query-not-allowed');
    expect(await codeOf(await get(`${PATHS.site}?`))).toBe('query-not-allowed');
    const wrong = await running.app.request(PATHS.site, { method: 'DELETE' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await codeOf(wrong)).toBe('method-not-allowed');
    const read = await get(PATHS.reports);
    expect([read.status, read.headers.get('allow')]).toEqual([405, 'POST']);
    const { initialModel } = decodeSignedTask(
      await (await get(PATHS.task(taskHash))).json(),
    ).record;
    for (const path of [
      '/',
      '/v1',
      `${PATHS.site}/`,
      PATHS.task('0'.repeat(64)),
      PATHS.task('..%2f'),
      PATHS.model(initialModel.toUpperCase()),
      PATHS.task(initialModel),
      PATHS.round(taskHash, 0),
    ]) {
      const response = await get(path);
      expect(response.status, path).toBe(404);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await codeOf(response)).toBe('not-found');
    }
  });

  it('H1 HEAD answers like GET without a body', async () => {
    const response = await running.app.request(PATHS.site, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('H4 any origin may use /v1, with a preflight that is remembered', async () => {
    const preflight = await running.app.request(PATHS.reports, {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect(preflight.headers.get('access-control-allow-headers')).toBe('content-type');
    expect(Number(preflight.headers.get('access-control-max-age'))).toBeGreaterThan(0);
    for (const path of [PATHS.site, PATHS.head(taskHash), '/v1/nowhere']) {
      const response = await get(path);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
      expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('H8 an error without a name is a 500 without details, and is logged', async () => {
    const lines: string[] = [];
    const service = {
      status: () => {
        throw new Error('secret detail');
      },
    };
    const app = createApp({
      service: Object.assign(Object.create(running.service), service),
      logger: (_level, event, fields) => lines.push(`${event} ${JSON.stringify(fields)}`),
    });
    const response = await app.request(PATHS.status);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('secret detail');
    expect(silentLogger('info', 'nothing')).toBeUndefined();
  });
});
