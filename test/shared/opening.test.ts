import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateKey, signerOf } from '../../aggregator/keys.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import {
  compareIds,
  decodeOpened,
  decodeOpenRequest,
  decodePrepare,
  decodePrepareAnswer,
  encodeOpened,
  encodePrepare,
  type PrepareMessage,
  prepareLength,
} from '../../shared/protocol/opening.ts';
import {
  PEER_SIGNATURE_HEADER,
  signReply,
  signRequest,
  verifyReply,
  verifyRequest,
} from '../../shared/protocol/peer.ts';
import { ShapeError } from '../../shared/protocol/shape.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { OpeningRecord } from '../../shared/protocol/task.ts';

const KEY = signerOf(generateKey());
const OTHER = signerOf(generateKey());

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const message: fc.Arbitrary<PrepareMessage> = fc.record({
  taskHash: bytes(32),
  roundHash: bytes(32),
  reports: fc
    .array(fc.record({ id: bytes(16), leaderShareHash: bytes(32), sealed: bytes(80) }), {
      minLength: 1,
      maxLength: 8,
    })
    .map((reports) => reports.sort((a, b) => compareIds(a.id, b.id))),
});

const record: OpeningRecord = {
  version: 1,
  type: 'opening',
  role: 'helper',
  task: 'a'.repeat(64),
  roundHash: 'b'.repeat(64),
  batch: 'c'.repeat(64),
  reports: 3,
  rejected: 0,
  sigma: 2,
  variance: '123456789012345678901234567890',
  share: 'd'.repeat(64),
  sequence: 1,
};

describe('messages between the servers', () => {
  it('S1 prepare: decode ∘ encode is the identity, and every other length is refused', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: -3, max: 3 }), (one, change) => {
        const encoded = encodePrepare(one);
        expect(encoded.length).toBe(prepareLength(one.reports.length));
        expect(decodePrepare(encoded)).toEqual(one);
        if (change === 0) return;
        const other = new Uint8Array(encoded.length + change);
        other.set(encoded.subarray(0, other.length));
        expect(() => decodePrepare(other)).toThrow('bad-message');
      }),
      { numRuns: 50 },
    );
  });

  it('S1 prepare: ids descend nowhere, other magic and no reports are refused', () => {
    const row = (byte: number) => ({
      id: new Uint8Array(16).fill(byte),
      leaderShareHash: new Uint8Array(32),
      sealed: new Uint8Array(80),
    });
    const of = (...rows: readonly number[]): PrepareMessage => ({
      taskHash: new Uint8Array(32),
      roundHash: new Uint8Array(32),
      reports: rows.map(row),
    });
    expect(() => encodePrepare(of(2, 1))).toThrow(RangeError);
    expect(() => encodePrepare(of())).toThrow(RangeError);
    const good = encodePrepare(of(1, 1, 2));
    expect(decodePrepare(good).reports.length).toBe(3);
    const swapped = good.slice();
    swapped.fill(3, 72, 88);
    expect(() => decodePrepare(swapped)).toThrow('ids descend');
    const renamed = good.slice();
    renamed[0] = 0;
    expect(() => decodePrepare(renamed)).toThrow('bad-message');
    const none = good.slice(0, 72);
    none.fill(0, 68);
    expect(() => decodePrepare(none)).toThrow('bad-message');
  });

  it('S1 answers and requests are decoded strictly', async () => {
    const answer = {
      rejected: [{ id: '0'.repeat(32), reason: 'spent' }],
      batch: record.batch,
      reports: 3,
    };
    expect(decodePrepareAnswer(answer)).toEqual(answer);
    const wrong = [
      { ...answer, more: 1 },
      { ...answer, reports: -1 },
      { ...answer, rejected: [{ id: '0'.repeat(31), reason: 'spent' }] },
      { ...answer, rejected: [{ id: '0'.repeat(32), reason: 'other' }] },
    ];
    for (const one of wrong) expect(() => decodePrepareAnswer(one)).toThrow(ShapeError);
    const leader = signRecord(record, KEY);
    const request = { prepared: record.batch, leader };
    expect(decodeOpenRequest(request)).toEqual(request);
    expect(() => decodeOpenRequest({ ...request, prepared: 'x' })).toThrow(ShapeError);
    expect(() => decodeOpenRequest({ ...request, leader: { record: {}, signature: '' } })).toThrow(
      ShapeError,
    );
  });

  it('S1 opened: the share is the one that the record names, and nothing is left over', async () => {
    const share = Uint8Array.from({ length: 12 }, (_, i) => i);
    const opening = signRecord({ ...record, share: await sha256Hex(share) }, KEY);
    const encoded = encodeOpened({ opening, share });
    expect(await decodeOpened(encoded, 3)).toEqual({ opening, share });
    await expect(decodeOpened(encoded, 2)).rejects.toThrow('bad-message');
    const changed = encoded.slice();
    changed[encoded.length - 1] = 99;
    await expect(decodeOpened(changed, 3)).rejects.toThrow('not the one');
    const long = new Uint8Array([...encoded, 0]);
    await expect(decodeOpened(long, 3)).rejects.toThrow('bad-message');
    await expect(decodeOpened(new Uint8Array(7), 3)).rejects.toThrow('bad-message');
  });
});

describe('signatures between the servers', () => {
  const body = Uint8Array.of(1, 2, 3);
  const request = { method: 'POST', path: '/v1/helper/open', body };

  it('S1 a request holds for its method, path and body, and for one key', async () => {
    const headers = await signRequest(KEY, request.method, request.path, body);
    const signature = headers[PEER_SIGNATURE_HEADER];
    await verifyRequest(KEY.publicKey, request, signature);
    const others = [
      { ...request, method: 'PUT' },
      { ...request, path: '/v1/helper/prepare' },
      { ...request, body: Uint8Array.of(1, 2) },
    ];
    for (const one of others) {
      await expect(verifyRequest(KEY.publicKey, one, signature)).rejects.toThrow('bad-peer');
    }
    await expect(verifyRequest(OTHER.publicKey, request, signature)).rejects.toThrow('bad-peer');
    for (const wrong of [null, '', `${signature}A`, 'A'.repeat(86)]) {
      await expect(verifyRequest(KEY.publicKey, request, wrong)).rejects.toThrow('bad-peer');
    }
  });

  it('S1 an answer holds for its request, status and body, and is no request', async () => {
    const headers = await signReply(KEY, request, 200, body);
    const signature = headers[PEER_SIGNATURE_HEADER];
    await verifyReply(KEY.publicKey, request, 200, body, signature);
    const bad = 'bad-peer';
    const verify = (status: number, answer: Uint8Array, of = request) =>
      verifyReply(KEY.publicKey, of, status, answer, signature);
    await expect(verify(201, body)).rejects.toThrow(bad);
    await expect(verify(200, new Uint8Array())).rejects.toThrow(bad);
    await expect(verify(200, body, { ...request, body: new Uint8Array() })).rejects.toThrow(bad);
    await expect(verifyRequest(KEY.publicKey, request, signature)).rejects.toThrow(bad);
    const asked = await signRequest(KEY, request.method, request.path, body);
    const echoed = asked[PEER_SIGNATURE_HEADER];
    await expect(verifyReply(KEY.publicKey, request, 200, body, echoed)).rejects.toThrow(bad);
  });
});
