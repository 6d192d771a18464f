/**
 * What a shop's operator does once, with the site's root key: sign the site record and its tasks
 * and put them with the start models and the catalogue into the aggregator's data folder. The root
 * key itself never gets there.
 */
import { assertBytes, assertInteger } from '../shared/assert/assert.ts';
import { canonicalBytes } from '../shared/bytes/canonical.ts';
import { sha256Hex } from '../shared/bytes/hash.ts';
import { assertNoWrap } from '../shared/field/fixed.ts';
import { fitsCatalogue, isOfCatalogue } from '../shared/model/architecture.ts';
import { decodeCatalogue } from '../shared/model/codec.ts';
import type { RankerRecord } from '../shared/model/parts.ts';
import {
  addCurves,
  bestOrder,
  epsilonAtOrder,
  gaussianOrder,
  scaleCurve,
} from '../shared/privacy/curve.ts';
import { curveOf, epsilonOf, sigmaOf } from '../shared/privacy/mechanism.ts';
import { MAX_EVALUATIONS } from '../shared/privacy/seeded.ts';
import { leafBytes } from '../shared/protocol/log.ts';
import { encodeModel } from '../shared/protocol/model.ts';
import { assertRanker } from '../shared/protocol/ranker.ts';
import { decodeSite, decodeTask, recordHash } from '../shared/protocol/records.ts';
import { type Signer, signRecord, verifyRecord } from '../shared/protocol/signature.ts';
import type {
  HelperKeys,
  SegmentRule,
  Signed,
  SignedTask,
  SiteBudget,
  SiteRecord,
  Task,
} from '../shared/protocol/task.ts';
import { MAX_ENTRY_BYTES } from '../shared/protocol/tiles.ts';
import { type Disk, writeWhole } from './accumulate/disk.ts';
import { nodeDisk } from './accumulate/node-disk.ts';
import { type KeyPair, signerOf } from './keys.ts';
import { modelPath } from './publish/publish.ts';
import { type CardFile, type PublicCatalogue, publicFiles } from './site-files.ts';
import type { WarmStart } from './warm-start.ts';

/** A task without what `writeSite` fills in. */
export type TaskDraft = Omit<
  Task,
  | 'version'
  | 'type'
  | 'site'
  | 'd'
  | 'epsilon'
  | 'catalogue'
  | 'initialModel'
  | 'aggregatorKey'
  | 'helper'
> & {
  /** The second server's keys, in the split tier. */
  readonly helper?: HelperKeys;
  /** Weights of version 0; their number is d. */
  readonly initialWeights: ArrayLike<number>;
  /** A published model to begin with, in place of `initialWeights` (K25). */
  readonly warmStart?: WarmStart;
};

export interface SiteDraft {
  readonly site: string;
  /** Rises with every new record of the site; 1 when left out. */
  readonly serial?: number;
  /** Without an order: the one at which Gaussian noise spends the most of it. */
  readonly budget: Omit<SiteBudget, 'order'> & Partial<Pick<SiteBudget, 'order'>>;
  readonly segments: readonly SegmentRule[];
  /** Of what the ranker is made; the first wide task alone when left out. */
  readonly ranker?: RankerRecord;
  /** Public keys that are good for nothing any more; none when left out. */
  readonly revoked?: readonly string[];
  readonly catalogue: PublicCatalogue;
  /** Parts of the goods' cards (G5); none when left out. */
  readonly cards?: readonly CardFile[];
  readonly rootKey: KeyPair;
  /** Public key of the aggregator, base64url. */
  readonly aggregatorKey: string;
  readonly tasks: readonly TaskDraft[];
  /** Asks the helper for its signature under a task of the split tier, base64url. */
  readonly cosign?: (task: Task) => Promise<string>;
}

/** What all that the tasks let one browser send costs at its best order, ε up to a hundredth. */
export function budgetOf(
  drafts: readonly Pick<TaskDraft, 'mechanism' | 'participations'>[],
  delta: number,
): SiteBudget {
  const curves = drafts.map((one) => scaleCurve(curveOf(one.mechanism), one.participations));
  const total = curves.reduce((sum, curve) => addCurves(sum, curve));
  const order = bestOrder(total, delta);
  const epsilon = epsilonAtOrder(total, order, delta);
  const hundredths = Math.ceil(100 * epsilon);
  // 100 · 0.14 is above 14 in float64.
  const below = (hundredths - 1) / 100;
  return { epsilon: below >= epsilon ? below : hundredths / 100, delta, order };
}

export interface WrittenSite {
  readonly siteRecord: Signed<SiteRecord>;
  /** By task name. */
  readonly taskHashes: Readonly<Record<string, string>>;
}

/** ε is claimed in steps of one millionth, upwards. */
const EPSILON_STEPS = 1e6;

function claimedEpsilon(task: TaskDraft): number | 'none' {
  if (task.mechanism.name === 'none') return 'none';
  const epsilon = epsilonOf(task.mechanism, task.delta, 1);
  const claimed = Math.ceil(epsilon * EPSILON_STEPS) / EPSILON_STEPS;
  return claimed >= epsilon ? claimed : claimed + 1 / EPSILON_STEPS;
}

/** The site's part in its tasks. */
export type TaskSite = Pick<SiteDraft, 'site' | 'catalogue' | 'aggregatorKey'>;

/**
 * The task that a draft stands for, which site and helper sign, and the bytes of its initial model.
 * @throws TypeError, RangeError or ShapeError for a draft that is no task.
 */
export async function taskOf(
  site: TaskSite,
  { initialWeights: cold, warmStart, helper, ...draft }: TaskDraft,
): Promise<{ readonly task: Task; readonly model: Uint8Array }> {
  const initialWeights = warmStart?.weights ?? cold;
  if ((draft.tier === 'test') !== (draft.mechanism.name === 'none')) {
    throw new RangeError(`tasks ${draft.name}: exactly the test tier goes without noise`);
  }
  if (draft.recipe.server.name === 'release' && Array.from(initialWeights).some((w) => w !== 0)) {
    throw new RangeError(`tasks ${draft.name}: a statistic starts from zeros`);
  }
  if (draft.mechanism.name === 'privunit' && draft.tier !== 'local') {
    throw new RangeError(`tasks ${draft.name}: privunit is for the local tier alone`);
  }
  const candidates = draft.mechanism.name === 'privunit' ? draft.mechanism.candidates : 0;
  if (candidates * initialWeights.length > MAX_EVALUATIONS) {
    throw new RangeError(`tasks ${draft.name}: more candidates than any browser tries`);
  }
  if (draft.tier === 'split') assertSplit(draft, helper);
  const model = encodeModel(initialWeights);
  const initialModel = await sha256Hex(model);
  if (warmStart !== undefined && warmStart.modelHash !== initialModel) {
    throw new RangeError(`tasks ${draft.name}: warmStart.weights are not the model of modelHash`);
  }
  const task = decodeTask({
    ...draft,
    version: 1,
    type: 'task',
    site: site.site,
    d: initialWeights.length,
    epsilon: claimedEpsilon({ ...draft, initialWeights }),
    catalogue: site.catalogue.hash,
    initialModel,
    aggregatorKey: site.aggregatorKey,
    helper: helper ?? null,
  });
  assertNoWrap({
    tier: task.tier,
    maxReports: task.maxReports,
    minReports: task.minReports,
    B: 2 ** task.scaleBits,
    d: task.d,
    sigma: sigmaOf(task.mechanism),
  });
  return { task, model };
}

async function writeTask(
  disk: Disk,
  signer: Signer,
  site: SiteDraft,
  draft: TaskDraft,
): Promise<{ name: string; hash: string }> {
  const { task, model } = await taskOf(site, draft);
  const hash = await recordHash(task);
  await writeWhole(disk, modelPath(task.initialModel), model);
  const helperSignature = await helperSignatureOf(site, task);
  const signed: SignedTask = { ...signRecord(task, signer), helperSignature };
  await writeWhole(disk, `tasks/${hash}.json`, canonicalBytes(signed));
  return { name: task.name, hash };
}

/** @throws RangeError */
function assertSplit(
  {
    name,
    mechanism,
    minReports,
    maxReports,
  }: Omit<TaskDraft, 'initialWeights' | 'warmStart' | 'helper'>,
  helper: HelperKeys | undefined,
): void {
  if (helper === undefined) throw new RangeError(`tasks ${name}: the helper's keys are needed`);
  if (mechanism.name !== 'discrete-gaussian') {
    throw new RangeError(`tasks ${name}: the split tier has discrete Gaussian noise`);
  }
  // Each browser's share of the noise is that of one in ½·n_min (DESIGN.md §2).
  if (maxReports > 2 * minReports) {
    throw new RangeError(`tasks ${name}: maxReports must be at most 2·minReports`);
  }
}

/** @throws RangeError when nobody is there to sign; SignatureError when another key signed. */
async function helperSignatureOf({ cosign }: SiteDraft, task: Task): Promise<string | null> {
  if (task.helper === null) return null;
  if (cosign === undefined) throw new RangeError(`tasks ${task.name}: cosign is needed`);
  const signature = await cosign(task);
  await verifyRecord({ record: task, signature }, task.helper.identityKey);
  return signature;
}

/** @throws ShapeError for a ranker without its tasks, RangeError for counts of another catalogue. */
function assertParts({ ranker, tasks, catalogue }: SiteDraft): void {
  if (ranker !== undefined) assertRanker(ranker, (name) => tasks.find((one) => one.name === name));
  const counting = tasks.filter(({ architecture }) => isOfCatalogue(architecture));
  if (counting.length === 0) return;
  const goods = decodeCatalogue(catalogue.bytes, catalogue.hash);
  for (const { name, architecture } of counting) {
    if (!fitsCatalogue(architecture, goods)) {
      throw new RangeError(`tasks ${name}: goods that the catalogue does not have, or not all`);
    }
  }
}

/**
 * Writes site.json, tasks/, models/ and catalogues/ under `data`, each file whole or not at all,
 * the site record last. A running aggregator reads them at its next start.
 * @param data the aggregator's data folder, or a disk.
 * @throws TypeError, RangeError or ShapeError for a draft that is no site; DiskError
 */
export async function writeSite(data: string | Disk, site: SiteDraft): Promise<WrittenSite> {
  const disk = typeof data === 'string' ? nodeDisk(data) : data;
  assertBytes('catalogue.bytes', site.catalogue.bytes);
  assertInteger('serial', site.serial ?? 1, 0);
  const files = await publicFiles(site.catalogue, site.cards);
  const signer = signerOf(site.rootKey);
  for (const folder of ['', 'tasks', 'models', 'catalogues']) await disk.makeFolder(folder);
  for (const { hash, bytes } of files) await writeWhole(disk, `catalogues/${hash}.bin`, bytes);
  assertParts(site);
  const tasks: { name: string; hash: string }[] = [];
  for (const draft of site.tasks) tasks.push(await writeTask(disk, signer, site, draft));
  const record = decodeSite({
    version: 1,
    type: 'site',
    site: site.site,
    serial: site.serial ?? 1,
    budget: { order: gaussianOrder(site.budget.epsilon, site.budget.delta), ...site.budget },
    tasks,
    segments: site.segments,
    revoked: site.revoked ?? [],
    ...(site.ranker && { ranker: site.ranker }),
    ...(site.cards && site.cards.length > 0 && { cards: site.cards.map(({ hash }) => hash) }),
  });
  const siteRecord = signRecord(record, signer);
  if (leafBytes({ type: 'site', site: siteRecord }).length > MAX_ENTRY_BYTES) {
    throw new RangeError(
      `the site record must fit into an entry of the log, ${MAX_ENTRY_BYTES} bytes`,
    );
  }
  await writeWhole(disk, 'site.json', canonicalBytes(siteRecord));
  return {
    siteRecord,
    taskHashes: Object.fromEntries(tasks.map(({ name, hash }) => [name, hash])),
  };
}
