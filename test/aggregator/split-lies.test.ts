/** The aggregator against a helper that lies. */
import { describe, expect, it } from 'vitest';
import { batchRoot } from '../../aggregator/accumulate/close.ts';
import { generateKey, signerOf } from '../../aggregator/keys.ts';
import { canonicalBytes } from '../../shared/bytes/canonical.ts';
import { fromUtf8 } from '../../shared/bytes/utf8.ts';
import {
  decodeOpened,
  encodeOpened,
  HELPER_PATHS,
  type OpenedAnswer,
  type PrepareAnswer,
} from '../../shared/protocol/opening.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { PEER_SIGNATURE_HEADER, signReply } from '../../shared/protocol/peer.ts';
import { type Signer, signRecord } from '../../shared/protocol/signature.ts';
import type { OpeningRecord } from '../../shared/protocol/task.ts';
import { idBytes } from './fixture.ts';
import { closedWorld, D, down, honest, SplitWorld, WINDOW_MS, type Wire } from './split-world.ts';

const { open, prepare } = HELPER_PATHS;

/** A helper that says something else than it should, in answers to one path, and signs it. */
function lies(
  at: string,
  signer: Signer,
  change: (bytes: Uint8Array) => Promise<Uint8Array>,
): Wire {
  return async (path, init, pass) => {
    const response = await pass();
    if (path !== at || response.status !== 200) return response;
    const bytes = await change(new Uint8Array(await response.arrayBuffer()));
    const request = { method: 'POST', path, body: init.body as Uint8Array };
    const headers = await signReply(signer, request, 200, bytes);
    return new Response(bytes as Uint8Array<ArrayBuffer>, { status: 200, headers });
  };
}

type Change<T> = (answer: T) => T | Promise<T>;

const inPrepared =
  (change: Change<PrepareAnswer>) =>
  async (bytes: Uint8Array): Promise<Uint8Array> =>
    canonicalBytes(await change(JSON.parse(fromUtf8(bytes)) as PrepareAnswer));

const inOpened =
  (change: Change<OpenedAnswer>) =>
  async (bytes: Uint8Array): Promise<Uint8Array> =>
    encodeOpened(await change(await decodeOpened(bytes, D)));

/** Changes the helper's record, which it signs again. */
const inRecord = (signer: Signer, more: Partial<OpeningRecord>) =>
  inOpened(({ opening, share }) => ({
    opening: signRecord({ ...opening.record, ...more }, signer),
    share,
  }));

const version = (world: SplitWorld): number => world.up.service.status().model.version;
const helperOf = (world: SplitWorld) => world.up.service.status().tasks[0]?.helper;

describe('a helper that lies', () => {
  const stranger = signerOf(generateKey());
  const cases: readonly (readonly [string, string, (signer: Signer) => Wire])[] = [
    [
      'an answer without a signature',
      'bad-peer',
      () => async (_path, _init, pass) => {
        const response = await pass();
        response.headers.delete(PEER_SIGNATURE_HEADER);
        return response;
      },
    ],
    ['an answer of another key', 'bad-peer', () => lies(open, stranger, async (bytes) => bytes)],
    [
      'a record of another key',
      'bad-signature',
      (signer) => lies(open, signer, inRecord(stranger, {})),
    ],
    [
      'a count that is not that of the rest',
      'wrong-batch',
      (signer) =>
        lies(
          prepare,
          signer,
          inPrepared((one) => ({ ...one, reports: 4 })),
        ),
    ],
    [
      'a digest that is not that of the rest',
      'wrong-batch',
      (signer) =>
        lies(
          prepare,
          signer,
          inPrepared((one) => ({ ...one, batch: 'a'.repeat(64) })),
        ),
    ],
    [
      'an id that nobody asked about',
      'wrong-batch',
      (signer) =>
        lies(
          prepare,
          signer,
          inPrepared((one) => ({
            ...one,
            rejected: [{ id: 'a'.repeat(32), reason: 'spent' }],
          })),
        ),
    ],
    [
      'a record of another batch',
      'wrong-batch',
      (signer) => lies(open, signer, inRecord(signer, { batch: 'a'.repeat(64) })),
    ],
    [
      'a record in the role of the leader',
      'wrong-batch',
      (signer) => lies(open, signer, inRecord(signer, { role: 'leader' })),
    ],
    [
      'a smaller σ than the task’s',
      'wrong-noise',
      (signer) => lies(open, signer, inRecord(signer, { sigma: 1 })),
    ],
    [
      'another variance',
      'wrong-noise',
      (signer) => lies(open, signer, inRecord(signer, { variance: '1' })),
    ],
    [
      'a share that is not the one of its record',
      'bad-message',
      (signer) =>
        lies(
          open,
          signer,
          inOpened(({ opening, share }) => ({ opening, share: share.map((byte) => byte ^ 1) })),
        ),
    ],
    [
      'a share of a wrong length',
      'bad-message',
      (signer) =>
        lies(
          open,
          signer,
          inOpened(({ opening, share }) => ({ opening, share: share.slice(4) })),
        ),
    ],
    [
      'an answer of more bytes than it may have',
      'bad-message',
      (signer) => lies(open, signer, async () => new Uint8Array(100_000)),
    ],
  ];

  for (const [what, code, wire] of cases) {
    it(`RD15 ${what} is ${code}, and is never averaged`, async () => {
      const world = await SplitWorld.started();
      world.wire = wire(world.keys.signer);
      await world.send([1, 2, 3, 4, 5]);
      await world.settle();
      expect(version(world)).toBe(0);
      expect(helperOf(world)).toMatchObject({ state: 'distrusted', code });
      expect(world.up.service.notReady).toBe(`helper ${code}`);
      const ready = await world.up.app.request(PATHS.readyz);
      expect([ready.status, await ready.json()]).toEqual([
        503,
        { status: 'not-ready', reason: `helper ${code}` },
      ]);
      expect(world.up.service.status().helperFailures).toEqual({ [code]: 1 });
      expect(world.eventsOf('helper-distrusted')[0]?.fields).toMatchObject({ code });
      // An honest answer is good again, from the same journalled noise.
      world.wire = honest;
      await world.pass(1000);
      expect([version(world), world.up.service.notReady]).toEqual([1, null]);
    });
  }

  it('RD15 a sequence that goes back is wrong-sequence, after a restart too', async () => {
    const world = await closedWorld(honest);
    expect(version(world)).toBe(1);
    await world.up.service.stop();
    await world.start();
    world.wire = lies(open, world.keys.signer, inRecord(world.keys.signer, { sequence: 1 }));
    await world.send([6, 7, 8, 9, 10]);
    await world.settle();
    expect([version(world), world.up.service.notReady]).toEqual([1, 'helper wrong-sequence']);
  });

  it('RD15 one that prepares the same batch in two ways is wrong-batch', async () => {
    const world = await closedWorld(async (path, init, pass) =>
      path === open ? down(path, init, pass) : pass(),
    );
    await world.helper?.stop();
    await world.startHelper();
    const ids = [1, 2, 3, 4, 5].map((id) => Buffer.from(idBytes(id)).toString('latin1')).sort();
    const [gone = '', ...rest] = ids;
    const answer: PrepareAnswer = {
      rejected: [{ id: Buffer.from(gone, 'latin1').toString('hex'), reason: 'spent' }],
      batch: Buffer.from(batchRoot(rest)).toString('hex'),
      reports: 4,
    };
    const { signer } = world.keys;
    world.wire = lies(
      prepare,
      signer,
      inPrepared(() => answer),
    );
    await world.pass(1000);
    expect([version(world), world.up.service.notReady]).toEqual([0, 'helper wrong-batch']);
  });

  it('RD15 a lie for a whole window ends in an abandoned round', async () => {
    const world = await SplitWorld.started();
    world.wire = lies(open, world.keys.signer, inRecord(world.keys.signer, { sigma: 1 }));
    await world.send([1, 2, 3, 4, 5]);
    await world.settle();
    await world.pass(WINDOW_MS);
    expect(world.up.service.status().rounds).toMatchObject({ published: 0, abandoned: 1 });
    expect(world.up.service.notReady).toBeNull();
  });
});
