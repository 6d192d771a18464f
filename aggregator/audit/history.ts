/**
 * The log, entry by entry: form, signatures, and that rounds, openings and versions follow on one
 * another (PR52). What is wrong is noted, and goes no further.
 */
import { canonicalBytes, canonicalJson } from '../../shared/bytes/canonical.ts';
import { equalBytes } from '../../shared/bytes/concat.ts';
import { fromUtf8 } from '../../shared/bytes/utf8.ts';
import {
  type AbandonedEntry,
  type LogEntry,
  type OpeningEntry,
  versionEntry,
} from '../../shared/protocol/log.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { verifyRotation } from '../../shared/protocol/rotation.ts';
import { verifyRecord } from '../../shared/protocol/signature.ts';
import type {
  ModelRecord,
  RestoreRecord,
  RoundRecord,
  Signed,
  SignedRotation,
  SignedTask,
  SiteRecord,
  Task,
  VerdictRecord,
} from '../../shared/protocol/task.ts';
import { Tally } from './check.ts';
import { decodeEntry } from './entries.ts';
import { openingFaults, Sequences } from './openings.ts';
import { AuditedVersions } from './versions.ts';
import { reasonOf } from './web.ts';

/** One round of the log, with its outcome where it has one. */
export interface LoggedRound {
  readonly taskHash: string;
  readonly task: Task;
  readonly signed: Signed<RoundRecord>;
  readonly hash: string;
  readonly index: number;
  /** Number under which the weights of its base were made, and whether a round has just done so. */
  readonly base: { readonly version: number; readonly fromRound: boolean };
  opening: OpeningEntry | null;
  model: { readonly signed: Signed<ModelRecord>; readonly index: number } | null;
  abandoned: AbandonedEntry | null;
}

export class History {
  /** Of the log, by hash. */
  readonly tasks = new Map<string, SignedTask>();
  readonly rounds: LoggedRound[] = [];
  readonly rotations: SignedRotation[] = [];
  site: Signed<SiteRecord> | null = null;
  /** Keys that any site record so far has revoked: a key once revoked stays so (T4). */
  readonly revoked = new Set<string>();
  /** Entries taken. */
  size = 0;
  readonly records = new Tally();
  readonly chain = new Tally();
  readonly openings = new Tally();
  readonly sequences = new Sequences();
  readonly versions: AuditedVersions;
  readonly #root: string;
  readonly #last = new Map<string, LoggedRound>();

  /** @param root the pinned root key. */
  constructor(root: string) {
    this.#root = root;
    this.versions = new AuditedVersions(this.tasks, this.rounds, this.chain);
  }

  /** Takes the next leaf of the tree. */
  async take(leaf: Uint8Array): Promise<void> {
    const index = this.size;
    this.size += 1;
    try {
      const entry = decodeEntry(JSON.parse(fromUtf8(leaf)));
      if (!equalBytes(canonicalBytes(entry), leaf)) throw new Error('not canonical JSON');
      await this.#place(entry, index);
      this.records.look(true, String);
    } catch (error) {
      const reason = reasonOf(error);
      this.records.look(false, () => `entry ${index}: ${reason}`);
    }
  }

  async #place(entry: LogEntry, index: number): Promise<void> {
    switch (entry.type) {
      case 'site': {
        await verifyRecord(entry.site, this.#root);
        const last = this.site?.record.serial ?? -1;
        const { serial } = entry.site.record;
        if (serial < last) throw new Error(`site serial ${serial} after ${last}`);
        this.site = entry.site;
        for (const key of entry.site.record.revoked) this.revoked.add(key);
        return;
      }
      case 'task': {
        const { record, signature } = entry.task;
        await verifyRecord({ record, signature }, this.#root);
        this.tasks.set(await recordHash(record), entry.task);
        return;
      }
      case 'rotation':
        await verifyRotation(entry.rotation);
        this.rotations.push(entry.rotation);
        return;
      case 'round':
        return this.#takeRound(entry.round, index);
      case 'opening':
        return this.#takeOpening(entry, index);
      case 'model':
        return this.#takeModel(entry.model, index);
      case 'abandoned':
        return this.#takeAbandoned(entry, index);
      case 'restore':
        return this.#takeRestore(entry.restore, index);
      case 'verdict':
        return this.#takeVerdict(entry.verdict, index);
    }
  }

  #task(taskHash: string): Task {
    const task = this.tasks.get(taskHash)?.record;
    if (task === undefined) throw new Error('of a task that is not in the log before it');
    return task;
  }

  /** The round of a task that has no outcome yet, or null. */
  #open(taskHash: string): LoggedRound | null {
    const last = this.#last.get(taskHash);
    return last === undefined || last.model !== null || last.abandoned !== null ? null : last;
  }

  async #takeRound(signed: Signed<RoundRecord>, index: number): Promise<void> {
    const { record } = signed;
    const task = this.#task(record.task);
    await verifyRecord(signed, task.aggregatorKey);
    const last = this.#last.get(record.task);
    const versions = this.versions.of(record.task);
    const base = { version: versions.origin, fromRound: versions.served?.record.type === 'model' };
    const ended = last?.model?.signed.record.closedAtMs ?? last?.abandoned?.closedAtMs ?? 0;
    const where = `${task.name} round ${record.round}`;
    this.chain.look(this.#open(record.task) === null, () => `${where}: the last has no outcome`);
    const expected = (last?.signed.record.round ?? 0) + 1;
    this.chain.look(record.round === expected, () => `${where}: expected ${expected}`);
    this.chain.look(record.baseModel === versions.model, () => `${where}: another base model`);
    this.chain.look(
      record.deadlineMs === record.openedAtMs + task.windowMs && record.openedAtMs >= ended,
      () => `${where}: another window`,
    );
    this.versions.lookAtRound(record, task, where);
    const { aggregatorKey, helper } = task;
    const keys = [aggregatorKey, helper?.identityKey ?? '', helper?.sealingKey ?? ''];
    this.chain.look(
      !keys.some((key) => this.revoked.has(key)),
      () => `${where}: under a key that the site had revoked`,
    );
    const hashHex = await recordHash(record);
    const round = { taskHash: record.task, task, signed, hash: hashHex, index, base };
    const logged: LoggedRound = { ...round, opening: null, model: null, abandoned: null };
    this.#last.set(record.task, logged);
    this.rounds.push(logged);
  }

  async #takeOpening(entry: OpeningEntry, index: number): Promise<void> {
    const { leader, helper } = entry;
    const task = this.#task(leader.record.task);
    await verifyRecord(leader, task.aggregatorKey);
    await verifyRecord(helper, task.helper?.identityKey ?? '');
    const open = this.#open(leader.record.task);
    const faults = openingFaults(entry, task, open?.hash ?? null);
    if (open?.opening != null) faults.push('the round was opened before');
    const repeated = this.sequences.take(helper.record, task);
    if (repeated !== null) faults.push(repeated);
    const where = `entry ${index}, ${task.name} round ${open?.signed.record.round ?? '?'}`;
    this.openings.look(faults.length === 0, () => `${where}: ${faults.join(', ')}`);
    if (open !== null) open.opening = entry;
  }

  async #takeModel(signed: Signed<ModelRecord>, index: number): Promise<void> {
    const { record } = signed;
    const task = this.#task(record.task);
    await verifyRecord(signed, task.aggregatorKey);
    const open = this.#open(record.task);
    const where = `${task.name} version ${record.modelVersion}`;
    const expected = this.versions.of(record.task).next;
    this.chain.look(record.modelVersion === expected, () => `${where}: expected ${expected}`);
    const round = open?.signed.record;
    const follows =
      open?.hash === record.roundHash &&
      round?.round === record.round &&
      round.baseModel === record.previousModel &&
      record.closedAtMs >= round.openedAtMs;
    if (!this.chain.look(follows, () => `${where}: not of the open round`)) return;
    const { minReports, maxReports } = task;
    const enough = record.reports >= minReports && record.reports <= maxReports;
    this.chain.look(enough, () => `${where}: ${record.reports} reports`);
    await this.#matchOpening(record, open?.opening ?? null, where);
    if (open !== null) open.model = { signed, index };
    this.versions.take({ type: 'model', model: signed }, index);
  }

  async #matchOpening(
    record: ModelRecord,
    opening: OpeningEntry | null,
    where: string,
  ): Promise<void> {
    const split = this.#task(record.task).tier === 'split';
    const same =
      opening !== null &&
      opening.leader.record.batch === record.batch &&
      opening.leader.record.reports === record.reports &&
      canonicalJson(record.openings) ===
        canonicalJson([
          await recordHash(opening.leader.record),
          await recordHash(opening.helper.record),
        ]);
    const fits = split ? same : opening === null && record.openings === null;
    this.openings.look(fits, () => `${where}: not the batch that both servers opened`);
  }

  async #takeRestore(signed: Signed<RestoreRecord>, index: number): Promise<void> {
    const { record } = signed;
    const { name, kind, aggregatorKey } = this.#task(record.task);
    await verifyRecord(signed, aggregatorKey);
    const where = `${name} version ${record.modelVersion}`;
    this.chain.look(kind === 'train', () => `${where}: a statistic is restored`);
    this.chain.look(this.#open(record.task) === null, () => `${where}: restored in an open round`);
    this.versions.lookAtRestore(record, where);
    this.versions.take(versionEntry(signed), index);
  }

  async #takeVerdict(signed: Signed<VerdictRecord>, index: number): Promise<void> {
    const { record } = signed;
    const task = this.#task(record.task);
    await verifyRecord(signed, task.aggregatorKey);
    this.versions.judge(signed, task, index);
  }

  #takeAbandoned(entry: AbandonedEntry, index: number): void {
    const task = this.#task(entry.task);
    const open = this.#open(entry.task);
    const fits = open?.signed.record.round === entry.round;
    const where = `entry ${index}, ${task.name} round ${entry.round}`;
    if (!this.chain.look(fits, () => `${where}: not the open round is abandoned`)) return;
    if (open !== null) open.abandoned = entry;
  }
}
