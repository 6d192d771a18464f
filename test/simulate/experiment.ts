/** One federation of a data set: an aggregator and its workers, each a process, and every round. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuiltCatalogue } from '../../aggregator/catalogue/build.ts';
import { type Child, startChild } from './children.ts';
import type { CohortResult } from './crowd.ts';
import {
  awaitVersion,
  cohorts,
  type FederationPlan,
  serverStatus,
  writeExperiment,
} from './federation.ts';
import { addAudits, type LedgerAudit, NO_AUDIT } from './ledger-audit.ts';
import type { Listening } from './server.ts';
import type { Answer, Order } from './worker.ts';

export interface Experiment {
  /** Folder of the data set. */
  readonly data: string;
  readonly shoppers: number;
  readonly catalogue: BuiltCatalogue;
  readonly plan: FederationPlan;
  readonly startWeights: Float32Array;
  readonly seed: string;
  readonly workers: number;
  readonly onRound: (round: number) => void;
}

export interface Federated {
  readonly weights: Float32Array;
  readonly audit: LedgerAudit;
  /** Violations of the ledgers, and of what the server counted against them. */
  readonly violations: readonly string[];
  /** Mean milliseconds per client round, by step; waiting for a core or an answer is in them. */
  readonly timings: Readonly<Record<string, number>>;
}

/** The server's answer to a whole cohort comes within this. */
const PATIENCE_MS = 60_000;

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

class WorkerProcess {
  readonly child: Child;
  #pending: { resolve(value: unknown): void; reject(error: Error): void } | null = null;

  constructor(name: string) {
    this.child = startChild(name, fileOf('./worker.ts'), [], () => undefined);
    this.child.process.on('message', (reply: Answer) => {
      if ('error' in reply) this.#pending?.reject(new Error(`${name}: ${reply.error}`));
      else this.#pending?.resolve(reply.answer);
      this.#pending = null;
    });
    void this.child.ended.then((words) => {
      this.#pending?.reject(new Error(`the ${name} has ended: ${words}\n${this.child.errors()}`));
    });
  }

  ask(order: Order): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.child.process.send(order);
    });
  }
}

function startServer(folder: string): Promise<{ child: Child; endpoint: string }> {
  return new Promise((resolve, reject) => {
    const args = ['--data', folder, '--port', '0'];
    const child = startChild('aggregator', fileOf('./server.ts'), args, () => undefined);
    child.process.on('message', ({ url }: Listening) => resolve({ child, endpoint: url }));
    void child.ended.then((words) => {
      reject(new Error(`the aggregator has ended: ${words}\n${child.errors()}`));
    });
  });
}

/** @throws Error when a shopper of a cohort did not report, with the reasons, or a process died. */
export async function federate(experiment: Experiment): Promise<Federated> {
  const { data, shoppers, catalogue, plan, startWeights, seed, workers: parts } = experiment;
  const schedule = cohorts(shoppers, plan, seed);
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-simulate-'));
  const children: Child[] = [];
  const forget = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', forget);
  try {
    const {
      site,
      trust,
      folder: served,
      taskHash,
    } = await writeExperiment(folder, catalogue, plan, startWeights);
    const { child, endpoint } = await startServer(served);
    children.push(child);
    const workers = Array.from({ length: parts }, (_, at) => new WorkerProcess(`worker ${at + 1}`));
    children.push(...workers.map((worker) => worker.child));
    const everyWorker = <T>(order: (part: number) => Order): Promise<T[]> =>
      Promise.all(workers.map((worker, part) => worker.ask(order(part)) as Promise<T>));

    await everyWorker((part) => ({
      kind: 'arrive',
      data,
      endpoint,
      site,
      trust,
      taskHash,
      part,
      parts,
    }));
    const timings: Record<string, number> = {};
    let weights = startWeights;
    for (const [at, ids] of schedule.entries()) {
      const results = await everyWorker<CohortResult>((part) => ({
        kind: 'round',
        taskHash,
        ids: ids.filter((id) => id % parts === part),
      }));
      const sent = results.reduce((sum, result) => sum + result.sent, 0);
      if (sent !== plan.cohort) {
        const missed = results.map((result) => JSON.stringify(result.missed)).join(' ');
        throw new Error(`round ${at + 1}: ${sent} of ${plan.cohort} reports; missed: ${missed}`);
      }
      for (const result of results) {
        for (const [step, ms] of Object.entries(result.timings)) {
          timings[step] = (timings[step] ?? 0) + ms / (plan.cohort * schedule.length);
        }
      }
      weights = await awaitVersion(endpoint, taskHash, at + 1, PATIENCE_MS);
      experiment.onRound(at + 1);
    }
    const audits = await everyWorker<LedgerAudit>(() => ({
      kind: 'audit',
      promise: { taskHash, ...plan },
    }));
    const audit = audits.reduce(addAudits, NO_AUDIT);
    const violations = [...audit.violations];
    const { accepted } = (await serverStatus(endpoint)).reports;
    if (audit.charges !== accepted) {
      violations.push(`${audit.charges} charges, ${accepted} reports accepted by the server`);
    }
    if (audit.sent !== audit.charges) {
      violations.push(`${audit.charges} charges, ${audit.sent} reports acknowledged`);
    }
    return { weights, audit, violations, timings };
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    process.off('exit', forget);
    forget();
  }
}
