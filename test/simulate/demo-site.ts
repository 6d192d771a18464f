/** The demo's site: keys, catalogue, tasks and budget, written once into the data folder. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type HelperKeyRing,
  initKeys,
  KeyError,
  loadKeyRing,
  signTask,
} from '../../aggregator/ceremony.ts';
import { loadOrCreateKey } from '../../aggregator/keys.ts';
import { KEY_FILE } from '../../aggregator/main.ts';
import { budgetOf, type TaskDraft, writeSite } from '../../aggregator/site.ts';
import { initialWeights } from '../../sdk/learn/initial.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { type Architecture, largestNorm, parameterCount } from '../../shared/model/architecture.ts';
import { INTENT } from '../../shared/model/heads/intent.ts';
import { headTask } from '../../shared/model/heads/record.ts';
import { LOCAL_DEFAULTS, SPLIT_DEFAULTS } from '../../shared/plan/defaults.ts';
import { chooseMechanism } from '../../shared/privacy/choose.ts';
import type { Mechanism } from '../../shared/privacy/mechanism.ts';
import { sigmaOfEpsilon } from '../../shared/privacy/zcdp.ts';
import { DEFAULT_SEGMENTS } from '../../shared/protocol/segments.ts';
import type { HelperKeys } from '../../shared/protocol/task.ts';
import { CryptoSource } from '../../shared/random/source.ts';
import { CAMPAIGN } from './campaign.ts';
import { demoCatalogue } from './demo-world.ts';
import type { StartFlags } from './flags.ts';

const DEMO_SITE = 'demo-shop';
export const HISTORY_LENGTH = 10;

const LABEL = 'demo periods: seconds instead of days';
const DAY_MS = 86_400_000;
const LIFE_MS = 30 * DAY_MS;

type DemoDraft = Omit<TaskDraft, 'expiresAtMs'>;

/** The shipped defaults, with periods of a demo. */
const { epsilon: EPSILON, ...DEFAULTS } = LOCAL_DEFAULTS;
const COMMON = {
  ...DEFAULTS,
  kind: 'train',
  tier: 'local',
  separationMs: 10_000,
  quietMs: 5_000,
  windowMs: 30_000,
  label: LABEL,
} as const;

const WIDE_CLIP = 2;

/** What the planner chooses for the ranker: PrivUnitG, of a seventh of the Gaussian's variance. */
function rankerMechanism(d: number): Mechanism {
  const { delta, participations, scaleBits } = COMMON;
  const epsilon = participations * EPSILON;
  const input = { epsilon, delta, participations, d, clipL2: WIDE_CLIP, scaleBits };
  return chooseMechanism(input).mechanism;
}

const splitOf = (helper: HelperKeys | undefined) =>
  ({
    tier: 'split',
    ...(helper !== undefined && { helper }),
    mechanism: {
      name: 'discrete-gaussian',
      sigma: sigmaOfEpsilon(SPLIT_DEFAULTS.epsilon, COMMON.delta),
    },
    minReports: SPLIT_DEFAULTS.minReports,
    maxReports: SPLIT_DEFAULTS.maxReports,
  }) as const;

/**
 * The three tasks of the demo: the ranker in the local tier, the head and the campaign in the split
 * tier. Between two servers the head's error at 100 reports is a quarter of its clip at ε 2, where
 * one server would need 181 reports at ε 4 for an error of the whole clip (rule PR7).
 */
export function demoDrafts(helper?: HelperKeys): DemoDraft[] {
  const split = splitOf(helper);
  const source = new CryptoSource();
  const wide: Architecture = { name: 'wide', historyLength: HISTORY_LENGTH };
  return [
    {
      ...COMMON,
      name: 'wide',
      architecture: wide,
      initialWeights: initialWeights(wide, source),
      clipL2: WIDE_CLIP,
      mechanism: rankerMechanism(parameterCount(wide)),
      minReports: 120,
      maxReports: 800,
      recipe: {
        steps: 3,
        learningRate: 1,
        negatives: 100,
        maxExamples: 60,
        server: { name: 'fedavg', learningRate: 1, decayRounds: 6 },
      },
    },
    {
      ...COMMON,
      ...split,
      ...headTask(INTENT, source),
      windowMs: 45_000,
    },
    {
      ...COMMON,
      ...split,
      name: 'campaign',
      kind: 'measure',
      windowMs: 60_000,
      architecture: CAMPAIGN,
      initialWeights: initialWeights(CAMPAIGN, source),
      clipL2: largestNorm(CAMPAIGN),
      recipe: { server: { name: 'release' } },
    },
  ];
}

/** Bins of the audit's task: enough for its canaries. */
const AUDIT_BINS = 5000;
/** Fills a round with the 48 canaries that a claim of ε = 2 needs, below the floor of a browser. */
const AUDIT_REPORTS = 48;

/** A task for an auditor's own reports: browsers refuse it, as its n_min is below their floor. */
export function auditDraft(helper: HelperKeys): DemoDraft {
  return {
    ...COMMON,
    ...splitOf(helper),
    name: 'audit',
    kind: 'measure',
    architecture: {
      name: 'counts',
      statistic: { name: 'histogram', of: 'brand', bins: AUDIT_BINS },
    },
    initialWeights: new Float32Array(AUDIT_BINS),
    clipL2: 1,
    minReports: AUDIT_REPORTS / 2,
    maxReports: AUDIT_REPORTS,
    recipe: { server: { name: 'release' } },
  };
}

export interface DemoSite {
  readonly site: string;
  /** The site's root key and the helper's identity key, as a page pins them. */
  readonly trust: string;
  /** The root key alone, base64url: what the helper trusts. */
  readonly rootKey: string;
  /** The aggregator's data folder. */
  readonly folder: string;
  /** The helper's folders, which in production are another operator's. */
  readonly helper: { readonly keysDir: string; readonly dataDir: string };
  readonly taskHashes: Readonly<Record<string, string>>;
}

interface Kept {
  readonly fingerprint: string;
  readonly serial: number;
  readonly expiresAtMs: number;
  readonly taskHashes: Readonly<Record<string, string>>;
}

async function readKept(path: string): Promise<Kept | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Kept;
  } catch {
    return null;
  }
}

/** The helper's keys, new ones with a new journal before they expire in the life of a task. */
async function helperKeys(data: string, keysDir: string, nowMs: number): Promise<HelperKeyRing> {
  try {
    const ring = await loadKeyRing(keysDir);
    if (ring.status.sealingKeyExpiresAtMs - nowMs > LIFE_MS) return ring;
    await rm(join(data, 'helper'), { recursive: true, force: true });
  } catch (error) {
    if (!(error instanceof KeyError && error.code === 'no-keys')) throw error;
  }
  return initKeys(keysDir);
}

/**
 * Keys, tasks and catalogue under `data`, made where they are missing, and made again when the
 * goods or the tasks have changed or would expire within a day. Models and log stay.
 *
 * @param flags fresh begins anew: everything that was in the folders of the demo is deleted; audit
 * adds the auditor's task.
 */
export async function prepareSite(
  data: string,
  { fresh, audit }: Pick<StartFlags, 'fresh' | 'audit'>,
  nowMs: number,
): Promise<DemoSite> {
  const folder = join(data, 'aggregator');
  const record = join(data, 'demo-site.json');
  if (fresh) {
    for (const old of [folder, join(data, 'site'), join(data, 'helper'), record]) {
      await rm(old, { recursive: true, force: true });
    }
  }
  await mkdir(folder, { recursive: true });
  const rootKey = await loadOrCreateKey(join(data, 'site', 'root.key'));
  const { publicKey } = await loadOrCreateKey(join(folder, KEY_FILE));
  const helper = { keysDir: join(data, 'helper', 'keys'), dataDir: join(data, 'helper', 'data') };
  const ring = await helperKeys(data, helper.keysDir, nowMs);
  const drafts = [...demoDrafts(ring.status), ...(audit ? [auditDraft(ring.status)] : [])];
  const catalogue = await demoCatalogue();
  const budget = budgetOf(demoDrafts(), COMMON.delta);
  const inputs = JSON.stringify([catalogue.hash, publicKey, drafts, DEFAULT_SEGMENTS, budget]);
  const fingerprint = await sha256Hex(utf8(inputs));
  const kept = await readKept(record);
  const trust = `${rootKey.publicKey} ${ring.status.identityKey}`;
  const base = { site: DEMO_SITE, trust, rootKey: rootKey.publicKey, folder, helper };
  if (kept?.fingerprint === fingerprint && kept.expiresAtMs - nowMs > DAY_MS) {
    return { ...base, taskHashes: kept.taskHashes };
  }
  const serial = (kept?.serial ?? 0) + 1;
  const expiresAtMs = nowMs + LIFE_MS;
  const { taskHashes } = await writeSite(folder, {
    site: DEMO_SITE,
    serial,
    budget,
    segments: DEFAULT_SEGMENTS,
    catalogue,
    rootKey,
    aggregatorKey: publicKey,
    tasks: drafts.map((draft) => ({ ...draft, expiresAtMs })),
    cosign: async (task) => signTask(task, ring),
  });
  const state: Kept = { fingerprint, serial, expiresAtMs, taskHashes };
  await writeFile(record, `${JSON.stringify(state, null, 2)}\n`);
  return { ...base, taskHashes };
}
