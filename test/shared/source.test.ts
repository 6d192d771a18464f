import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { ChaChaSource, CryptoSource } from '../../shared/random/source.ts';
import vectors from '../vectors/v1/chacha20.json' with { type: 'json' };

describe('ChaChaSource', () => {
  it.each(vectors.blocks)('PR5 gives $id', ({ key, nonce, counter, keystream }) => {
    const bytes = new Uint8Array(64);
    new ChaChaSource(fromHex(key), fromHex(nonce), counter).fill(bytes);
    expect(toHex(bytes)).toBe(keystream);
  });

  it('PR5 agrees with OpenSSL over many refills', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        (seed, nonce) => {
          const iv = Buffer.concat([Buffer.alloc(4), nonce]);
          const cipher = createCipheriv('chacha20', seed, iv);
          const expected = cipher.update(new Uint8Array(5000));
          const bytes = new Uint8Array(5000);
          new ChaChaSource(seed, nonce).fill(bytes);
          expect(toHex(bytes)).toBe(expected.toString('hex'));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('PR5 reads words little endian and drops what is left of a word', () => {
    const zeros = new Uint8Array(32);
    const words = new ChaChaSource(zeros);
    expect(words.nextUint32()).toBe(0xade0b876);
    const second = words.nextUint32();
    const mixed = new ChaChaSource(zeros);
    mixed.fill(new Uint8Array(3));
    expect(mixed.nextUint32()).toBe(second);
  });

  it('refuses wrong lengths and a used-up counter', () => {
    expect(() => new ChaChaSource(new Uint8Array(31))).toThrow('seed');
    expect(() => new ChaChaSource(new Uint8Array(32), new Uint8Array(8))).toThrow('nonce');
    const last = new ChaChaSource(new Uint8Array(32), new Uint8Array(12), 2 ** 32 - 16);
    last.fill(new Uint8Array(1024));
    expect(() => last.nextUint32()).toThrow('used up');
  });
});

describe('CryptoSource', () => {
  it('fills more than getRandomValues gives at once, and never twice the same', () => {
    const source = new CryptoSource();
    const bytes = new Uint8Array(200_001);
    source.fill(bytes);
    const ones = bytes.reduce((sum, byte) => sum + (byte & 1), 0);
    // Seven standard deviations: a false alarm in 4e11 runs.
    expect(Math.abs(ones - 100_000)).toBeLessThan(7 * Math.sqrt(50_000));
    const blocks = new Set<string>();
    for (let i = 0; i + 16 <= bytes.length; i += 16) blocks.add(toHex(bytes.subarray(i, i + 16)));
    expect(blocks.size).toBe(12_500);
  });
});
