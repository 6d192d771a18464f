/** An audit from outside, step by step: PR50 to PR55 of shared/privacy/SPEC.md. */
import { canonicalJson } from '../../shared/bytes/canonical.ts';
import { type Statement, statementOf } from '../../shared/privacy/statement.ts';
import type { FetchFile, KeptCheckpoint } from '../../shared/protocol/tiles.ts';
import type { RandomSource } from '../../shared/random/source.ts';
import { Batches, checkBatches, checkModels } from './batches.ts';
import {
  type CanaryPlan,
  type CanaryRound,
  checkCanaries,
  planCanaries,
  supplyCanaries,
} from './canary.ts';
import { type Check, Checks } from './check.ts';
import { checkClaims } from './claims.ts';
import { History, type LoggedRound } from './history.ts';
import { checkKnownInput, roundsNeeded } from './known-input.ts';
import { AuditedLog } from './log.ts';
import { assertAffordable, checkOnce, ownRounds, ownTask } from './own.ts';
import {
  checkHelper,
  checkKeys,
  type KnownTask,
  type Pinned,
  type Records,
  readRecords,
} from './records.ts';
import { checkReport, readExport } from './report.ts';
import { randomSigns, type Supplied, type SupplyDeps, supplyRound } from './supply.ts';
import { CLIENTS, checkViews, readViews } from './views.ts';
import { filesOf, reasonOf, UsageError, type Web } from './web.ts';

/** What one audit leaves for the next; plain JSON. */
export interface AuditState {
  readonly version: 1;
  readonly site: string;
  /** The pinned root key. */
  readonly trust: string;
  readonly serial: number;
  readonly log: KeptCheckpoint;
}

export interface AuditOptions {
  readonly pinned: Pinned;
  /** Of the last audit, or null. */
  readonly state: AuditState | null;
  /** Another place's view: its state, or its interface; with words for it. */
  readonly compare: { readonly place: string; readonly view: AuditState | Web } | null;
  /** Name or hash of the task for own reports; null for the one whose name begins with 'audit'. */
  readonly task: string | null;
  readonly knownInput: boolean;
  readonly canary: boolean;
  /** Rounds of known input; as many as its tests need where null. */
  readonly rounds: number | null;
  /** Content of an exported report's file, or null. */
  readonly report: Uint8Array | null;
}

export interface AuditDeps {
  readonly web: Web;
  readonly source: RandomSource;
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** For each wait on the servers. */
  readonly timeoutMs: number;
}

export interface TaskStatement {
  readonly task: string;
  readonly hash: string;
  readonly tier: string;
  readonly statement: Statement;
}

export interface AuditResult {
  readonly site: string;
  readonly checks: readonly Check[];
  readonly statements: readonly TaskStatement[];
  /** To keep for the next audit; null where the log did not hold. */
  readonly state: AuditState | null;
}

/** A witness that was away cosigns again within this time. */
const COSIGN_PATIENCE_MS = 10_000;

/** Reports that the auditor sent, by what they are for. */
interface Supply {
  readonly task: KnownTask;
  readonly known: readonly Supplied[];
  readonly canaries: readonly CanaryRound[];
  readonly plan: CanaryPlan | null;
}

async function supply(
  deps: SupplyDeps,
  { knownInput, canary, rounds, task: wanted }: AuditOptions,
  tasks: readonly KnownTask[],
  checks: Checks,
): Promise<Supply | null> {
  if (!knownInput && !canary) return null;
  const task = ownTask(tasks, wanted);
  const { record } = task.signed;
  const needed = roundsNeeded(task, rounds);
  const plan = canary ? planCanaries(task) : null;
  assertAffordable(task, needed + (plan?.rounds ?? 0));
  const known: Supplied[] = [];
  try {
    for (let i = 0; knownInput && i < needed; i++) {
      const directions = Array.from({ length: record.maxReports }, () =>
        randomSigns(record.d, deps.source),
      );
      const after = known.at(-1)?.round ?? 0;
      known.push(await supplyRound(deps, record, task.hash, after, directions));
    }
    const after = known.at(-1)?.round ?? 0;
    const canaries = plan === null ? [] : await supplyCanaries(deps, task, plan, after);
    return { task, known, canaries, plan };
  } catch (error) {
    checks.fail('own-batch', record.name, reasonOf(error));
    return null;
  }
}

async function checkSupply(
  fetch: FetchFile,
  { task, known, canaries, plan }: Supply,
  { rounds }: History,
  batches: Batches,
  checks: Checks,
): Promise<void> {
  const { name } = task.signed.record;
  const all = [...known, ...canaries.map(({ supplied }) => supplied)];
  const own = await ownRounds(fetch, task, all, rounds, checks);
  const placed = new Map(own);
  if (known.length > 0) {
    const mine = own.filter(([one]) => known.includes(one));
    await checkKnownInput(fetch, task, mine, checks);
  }
  if (plan === null) return;
  const opened = canaries.flatMap((one): (readonly [CanaryRound, LoggedRound])[] => {
    const round = placed.get(one.supplied);
    return round === undefined ? [] : [[one, round]];
  });
  const mine = opened.map(([one, round]) => [one.supplied, round] as const);
  checkOnce('canary-batch', name, mine, batches, checks);
  await checkCanaries(fetch, task, plan, opened, checks);
}

/** What the log says, and the bytes behind it. */
async function checkLog(
  { web, pause, timeoutMs }: AuditDeps,
  { compare }: AuditOptions,
  log: AuditedLog,
  history: History,
  records: Records,
  checks: Checks,
): Promise<Batches> {
  const fetch = filesOf(web);
  const helpers = records.tasks.flatMap(({ signed }) => signed.record.helper?.identityKey ?? []);
  if (helpers.length === 0) {
    checks.skip('cosignature', '', 'one server: a fork can be found by comparison only');
  } else await log.checkCosigned(helpers, Math.min(COSIGN_PATIENCE_MS, timeoutMs), pause);
  if (compare === null) checks.skip('log-compare', '', 'no other view was given with --compare');
  else {
    const { view, place } = compare;
    await log.compare('get' in view ? filesOf(view) : view.log, place);
  }
  const { records: entries, chain, openings, sequences, rounds, size } = history;
  const isLogged = canonicalJson(history.site) === canonicalJson(records.site);
  entries.look(isLogged, () => 'the site record that is served is not the newest of the log');
  const rotations = canonicalJson(history.rotations) === canonicalJson(records.rotations);
  entries.look(rotations, () => 'the rotations that are served are not those of the log');
  checks.tally('log-records', '', entries, `${size} entries, ${history.tasks.size} tasks`);
  const published = rounds.filter(({ model }) => model !== null).length;
  const abandoned = rounds.filter((round) => round.abandoned !== null).length;
  const counts = { rounds: rounds.length, published, abandoned };
  const chained = `${rounds.length} rounds: ${published} published, ${abandoned} abandoned`;
  checks.tally('round-chain', '', chain, chained, counts);
  const { unlogged } = sequences;
  const opened = rounds.filter(({ opening }) => opening !== null).length;
  const more = unlogged === 0 ? '' : `; the helper counted ${unlogged} more that are not logged`;
  checks.tally('openings', '', openings, `${opened} openings of two servers${more}`, { unlogged });
  const batches = await checkBatches(fetch, rounds, checks);
  await checkModels(fetch, rounds, checks);
  await history.versions.checkVerdicts(fetch, checks);
  return batches;
}

/**
 * Audits one site.
 * @throws Unreachable, UsageError
 */
export async function audit(deps: AuditDeps, options: AuditOptions): Promise<AuditResult> {
  const { web, nowMs } = deps;
  const { pinned, state } = options;
  const fetch = filesOf(web);
  const checks = new Checks();
  const exported = options.report === null ? [] : readExport(options.report);
  if (state !== null && state.trust !== pinned.root) {
    throw new UsageError('--state: the file is of a site with another root key');
  }

  // 1. The records that the pinned keys sign.
  const records = await readRecords(web, pinned, state?.serial ?? -1, checks);
  const nothing = { site: '', checks: checks.all, statements: [], state: null };
  if (records === null) return nothing;
  const { site } = records.site.record;
  const [first] = records.tasks;
  if (first === undefined) {
    checks.fail('checkpoint', '', "no task is authentic, so that the log's key is not known");
    return { ...nothing, site };
  }

  // 2. The auditor's own reports, where asked for.
  const supplied = await supply(deps, options, records.tasks, checks);

  // 3. The log, all of it, and what is shown to whom.
  const { aggregatorKey: logKey } = first.signed.record;
  const log = new AuditedLog({ fetch, site, logKey }, checks);
  const history = new History(pinned.root);
  let whole = await log.advance(history);
  const views = await readViews(web, records.tasks, history);
  whole &&= await log.advance(history);
  if (whole) {
    log.pass(history);
    const why = state === null ? 'nothing was seen before; --state FILE keeps it' : '';
    await log.checkConsistency(state?.log ?? null, why);
  }
  const tasks = new Map<string, KnownTask>(records.tasks.map((one) => [one.hash, one]));
  for (const [hash, signed] of history.tasks)
    if (!tasks.has(hash)) tasks.set(hash, { hash, signed });
  for (const task of tasks.values()) {
    const { record } = task.signed;
    await checkHelper(task, pinned, [...history.rotations, ...records.rotations], checks);
    checkClaims(record, checks);
  }
  const revoked = [...history.revoked, ...records.site.record.revoked];
  for (const { hash, signed } of records.tasks) {
    checkKeys(signed.record, revoked, views.isOpen(hash), nowMs(), checks);
  }
  const batches = whole
    ? await checkLog(deps, options, log, history, records, checks)
    : new Batches();
  if (whole) {
    await log.checkClients(CLIENTS.map((headers) => filesOf(web, headers)));
    checkViews(views, history, checks);
  }

  // 4. What came of the auditor's reports, and of a browser's.
  if (supplied !== null && whole) await checkSupply(fetch, supplied, history, batches, checks);
  const known = new Map([...tasks].map(([hash, { signed }]) => [hash, signed.record]));
  for (const one of exported) checkReport(one, { tasks: known, history, batches }, checks);

  const consistent = !checks.all.some(
    ({ name, outcome }) =>
      outcome === 'fail' && (name === 'log-consistency' || name === 'site-record'),
  );
  const { kept } = log;
  return {
    site,
    checks: checks.all,
    statements: records.tasks.map(({ hash, signed: { record } }) => ({
      task: record.name,
      hash,
      tier: record.tier,
      statement: statementOf(record),
    })),
    state:
      kept === null || !consistent
        ? null
        : { version: 1, site, trust: pinned.root, serial: records.site.record.serial, log: kept },
  };
}
