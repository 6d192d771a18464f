/** What the elements are made of and needs no page: terms, and reports taken apart. */
import { describe, expect, it } from 'vitest';
import { defineElements } from '../../sdk/elements.ts';
import { inspectReport } from '../../sdk/inspect.ts';
import { fieldsOf } from '../../sdk/shelf/report.ts';
import { termsIn } from '../../sdk/terms.ts';
import { encodeReport } from '../../shared/protocol/report.ts';
import type { Tier } from '../../shared/protocol/task.ts';

const SAID_BEFORE: ReadonlySet<string> = new Set([
  'state',
  'reason',
  'promise',
  'input',
  'segment',
]);

function report(tier: Tier, length: number): Uint8Array {
  const header = {
    tier,
    id: new Uint8Array(16).fill(3),
    taskHash: new Uint8Array(32).fill(4),
    roundHash: new Uint8Array(32).fill(5),
  };
  return encodeReport(
    header,
    Uint8Array.from({ length }, (_, i) => (i * 71) % 256),
  );
}

describe('a report taken apart by the panel', () => {
  it.each([
    ['local', 32],
    ['local', 400],
    ['split', 4 * 12 + 80],
    ['test', 48],
  ] as const)('has the fields and numbers that inspectReport finds: %s, %i', (tier, length) => {
    // In the middle of a larger buffer, as messages from a Worker may be.
    const bytes = report(tier, length);
    const within = new Uint8Array(bytes.length + 13);
    within.set(bytes, 13);
    const found = fieldsOf(within.subarray(13));
    const { fields, coordinates } = inspectReport(bytes);
    const places = fields.map(({ name, offset, length: size }) => ({ name, offset, length: size }));
    expect(
      found?.fields.map(({ name, offset, length: size }) => ({ name, offset, length: size })),
    ).toEqual(places);
    expect([...(found?.numbers ?? [])]).toEqual([...coordinates]);
    const said = new Map(fields.map(({ name, value }) => [name, value]));
    for (const { name, value } of found?.fields ?? []) {
      if (value !== '') expect(value).toBe(said.get(name));
    }
  });

  it('is nothing where the bytes are no report', () => {
    const bytes = report('local', 32);
    expect(fieldsOf(new Uint8Array(0))).toBeNull();
    expect(fieldsOf(bytes.subarray(0, 88))).toBeNull();
    expect(fieldsOf(bytes.with(0, 0))).toBeNull();
    expect(fieldsOf(bytes.with(5, 9))).toBeNull();
    expect(fieldsOf(report('split', 80))).toBeNull();
  });
});

describe('terms', () => {
  it('are the same in both languages, but for what is said in English where it arises', () => {
    const chinese = Object.keys(termsIn('zh-Hant-TW'));
    const english = Object.keys(termsIn('de'));
    expect(english.filter((key) => !chinese.includes(key))).toEqual([]);
    const more = chinese.filter((key) => !english.includes(key));
    expect(more.filter((key) => !SAID_BEFORE.has(key.split(':')[0] as string))).toEqual([]);
  });

  it('keep the places of their figures', () => {
    const holes = (words = ''): string[] => [...words.matchAll(/\{\w+\}/g)].map(String).sort();
    const english = termsIn('en');
    const chinese = termsIn('zh');
    for (const [key, words] of Object.entries(english))
      expect(holes(chinese[key])).toEqual(holes(words));
  });
});

it('the module defines nothing on a server', () => {
  expect(typeof customElements).toBe('undefined');
  expect(() => defineElements()).not.toThrow();
});
