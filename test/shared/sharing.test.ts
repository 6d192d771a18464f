import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { type KEM, KEM_DHKEM_X25519_HKDF_SHA256, type KEMFactory } from 'hpke';
import { describe, expect, it } from 'vitest';
import { fromBase64url, toBase64url } from '../../shared/bytes/base64url.ts';
import { sha256, sha256Hex } from '../../shared/bytes/hash.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { fallbackKem } from '../../shared/sharing/kem.ts';
import {
  generateSealingKeys,
  keyId,
  type SealedFor,
  sealSeed,
  seedOpener,
} from '../../shared/sharing/seal.ts';
import {
  addInto,
  centred,
  decodeUint32LE,
  encodeUint32LE,
  expandSeed,
  leaderShare,
} from '../../shared/sharing/share.ts';
import { fallbackSuite, nativeSuite, sealingSuite, suiteOf } from '../../shared/sharing/suite.ts';
import vectors from '../vectors/v1/sharing.json' with { type: 'json' };

const KEMS: Record<string, KEMFactory> = {
  native: KEM_DHKEM_X25519_HKDF_SHA256 as KEMFactory,
  fallback: fallbackKem as unknown as KEMFactory,
};
const SUITES = { native: nativeSuite(), fallback: fallbackSuite() } as const;
const ENGINES = ['native', 'fallback'] as const;
const EXTREMES = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 30, -(2 ** 30)];

const int32 = fc.oneof(fc.constantFrom(...EXTREMES), fc.integer());
const seed32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

const of: SealedFor = {
  taskHash: fromHex(vectors.share.taskHash),
  roundHash: fromHex(vectors.share.roundHash),
  reportId: fromHex(vectors.share.reportId),
};
const seed = fromHex(vectors.share.seed);

/** A KEM whose ephemeral pair is that of `ikm`. */
function fixed(make: KEMFactory, ikm: string): KEMFactory {
  return () => {
    const kem = make() as KEM;
    const GenerateKeyPair = (): ReturnType<KEM['GenerateKeyPair']> =>
      kem.DeriveKeyPair(fromHex(ikm), true);
    return { ...kem, GenerateKeyPair };
  };
}

describe('shares', () => {
  it.each(vectors.keystreams)('W9 expands a seed as AES-256-CTR from block 0: $id', async (one) => {
    const words = await expandSeed(fromHex(one.seed), 4);
    expect(toHex(encodeUint32LE(words))).toBe(one.block);
  });

  it('W9 agrees with OpenSSL over many blocks', async () => {
    await fc.assert(
      fc.asyncProperty(seed32, fc.integer({ min: 1, max: 3000 }), async (key, d) => {
        const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
        const expected = cipher.update(new Uint8Array(4 * d)).toString('hex');
        expect(toHex(encodeUint32LE(await expandSeed(key, d)))).toBe(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('W9 z is the leader share plus the expanded seed, mod 2^32, for every int32', async () => {
    const vector = fc.array(int32, { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(vector, seed32, async (values, key) => {
        const z = Int32Array.from(values);
        const sum = await leaderShare(z, key);
        addInto(sum, await expandSeed(key, z.length));
        expect(centred(sum)).toEqual(z);
      }),
    );
    const { leader } = vectors.share;
    const share = await leaderShare(Int32Array.from(vectors.share.z), seed);
    expect(toHex(encodeUint32LE(share))).toBe(leader);
    expect(decodeUint32LE(fromHex(`ff${leader}00`), 1, 5)).toEqual(share);
  });

  it('W9 sums of shares open to the sum of their vectors, in any order', async () => {
    const z = [Int32Array.of(5, -7), Int32Array.of(2 ** 31 - 1, -(2 ** 31)), Int32Array.of(-6, 8)];
    const [leader, helper] = [new Uint32Array(2), new Uint32Array(2)];
    for (const [i, one] of z.entries()) {
      const key = new Uint8Array(32).fill(i);
      addInto(leader, await leaderShare(one, key));
      addInto(helper, await expandSeed(key, 2));
    }
    addInto(leader, helper);
    expect(centred(leader)).toEqual(Int32Array.of(2 ** 31 - 2, -(2 ** 31) + 1));
  });

  it('PR43 a share reads as uniform whatever the vector is', async () => {
    const d = 65_536;
    const share = await leaderShare(new Int32Array(d).fill(1), seed);
    const counts = new Float64Array(256);
    for (const byte of encodeUint32LE(share)) counts[byte] = (counts[byte] as number) + 1;
    const expected = (4 * d) / 256;
    const chi2 = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // χ² with 255 degrees of freedom: two-sided 10⁻⁶ interval.
    expect(chi2).toBeGreaterThan(155);
    expect(chi2).toBeLessThan(383);
  });

  it('refuses what is no seed, no vector and no sum by name', async () => {
    await expect(expandSeed(new Uint8Array(31), 1)).rejects.toThrow(/seed must hold 32 bytes/);
    await expect(expandSeed(seed, 0)).rejects.toThrow(/d must lie/);
    await expect(leaderShare([1] as unknown as Int32Array, seed)).rejects.toThrow(TypeError);
    expect(() => addInto(new Uint32Array(2), new Uint32Array(3))).toThrow(/share must have 2/);
    expect(() => decodeUint32LE(new Uint8Array(7), 0, 2)).toThrow(/2 uint32 values at offset 0/);
    expect(() => centred(new Int32Array(1) as unknown as Uint32Array)).toThrow(TypeError);
  });
});

describe.each(ENGINES)('HPKE on %s X25519', (name) => {
  const v = vectors.hpke;

  it('W10 seals and opens the vector of RFC 9180 A.1.1', async () => {
    const suite = suiteOf(fixed(KEMS[name] as KEMFactory, v.ikmE));
    const derived = await suite.DeriveKeyPair(fromHex(v.ikmR), true);
    expect(toHex(await suite.SerializePublicKey(derived.publicKey))).toBe(v.pkRm);
    expect(toHex(await suite.SerializePrivateKey(derived.privateKey))).toBe(v.skRm);
    const options = { info: fromHex(v.info), aad: fromHex(v.aad) };
    const sealed = await suite.Seal(derived.publicKey, fromHex(v.pt), options);
    expect(toHex(sealed.encapsulatedSecret)).toBe(v.pkEm);
    expect(toHex(sealed.ciphertext)).toBe(v.ct);
    const secret = await suite.DeserializePrivateKey(fromHex(v.skRm), true);
    const opened = await suite.Open(secret, fromHex(v.pkEm), fromHex(v.ct), options);
    expect(toHex(opened)).toBe(v.pt);
  });

  it('W10 lays a seal out as SPEC.md writes it', async () => {
    const engine = suiteOf(fixed(KEMS[name] as KEMFactory, v.ikmE));
    const hash = await sha256(fromHex(vectors.share.leader));
    const sealed = await sealSeed(fromHex(v.pkRm), of, seed, hash, engine);
    expect(toHex(sealed)).toBe(vectors.share.sealed);
    // By hand, as another implementation reads the rule.
    const id = (await sha256Hex(fromHex(v.pkRm))).slice(0, 16);
    const part = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.of(0, bytes.length), bytes]);
    const info = Buffer.concat([
      Buffer.from('vitrine/seal/v1'),
      part(of.taskHash),
      part(of.roundHash),
      part(Buffer.from(id)),
      part(of.reportId),
    ]);
    const suite = SUITES[name];
    const secret = await suite.DeserializePrivateKey(fromHex(v.skRm), true);
    const [enc, ct] = [sealed.slice(0, 32), sealed.slice(32)];
    const opened = await suite.Open(secret, enc, ct, { info, aad: hash });
    expect(toHex(opened)).toBe(vectors.share.seed);
  });
});

describe('seals', () => {
  const hash = new Uint8Array(32).fill(4);

  it.each(ENGINES.flatMap((maker) => ENGINES.map((opener) => [maker, opener] as const)))(
    'W10 what %s X25519 seals, %s X25519 opens',
    async (maker, opener) => {
      const keys = await generateSealingKeys(SUITES[opener]);
      const sealed = await sealSeed(fromBase64url(keys.publicKey), of, seed, hash, SUITES[maker]);
      expect(sealed).toHaveLength(80);
      const open = await seedOpener(keys, SUITES[opener]);
      expect(open.publicKey).toBe(keys.publicKey);
      expect(await open.open(of, sealed, hash)).toEqual(seed);
    },
  );

  it.each(ENGINES)('W10 a seed opens for nothing but what it was sealed for: %s', async (name) => {
    const engine = SUITES[name];
    const keys = await generateSealingKeys(engine);
    const opener = await seedOpener(keys, engine);
    const sealed = await sealSeed(fromBase64url(keys.publicKey), of, seed, hash, engine);
    const flip = (bytes: Uint8Array, at = 0): Uint8Array =>
      bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
    expect(await opener.open({ ...of, taskHash: flip(of.taskHash) }, sealed, hash)).toBeNull();
    expect(await opener.open({ ...of, roundHash: flip(of.roundHash) }, sealed, hash)).toBeNull();
    expect(await opener.open({ ...of, reportId: flip(of.reportId) }, sealed, hash)).toBeNull();
    const swapped = { ...of, taskHash: of.roundHash, roundHash: of.taskHash };
    expect(await opener.open(swapped, sealed, hash)).toBeNull();
    expect(await opener.open(of, sealed, flip(hash, 31))).toBeNull();
    for (const at of [0, 31, 32, 63, 64, 79]) {
      expect(await opener.open(of, flip(sealed, at), hash)).toBeNull();
    }
    expect(await opener.open(of, new Uint8Array(80), hash)).toBeNull();
    expect(await opener.open(of, sealed.slice(1), hash)).toBeNull();
    const other = await seedOpener(await generateSealingKeys(engine), engine);
    expect(await other.open(of, sealed, hash)).toBeNull();
  });

  it('W10 seals anew each time', async () => {
    const { publicKey } = await generateSealingKeys();
    const make = (): Promise<Uint8Array> => sealSeed(fromBase64url(publicKey), of, seed, hash);
    expect(await make()).not.toEqual(await make());
  });

  it('W10 a seal under a point of small order does not open, and takes no helper down', async () => {
    const p = 2n ** 255n - 19n;
    // All u of order 1, 2, 4 and 8 on the curve and its twist, and their other spellings.
    const low = [
      0n,
      1n,
      p - 1n,
      p,
      p + 1n,
      325606250916557431795983626356110631294008115727848805560023387167927233504n,
      39382357235489614581723060781553021112529911719440698176882885853963445705823n,
    ];
    const bytesOf = (u: bigint): Uint8Array =>
      Uint8Array.from({ length: 32 }, (_, i) => Number((u >> BigInt(8 * i)) & 255n));
    for (const name of ENGINES) {
      const opener = await seedOpener(await generateSealingKeys(SUITES[name]), SUITES[name]);
      for (const u of [...low, ...low.map((one) => one + 2n ** 255n)]) {
        const sealed = new Uint8Array(80);
        sealed.set(bytesOf(u));
        expect(await opener.open(of, sealed, hash), `${name} ${u}`).toBeNull();
        await expect(sealSeed(bytesOf(u), of, seed, hash, SUITES[name])).rejects.toThrow(Error);
      }
    }
  });

  it('refuses keys that are none, of small order, or not a pair', async () => {
    const [one, two] = [await generateSealingKeys(), await generateSealingKeys()];
    const mixed = { publicKey: one.publicKey, privateKey: two.privateKey };
    await expect(seedOpener(mixed)).rejects.toThrow(/publicKey must be that of privateKey/);
    await expect(keyId(toBase64url(new Uint8Array(31)))).rejects.toThrow(/32 bytes/);
    const short = sealSeed(new Uint8Array(31), of, seed, hash);
    await expect(short).rejects.toThrow(/sealingKey must hold 32/);
    for (const name of ENGINES) {
      const zero = sealSeed(new Uint8Array(32), of, seed, hash, SUITES[name]);
      await expect(zero).rejects.toThrow(Error);
    }
  });

  it('takes the native X25519 where there is one', async () => {
    const { publicKey } = await (await sealingSuite()).GenerateKeyPair();
    expect(publicKey).toBeInstanceOf(CryptoKey);
    expect((await fallbackSuite().GenerateKeyPair()).publicKey).not.toBeInstanceOf(CryptoKey);
  });
});
