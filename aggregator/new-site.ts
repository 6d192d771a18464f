/**
 * Makes a site, or extends one: keys, catalogue, tasks, settings, and the tag for the shop's pages.
 *
 *   DIR/root/     the site's root key and what was signed last: kept off the server (R4)
 *   DIR/server/   settings, the operator's token and the data folder: what the server needs
 *   DIR/snippet.html
 *
 * A key, a token and a settings file that are there stay as they are.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { toBase64url } from '../shared/bytes/base64url.ts';
import { canonicalJson } from '../shared/bytes/canonical.ts';
import { sha256Hex } from '../shared/bytes/hash.ts';
import { utf8 } from '../shared/bytes/utf8.ts';
import { recordHash } from '../shared/protocol/records.ts';
import { DEFAULT_SEGMENTS } from '../shared/protocol/segments.ts';
import type { HelperKeys } from '../shared/protocol/task.ts';
import { buildCatalogue } from './catalogue/build.ts';
import { hashedNgrams } from './catalogue/embedder.ts';
import { readFeed } from './catalogue/feed.ts';
import type { Assets } from './operate/assets.ts';
import {
  DAY_MS,
  DEFAULT_PLAN,
  intentDraft,
  type Plan,
  type PlannedDraft,
  rankerDraft,
} from './plan-site.ts';
import { budgetOf, type TaskDraft, taskOf, writeSite } from './site.ts';
import { SiteFolder } from './site-folder.ts';
import { KEY_FILE } from './sites.ts';

export interface NewSite {
  readonly site: string;
  readonly dir: string;
  /** JSON of the shop's goods; needed the first time. */
  readonly feed: string | null;
  /** Where browsers will find the server; as before, or this machine, when null. */
  readonly endpoint: string | null;
  /** What is not given is as before, or the shipped default. */
  readonly plan: Partial<Plan>;
  /** Of the second server, for a task of the split tier; as before when null. */
  readonly helper: Helper | null;
  /** The second server's signature under that task, once it has given it. */
  readonly helperSignature: string | null;
  /** The browser's files and their folder; null where they are not built. */
  readonly dist: { readonly folder: string; readonly assets: Assets } | null;
  readonly nowMs: number;
}

interface Helper {
  readonly keys: HelperKeys;
  readonly url: string | null;
}

export interface MadeSite {
  readonly endpoint: string;
  /** Paths below `dir`, in the order in which they were made. */
  readonly made: readonly string[];
  readonly kept: readonly string[];
  /** As the page pins it: root key, and behind a space the helper's identity key. */
  readonly trust: string;
  readonly snippet: string;
  readonly tasks: readonly {
    readonly name: string;
    readonly hash: string;
    readonly draft: TaskDraft;
  }[];
  readonly budgetEpsilon: number;
  /** Task that the second server must sign first, below `dir`; null when there is none. */
  readonly toSign: string | null;
  /** Goods of the catalogue, and what was left out of it. */
  readonly goods: number | null;
  readonly problems: readonly string[];
}

/** What a site's folder says cannot be gone on with. */
export class NewSiteError extends Error {
  readonly code: 'other-site' | 'no-catalogue' | 'unsigned';

  constructor(code: NewSiteError['code'], message: string) {
    super(`${code}: ${message}`);
    this.name = 'NewSiteError';
    this.code = code;
  }
}

interface KeptTask {
  /** Hash of its draft. */
  readonly fingerprint: string;
  readonly expiresAtMs: number;
  /** The second server's, in the split tier. */
  readonly signature: string | null;
}

interface Kept {
  readonly site: string;
  readonly serial: number;
  readonly fingerprint: string;
  readonly catalogue: string;
  readonly endpoint: string;
  readonly plan: Plan;
  readonly helper: Helper | null;
  readonly tasks: Readonly<Record<string, KeptTask>>;
}

const HERE = 'http://127.0.0.1:8787';

const STATE = 'root/signed.json';
const TO_SIGN = 'root/intent.task.json';
const SETTINGS = 'server/vitrine.json';
const TOKEN = 'server/admin.token';
const ROOT_KEY = 'root/root.key';
const SERVER_KEY = `server/data/${KEY_FILE}`;

/** A task lives for a year, and is made anew a month before its end. */
const LIFE_MS = 365 * DAY_MS;
const RENEW_MS = 30 * DAY_MS;

/** Enough for thousands of goods, and reduced before it is sent. */
const DIMENSIONS = 512;

interface Goods {
  readonly bytes: Uint8Array;
  readonly hash: string;
  readonly goods: number | null;
  readonly problems: readonly string[];
}

/** From the feed, or the catalogue that was signed last. @throws NewSiteError no-catalogue */
async function goodsOf(feed: string | null, folder: SiteFolder, kept: Kept | null): Promise<Goods> {
  if (feed !== null) {
    const items = readFeed(feed);
    const { bytes, hash, problems } = await buildCatalogue(items, {
      embedder: hashedNgrams(DIMENSIONS),
      embedText: ({ title, description }) => `${title} ${description}`,
    });
    return { bytes, hash, goods: items.length, problems };
  }
  if (kept === null) throw new NewSiteError('no-catalogue', '--catalogue FILE is needed');
  const { catalogue: hash } = kept;
  const bytes = await readFile(folder.path(`server/data/catalogues/${hash}.bin`));
  return { bytes, hash, goods: null, problems: [] };
}

interface Dated {
  readonly draft: TaskDraft;
  readonly kept: KeptTask;
}

/** A draft that is as it was keeps its expiry, so that its task stays the same task. */
async function dated(
  draft: PlannedDraft,
  parts: readonly string[],
  before: KeptTask | undefined,
  nowMs: number,
): Promise<Dated> {
  const fingerprint = await sha256Hex(utf8(JSON.stringify([draft, ...parts])));
  const same = before?.fingerprint === fingerprint && before.expiresAtMs - nowMs > RENEW_MS;
  const kept = same ? before : { fingerprint, expiresAtMs: nowMs + LIFE_MS, signature: null };
  return { draft: { ...draft, expiresAtMs: kept.expiresAtMs }, kept };
}

type Settled = Pick<Kept, 'site' | 'endpoint' | 'plan' | 'helper'> & Pick<NewSite, 'dir' | 'dist'>;

/** What was asked for over what was before. */
function settled({ site, dir, dist, endpoint, plan, helper }: NewSite, kept: Kept | null): Settled {
  return {
    ...{ site, dir, dist },
    endpoint: (endpoint ?? kept?.endpoint ?? HERE).replace(/\/+$/, ''),
    plan: { ...(kept?.plan ?? DEFAULT_PLAN), ...plan },
    helper: helper ?? kept?.helper ?? null,
  };
}

function settingsText({ endpoint, dist, dir, helper }: Settled): string {
  const url = new URL(endpoint);
  const port = url.port === '' ? 8787 : Number(url.port);
  const [name] = url.pathname.split('/').filter((part) => part !== '');
  const data = './data';
  const settings = {
    host: '127.0.0.1',
    port,
    // An endpoint with a path is one site of several that a proxy tells apart by it.
    ...(name === undefined ? { data } : { sites: [{ name, data }] }),
    ...(dist !== null && { dist: relative(join(dir, 'server'), dist.folder) }),
    ...(helper?.url != null && { helper: helper.url }),
    origins: '*',
    adminTokenFile: './admin.token',
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

function snippetOf({ site, endpoint: base, dist }: Settled, trust: string): string {
  const version = dist === null ? '' : `/${dist.assets.version}`;
  const integrity = dist?.assets.files.get('vitrine.js')?.integrity;
  return [
    `<script async src="${base}${version}/vitrine.js"`,
    ...(integrity === undefined ? [] : [`  crossorigin="anonymous" integrity="${integrity}"`]),
    `  data-site="${site}" data-endpoint="${base}"`,
    `  data-trust="${trust}"></script>`,
    '',
  ].join('\n');
}

/**
 * Makes the site's folder, or extends it: what has not changed stays, to the byte.
 * @throws NewSiteError, DamagedFile, FeedError, PlanError; SignatureError for a signature of another key or task.
 */
export async function makeSite(wanted: NewSite): Promise<MadeSite> {
  const { site, dir, feed, nowMs } = wanted;
  const folder = new SiteFolder(dir);
  const kept = (await folder.json(STATE)) as Kept | null;
  if (kept !== null && kept.site !== site) {
    throw new NewSiteError('other-site', `${dir} is the folder of ${kept.site}`);
  }
  const all = settled(wanted, kept);
  const { endpoint, plan, helper } = all;
  const catalogue = await goodsOf(feed, folder, kept);
  const drafts = [rankerDraft(plan), ...(helper === null ? [] : [intentDraft(plan, helper.keys)])];
  await mkdir(folder.path('root'), { recursive: true, mode: 0o700 });
  await mkdir(folder.path('server/data'), { recursive: true, mode: 0o700 });
  const rootKey = await folder.key(ROOT_KEY);
  const { publicKey: aggregatorKey } = await folder.key(SERVER_KEY);
  const taskSite = { site, catalogue, aggregatorKey };
  const tasks: Dated[] = [];
  let toSign: string | null = null;
  for (const draft of drafts) {
    const one = await dated(draft, [catalogue.hash, aggregatorKey], kept?.tasks[draft.name], nowMs);
    const signature =
      draft.tier === 'split' ? (wanted.helperSignature ?? one.kept.signature) : null;
    if (draft.tier === 'split' && signature === null) {
      const { task } = await taskOf(taskSite, one.draft);
      await folder.write(TO_SIGN, `${canonicalJson(task)}\n`);
      toSign = TO_SIGN;
    }
    tasks.push({ ...one, kept: { ...one.kept, signature } });
  }
  const signed = tasks.filter(
    ({ draft, kept: { signature } }) => draft.tier !== 'split' || signature,
  );
  const budget = budgetOf(drafts, drafts[0]?.delta ?? 0);
  const parts = [aggregatorKey, catalogue.hash, budget, signed.map((one) => one.kept)];
  const fingerprint = await sha256Hex(utf8(JSON.stringify(parts)));
  const changed = kept?.fingerprint !== fingerprint;
  const serial = (kept?.serial ?? 0) + (changed ? 1 : 0);
  const next: Kept = {
    ...{ site, serial, fingerprint, endpoint, plan, helper, catalogue: catalogue.hash },
    tasks: Object.fromEntries(tasks.map(({ draft, kept: one }) => [draft.name, one])),
  };
  if (changed) {
    // A run that is cut off from here on has used up the serial: no two records have the same.
    const before = { ...next, ...kept, tasks: kept?.tasks ?? {}, serial, fingerprint: '' };
    await folder.write(STATE, `${JSON.stringify(before, null, 2)}\n`);
    await writeSite(folder.path('server/data'), {
      site,
      serial,
      budget,
      segments: DEFAULT_SEGMENTS,
      catalogue,
      rootKey,
      aggregatorKey,
      tasks: signed.map(({ draft }) => draft),
      cosign: async ({ name }) => {
        const signature = tasks.find(({ draft }) => draft.name === name)?.kept.signature;
        if (signature == null) throw new NewSiteError('unsigned', `task ${name}`);
        return signature;
      },
    });
    folder.made.push('server/data/site.json');
  } else folder.kept.push('server/data/site.json');
  await folder.write(STATE, `${JSON.stringify(next, null, 2)}\n`);
  await folder.writeOnce(TOKEN, `${toBase64url(randomBytes(32))}\n`, 0o600);
  await folder.writeOnce(SETTINGS, settingsText(all), 0o644);
  const trust = [rootKey.publicKey, ...(helper === null ? [] : [helper.keys.identityKey])].join(
    ' ',
  );
  const snippet = snippetOf(all, trust);
  await folder.write('snippet.html', snippet);
  return {
    ...{ endpoint, made: folder.made, kept: folder.kept, trust, snippet, toSign },
    tasks: await Promise.all(
      signed.map(async ({ draft }) => {
        const hash = await recordHash((await taskOf(taskSite, draft)).task);
        return { name: draft.name, hash, draft };
      }),
    ),
    budgetEpsilon: budget.epsilon,
    goods: catalogue.goods,
    problems: catalogue.problems,
  };
}
