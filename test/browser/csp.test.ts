/**
 * The tag under the policies that shops have: for each, on which rung the engine and the learner
 * start, whether history, recommending and training work, and whether the missing directive is
 * named. Two origins of this machine: the shop's, and the aggregator's with the built files.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Status } from '../../sdk/api.ts';
import { type PolicyWorld, policyWorld } from './csp-world.ts';
import { goodIds, until } from './hostile.ts';
import { type Launched, launchChromium } from './launch.ts';

let world: PolicyWorld;
let browser: Launched;
let goods: string[];

beforeAll(async () => {
  world = await policyWorld();
  browser = await launchChromium();
  goods = await goodIds(4);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

/**
 * How a script of ours was asked for: as a Worker from the shop's own origin, by fetch for a blob, as
 * a script (an element of the page, or importScripts), or not at all.
 */
type Rung = 'own' | 'blob' | 'script' | null;

interface Row {
  /** CDN stands for the other origin. */
  readonly policy: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** More attributes of the tag. */
  readonly tag?: string;
  /** The aggregator is asked under the shop's own origin, and the tag has no hash. */
  readonly firstParty?: true;
  readonly engine: Rung;
  /** Whether it captures, recommends, trains: on which backend, or why not. */
  readonly trains: 'wasm' | 'cpu' | null;
  readonly learner: Rung;
  /** What is named as missing. */
  readonly names?: string;
}

const CDN = "script-src 'self' CDN";
const OWN = 'data-workers="/own/"';
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};
const BLOB = { engine: 'blob', learner: 'blob' } as const;
const HERE = { engine: 'own', learner: 'own', trains: 'wasm' } as const;
const UNTRAINED = { engine: 'script', learner: null, trains: null } as const;
const NO_WASM = { ...BLOB, trains: 'cpu', names: "script-src 'wasm-unsafe-eval'" } as const;

const ROWS: Readonly<Record<string, Row>> = {
  'no policy': { policy: '', ...BLOB, trains: 'wasm' },
  'script-src CDN': { policy: CDN, ...UNTRAINED, names: 'worker-src blob:' },
  '… and worker-src blob:': { policy: `${CDN}; worker-src blob:`, ...NO_WASM },
  "… and 'wasm-unsafe-eval'": {
    policy: `${CDN} 'wasm-unsafe-eval'; worker-src blob:`,
    ...{ ...BLOB, trains: 'wasm' },
  },
  "nonce and 'strict-dynamic'": {
    policy: "script-src 'nonce-n0nce' 'strict-dynamic'",
    ...{ tag: 'nonce="n0nce"', ...NO_WASM },
  },
  "worker-src 'self'": {
    policy: `${CDN}; worker-src 'self'`,
    ...{ ...UNTRAINED, names: 'worker-src blob:' },
  },
  "worker-src 'self' and own files": { policy: `${CDN}; worker-src 'self'`, tag: OWN, ...HERE },
  'script-src CDN and own files': { policy: CDN, tag: OWN, ...HERE },
  'the hash of the tag, and no connection to the CDN': {
    policy: `${CDN}; worker-src blob:; connect-src 'self'`,
    ...{ ...UNTRAINED, names: 'connect-src CDN' },
  },
  'an own address of the aggregator, and no connection to the CDN': {
    policy: `${CDN} 'wasm-unsafe-eval'; worker-src blob:; connect-src 'self'`,
    ...{ firstParty: true, engine: 'script', learner: 'script', trains: 'cpu' },
    names: 'connect-src CDN',
  },
  'Trusted Types with our policy': {
    policy: "require-trusted-types-for 'script'; trusted-types vitrine",
    ...{ ...BLOB, trains: 'wasm' },
  },
  'Trusted Types with our policy and own files': {
    policy: "require-trusted-types-for 'script'; trusted-types vitrine",
    ...{ tag: OWN, ...HERE },
  },
  'Trusted Types without our policy': {
    policy: "require-trusted-types-for 'script'; trusted-types other",
    ...{ engine: null, learner: null, trains: null, names: 'trusted-types vitrine' },
  },
  'COOP and COEP': { policy: '', headers: ISOLATED, ...BLOB, trains: 'wasm' },
  'COOP and COEP and own files': {
    policy: '',
    ...{ headers: ISOLATED, tag: 'data-workers="/isolated/"', ...HERE },
  },
};

/** Opens a page with this policy in a profile of its own, and consents. */
async function visit(path: string, html: string, headers: Row['headers'], policy: string) {
  const csp: Record<string, string> =
    policy === '' ? {} : { 'content-security-policy': policy.replaceAll('CDN', world.cdn) };
  world.pages.set(path, { html, headers: { ...headers, ...csp } });
  const context = await browser.browser.newContext();
  const page = await context.newPage();
  const console: string[] = [];
  page.on('console', (message) => console.push(message.text()));
  page.on('pageerror', (error) => console.push(`pageerror: ${error.message}`));
  await page.goto(world.url + path);
  await page.waitForFunction(() => typeof window.vitrine?.track === 'function');
  await page.evaluate(async (ids) => {
    await window.vitrine.consent.set({ personalise: true, contribute: true });
    for (const id of ids) window.vitrine.track('view_item', { items: [{ item_id: id }] });
  }, goods);
  return { page, console, end: () => context.close() };
}

function tagHtml({ tag = '', firstParty }: Row): string {
  const integrity = world.assets.files.get('vitrine.js')?.integrity;
  const src = `${world.cdn}/${world.assets.version}/vitrine.js`;
  const pinned = firstParty ? '' : `crossorigin="anonymous" integrity="${integrity}"`;
  return `<!doctype html><html lang="en"><title>shop</title><link rel="icon" href="data:,">
<script src="${src}" ${pinned} ${tag} data-site="shop"
  data-endpoint="${firstParty ? '/' : world.cdn}" data-trust="${world.trust}"></script></html>`;
}

const statusOf = (page: Page): Promise<Status> => page.evaluate(() => window.vitrine.status());

function rungOf(file: RegExp): Rung {
  const asked = world.fetched.filter((one) => file.test(one.file));
  if (asked.some(({ from, as }) => from === 'shop' && as === 'worker')) return 'own';
  if (asked.some(({ as }) => as === 'script')) return 'script';
  return asked.some(({ as }) => as === 'empty') ? 'blob' : null;
}

async function keepsHistory(page: Page): Promise<boolean> {
  return page.evaluate(async (last) => {
    const { events = [] } = (await window.vitrine.exportData()) as {
      events?: { items: { id: string }[] }[];
    };
    return events.some(({ items }) => items[0]?.id === last);
  }, goods.at(-1));
}

async function trains(page: Page): Promise<void> {
  await until('a report', () =>
    page.evaluate(async () => (await window.vitrine.privacyReport()).reports.length > 0),
  );
}

async function recommends(page: Page): Promise<void> {
  const answer = await until('the catalogue', () =>
    page.evaluate(async () => {
      const answer = await window.vitrine.recommend({ limit: 3 });
      return answer.state === 'ready' && answer;
    }),
  );
  expect(answer.items).toHaveLength(3);
}

describe('a page with', () => {
  it.each(Object.keys(ROWS))('%s', async (name) => {
    const row = ROWS[name] as Row;
    const needed = row.names?.replace('CDN', world.cdn);
    const from = world.fetched.length;
    world.fetched.splice(0, from);
    const { page, console, end } = await visit('/page', tagHtml(row), row.headers, row.policy);
    try {
      if (row.engine === null) {
        const status = await until('a reason', async () => {
          const now = await statusOf(page);
          return now.state === 'engine-blocked' && now;
        });
        expect(status.words).toContain(needed);
        const answer = await page.evaluate(() => window.vitrine.recommend({ among: ['a', 'b'] }));
        expect(answer.items.map(({ id }) => id)).toEqual(['a', 'b']);
        expect(await keepsHistory(page)).toBe(false);
      } else {
        await until('the history', () => keepsHistory(page));
        expect(rungOf(/engine/)).toBe(row.engine);
        if (row.trains !== null || !row.policy.includes('connect-src')) await recommends(page);
      }
      if (row.trains !== null) {
        await trains(page);
        const { backend } = await statusOf(page);
        expect(backend?.backend).toBe(row.trains);
        expect(rungOf(/^worker-/)).toBe(row.learner);
        const failures = JSON.stringify(backend?.tried);
        if (needed !== undefined) expect(failures).toContain(needed);
        else expect(failures).not.toContain('policy');
      } else if (row.engine !== null) {
        const words = await until('a reason', async () => {
          const { tasks, words } = await statusOf(page);
          return [...tasks.map((one) => one.words), words].find((one) =>
            one.includes(needed ?? '?'),
          );
        });
        expect(words).toContain(needed);
        expect(
          await page.evaluate(async () => (await window.vitrine.privacyReport()).reports),
        ).toEqual([]);
      }
      const said = console.filter((line) => line.startsWith('vitrine'));
      if (needed === undefined) expect(said).toEqual([]);
      else expect(said.join('\n')).toContain(needed);
      expect(console.filter((line) => line.startsWith('pageerror'))).toEqual([]);
    } finally {
      await end();
    }
  });
});

describe('a file on the CDN that is not what it was', () => {
  const open = async (file: string) => {
    world.tampered.add(file);
    const opened = await visit('/tampered', tagHtml(ROWS['no policy'] as Row), {}, '');
    return {
      ...opened,
      async end() {
        world.tampered.clear();
        await opened.end();
      },
    };
  };

  it('is no engine: nothing of it runs, and lists fall back', async () => {
    const { page, console, end } = await open('vitrine-engine.js');
    try {
      await until('a reason', async () => (await statusOf(page)).state === 'engine-blocked');
      expect(await keepsHistory(page)).toBe(false);
      expect(console.join('\n')).toContain('vitrine-engine.js');
      const names = await page.evaluate(async () => (await indexedDB.databases()).length);
      expect(names).toBe(0);
    } finally {
      await end();
    }
  });

  it('is no learner: the rest goes on, and status says so', async () => {
    const { page, end } = await open('worker-wasm.js');
    try {
      await until('the history', () => keepsHistory(page));
      await recommends(page);
      const words = await until('a reason', async () => {
        const { tasks } = await statusOf(page);
        return tasks.find(({ reason }) => reason === 'no-worker')?.words;
      });
      expect(words).toMatch(/no-worker: .*wasm: .*cpu: /);
      expect(
        await page.evaluate(async () => (await window.vitrine.privacyReport()).reports),
      ).toEqual([]);
    } finally {
      await end();
    }
  });
});

describe('the policy that vitrine new writes', () => {
  it.each([1, 2])('route %i lets the inline stub, the tag and the learner start', async (route) => {
    world.fetched.splice(0);
    const printed = world.snippets['snippets/csp.txt'] ?? '';
    const lines = printed.split('\n').filter((line) => line.includes('script-src '));
    const line = (lines[route - 1] ?? '').trim();
    const types = /trusted-types \w+/.exec(printed)?.[0];
    const policy = `default-src 'self'; img-src data:; require-trusted-types-for 'script'; ${types}; ${line}`;
    const tag = (world.snippets['snippet.html'] ?? '').replace(
      'data-site=',
      route === 2 ? `${OWN} data-site=` : 'data-site=',
    );
    const html = `<!doctype html><html lang="en"><title>shop</title><link rel="icon" href="data:,">${tag}</html>`;
    const { page, console, end } = await visit('/printed', html, {}, policy);
    try {
      await until('the history', () => keepsHistory(page));
      await recommends(page);
      await trains(page);
      expect((await statusOf(page)).backend?.backend).toBe('wasm');
      expect([rungOf(/engine/), rungOf(/^worker-/)]).toEqual(
        route === 1 ? ['blob', 'blob'] : ['own', 'own'],
      );
      expect(console).toEqual([]);
    } finally {
      await end();
    }
  });
});
