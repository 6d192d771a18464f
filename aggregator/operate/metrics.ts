/**
 * Prometheus metrics, by prom-client where it is installed. Labels are a site's name, a task's name
 * and codes of closed lists: no addresses, ids, hashes or anything that a browser sends.
 */
import type * as Prom from 'prom-client';
import type { ServerStatus } from '../../shared/protocol/paths.ts';
import type { Task } from '../../shared/protocol/task.ts';
import type { Observe } from './timing.ts';

/** What is asked of a site at each scrape. */
export interface MetricSource {
  readonly site: string;
  readonly ready: boolean;
  /** Null while the site has no service. */
  readonly running: {
    readonly status: ServerStatus;
    readonly tasks: readonly Pick<Task, 'name' | 'epsilon' | 'participations' | 'windowMs'>[];
    /** The site's signed budget, ε. */
    readonly budgetEpsilon: number;
    readonly slots: { readonly inFlight: number; readonly heldBytes: number };
    /** Reports of the newest published batch, by task name. */
    readonly lastBatch: ReadonlyMap<string, number>;
  } | null;
}

export interface Metrics {
  readonly observeSum: Observe;
  readonly observeSync: Observe;
  /** The text of a scrape, and its content type; null without prom-client. */
  scrape(
    sources: readonly MetricSource[],
    nowMs: number,
  ): Promise<{ readonly text: string; readonly type: string } | null>;
}

/** Seconds; from one small sync to a sum of a large batch on a slow machine. */
const BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

const HELPER_STATES = ['untried', 'ok', 'unreachable', 'refuses', 'distrusted'] as const;

/** Names, kinds, labels and meanings; OPERATING.md is held to them. */
export const METRICS = {
  vitrine_ready: ['gauge', ['site'], '1 while the site takes reports'],
  vitrine_reports_accepted_total: ['counter', ['site'], 'reports that were acknowledged as new'],
  vitrine_reports_duplicate_total: ['counter', ['site'], 'reports that were acknowledged again'],
  vitrine_reports_refused_total: ['counter', ['site', 'code'], 'refusals by code'],
  vitrine_rounds_published_total: ['counter', ['site'], 'rounds published since the first'],
  vitrine_rounds_abandoned_total: ['counter', ['site'], 'rounds abandoned since the first'],
  vitrine_batches_rejected_total: ['counter', ['site'], 'of these, as implausible (RD18)'],
  vitrine_round_age_seconds: ['gauge', ['site', 'task'], 'age of the open round'],
  vitrine_round_reports: ['gauge', ['site', 'task'], 'reports in the open round'],
  vitrine_batch_reports: ['gauge', ['site', 'task'], 'reports of the newest published batch'],
  vitrine_model_version: ['gauge', ['site', 'task'], 'newest published version'],
  vitrine_task_epsilon: ['gauge', ['site', 'task'], 'ε of one report; absent for the test tier'],
  vitrine_task_participations: ['gauge', ['site', 'task'], 'reports of one browser to the task'],
  vitrine_budget_epsilon: ['gauge', ['site'], 'ε that one browser may spend on the site'],
  vitrine_helper_state: ['gauge', ['site', 'task', 'state'], 'how the helper answered last: 1'],
  vitrine_helper_failures_total: ['counter', ['site', 'code'], 'failures to open, by code'],
  vitrine_slots_in_flight: ['gauge', ['site'], 'bodies in flight'],
  vitrine_slot_bytes: ['gauge', ['site'], 'memory of the bodies, in flight and free'],
  vitrine_sum_seconds: ['histogram', [], 'time of one sum'],
  vitrine_sync_seconds: ['histogram', [], 'time of one fdatasync'],
} as const satisfies Readonly<Record<string, readonly [string, readonly string[], string]>>;

type MetricName = keyof typeof METRICS;
type Labels = Readonly<Record<string, string>>;
type Set = (name: MetricName, labels: Labels, value: number) => void;

const NONE: Metrics = {
  observeSum: () => undefined,
  observeSync: () => undefined,
  scrape: async () => null,
};

/** A name that a bundler does not follow: the package is an optional peer. */
const PACKAGE = 'prom-client';

/** The package, or null where it is not installed. */
export async function promClient(): Promise<typeof Prom | null> {
  try {
    const loaded = (await import(/* @vite-ignore */ PACKAGE)) as {
      default?: typeof Prom;
    } & typeof Prom;
    return loaded.default ?? loaded;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/** Metrics that are empty, and say so, where prom-client is not installed. */
export async function loadMetrics(load = promClient): Promise<Metrics> {
  const prom = await load();
  return prom === null ? NONE : metricsWith(prom);
}

function metricsWith(prom: typeof Prom): Metrics {
  const register = new prom.Registry();
  prom.collectDefaultMetrics({ register });
  const names = Object.keys(METRICS) as MetricName[];
  const told = (name: MetricName) => {
    const [, labelNames, help] = METRICS[name];
    return { name, help, labelNames: [...labelNames], registers: [register] };
  };
  const histogram = (name: MetricName) => new prom.Histogram({ ...told(name), buckets: BUCKETS });
  const sum = histogram('vitrine_sum_seconds');
  const sync = histogram('vitrine_sync_seconds');
  const made = new Map<MetricName, Prom.Gauge | Prom.Counter>();
  for (const name of names) {
    const [kind] = METRICS[name];
    if (kind === 'gauge') made.set(name, new prom.Gauge(told(name)));
    if (kind === 'counter') made.set(name, new prom.Counter(told(name)));
  }
  const set: Set = (name, labels, value) => made.get(name)?.inc(labels, value);
  return {
    observeSum: (seconds) => sum.observe(seconds),
    observeSync: (seconds) => sync.observe(seconds),
    async scrape(sources, nowMs) {
      // The services keep the counts; each scrape writes them down anew.
      for (const metric of made.values()) metric.reset();
      for (const source of sources) describe(source, nowMs, set);
      return { text: await register.metrics(), type: register.contentType };
    },
  };
}

function describe({ site, ready, running }: MetricSource, nowMs: number, set: Set): void {
  set('vitrine_ready', { site }, ready ? 1 : 0);
  if (running === null) return;
  const { status, tasks, budgetEpsilon, slots, lastBatch } = running;
  const { reports, rounds } = status;
  set('vitrine_reports_accepted_total', { site }, reports.accepted);
  set('vitrine_reports_duplicate_total', { site }, reports.duplicates);
  for (const [code, count] of Object.entries(reports.refused)) {
    set('vitrine_reports_refused_total', { site, code }, count);
  }
  set('vitrine_rounds_published_total', { site }, rounds.published);
  set('vitrine_rounds_abandoned_total', { site }, rounds.abandoned);
  set('vitrine_batches_rejected_total', { site }, status.rejectedBatches);
  set('vitrine_budget_epsilon', { site }, budgetEpsilon);
  set('vitrine_slots_in_flight', { site }, slots.inFlight);
  set('vitrine_slot_bytes', { site }, slots.heldBytes);
  for (const [code, count] of Object.entries(status.helperFailures)) {
    set('vitrine_helper_failures_total', { site, code }, count);
  }
  for (const [i, { name: task, epsilon, participations, windowMs }] of tasks.entries()) {
    const now = status.tasks[i];
    if (now === undefined) continue;
    const labels = { site, task };
    if (epsilon !== 'none') set('vitrine_task_epsilon', labels, epsilon);
    set('vitrine_task_participations', labels, participations);
    set('vitrine_model_version', labels, now.modelVersion);
    set('vitrine_round_reports', labels, now.reports);
    const batch = lastBatch.get(task);
    if (batch !== undefined) set('vitrine_batch_reports', labels, batch);
    if (now.deadlineMs !== null) {
      const openedAtMs = now.deadlineMs - windowMs;
      set('vitrine_round_age_seconds', labels, Math.max(0, nowMs - openedAtMs) / 1000);
    }
    for (const state of now.helper === null ? [] : HELPER_STATES) {
      set('vitrine_helper_state', { ...labels, state }, now.helper?.state === state ? 1 : 0);
    }
  }
}
