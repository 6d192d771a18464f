import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64url, toBase64url } from '../../shared/bytes/base64url.ts';
import { canonicalBytes, canonicalJson } from '../../shared/bytes/canonical.ts';
import { concatBytes, equalBytes } from '../../shared/bytes/concat.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { ByteReader, ByteWriter } from '../../shared/bytes/reader.ts';
import { fromUtf8, utf8 } from '../../shared/bytes/utf8.ts';

const anyBytes = fc.uint8Array({ maxLength: 80 });

describe('texts of bytes', () => {
  it('decode what they encode, as Node does', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const node = Buffer.from(bytes);
        expect(toHex(bytes)).toBe(node.toString('hex'));
        expect(toBase64url(bytes)).toBe(node.toString('base64url'));
        expect(equalBytes(fromHex(toHex(bytes)), bytes)).toBe(true);
        expect(equalBytes(fromBase64url(toBase64url(bytes)), bytes)).toBe(true);
      }),
    );
  });

  it('have one spelling: what decodes encodes to itself', () => {
    const digits = fc.constantFrom(...'AQgwxyz019-_=+/ ');
    fc.assert(
      fc.property(fc.string({ unit: digits, maxLength: 6 }), (text) => {
        let bytes: Uint8Array;
        try {
          bytes = fromBase64url(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        expect(toBase64url(bytes)).toBe(text);
      }),
    );
  });

  it.each(['a', 'AB', 'zz', '0 '])('refuses %j as hexadecimal', (text) => {
    expect(() => fromHex(text)).toThrow(RangeError);
  });

  it.each(['A', 'AA==', 'AB', 'AA\n', '+/AA', 'AAB'])('refuses %j as base64url', (text) => {
    expect(() => fromBase64url(text)).toThrow(RangeError);
  });

  it('reads UTF-8 strictly', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text);
      }),
    );
    expect(fromUtf8(utf8('\ufeffa'))).toBe('\ufeffa');
    expect(() => utf8('\ud800')).toThrow(RangeError);
    expect(() => fromUtf8(Uint8Array.of(0xc0, 0x80))).toThrow(RangeError);
    expect(() => fromUtf8(Uint8Array.of(0xed, 0xa0, 0x80))).toThrow(RangeError);
  });
});

describe('concatBytes and equalBytes', () => {
  it('joins in order and compares every byte', () => {
    expect(concatBytes(Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3))).toEqual(
      Uint8Array.of(1, 2, 3),
    );
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(false);
  });
});

describe('sha256', () => {
  it('gives the FIPS 180-4 answers', async () => {
    expect(await sha256Hex(utf8(''))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(await sha256Hex(utf8('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});

describe('canonicalJson', () => {
  it('gives the example of RFC 8785 §3.2.2 to 3.2.4', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts keys by UTF-16 code units, as RFC 8785 §3.2.3', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])));
    expect(text).toBe(`{${sorted.map((key) => `${JSON.stringify(key)}:0`).join(',')}}`);
  });

  it('is a fixed point of parsing, and does not see the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(fromUtf8(canonicalBytes(value))).toBe(text);
      }),
    );
    expect(canonicalJson({ b: -0, a: 1 })).toBe(canonicalJson({ a: 1, b: 0 }));
  });

  it('refuses what JSON cannot carry', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '\udc00', { '\ud800': 1 }, cycle]) {
      expect(() => canonicalJson(value)).toThrow(RangeError);
    }
    const kinds = [undefined, { a: undefined }, [() => 1], 1n, Symbol('s'), new Date(0), new Map()];
    for (const value of [...kinds, new Uint8Array(1), new Array(1)]) {
      expect(() => canonicalJson(value)).toThrow(TypeError);
    }
  });
});

describe('ByteReader and ByteWriter', () => {
  it('read what was written, to the last byte', () => {
    const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(fc.nat(255), fc.nat(65_535), u32, fc.integer(), anyBytes, (a, b, c, d, rest) => {
        const writer = new ByteWriter().u8(a).u16(b).u32(c).bytes(rest).i32(d);
        const reader = new ByteReader(concatBytes(Uint8Array.of(9), writer.finish()).subarray(1));
        expect([reader.u8(), reader.u16(), reader.u32()]).toEqual([a, b, c]);
        expect(reader.bytes(rest.length)).toEqual(rest);
        expect(reader.i32()).toBe(d);
        reader.end();
        expect(writer.length).toBe(11 + rest.length);
      }),
    );
  });

  it('grows across its first buffer with every kind', () => {
    const writer = new ByteWriter().bytes(new Uint8Array(64)).u8(7);
    writer.bytes(new Uint8Array(63)).u16(515).bytes(new Uint8Array(1000)).u32(1);
    const reader = new ByteReader(writer.finish());
    reader.bytes(64);
    expect(reader.u8()).toBe(7);
    reader.bytes(63);
    expect(reader.u16()).toBe(515);
  });

  it('refuses left-over and missing bytes, and values out of range', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3));
    expect(() => reader.u32()).toThrow(RangeError);
    expect(reader.u16()).toBe(513);
    expect(() => reader.end()).toThrow(RangeError);
    expect(() => new ByteWriter().u8(256)).toThrow(RangeError);
    expect(() => new ByteWriter().i32(2 ** 31)).toThrow(RangeError);
  });
});
