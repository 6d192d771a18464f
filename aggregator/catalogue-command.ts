/** `vitrine catalogue`: a shop's product feed to the public side of its catalogue. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from './audit/web.ts';
import {
  type Changes,
  changesOf,
  type Goods,
  goodsOf,
  goodsText,
  readGoods,
} from './catalogue/changes.ts';
import { FeedError } from './catalogue/feed.ts';
import { FORMATS, type Format } from './catalogue/feed-rows.ts';
import {
  type FeedReport,
  fileChunks,
  type ProductOptions,
  readProducts,
} from './catalogue/products.ts';
import { type PublicSide, publicSide } from './catalogue/shop.ts';
import type { Command, CommandOutput } from './command.ts';

const USAGE = `vitrine catalogue FEED [options]

Reads a product feed and makes the catalogue's public side of it: CSV or TSV (Shopify's and
WooCommerce's exports, and columns of your own), JSON, JSON Lines, Google Merchant XML (RSS or Atom),
schema.org JSON-LD or a page that holds it; any language, gzip or not.

  --out DIR             writes it there: catalogues/, catalogue.json, goods.jsonl
  --before OLD          tells what has changed since: a folder of --out, or an older feed
  --format F            csv, json, xml or html, where the first characters do not tell
  --encoding E          where the bytes do not tell: gb18030, windows-1251, shift_jis, …
  --id COLUMN           the column that is the id in the shop's events; the usual ones
  --base URL            of addresses without a host
  --currency CODE       of prices that name none
  --variants HOW        each: every variant is a good; group: one for all of an item_group_id
  --in-stock            leaves out what is out of stock
  --vectors FILE        vectors of the goods' texts from the shop's own embedder, .npy
  --image-vectors FILE  the same of the goods' pictures
  --content K           longest content vector; 128, of attributes alone 64
  --part-kib N          of a part of a large catalogue; 1024
  --problems N          rows that are told of, of each kind of problem; 10
  --json                what was found as JSON
  --help                prints this

vitrine new SITE --catalogue FEED publishes it; vitrine new SITE --cards FEED the prices, pictures
and addresses alone, without new tasks.
`;

const GOODS = 'goods.jsonl';

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...{ out: text, before: text, format: text, encoding: text, id: text, base: text },
        ...{ currency: text, variants: text, vectors: text, 'image-vectors': text },
        ...{ content: text, 'part-kib': text, problems: text },
        ...{ 'in-stock': flag, json: flag, help: flag },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type Flags = ReturnType<typeof parse>['values'];

function integer(name: string, text: string | undefined, min: number, max: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`${name} must be an integer from ${min} to ${max}`);
}

function optionsOf(flags: Flags): ProductOptions {
  const { format = null, encoding = null, base = null, currency = null, variants = 'each' } = flags;
  if (format !== null && !FORMATS.includes(format as Format)) {
    throw new UsageError(`--format must be ${FORMATS.join(', ')}`);
  }
  if (variants !== 'each' && variants !== 'group') {
    throw new UsageError('--variants must be each or group');
  }
  if (base !== null && !/^https?:\/\//.test(base))
    throw new UsageError('--base must be an http(s) URL');
  if (currency !== null && !/^[A-Z]{3}$/.test(currency)) {
    throw new UsageError('--currency must be a code of ISO 4217: EUR');
  }
  try {
    if (encoding !== null) new TextDecoder(encoding);
  } catch {
    throw new UsageError(`--encoding: no encoding '${encoding}'`);
  }
  return {
    ...{ format: format as Format | null, encoding, base, currency, variants },
    ...{ idName: flags.id ?? null, onlyInStock: flags['in-stock'] },
    told: integer('--problems', flags.problems, 0, 1e6) ?? 10,
  };
}

async function read<T>(flag: string, from: Promise<T>): Promise<T> {
  try {
    return await from;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UsageError(`${flag}${(error as Error).message}`);
  }
}

/** A folder that --out filled, or a feed. */
async function before(path: string, options: ProductOptions): Promise<Goods> {
  const isFolder = await read('--before: ', stat(path)).then((found) => found.isDirectory());
  if (isFolder) return readGoods(await read('--before: ', readFile(join(path, GOODS), 'utf8')));
  const { items } = await readProducts(await read('--before: ', fileChunks(path)), options);
  return goodsOf(items);
}

async function runCatalogue(args: readonly string[], { out, err }: CommandOutput): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    out(USAGE);
    return 0;
  }
  const [feed, ...more] = positionals;
  if (feed === undefined || more.length > 0) throw new UsageError('one FEED is needed');
  const options = optionsOf(values);
  const maxK = integer('--content', values.content, 1, 1024);
  const kib = integer('--part-kib', values['part-kib'], 4, 1 << 14);
  const file = (flag: 'vectors' | 'image-vectors'): Promise<Uint8Array> | undefined =>
    values[flag] === undefined ? undefined : read(`--${flag}: `, readFile(values[flag]));
  const [textVectors, imageVectors] = [await file('vectors'), await file('image-vectors')];
  try {
    const { items, report } = await readProducts(await read('', fileChunks(feed)), options);
    const side = await publicSide(items, {
      ...(textVectors && { textVectors }),
      ...(imageVectors && { imageVectors }),
      ...(maxK !== null && { maxK }),
      ...(kib !== null && { partBytes: 1024 * kib }),
    });
    const goods = goodsOf(items);
    const changes =
      values.before === undefined ? null : changesOf(await before(values.before, options), goods);
    if (values.out !== undefined) await write(values.out, side, goods, report);
    out(values.json ? json(side, report, changes) : told(feed, side, report, changes));
    return 0;
  } catch (error) {
    if (!(error instanceof FeedError) && (error as { code?: unknown }).code !== 'bad-matrix')
      throw error;
    err(`vitrine: ${(error as Error).message}\n`);
    return 1;
  }
}

async function write(
  dir: string,
  side: PublicSide,
  goods: Goods,
  report: FeedReport,
): Promise<void> {
  const folder = join(dir, 'catalogues');
  await mkdir(folder, { recursive: true });
  const files = [
    { hash: side.hash, bytes: side.split?.index ?? side.bytes },
    ...(side.split?.parts ?? []),
    ...side.cards,
  ];
  for (const { hash, bytes } of files) await writeFile(join(folder, `${hash}.bin`), bytes);
  await writeFile(join(dir, 'catalogue.json'), json(side, report, null));
  await writeFile(join(dir, GOODS), goodsText(goods));
}

function json(side: PublicSide, report: FeedReport, changes: Changes | null): string {
  const { hash, bytes, catalogue, split, cards, problems } = side;
  const sized = (parts: readonly { hash: string; bytes: Uint8Array }[]) =>
    parts.map((part) => ({ hash: part.hash, bytes: part.bytes.length }));
  const found = {
    ...{ version: 1, hash, goods: catalogue.ids.length, bytes: bytes.length, content: catalogue.k },
    ...{ parts: sized(split?.parts ?? []), cards: sized(cards) },
    ...{ rows: report.rows, variants: report.variants, groups: report.groups },
    problems: Object.fromEntries(report.counts),
    told: [
      ...report.told,
      ...problems.map((detail) => ({ problem: 'bad-price', row: null, detail })),
    ],
    ...(changes !== null && { changes: { ...changes, publish: verdict(changes) } }),
  };
  return `${JSON.stringify(found, null, 2)}\n`;
}

/** What is to be published. */
function verdict({ came, went, changed, shown }: Changes): 'nothing' | 'cards' | 'catalogue' {
  if (came.length + changed.length > 0) return 'catalogue';
  return went.length + shown.length > 0 ? 'cards' : 'nothing';
}

const WORDS: Readonly<Record<string, string>> = {
  'no-id': 'have no id',
  'bad-id': 'have an id of more than 200 characters, or of broken ones',
  'no-title': 'have no title',
  'duplicate-id': 'repeat an id: the first counts',
  'bad-price': 'have a price that is none: the good is kept without',
  'bad-address': 'have an address that is no http(s) URL: the good is kept without',
  'bad-vector': 'have a vector that is none: the good is kept without',
  hidden: 'are drafts, archived or hidden',
  'out-of-stock': 'are out of stock',
  'bad-row': 'cannot be read',
};

function told(feed: string, side: PublicSide, report: FeedReport, changes: Changes | null): string {
  const { catalogue, bytes, split, cards, hash } = side;
  const kib = (length: number): string => `${Math.ceil(length / 1024)} KiB`;
  const problems = [...report.counts].flatMap(([problem, count]) => {
    const shown = report.told.filter((one) => one.problem === problem);
    const rows = shown.map(
      ({ row, detail }) => `    row ${row}${detail === '' ? '' : `: ${detail}`}`,
    );
    const rest = count > shown.length ? [`    and ${count - shown.length} more`] : [];
    return [`  ${count} ${WORDS[problem] ?? problem} (${problem})`, ...rows, ...rest];
  });
  const cardBytes = cards.reduce((sum, part) => sum + part.bytes.length, 0);
  return [
    `${feed}: ${catalogue.ids.length} goods of ${report.rows} rows`,
    ...(report.groups > 0 ? [`  ${report.variants} are variants of ${report.groups} goods`] : []),
    ...problems,
    '',
    `catalogue  ${hash}`,
    `  ${kib(bytes.length)}, ${split === null ? 'whole' : `${split.parts.length} parts`}, content vectors of ${catalogue.k}, ${catalogue.brands.length} brands, ${catalogue.categories.length} categories`,
    `cards      ${kib(cardBytes)}, ${cards.length === 1 ? 'whole' : `${cards.length} parts`}`,
    ...(changes === null ? [] : ['', ...changed(feed, changes)]),
    '',
  ].join('\n');
}

function changed(feed: string, changes: Changes): string[] {
  const line = (ids: readonly string[], words: string): string[] => {
    if (ids.length === 0) return [];
    const more = ids.length > 5 ? ', …' : '';
    return [`  ${ids.length} ${words}: ${ids.slice(0, 5).join(', ')}${more}`];
  };
  const lines = [
    ...line(changes.came, 'came'),
    ...line(changes.went, 'went'),
    ...line(changes.changed, 'have other words'),
    ...line(changes.shown, 'have another price, picture or address'),
  ];
  const publish = verdict(changes);
  if (publish === 'nothing') return ['Nothing has changed: there is nothing to publish.'];
  if (publish === 'cards') {
    return [
      ...lines,
      'The catalogue and its tasks can stay. Prices, pictures and what went are published by',
      `  npx vitrine new SITE --cards ${feed}`,
    ];
  }
  return [
    ...lines,
    'This is another catalogue, and its tasks are new. It is published by',
    `  npx vitrine new SITE --catalogue ${feed}`,
    'Until then browsers rank what came by the words of its own page.',
  ];
}

export const catalogueCommand: Command = {
  summary: 'turns a product feed into the catalogue’s public side, and tells what has changed',
  usage: USAGE,
  run: runCatalogue,
};
