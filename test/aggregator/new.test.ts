/** `vitrine new`: what it makes, what it keeps, and what it refuses. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFeed } from '../../aggregator/catalogue/feed.ts';
import { decodeSigned, decodeSignedTask, decodeSite } from '../../shared/protocol/records.ts';
import { DEFAULT_SEGMENTS } from '../../shared/protocol/segments.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { contents, GOODS, type NewWorld, newWorld, run } from './new-world.ts';

let world: NewWorld;
let { folder, feed, dist, at, make } = {} as NewWorld;

beforeEach(async () => {
  world = await newWorld();
  ({ folder, feed, dist, at, make } = world);
});

afterEach(() => world?.end());

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('vitrine new', () => {
  it('R4 makes keys apart, for their owner alone, and tells none of them', async () => {
    const { code, out } = await make('--catalogue', feed);
    expect(code).toBe(0);
    for (const secret of ['root/root.key', 'server/data/aggregator.key', 'server/admin.token']) {
      expect([secret, await modeOf(at(secret))]).toEqual([secret, 0o600]);
    }
    for (const name of ['root', 'server', 'server/data']) {
      expect([name, await modeOf(at(name))]).toEqual([name, 0o700]);
    }
    const { privateKey } = JSON.parse(await readFile(at('root/root.key'), 'utf8')) as {
      privateKey: string;
    };
    const own = JSON.parse(await readFile(at('server/data/aggregator.key'), 'utf8')) as {
      privateKey: string;
    };
    const token = (await readFile(at('server/admin.token'), 'utf8')).trim();
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const server = Object.values(await contents(at('server'))).join('');
    expect(server).not.toContain(privateKey);
    for (const secret of [privateKey, own.privateKey, token]) expect(out).not.toContain(secret);
    const snippet = await readFile(at('snippet.html'), 'utf8');
    expect(out).toContain(snippet.trim());
    expect(out).toContain('vitrine serve --config');
  });

  it('the tag pins the root key, and its script by version and hash', async () => {
    await make('--catalogue', feed, '--endpoint', 'https://vitrine.shop.example/tea/');
    const snippet = await readFile(at('snippet.html'), 'utf8');
    const { publicKey } = JSON.parse(await readFile(at('root/root.key'), 'utf8')) as {
      publicKey: string;
    };
    const source = async (name: string): Promise<string> => {
      const digest = createHash('sha384').update(await readFile(join(dist, name)));
      return (
        `src="https://vitrine.shop.example/tea/3.2.1/${name}"\n` +
        `  crossorigin="anonymous"\n  integrity="sha384-${digest.digest('base64')}"`
      );
    };
    expect(snippet).toBe(
      `<script>content of stub.js</script>\n<script async ${await source('vitrine.js')}\n` +
        `  data-site="tea-shop"\n  data-endpoint="https://vitrine.shop.example/tea"\n` +
        `  data-trust="${publicKey}"></script>\n<!-- for <vitrine-shelf> and <vitrine-privacy>:\n` +
        `<script async ${await source('vitrine-elements.js')}></script>\n-->\n`,
    );
    // The server is told of the path, which a proxy may pass on as it is.
    const settings = JSON.parse(await readFile(at('server/vitrine.json'), 'utf8'));
    expect([settings.sites, settings.data]).toEqual([[{ name: 'tea', data: './data' }], undefined]);
  });

  it('R5 again with the same changes nothing; with other goods it makes a new task under the same keys', async () => {
    await make('--catalogue', feed);
    await writeFile(at('server/vitrine.json'), '{"data":"./data"}');
    const before = await contents(at());
    const again = await make('--catalogue', feed);
    expect(again.code).toBe(0);
    expect(await contents(at())).toEqual(before);
    const without = await make();
    expect(without.code).toBe(0);
    expect(await contents(at())).toEqual(before);

    await writeFile(feed, JSON.stringify({ items: [...GOODS, { id: 'e', title: 'Pot' }] }));
    expect((await make('--catalogue', feed)).code).toBe(0);
    const after = await contents(at());
    for (const name of [
      'root/root.key',
      'server/data/aggregator.key',
      'server/admin.token',
      'server/vitrine.json',
    ]) {
      expect([name, after[at(name)]]).toEqual([name, before[at(name)]]);
    }
    const serial = (text: string | undefined): number =>
      decodeSigned(JSON.parse(text ?? ''), decodeSite).record.serial;
    const site = at('server/data/site.json');
    expect([serial(before[site]), serial(after[site])]).toEqual([1, 2]);
    expect(await readdir(at('server/data/tasks'))).toHaveLength(2);
  });

  it('R6 PR7 the planner’s choices are kept, and a plan that browsers refuse is refused here', async () => {
    const flags = [
      '--epsilon',
      '2',
      '--participations',
      '3',
      '--window-hours',
      '6',
      '--min-reports',
      '300',
    ];
    await make('--catalogue', feed, ...flags);
    const task = async (): Promise<Task> => {
      const { record } = decodeSigned(
        JSON.parse(await readFile(at('server/data/site.json'), 'utf8')),
        decodeSite,
      );
      const text = await readFile(at('server/data/tasks', `${record.tasks[0]?.hash}.json`), 'utf8');
      return decodeSignedTask(JSON.parse(text)).record;
    };
    const planned = { participations: 3, windowMs: 6 * 3_600_000, minReports: 300, tier: 'local' };
    const made = await task();
    expect(made).toMatchObject(planned);
    expect(made.epsilon).toBeLessThanOrEqual(2.001);
    expect((await make('--endpoint', 'https://other.example')).code).toBe(0);
    expect(await task()).toEqual(made);
    const noisy = await make('--epsilon', '0.1', '--min-reports', '50');
    expect([noisy.code, noisy.err]).toEqual([1, expect.stringContaining('bad-plan')]);
    expect(await task()).toEqual(made);
  });

  it('R5 a run that was cut off is gone on with, under a serial that nothing was signed with', async () => {
    const serial = async (): Promise<number> => {
      const signed: unknown = JSON.parse(await readFile(at('server/data/site.json'), 'utf8'));
      return decodeSigned(signed, decodeSite).record.serial;
    };
    await make('--catalogue', feed);
    expect(await serial()).toBe(1);
    await rename(at('server/data/site.json'), at('site.json'));
    await mkdir(at('server/data/site.json'));
    const cut = await make('--participations', '3');
    expect(cut.code).toBe(1);
    await rmdir(at('server/data/site.json'));
    await rename(at('site.json'), at('server/data/site.json'));
    expect((await make('--participations', '3')).code).toBe(0);
    expect(await serial()).toBe(3);
    const names = Object.keys(await contents(at()));
    expect(names.filter((name) => /\.(tmp|next)$/.test(name))).toEqual([]);
  });

  it('R11 segment rules of an earlier version are written again', async () => {
    await make('--catalogue', feed);
    const read = async (path: string) => JSON.parse(await readFile(at(path), 'utf8'));
    const state = await read('root/signed.json');
    const { epsilon, delta, order } = (await read('server/data/site.json')).record.budget;
    const { publicKey } = await read('server/data/aggregator.key');
    // What is signed but for the rules.
    const rest = [
      publicKey,
      state.catalogue,
      { epsilon, delta, order },
      Object.values(state.tasks),
    ];
    const fingerprint = createHash('sha256').update(JSON.stringify(rest)).digest('hex');
    await writeFile(at('root/signed.json'), JSON.stringify({ ...state, fingerprint }));
    await writeFile(at('server/data/site.json'), '{}');
    expect((await make()).code).toBe(0);
    const site = decodeSigned(await read('server/data/site.json'), decodeSite).record;
    expect([site.serial, site.segments]).toEqual([2, DEFAULT_SEGMENTS]);
  });

  it('R4 a key or a state that is damaged is called so, stays as it is, and is told to nobody', async () => {
    await make('--catalogue', feed);
    for (const name of ['root/root.key', 'server/data/aggregator.key', 'root/signed.json']) {
      const whole = await readFile(at(name), 'utf8');
      for (const damaged of ['', whole.slice(20, 60), whole.slice(0, -9), '{}']) {
        if (name === 'root/signed.json' && damaged === '{}') continue;
        await writeFile(at(name), damaged);
        const got = await make();
        expect([got.code, got.err]).toEqual([1, expect.stringContaining('vitrine: damaged: ')]);
        expect(got.err).toContain(at(name));
        if (damaged.length > 8) expect(got.err).not.toContain(damaged.slice(0, 8));
        expect(await readFile(at(name), 'utf8')).toBe(damaged);
      }
      await writeFile(at(name), whole);
    }
    expect((await make()).code).toBe(0);
  });

  it('says what is wrong with what it was given', async () => {
    const cases: readonly (readonly [readonly string[], number, string])[] = [
      [[], 2, 'one SITE is needed'],
      [['Shop'], 2, 'SITE must be'],
      [['../x'], 2, 'SITE must be'],
      [['shop', '--dir', at()], 1, 'no-catalogue: --catalogue FILE is needed'],
      [['shop', '--catalogue', join(folder, 'none.json')], 2, '--catalogue'],
      [['shop', '--catalogue', feed, '--epsilon', 'x'], 2, '--epsilon'],
      [['shop', '--catalogue', feed, '--participations', '1.5'], 2, '--participations'],
      [['shop', '--catalogue', feed, '--endpoint', 'shop.example'], 2, '--endpoint'],
      [['shop', '--catalogue', feed, '--endpoint', 'https://x/a/b'], 2, 'https://HOST/NAME'],
      [['shop', '--catalogue', feed, '--helper-keys', feed], 2, '--helper-keys'],
      [['shop', '--catalogue', feed, '--dist', folder], 2, '--dist'],
      [['shop', '--catalogue', feed, '--nothing'], 2, '--nothing'],
    ];
    for (const [args, code, words] of cases) {
      const got = await run('new', ...args);
      expect([args.join(' '), got.code]).toEqual([args.join(' '), code]);
      expect(got.err).toContain(words);
    }
    expect(existsSync(at())).toBe(false);
    await make('--catalogue', feed);
    const other = await run('new', 'other', '--dir', at(), '--dist', dist);
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('other-site')]);
  });
});

describe('a feed', () => {
  it('is read strictly, and says which good is wrong', () => {
    const two = (one: object): string => JSON.stringify([{ id: 'x', title: 'X' }, one]);
    const cases: readonly (readonly [string, string])[] = [
      ['{', 'not JSON'],
      ['{}', 'a list of goods'],
      ['[]', 'at least 2 goods'],
      [two({ title: 'A' }), 'items[1].id must be a string'],
      [two({ id: '', title: 'A' }), 'items[1].id must be a string that is not empty'],
      [two({ id: 'a', title: 1 }), 'items[1].title'],
      [two({ id: 'a'.repeat(201), title: 'A' }), 'items[1].id must be of at most 200'],
      [two({ id: '\ud83d', title: 'A' }), 'items[1].id must be of at most 200 whole'],
      [two({ id: 'a', title: 'A', imageVector: [1e300] }), 'items[1].imageVector must be'],
      [two({ id: 'x', title: 'A' }), "items[1].id 'x' was met before"],
      [two({ id: 'a', title: 'A', price: '9' }), 'items[1].price must be a number'],
      [two({ id: 'a', title: 'A', price: 1, priceCents: 100 }), 'items[1] has both'],
      [two({ id: 'a', title: 'A', colour: 'red' }), 'items[1].colour is no field'],
      ['[1,2]', 'items[0] must be an object'],
    ];
    for (const [text, words] of cases) expect(() => readFeed(text)).toThrow(`bad-feed: ${words}`);
    const [, good] = readFeed(two({ id: 'a', title: 'A', price: 19.99 }));
    expect(good).toEqual({ id: 'a', title: 'A', description: '', priceCents: 1999 });
  });
});
