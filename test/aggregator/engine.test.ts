/** What the engines share: addresses, missing packages, frames in parts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openEngine } from '../../aggregator/engine/open.ts';
import { loadPackages } from '../../aggregator/engine/packages.ts';
import { Assembler, partHeader, readPartHeader, split } from '../../aggregator/engine/parts.ts';

describe('address of an engine', () => {
  it.each([
    'redis://127.0.0.1',
    '/srv/data',
    '',
    'file:',
    'nats:127.0.0.1',
    'nats://',
    'nats://a:1?replicas=0',
    'nats://a:1?replicas=three',
    'nats://a:1?stream=a.b',
    'nats://a:1?strem=a',
    'postgres://a/b?schema=a"b',
  ])('refuses %j', async (address) => {
    await expect(openEngine(address)).rejects.toThrow(RangeError);
  });

  it.each(['nats://user:pass/word@host', 'redis://user:pass/word@host', 'user:pass/word@host'])(
    'is named without its password when it is refused',
    async (address) => {
      const error = await openEngine(address).catch((reason: Error) => reason.message);
      expect(error).toMatch(/…@host/);
      expect(error).not.toMatch(/pass|word@/);
    },
  );

  it('refuses to accept what has no name', async () => {
    const call = openEngine('file:unused', { accept: ['everything'] });
    await expect(call).rejects.toThrow(/jetstream-unsynced, postgres-unsynced/);
  });
});

describe('clients of the engines', () => {
  it('are missed by name, with the command that installs them', async () => {
    const name: string = '@nats-io/no-such-client';
    const call = loadPackages('JetStream', ['one', 'two'], () => import(name));
    await expect(call).rejects.toMatchObject({ code: 'missing-package' });
    await expect(call).rejects.toThrow('JetStream needs its client: npm install one two');
  });

  it('that break are not called missing', async () => {
    const call = loadPackages('PostgreSQL', ['pg'], () => Promise.reject(new Error('broken')));
    await expect(call).rejects.toThrow(/^broken$/);
  });
});

describe('a frame in parts', () => {
  /** Messages of a subject: writers one after the other, each cut off after some parts. */
  function messages(frames: readonly { bytes: Uint8Array; sent: number }[], limit: number) {
    let sequence = 0;
    let after = 0;
    const whole: { offset: number; bytes: Uint8Array }[] = [];
    const all = frames.flatMap(({ bytes, sent }) => {
      const parts = split(bytes, limit);
      const first = sequence + 1;
      const count = parts.length;
      const written = parts.slice(0, Math.max(1, sent)).map((part, index) => {
        sequence += 1;
        const place = { index, count, after, first: index === 0 ? 0 : first };
        return { sequence, text: partHeader(place), part };
      });
      if (written.length === count) {
        after = sequence;
        whole.push({ offset: sequence, bytes });
      }
      return written;
    });
    return { all, whole };
  }

  it('is put together from any parts, and only if all are there', () => {
    const frame = fc.record({
      bytes: fc.uint8Array({ maxLength: 40 }),
      sent: fc.oneof(fc.constant(99), fc.nat(6)),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.integer({ min: 1, max: 12 }), (list, n) => {
        const { all, whole } = messages(list, n);
        const assembler = new Assembler();
        const frames = all.flatMap(({ sequence, text, part }) => {
          return assembler.push(sequence, readPartHeader(text), part) ?? [];
        });
        expect(frames).toEqual(whole);
      }),
    );
  });

  it('does not take a part for that of another series', () => {
    const assembler = new Assembler();
    const place = { count: 2, after: 0 };
    expect(assembler.push(1, { ...place, index: 0, first: 0 }, new Uint8Array(1))).toBeNull();
    expect(assembler.push(9, { ...place, index: 1, first: 8 }, new Uint8Array(1))).toBeNull();
    expect(assembler.push(10, { ...place, index: 1, first: 1 }, new Uint8Array(1))).toBeNull();
  });

  it.each(['', '0', '0 1 0', '1 1 0 0', '0 1 0 0 0', '-1 1 0 0', '0 1.5 0 0', 'a b c d'])(
    'refuses the header %j',
    (text) => {
      expect(() => readPartHeader(text)).toThrow(expect.objectContaining({ code: 'damaged' }));
    },
  );
});
