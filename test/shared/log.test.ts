import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateKey, signerOf } from '../../aggregator/keys.ts';
import { LogTree, sha256Sync } from '../../aggregator/log/tree.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import {
  checkpointText,
  cosignatureLine,
  isCosignedBy,
  isSignedBy,
  logOrigin,
  parseCheckpoint,
  parseNote,
  signNote,
  witnessName,
} from '../../shared/protocol/checkpoint.ts';
import { foldNodes, leafHash, merkleRoot } from '../../shared/protocol/merkle.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import type { Signer } from '../../shared/protocol/signature.ts';
import {
  decodeBundle,
  encodeBundle,
  parseTilePath,
  tilePath,
} from '../../shared/protocol/tiles.ts';
import { merkleTreeHash, OracleLog } from '../oracles/log.ts';

const SITE = 'shop.example';
const key = (): Signer => signerOf(generateKey());
const leaf = (i: number): Uint8Array => utf8(`entry ${i}`);

/** Leaves and roots of sizes 1 to 8 of the Certificate Transparency reference code. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(fromHex);
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('Merkle tree', () => {
  it('L2 gives the known roots, and that of no leaf', async () => {
    for (const [i, root] of ROOTS.entries()) {
      const leaves = LEAVES.slice(0, i + 1);
      expect(toHex(merkleRoot(leaves, sha256Sync))).toBe(root);
      const hashes = await Promise.all(leaves.map(leafHash));
      expect(toHex((await foldNodes(hashes, null)) as Uint8Array)).toBe(root);
      expect(toHex(merkleTreeHash(leaves))).toBe(root);
    }
    expect(toHex(merkleRoot([], sha256Sync))).toMatch(/^e3b0c442/);
  });

  it('L2 agrees with the formula for any leaves', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 70 }), (leaves) => {
        const tree = new LogTree();
        for (const one of leaves) {
          const expected = toHex(tree.rootWith(one));
          tree.append(one);
          expect(toHex(tree.root)).toBe(expected);
        }
        expect(tree.root).toEqual(Buffer.from(merkleTreeHash(leaves)));
        expect(toHex(merkleRoot(leaves, sha256Sync))).toBe(toHex(merkleTreeHash(leaves)));
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it('L3 cuts the tiles that the formula of tlog-tiles gives', async () => {
    const log = new OracleLog(SITE, key());
    const tree = new LogTree();
    for (let i = 0; i < 600; i++) {
      log.add(leaf(i));
      tree.append(leaf(i));
    }
    const names = [
      { level: 0, index: 0, width: 256 },
      { level: 0, index: 0, width: 17 },
      { level: 0, index: 2, width: 88 },
      { level: 1, index: 0, width: 2 },
    ];
    for (const name of names) {
      const expected = await log.file(PATHS.tiles + tilePath(name));
      expect(toHex(tree.tile(name.level, name) as Uint8Array)).toBe(toHex(expected as Uint8Array));
    }
    expect(tree.tile(0, { index: 2, width: 89 })).toBeNull();
    expect(tree.tile(1, { index: 0, width: 3 })).toBeNull();
    expect(tree.tile(2, { index: 0, width: 1 })).toBeNull();
  });
});

describe('paths and bundles', () => {
  it('L3 names tiles as tlog-tiles does, in one spelling', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('/0/x001/x234/067');
    expect(tilePath({ level: 'entries', index: 5, width: 7 })).toBe('/entries/005.p/7');
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1, 5, 'entries' as const),
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.integer({ min: 1, max: 256 }),
        (level, index, width) => {
          const name = { level, index, width };
          expect(parseTilePath(tilePath(name))).toEqual(name);
        },
      ),
      { seed: 2 },
    );
    const others = ['/0/1', '/0/0001', '/00/001', '/0/x000/001', '/0/001.p/0', '/0/001.p/256'];
    for (const one of [...others, '/0/001.p/01', '/0/001/002', '/data/001', '0/001', '/0/001/']) {
      expect(parseTilePath(one), one).toBeNull();
    }
  });

  it('L3 frames entries with big-endian lengths and refuses what is left over', () => {
    const bundle = encodeBundle([new Uint8Array(), utf8('a'), new Uint8Array(300)]);
    expect(toHex(bundle.subarray(0, 7))).toBe('0000000161012c');
    expect(decodeBundle(bundle, 3).map((one) => one.length)).toEqual([0, 1, 300]);
    for (const [bytes, count] of [
      [bundle, 2],
      [bundle, 4],
      [bundle.subarray(0, -1), 3],
    ] as const) {
      expect(() => decodeBundle(bytes, count)).toThrow(/bad-tile/);
    }
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });
});

describe('signed notes', () => {
  // Key and note of the documentation of golang.org/x/mod/sumdb/note.
  const TEXT =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const NOTE = `${TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

  function goSigner(): Signer {
    const seed = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return {
      publicKey: String(createPublicKey(privateKey).export({ format: 'jwk' }).x),
      sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
    };
  }

  it('L4 signs and verifies the known note byte for byte', async () => {
    const signer = goSigner();
    expect(await signNote(TEXT, 'PeterNeumann', signer)).toBe(NOTE);
    expect(await isSignedBy(parseNote(NOTE), 'PeterNeumann', signer.publicKey)).toBe(true);
    expect(await isSignedBy(parseNote(NOTE), 'PeterN', signer.publicKey)).toBe(false);
    expect(await isSignedBy(parseNote(NOTE), 'PeterNeumann', key().publicKey)).toBe(false);
    const other = parseNote(NOTE.replace('answer', 'anſwer'));
    expect(await isSignedBy(other, 'PeterNeumann', signer.publicKey)).toBe(false);
  });

  it('L5 reads the cosignature of the specification: key id, time, signature', () => {
    const { text, signatures } = parseNote(`example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`);
    const checkpoint = parseCheckpoint(text);
    expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 });
    expect(checkpointText(checkpoint)).toBe(text);
    expect(signatures.map(({ name, keyId }) => [name, keyId])).toEqual([
      ['example.com/behind-the-sofa', '033de0ae'],
      ['witness.example.com/w1', '8d66cf3f'],
    ]);
    const time = Buffer.from(signatures[1]?.bytes ?? []).readBigUInt64BE(0);
    expect([signatures[1]?.bytes.length, time]).toEqual([72, 1_679_315_147n]);
  });

  it('L5 cosigns the header, the time and the text, under another key id than a note signature', async () => {
    const [signer, log] = [key(), key()];
    const name = witnessName(SITE);
    const seen: string[] = [];
    const spy = {
      ...signer,
      sign: (bytes: Uint8Array) => {
        seen.push(new TextDecoder().decode(bytes));
        return signer.sign(bytes);
      },
    };
    const text = checkpointText({ origin: logOrigin(SITE), size: 3, root: merkleTreeHash([]) });
    const bare = await signNote(text, logOrigin(SITE), log);
    const line = await cosignatureLine(parseNote(bare), name, spy, 1_700_000_000);
    expect(seen).toEqual([`cosignature/v1\ntime 1700000000\n${text}`]);
    const note = parseNote(bare + line);
    expect(await isSignedBy(note, logOrigin(SITE), log.publicKey)).toBe(true);
    expect(await isCosignedBy(note, name, signer.publicKey)).toBe(true);
    expect(await isSignedBy(note, name, signer.publicKey)).toBe(false);
    expect(await isCosignedBy(note, name, key().publicKey)).toBe(false);
    expect(await isCosignedBy(note, logOrigin(SITE), signer.publicKey)).toBe(false);
    const early = parseNote(bare + line.replace(/ (\S{6})\S\S/, ' $1AB'));
    expect(await isCosignedBy(early, name, signer.publicKey)).toBe(false);
  });

  it('L4 names a log without spaces and refuses what is no note', () => {
    expect(logOrigin('test shop+1')).toBe('vitrine/test%20shop%2B1');
    const bad = [
      '',
      'a\n',
      'a\n\n',
      'a\n\n— b\n',
      'a\n\n— b AAAA=\n',
      'a\n\n— b AAAA\n',
      `${NOTE} `,
    ];
    for (const one of [...bad, NOTE.replace('\n\n', '\n\t\n\n'), NOTE.replace(/=\n$/, '\n')]) {
      expect(() => parseNote(one), JSON.stringify(one)).toThrow(/bad-checkpoint/);
    }
    const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
    for (const one of [`a\n01\n${root}\n`, `a\n1\n${root}\nmore\n`, `\n1\n${root}\n`, 'a\n1\n\n']) {
      expect(() => parseCheckpoint(one)).toThrow(/bad-checkpoint/);
    }
  });
});
