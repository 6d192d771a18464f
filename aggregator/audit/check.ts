/** What an audit checks, by stable names, and what came of each. */

/** Every check and what it holds; SPEC.md of shared/privacy, PR50 to PR55. */
export const CHECKS = {
  'site-record': 'The site record is signed by the pinned root key and no older than one seen.',
  'task-record': 'A task has its hash and the signature of the pinned root key.',
  'task-helper': 'A task of two servers is signed by the helper that is pinned, or its successor.',
  'task-keys': 'No key of a task is revoked, and no round is open after its expiry.',
  'task-epsilon': 'The ε that a task claims is not below the one recomputed from its mechanism.',
  'task-bounds': 'Sums cannot wrap, and a task keeps the floors below which no browser reports.',
  checkpoint: "The log's checkpoint is signed by the key that the tasks name.",
  cosignature: 'The helper has cosigned the checkpoint.',
  'log-tree': 'All entries, read from the tiles, make the root of the checkpoint.',
  'log-consistency': 'The log goes on from the checkpoint that was seen last.',
  'log-compare': 'The log is the one that is seen from the other place.',
  'log-records': 'Every entry of the log is well formed and signed.',
  'round-chain': 'Rounds and versions follow on one another without gap or branch.',
  openings: 'Both servers attest the same batch, the noise of the task, and each opening once.',
  'batch-ids': 'The report ids of every batch make its logged root and number.',
  'batch-reuse': 'No report id stands in two batches.',
  shares: 'The noised shares that are served are those that the servers attest.',
  'opened-sums': 'No opened sum was averaged that no honest batch has, and none else was rejected.',
  verdicts: 'Every verdict of a gate follows from what was published of the version.',
  'model-bytes': 'Every version has its hash and, where the shares are public, follows from them.',
  'served-log': 'Every client is shown the same log.',
  'served-heads': 'Every client is shown the same heads, and what they name is in the log.',
  'report-form': 'The bytes are a report of the tier and length of its task.',
  'report-task': 'The report names a task of the site and a round of the log.',
  'report-values': 'No coordinate is beyond the bound of the task.',
  'report-noise': 'The norm of the coordinates is one that the noise of the task gives.',
  'own-batch': 'The batch holds the reports of the auditor, and no others.',
  'noise-sum': 'The opened sum carries the noise of both servers.',
  'noise-leader': 'The share of the aggregator carries the noise that it attests.',
  'noise-helper': 'The share of the helper carries the noise that it attests.',
  'noise-fresh': 'No server uses the same noise for two batches.',
  'exact-sum': 'The version that is published is that of the exact sum of the reports.',
  'canary-batch': 'Each canary stands in exactly one logged batch.',
  'canary-bound': 'The canaries do not show a larger ε than is claimed.',
} as const;

export type CheckName = keyof typeof CHECKS;
export type Outcome = 'pass' | 'fail' | 'skipped';
export type Figures = Readonly<Record<string, number | string>>;

export interface Check {
  readonly name: CheckName;
  /** What was checked: a task's name, a file; '' for the site as a whole. */
  readonly subject: string;
  readonly outcome: Outcome;
  /** What was found, or why it was left out. */
  readonly detail: string;
  readonly figures: Figures;
}

/** Faults that are named of one check; the others are counted. */
const NAMED_FAULTS = 3;

/** One check over many things, each of which holds or not. */
export class Tally {
  readonly faults: string[] = [];
  seen = 0;

  /** @returns `holds` */
  look(holds: boolean, fault: () => string): boolean {
    this.seen += 1;
    if (!holds) this.faults.push(fault());
    return holds;
  }
}

export class Checks {
  readonly #all: Check[] = [];

  get all(): readonly Check[] {
    return this.#all;
  }

  pass(name: CheckName, subject: string, detail: string, figures: Figures = {}): void {
    this.#all.push({ name, subject, outcome: 'pass', detail, figures });
  }

  fail(name: CheckName, subject: string, detail: string, figures: Figures = {}): void {
    this.#all.push({ name, subject, outcome: 'fail', detail, figures });
  }

  skip(name: CheckName, subject: string, why: string): void {
    this.#all.push({ name, subject, outcome: 'skipped', detail: why, figures: {} });
  }

  decide(holds: boolean, ...check: Parameters<Checks['pass']>): void {
    if (holds) this.pass(...check);
    else this.fail(...check);
  }

  /** Failed with the first faults, passed with `detail`, skipped where nothing was seen. */
  tally(
    name: CheckName,
    subject: string,
    { faults, seen }: Tally,
    detail: string,
    figures: Figures = {},
  ): void {
    if (faults.length > 0) {
      const more = faults.length - NAMED_FAULTS;
      const rest = more > 0 ? `; and ${more} more` : '';
      this.fail(name, subject, faults.slice(0, NAMED_FAULTS).join('; ') + rest, figures);
    } else if (seen === 0) this.skip(name, subject, `nothing to check: ${detail}`);
    else this.pass(name, subject, detail, figures);
  }
}
