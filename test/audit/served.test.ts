/** Servers that show one client something else, or other bytes than were signed: PR52. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signerOf } from '../../aggregator/keys.ts';
import { canonicalBytes } from '../../shared/bytes/canonical.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { SERVER_KEY } from '../aggregator/fixture.ts';
import { proxy, type Shown } from './proxy.ts';
import { audited, localWorld, splitWorld, twoLogs, type World } from './world.ts';

/** A version that is signed like any other and stands in no log. */
const otherModel: Shown = async (path, body) => {
  if (!path.endsWith('/head')) return null;
  const head = JSON.parse(new TextDecoder().decode(body)) as TaskHead;
  if (head.model === null) throw new Error('no version');
  const own = { ...head.model.record, model: 'a'.repeat(64) };
  return canonicalBytes({ ...head, model: signRecord(own, signerOf(SERVER_KEY)) });
};

describe('an aggregator that shows one client something else', () => {
  it('PR52 a model sent to one client only', async () => {
    const world = await localWorld();
    const { url, server } = await proxy(world.url, otherModel);
    try {
      expect((await audited(world, '--known-input')).failed).toEqual([]);
      const { code, failed, text } = await audited({ ...world, url });
      expect([code, failed]).toEqual([1, ['served-heads']]);
      expect(text).toContain('audit-local as client 3: version 1 is not in the log');
    } finally {
      server.close();
      await world.close();
    }
  });
  it('PR52 a log sent to one client only', async () => {
    const [world, other] = await twoLogs();
    const { url, server } = await proxy(world.url, async (path) => {
      if (!path.startsWith('/v1/log/')) return null;
      return new Uint8Array(await (await fetch(other.url + path)).arrayBuffer());
    });
    try {
      const { code, failed } = await audited({ ...world, url });
      expect([code, failed]).toEqual([1, ['served-log']]);
    } finally {
      server.close();
      await Promise.all([world.close(), other.close()]);
    }
  });
});

describe('servers that serve other bytes than those that were signed', () => {
  let world: World;

  beforeAll(async () => {
    world = await splitWorld();
    expect((await audited(world, '--known-input')).failed).toEqual([]);
  });

  afterAll(() => world?.close());

  const flipped = async (_path: string, body: Uint8Array): Promise<Uint8Array> => {
    const copy = body.slice();
    copy[copy.length - 1] = (copy[copy.length - 1] as number) ^ 1;
    return copy;
  };
  const uncosigned = async (_path: string, body: Uint8Array): Promise<Uint8Array> =>
    new TextEncoder().encode(
      `${new TextDecoder().decode(body).split('\n').slice(0, 5).join('\n')}\n`,
    );

  const served: readonly (readonly [string, RegExp, string, Shown])[] = [
    ['report ids', /\/ids$/, 'batch-ids', flipped],
    ['shares', /^\/v1\/shares\//, 'shares', flipped],
    ['models', /^\/v1\/models\//, 'model-bytes', flipped],
    ['entries', /\/tile\/entries\//, 'log-tree', flipped],
    ['hashes', /\/tile\/0\//, 'log-tree', flipped],
    ['no cosignature', /\/checkpoint$/, 'cosignature', uncosigned],
  ];

  it.each(served)('PR52 %s', async (_what, path, name, shown) => {
    const everyone: Shown = async (at, body) => (path.test(at) ? shown(at, body) : null);
    const { url, server } = await proxy(world.url, everyone, '');
    try {
      const { code, failed } = await audited({ ...world, url }, '--timeout', '1');
      expect([code, failed]).toEqual([1, [name]]);
    } finally {
      server.close();
    }
  });
});
