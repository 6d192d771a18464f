/**
 * Makes a site, or extends one: keys, catalogue, tasks, settings, and the tag for the shop's pages.
 *
 *   DIR/root/     the site's root key and what was signed last: kept off the server (R4)
 *   DIR/server/   settings, the operator's token, the data folder and the browser's files by version:
 *                 what the server needs
 *   DIR/snippet.html, DIR/snippets/   the tag for each platform, and the policy that its pages need
 *
 * A key, a token and a settings file that are there stay as they are.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { toBase64url } from '../shared/bytes/base64url.ts';
import { canonicalJson } from '../shared/bytes/canonical.ts';
import { sha256Hex } from '../shared/bytes/hash.ts';
import { utf8 } from '../shared/bytes/utf8.ts';
import { decodeCatalogue } from '../shared/model/codec.ts';
import { PlanError } from '../shared/plan/request.ts';
import { recordHash } from '../shared/protocol/records.ts';
import { DEFAULT_SEGMENTS } from '../shared/protocol/segments.ts';
import type { HelperKeys } from '../shared/protocol/task.ts';
import type { ShopFiles } from './catalogue/shop.ts';
import { settingsText, writeRelease } from './new-files.ts';
import { type Goods, goodsOf } from './new-goods.ts';
import { snippetsOf } from './new-snippets.ts';
import { dated, type KeptTask, NewSiteError, withSignatures } from './new-tasks.ts';
import type { Assets } from './operate/assets.ts';
import { type PlannedDrafts, plannedDrafts, rankerWith } from './plan-drafts.ts';
import { DEFAULT_PLAN, intentDraft, type Plan, rankerDraft } from './plan-site.ts';
import { budgetOf, type TaskDraft, taskOf, writeSite } from './site.ts';
import { SiteFolder } from './site-folder.ts';
import { KEY_FILE } from './sites.ts';

export interface NewSite {
  readonly site: string;
  readonly dir: string;
  /** The shop's goods, in any form of `vitrine catalogue`; needed the first time. */
  readonly feed: string | Uint8Array | null;
  /** A feed whose cards alone are published: prices, pictures, addresses. */
  readonly cardFeed?: Uint8Array | null;
  readonly files: Omit<ShopFiles, 'feed'>;
  /** Where browsers will find the server; as before, or this machine, when null. */
  readonly endpoint: string | null;
  /** What is not given is as before, or the shipped default. */
  readonly plan: Partial<Plan>;
  /** Of the second server, for a task of the split tier; as before when null. */
  readonly helper: Helper | null;
  /** The second server's signatures by task, once it has given them; '' where one task waits. */
  readonly helperSignatures: Readonly<Record<string, string>>;
  /** The browser's files; null where they are not built. */
  readonly assets: Assets | null;
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
  /** Tasks that the second server must sign first: their files below `dir`. */
  readonly toSign: readonly string[];
  /** Goods of the catalogue, and what was left out of it. */
  readonly goods: number | null;
  readonly problems: readonly string[];
  /** Ids that the shop listed, and how many of them the catalogue has; null without a list. */
  readonly bestSellers: { readonly listed: number; readonly known: number } | null;
}

export interface Kept {
  readonly site: string;
  readonly serial: number;
  readonly fingerprint: string;
  readonly catalogue: string;
  /** Hashes of the cards' parts. */
  readonly cards?: readonly string[];
  readonly endpoint: string;
  readonly plan: Plan;
  readonly helper: Helper | null;
  readonly tasks: Readonly<Record<string, KeptTask>>;
}

const HERE = 'http://127.0.0.1:8787';

const STATE = 'root/signed.json';
const SETTINGS = 'server/vitrine.json';
const TOKEN = 'server/admin.token';
const ROOT_KEY = 'root/root.key';
const SERVER_KEY = `server/data/${KEY_FILE}`;

/** As the shop's size asks for, or the shipped tasks. @throws PlanError */
function draftsOf(plan: Plan, { bytes, hash }: Goods, helper: Helper | null): PlannedDrafts {
  const keys = helper?.keys ?? null;
  if (plan.shop != null) return plannedDrafts(plan.shop, decodeCatalogue(bytes, hash), keys);
  const intent = keys === null ? [] : [intentDraft(plan, keys)];
  return { drafts: [rankerDraft(plan), ...intent], ranker: null, bestSellers: null };
}

type Settled = Pick<Kept, 'site' | 'endpoint' | 'plan' | 'helper'> & Pick<NewSite, 'assets'>;

/** What was asked for over what was before. */
function settled({ site, assets, endpoint, plan, helper }: NewSite, kept: Kept | null): Settled {
  return {
    ...{ site, assets },
    endpoint: (endpoint ?? kept?.endpoint ?? HERE).replace(/\/+$/, ''),
    plan: { ...(kept?.plan ?? DEFAULT_PLAN), ...plan },
    helper: helper ?? kept?.helper ?? null,
  };
}

/**
 * Makes the site's folder, or extends it: what has not changed stays, to the byte.
 * @throws NewSiteError, DamagedFile, FeedError, MatrixError, PlanError; SignatureError for a signature of another key or task.
 */
export async function makeSite(wanted: NewSite): Promise<MadeSite> {
  const { site, dir, nowMs } = wanted;
  const folder = new SiteFolder(dir);
  const kept = (await folder.json(STATE)) as Kept | null;
  if (kept !== null && kept.site !== site) {
    throw new NewSiteError('other-site', `${dir} is the folder of ${kept.site}`);
  }
  const shop = kept?.plan.shop;
  if (shop != null && wanted.plan.shop === undefined && Object.keys(wanted.plan).length > 0) {
    throw new PlanError(
      'bad-plan',
      `this site is planned for ${shop.shoppers} shoppers: --shoppers`,
    );
  }
  const all = settled(wanted, kept);
  const { endpoint, plan, helper } = all;
  const catalogue = await goodsOf(wanted, folder, kept);
  const { drafts, ranker, bestSellers } = draftsOf(plan, catalogue, helper);
  await mkdir(folder.path('root'), { recursive: true, mode: 0o700 });
  await mkdir(folder.path('server/data'), { recursive: true, mode: 0o700 });
  const rootKey = await folder.key(ROOT_KEY);
  const { publicKey: aggregatorKey } = await folder.key(SERVER_KEY);
  const taskSite = { site, catalogue, aggregatorKey };
  const parts = [catalogue.hash, aggregatorKey];
  const datedTasks = await Promise.all(
    drafts.map((draft) => dated(draft, parts, kept?.tasks[draft.name], nowMs)),
  );
  const tasks = withSignatures(datedTasks, wanted.helperSignatures);
  const toSign: string[] = [];
  for (const { draft, kept: one } of tasks) {
    if (draft.tier !== 'split' || one.signature !== null) continue;
    const { task } = await taskOf(taskSite, draft);
    const path = `root/${draft.name}.task.json`;
    await folder.write(path, `${canonicalJson(task)}\n`);
    toSign.push(path);
  }
  const signed = tasks.filter(
    ({ draft, kept: { signature } }) => draft.tier !== 'split' || signature,
  );
  const budget = budgetOf(drafts, drafts[0]?.delta ?? 0);
  const names = signed.map(({ draft }) => draft.name);
  const made = rankerWith(ranker, names);
  const own = [
    ...[aggregatorKey, catalogue.hash, budget, signed.map((one) => one.kept)],
    DEFAULT_SEGMENTS,
  ];
  const cards = catalogue.cards.map((part) => part.hash);
  const whole = [...own, ...(made === null ? [] : [made]), ...(cards.length === 0 ? [] : [cards])];
  const fingerprint = await sha256Hex(utf8(JSON.stringify(whole)));
  const changed = kept?.fingerprint !== fingerprint;
  const serial = (kept?.serial ?? 0) + (changed ? 1 : 0);
  const next: Kept = {
    ...{ site, serial, fingerprint, endpoint, plan, helper, catalogue: catalogue.hash, cards },
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
      ...(made !== null && { ranker: made }),
      catalogue,
      cards: catalogue.cards,
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
  if (all.assets !== null) await writeRelease(folder, all.assets);
  await folder.writeOnce(SETTINGS, settingsText(all), 0o644);
  const trust = [rootKey.publicKey, ...(helper === null ? [] : [helper.keys.identityKey])].join(
    ' ',
  );
  const snippets = snippetsOf({ ...all, trust });
  for (const [path, text] of Object.entries(snippets)) await folder.write(path, text);
  return {
    ...{ endpoint, made: folder.made, kept: folder.kept, trust, toSign },
    tasks: await Promise.all(
      signed.map(async ({ draft }) => {
        const hash = await recordHash((await taskOf(taskSite, draft)).task);
        return { name: draft.name, hash, draft };
      }),
    ),
    snippet: snippets['snippet.html'] ?? '',
    budgetEpsilon: budget.epsilon,
    goods: catalogue.goods,
    problems: catalogue.problems,
    bestSellers:
      bestSellers === null
        ? null
        : { listed: plan.shop?.bestSellers?.length ?? 0, known: bestSellers },
  };
}
