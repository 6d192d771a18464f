/** `vitrine new`: a site's keys, tasks, settings and tag, from a list of its goods. */
import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { integer, object, publicKey } from '../shared/protocol/shape.ts';
import type { HelperKeys } from '../shared/protocol/task.ts';
import { UsageError } from './audit/web.ts';
import type { Command, CommandOutput } from './command.ts';
import { joinValues } from './flags.ts';
import { type MadeSite, makeSite, type NewSite } from './new-site.ts';
import { AssetError, loadAssets } from './operate/assets.ts';
import { MOST_EPSILON } from './plan-accounting.ts';
import { readBestSellers } from './plan-best-sellers.ts';
import type { Plan } from './plan-site.ts';

const USAGE = `vitrine new SITE --catalogue FILE [options]

Makes the folder of a site, or extends it: keys, tasks, settings, and the tag for the shop's pages.
A key that is there is never replaced.

  --catalogue FILE         the shop's goods: JSON, a list of { id, title, description, brand,
                           category, price, attributes, imageVector }, or any feed that
                           vitrine catalogue reads
  --cards FILE             a newer feed whose prices, pictures and addresses alone are published:
                           catalogue and tasks stay
  --vectors FILE           vectors of the goods' texts from the shop's own embedder, .npy with a
                           row for each good; hashed n-grams of the texts
  --image-vectors FILE     the same of the goods' pictures, a row of zeros where there is none
  --dir DIR                folder; named as the site
  --endpoint URL           where browsers will find the server; http://127.0.0.1:8787
  --shoppers N             plans the tasks for a shop of this size, as vitrine plan does: all parts
                           that pay, in the split tier with a second server's keys, else local
  --epsilon E              with --shoppers: the whole budget of one browser; 8
                           without: ε of one report of the local tier; 4
  --participations K       with --shoppers: equal shares of that budget; as vitrine plan
                           without: reports of one browser to each task; 2
  --best-sellers FILE      with --shoppers: ids of the goods that sell best, best first, one a line;
                           pairs among the first of them are counted, not the item graph's. Which
                           goods these are is public in the task, their order is not
  --window-hours H         how long a round stays open; 24
  --min-reports N          reports of a round; as many as its error demands
  --helper-keys FILE       the second server's public keys (GET /v1/helper/keys): plans a task between
                           two servers, for the second server to sign
  --helper-url URL         where the aggregator finds the second server
  --helper-signature TEXT  what it signed the task with; NAME=TEXT, again and again, for several
  --dist DIR               built browser files; those of this package
  --help                   prints this
`;

const HELPER_KEYS = object({
  identityKey: publicKey,
  sealingKey: publicKey,
  sealingKeyExpiresAtMs: integer(0, 2 ** 52),
});

/** The package's own, in a clone and in the published package. */
const DIST = fileURLToPath(new URL('../dist', import.meta.url));

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const HOUR_MS = 3_600_000;

/** Of a whole shop and one browser, unless said otherwise. */
const SHOP_EPSILON = 8;

async function bytesOf(flag: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`${flag}: ${(error as Error).message}`);
  }
}

const readText = async (flag: string, path: string): Promise<string> =>
  new TextDecoder().decode(await bytesOf(flag, path));

function numberOf(
  flag: string,
  text: string | undefined,
  min: number,
  max: number,
  whole = true,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max && (!whole || Number.isInteger(value))) {
    return value;
  }
  throw new UsageError(
    `${flag} must be ${whole ? 'an integer' : 'a number'} from ${min} to ${max}`,
  );
}

function urlOf(flag: string, text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!/^https?:\/\//.test(text) || !URL.canParse(text) || /[?#]/.test(text)) {
    throw new UsageError(`${flag} must be an http(s) URL without query`);
  }
  return text;
}

/** A path is the name of one of several sites (OPERATING.md). */
function endpointOf(text: string | undefined): string | null {
  const url = urlOf('--endpoint', text);
  const path = url === null ? '' : new URL(url).pathname.replace(/^\/+|\/+$/g, '');
  if (path !== '' && !NAME.test(path)) {
    throw new UsageError('--endpoint may have one name as its path: https://HOST/NAME');
  }
  return url;
}

async function helperOf(path: string | undefined, url: string | null): Promise<NewSite['helper']> {
  if (path === undefined) {
    if (url !== null) throw new UsageError('--helper-url needs --helper-keys');
    return null;
  }
  const text = await readText('--helper-keys', path);
  try {
    const keys: unknown = JSON.parse(text);
    HELPER_KEYS(keys, 'keys');
    return { keys: keys as HelperKeys, url };
  } catch (error) {
    throw new UsageError(`--helper-keys: ${path}: ${(error as Error).message}`);
  }
}

/** Files of the build; null where none were made, which only the default may be. */
async function assetsOf(given: string | undefined): Promise<NewSite['assets']> {
  try {
    return await loadAssets(resolve(given ?? DIST));
  } catch (error) {
    if (!(error instanceof AssetError)) throw error;
    if (given === undefined) return null;
    throw new UsageError(`--dist: ${error.message}`);
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: joinValues(args, ['--helper-signature']),
      allowPositionals: true,
      options: {
        ...{ catalogue: text, cards: text, vectors: text, 'image-vectors': text, dir: text },
        ...{ endpoint: text, epsilon: text, participations: text, 'window-hours': text },
        ...{ 'min-reports': text, 'helper-keys': text, 'helper-url': text, shoppers: text },
        ...{ 'best-sellers': text, dist: text, help: { type: 'boolean', default: false } },
        'helper-signature': { type: 'string', multiple: true },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type Flags = ReturnType<typeof parse>['values'];

/** What `vitrine plan` takes for a whole shop. */
async function shopOf(flags: Flags): Promise<Partial<Plan>> {
  if ((flags['window-hours'] ?? flags['min-reports']) !== undefined) {
    throw new UsageError('--shoppers plans windows and reports itself');
  }
  const shoppers = numberOf('--shoppers', flags.shoppers, 1, 1e9) ?? 0;
  const epsilon = numberOf('--epsilon', flags.epsilon, 0.01, MOST_EPSILON, false) ?? SHOP_EPSILON;
  const participations = numberOf('--participations', flags.participations, 1, 1000) ?? null;
  const file = flags['best-sellers'];
  const bestSellers = file === undefined ? undefined : await readBestSellers(file);
  return { shop: { shoppers, epsilon, participations, ...(bestSellers && { bestSellers }) } };
}

/** By task name; one without a name is for the one task that waits. */
function signaturesOf(values: readonly string[] = []): Record<string, string> {
  const pairs = values.map((value): [string, string] => {
    const at = value.indexOf('=');
    return [value.slice(0, Math.max(at, 0)), value.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

async function planOf(flags: Flags): Promise<Partial<Plan>> {
  if (flags.shoppers !== undefined) return await shopOf(flags);
  if (flags['best-sellers'] !== undefined) throw new UsageError('--best-sellers needs --shoppers');
  const epsilon = numberOf('--epsilon', flags.epsilon, 0.01, 8, false);
  const participations = numberOf('--participations', flags.participations, 1, 1000);
  const hours = numberOf('--window-hours', flags['window-hours'], 0.01, 24 * 24, false);
  const minReports = numberOf('--min-reports', flags['min-reports'], 50, 1 << 18);
  return {
    ...(epsilon !== undefined && { epsilon }),
    ...(participations !== undefined && { participations }),
    ...(hours !== undefined && { windowMs: Math.round(hours * HOUR_MS) }),
    ...(minReports !== undefined && { minReports }),
  };
}

async function runNew(args: readonly string[], { out, err }: CommandOutput): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    out(USAGE);
    return 0;
  }
  const [site, ...more] = positionals;
  if (site === undefined || more.length > 0) throw new UsageError('one SITE is needed');
  if (!NAME.test(site)) {
    throw new UsageError('SITE must be lower-case letters, digits and single dashes');
  }
  const { catalogue, vectors, 'image-vectors': images } = values;
  if (catalogue !== undefined && values.cards !== undefined) {
    throw new UsageError('--catalogue or --cards, not both');
  }
  if (catalogue === undefined && (vectors ?? images) !== undefined) {
    throw new UsageError('--vectors and --image-vectors need --catalogue');
  }
  const dir = resolve(values.dir ?? site);
  const assets = await assetsOf(values.dist);
  const wanted: NewSite = {
    ...{ site, dir, assets, plan: await planOf(values), nowMs: Date.now() },
    feed: catalogue === undefined ? null : await bytesOf('--catalogue', catalogue),
    cardFeed: values.cards === undefined ? null : await bytesOf('--cards', values.cards),
    files: {
      ...(vectors !== undefined && { textVectors: await bytesOf('--vectors', vectors) }),
      ...(images !== undefined && { imageVectors: await bytesOf('--image-vectors', images) }),
    },
    endpoint: endpointOf(values.endpoint),
    helper: await helperOf(values['helper-keys'], urlOf('--helper-url', values['helper-url'])),
    helperSignatures: signaturesOf(values['helper-signature']),
  };
  try {
    out(told(await makeSite(wanted), wanted));
    return 0;
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== 'string') throw error;
    err(`vitrine: ${(error as Error).message}\n`);
    return 1;
  }
}

/** As it would be typed here. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

/** What was made, and what to do next. */
function told(made: MadeSite, { site, dir, assets }: NewSite): string {
  const tasks = made.tasks.map(({ name, draft }) => {
    const { tier, minReports, maxReports, windowMs } = draft;
    const hours = Math.round((windowMs / HOUR_MS) * 100) / 100;
    return `  ${name.padEnd(18)}${tier} tier, ${minReports} to ${maxReports} reports in ${hours} h`;
  });
  const best = made.bestSellers;
  const signing =
    made.toSign.length === 0
      ? []
      : [
          'The second server signs its tasks first (aggregator/HELPER.md): send it',
          ...made.toSign.map((path) => `  ${shown(join(dir, path))}`),
          `and run  vitrine new ${site} --helper-signature ${made.toSign.length === 1 ? 'TEXT' : 'NAME=TEXT …'}  with what comes back.`,
          '',
        ];
  return [
    `${site}: ${dir}`,
    ...made.made.map((name) => `  made  ${name}`),
    ...made.kept.map((name) => `  kept  ${name}`),
    '',
    ...(made.goods === null ? [] : [`Catalogue: ${made.goods} goods`]),
    ...made.problems.map((problem) => `  left out: ${problem}`),
    ...(best === null
      ? []
      : [`Best sellers: ${best.known} of ${best.listed} are in the catalogue`]),
    `Tasks, a browser’s budget being ε ${made.budgetEpsilon}:`,
    ...tasks,
    '',
    ...signing,
    'Take root/ off this machine when you are done: whoever has root.key speaks for the shop.',
    'Start the server, which needs server/ alone:',
    `  npx vitrine serve --config ${shown(join(dir, 'server/vitrine.json'))}`,
    '',
    'Put this on every page of the shop (snippet.html; for Shopify, WooCommerce and Next.js, and the',
    'lines of a Content-Security-Policy: snippets/):',
    '',
    made.snippet,
    ...(assets === null
      ? ['Its files are not built yet: npm run build, and run this again.', '']
      : []),
    'Audit it from outside:',
    `  npx vitrine audit ${made.endpoint} --trust "${made.trust}"`,
    '',
  ].join('\n');
}

export const newCommand: Command = {
  summary: 'makes a site: keys, tasks, settings, and the tag for its pages',
  usage: USAGE,
  run: runNew,
};
