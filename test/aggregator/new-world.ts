/** A folder in which `vitrine new` makes a site, with goods and built files of no content. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../../aggregator/cli.ts';
import { ASSET_FILES } from '../../aggregator/operate/assets.ts';

export const GOODS = [
  {
    id: 'a',
    title: 'Blue mug',
    description: 'For tea',
    brand: 'Clay',
    category: 'mugs',
    price: 9.5,
  },
  { id: 'b', title: 'Red mug', category: 'mugs', price: 10 },
  { id: 'c', title: '绿茶', category: 'tea', priceCents: 450 },
  { id: 'd', title: 'Black tea', category: 'tea' },
];
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface NewWorld {
  readonly folder: string;
  /** File with the goods. */
  readonly feed: string;
  readonly dist: string;
  /** Path in the site's folder. */
  at(...parts: string[]): string;
  /** `vitrine new tea-shop` with these flags. */
  make(...flags: string[]): Promise<Ran>;
  end(): Promise<void>;
}

export async function run(...args: string[]): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await command(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

export async function newWorld(): Promise<NewWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'vitrine-new-'));
  const feed = join(folder, 'goods.json');
  await writeFile(feed, JSON.stringify(GOODS));
  const dist = join(folder, 'package/dist');
  await mkdir(dist, { recursive: true });
  await writeFile(join(folder, 'package/package.json'), '{"version":"3.2.1"}');
  for (const name of ASSET_FILES) await writeFile(join(dist, name), `content of ${name}`);
  const at = (...parts: string[]): string => join(folder, 'shop', ...parts);
  return {
    ...{ folder, feed, dist, at },
    make: (...flags) => run('new', 'tea-shop', '--dir', at(), '--dist', dist, ...flags),
    end: () => rm(folder, { recursive: true, force: true }),
  };
}

export /** Every file below a folder with its content. */
async function contents(dir: string): Promise<Record<string, string>> {
  const all = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const pairs = files.map(async (path) => [path, await readFile(path, 'latin1')] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

export function trustIn(snippet: string): string {
  return /data-trust="([^"]+)"/.exec(snippet)?.[1] ?? '';
}
