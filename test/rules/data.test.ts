/** shared/privacy/DATA.md against what there is: nothing unnamed, and no row for what is not. */
import 'fake-indexeddb/auto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openDB } from 'idb';
import { describe, expect, it } from 'vitest';
import { META_KEYS } from '../../sdk/database/database.ts';
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import { STORES } from '../../sdk/database/schema.ts';
import { HELPER_PATHS } from '../../shared/protocol/opening.ts';
import {
  decodeReportHeader,
  encodeReport,
  payloadLength,
  REPORT_HEADER_BYTES,
} from '../../shared/protocol/report.ts';
import { world } from '../aggregator/world.ts';
import { chargeRequest, consented, shopEvent } from '../contract/database-values.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const TEXT = readFileSync(join(ROOT, 'shared/privacy/DATA.md'), 'utf8');

/** Rows of the tables under a heading, cells without their backticks. */
function rows(heading: string): string[][] {
  const from = TEXT.split('\n').indexOf(heading);
  if (from === -1) throw new Error(`no heading ${heading}`);
  const lines: string[][] = [];
  let inside = false;
  for (const line of TEXT.split('\n').slice(from + 1)) {
    if (line.startsWith('#')) break;
    if (!line.startsWith('|')) inside = false;
    else if (/^\| -/.test(line)) inside = true;
    else if (inside)
      lines.push(
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
  }
  if (lines.length === 0) throw new Error(`no rows under ${heading}`);
  return lines;
}

/** What stands between the backticks of the first cell. */
const names = (heading: string): string[] =>
  rows(heading).flatMap(([first = '']) => [...first.matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? ''));

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .filter((entry) => !entry.parentPath.includes('node_modules'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

/** A pattern with `*` for any name. */
const matches = (pattern: string, path: string): boolean =>
  new RegExp(`^${pattern.replace(/[.]/g, '\\.').replace(/\*/g, '[^/]+')}$`).test(path);

const sorted = (list: Iterable<string>): string[] => [...list].sort();

describe('PR33 DATA.md, in the browser', () => {
  it('names every store and every key of meta', () => {
    expect(sorted(names('### Stores'))).toEqual(sorted(STORES));
    expect(sorted(names('### Small state'))).toEqual(sorted(META_KEYS));
  });

  it('names every field of every store', async () => {
    const db = await consented(await indexedDatabase('data-md'));
    await db.appendEvents([shopEvent(1)], { maxEvents: 9, maxAgeMs: 1e9 });
    await db.putCatalogue('hash', new Uint8Array(1));
    await db.putCards('hash', new Uint8Array(1), ['hash']);
    await db.putGoods([{ good: { id: 'a' }, atMs: 1 }], [], { maxAgeMs: 1e9 });
    await db.coin('task', 'round', () => true);
    await db.charge(chargeRequest(1));
    await db.putModel({
      taskName: 'wide',
      taskHash: 'a',
      modelVersion: 1,
      modelHash: 'b',
      weights: new Float32Array(1),
      record: null,
      storedAtMs: 1,
    });
    const raw = await openDB('data-md');
    const fields: string[] = [];
    for (const store of STORES) {
      if (store === 'meta' || store === 'keys') continue;
      const [value] = (await raw.getAll(store)) as [object | undefined];
      if (value === undefined) throw new Error(`nothing is stored in ${store}`);
      fields.push(...Object.keys(value).map((field) => `${store}.${field}`));
    }
    expect(sorted(names('### Fields'))).toEqual(sorted(fields));
  });

  it('names every field of an event', () => {
    const source = readFileSync(join(ROOT, 'sdk/capture/event.ts'), 'utf8');
    const of = (name: string): string[] => {
      const body = source.split(`export interface ${name} {`)[1]?.split('\n}')[0] ?? '';
      return [...body.matchAll(/readonly (\w+)\??:/g)].map((match) => match[1] as string);
    };
    const words: Readonly<Record<string, string>> = {
      name: 'name',
      atMs: 'time',
      session: 'session number',
      items: 'items',
      value: 'value',
      currency: 'currency',
      term: 'search term',
      rating: 'rating',
      text: 'review text',
      promotion: 'campaign',
      creative: 'arm',
      dwellMs: 'time visible',
      page: 'kind of page',
      id: 'id',
      brand: 'brand',
      category: 'category',
      variant: 'variant',
      price: 'price',
      discount: 'discount',
      quantity: 'quantity',
    };
    const told = rows('### Fields').find(([name]) => name === '`events.data`')?.[1] ?? '';
    expect(sorted(new Set([...of('ShopEvent'), ...of('EventItem')]))).toEqual(
      sorted(Object.keys(words)),
    );
    for (const word of Object.values(words)) expect(told).toContain(word);
  });
});

describe('PR34 DATA.md, what is sent', () => {
  it('names every byte of a report', () => {
    const ranges = rows('### A report').filter(([bytes = '']) => /^\d+–\d+$/.test(bytes));
    let next = 0;
    const field: Record<string, [number, number]> = {};
    for (const [bytes = '', name = ''] of ranges) {
      const [from, to] = bytes.split('–').map(Number) as [number, number];
      expect([name, from]).toEqual([name, next]);
      next = to + 1;
      field[name.replace(/`/g, '')] = [from, to + 1];
    }
    expect(next).toBe(REPORT_HEADER_BYTES);
    const header = {
      tier: 'local',
      id: new Uint8Array(16).fill(1),
      taskHash: new Uint8Array(32).fill(2),
      roundHash: new Uint8Array(32).fill(3),
    } as const;
    const bytes = encodeReport(header, new Uint8Array(8));
    const part = (name: string): Uint8Array => bytes.slice(...(field[name] as [number, number]));
    expect(Buffer.from(part('magic')).toString()).toBe('VTR1');
    for (const name of ['id', 'taskHash', 'roundHash'] as const) {
      expect([name, part(name)]).toEqual([name, header[name]]);
    }
    const known = ['magic', 'version', 'reserved', ...Object.keys(decodeReportHeader(bytes))];
    expect(sorted(Object.keys(field))).toEqual(sorted(known));
  });

  it('names every payload and its length', () => {
    const lengths = new Map(
      rows('### A report')
        .filter(([first = '']) => first.startsWith('`'))
        .flatMap(([first = '', length = '']) =>
          [...first.matchAll(/`(\w+)`/g)].map((match) => [match[1] as string, length] as const),
        ),
    );
    const gaussian = { name: 'discrete-gaussian', sigma: 1 } as const;
    const none = { name: 'none' } as const;
    const privunit = { name: 'privunit' } as Parameters<typeof payloadLength>[0]['mechanism'];
    const of = { local: gaussian, split: gaussian, test: none };
    const d = 11;
    const figures: Readonly<Record<string, number>> = {
      '4·d': 4 * d,
      '32': 32,
      '4·d + 80': 4 * d + 80,
    };
    for (const tier of ['local', 'split', 'test'] as const) {
      const expected = payloadLength({ tier, mechanism: of[tier], d });
      expect([tier, figures[lengths.get(tier) ?? '']]).toEqual([tier, expected]);
    }
    expect(figures[lengths.get('privunit') ?? '']).toBe(
      payloadLength({ tier: 'local', mechanism: privunit, d }),
    );
    expect(sorted(lengths.keys())).toEqual(['local', 'privunit', 'split', 'test']);
  });

  it('names every route of the aggregator', async () => {
    const { app } = await world();
    const served = app.routes
      .filter(({ method, path }) => method !== 'ALL' && path !== '/*' && path !== '*')
      .map(
        ({ method, path }) =>
          `${method} ${path.replace(/:\w+(\{[^}]*\}+)?/g, ':').replace(/\*$/, ':')}`,
      );
    const told = rows('### Requests').map(
      ([method, path = '']) => `${method} ${path.replace(/`/g, '')}`,
    );
    expect(sorted(new Set(told))).toEqual(sorted(new Set(served)));
  });

  it('says which of them a browser asks for', () => {
    const text = sources('sdk').join('\n');
    const asked = new Set([...text.matchAll(/PATHS\.(\w+)/g)].map((match) => match[1] as string));
    const protocol = readFileSync(join(ROOT, 'shared/protocol/log-reader.ts'), 'utf8');
    if (/LogReader/.test(text)) {
      for (const match of protocol.matchAll(/PATHS\.(\w+)/g)) asked.add(match[1] as string);
    }
    const told = rows('### Requests').filter(([, , who = '']) => who.includes('browser'));
    const paths = readFileSync(join(ROOT, 'shared/protocol/paths.ts'), 'utf8');
    for (const name of asked) {
      const line = paths.split('\n').find((one) => new RegExp(`^  ${name}:`).test(one)) ?? '';
      const path = (/['`](\/[^'`]*)['`]/.exec(line)?.[1] ?? '').replace(/\$\{\w+\}/g, ':');
      const shown = told.map(([, cell = '']) => cell.replace(/`/g, ''));
      expect(shown.some((one) => one === path || one === `${path}/:`) ? name : path).toBe(name);
    }
  });
});

describe('PR34 DATA.md, what the servers keep', () => {
  it('names every file that a round leaves', async () => {
    const patterns = names('### Files');
    const paths = await published();
    expect(paths.length).toBeGreaterThan(5);
    for (const path of paths) {
      expect(patterns.some((pattern) => matches(pattern, path)) ? '' : path).toBe('');
    }
    const text = sources('aggregator').join('\n');
    for (const pattern of patterns) {
      const stem = pattern.replace(/\*.*\*/, '').replace(/\*\.\w+$/, '');
      const known = stem.split('/').filter((part) => part !== '' && part !== '.');
      for (const part of known)
        expect(text.includes(part.replace(/^\./, '')) ? '' : pattern).toBe('');
    }
  });

  it('names every entry of the log', () => {
    const source = readFileSync(join(ROOT, 'shared/protocol/log.ts'), 'utf8');
    const types = [...source.matchAll(/type: '([a-z]+)'/g)].map((match) => match[1] as string);
    expect(sorted(names('### Log entries'))).toEqual(sorted(new Set(types)));
  });

  it('names every log line', () => {
    const text = sources('aggregator').join('\n');
    const events = new Set(
      [...text.matchAll(/logger\(\s*'(?:info|warn|error)',\s*'([a-z-]+)'/g)].map((m) => m[1] ?? ''),
    );
    expect(events.size).toBeGreaterThan(8);
    const told = names('### Log lines');
    for (const event of events) {
      expect(told.some((pattern) => matches(pattern, event)) ? '' : event).toBe('');
    }
    for (const pattern of told) {
      const known = text.includes(`'${pattern}'`) || text.includes(`\`${pattern.replace('*', '')}`);
      expect(known ? '' : pattern).toBe('');
    }
  });

  it('names every message to the helper', () => {
    const told = rows('### Messages').map(([, path = '']) => path.replace(/`/g, ''));
    expect(sorted(told)).toEqual(sorted(Object.values(HELPER_PATHS)));
  });
});

/** Files of an aggregator that has published a round and opened the next. */
async function published(): Promise<string[]> {
  const { disk, send, service } = await world();
  for (let id = 0; id < 5; id++) expect((await send(id)).status).toBe(201);
  await service.settled();
  expect(service.status().rounds).toMatchObject({ published: 1, open: 1 });
  return [...disk.files().keys()];
}
