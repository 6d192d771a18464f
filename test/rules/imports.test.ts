/**
 * DESIGN: alphabetical order is the data's order. A room imports only rooms before it in the
 * alphabet; demo-shop → sdk → shared ← aggregator; nothing imports test/.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

/** Imports that bend the rule, with their reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {};

function files(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name === 'node_modules') return [];
    if (entry.isDirectory()) return files(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.{1,2}\/[^'"]+)\1/g;

function importsOf(file: string): string[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  return [...source.matchAll(IMPORT)].map((match) =>
    relative(ROOT, resolve(ROOT, dirname(file), match[2] as string)),
  );
}

/** [top-level folder, room or '' for an entry file]. */
function place(file: string): [string, string] {
  const parts = file.split(sep);
  return [parts[0] as string, parts.length > 2 ? (parts[1] as string) : ''];
}

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: ['shared'],
  sdk: ['sdk', 'shared'],
  aggregator: ['aggregator', 'shared'],
  'demo-shop': ['demo-shop', 'sdk'],
};

/** Why an import is not allowed, or null. */
function fault(from: string, to: string): string | null {
  const [fromTop, fromRoom] = place(from);
  const [toTop, toRoom] = place(to);
  if (!(MAY_IMPORT[fromTop] ?? []).includes(toTop)) return `${fromTop} may not import ${toTop}`;
  if (fromTop === 'demo-shop' && toTop === 'sdk' && to !== join('sdk', 'index.ts')) {
    return "demo-shop imports the SDK's public entry only";
  }
  if (fromTop !== toTop || fromRoom === '' || fromRoom === toRoom) return null;
  if (fromTop === 'demo-shop') return null;
  if (toRoom === '') return `a room may not import the entry file ${to}`;
  return toRoom < fromRoom ? null : `${fromRoom} stands before ${toRoom}`;
}

describe('import rule', () => {
  const all = Object.keys(MAY_IMPORT).flatMap(files);

  it('finds the code it is about', () => {
    expect(all.length).toBeGreaterThan(30);
    expect(importsOf('shared/protocol/report.ts')).toContain('shared/assert/assert.ts');
  });

  it('sees a fault where there is one', () => {
    expect(fault('shared/bytes/hash.ts', 'shared/privacy/zcdp.ts')).toBe(
      'bytes stands before privacy',
    );
    expect(fault('shared/bytes/hash.ts', 'sdk/index.ts')).toBe('shared may not import sdk');
    expect(fault('sdk/post/upload.ts', 'sdk/round.ts')).toContain('entry file');
    expect(fault('demo-shop/main.ts', 'sdk/database/open.ts')).toContain('public entry');
  });

  it('every import runs along the alphabet', () => {
    const faults = all.flatMap((file) =>
      importsOf(file)
        .filter((to) => EXCEPTIONS[`${file} -> ${to}`] === undefined)
        .flatMap((to) => fault(file, to)?.concat(`: ${file} -> ${to}`) ?? []),
    );
    expect(faults).toEqual([]);
  });

  it('lists no exception that is not used', () => {
    const used = new Set(all.flatMap((file) => importsOf(file).map((to) => `${file} -> ${to}`)));
    expect(Object.keys(EXCEPTIONS).filter((one) => !used.has(one))).toEqual([]);
  });
});
