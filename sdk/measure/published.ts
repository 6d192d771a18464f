/** A published statistic or evaluation, read back: sums over browsers, and how noisy they are. */
import type { Architecture } from '../../shared/model/architecture.ts';
import { type EntryName, entryNames, METRIC_ENTRIES } from '../../shared/model/statistic.ts';
import { predictedTaskError } from '../../shared/privacy/guard.ts';
import type { Task } from '../../shared/protocol/task.ts';
import type { StoredModel } from '../database/database.ts';

/** One entry of what was published. */
export interface PublishedEntry extends EntryName {
  /** Sum over the browsers of the round: mean × n. Noise may make it negative or too large. */
  readonly sum: number;
}

export interface Published {
  /** Name of the task. */
  readonly task: string;
  readonly kind: 'measure' | 'evaluate';
  /** The campaign, what a histogram is of, or the task that was evaluated. */
  readonly about: string;
  readonly version: number;
  /** Browsers that reported in this round; not noised, and not all that were shown anything. */
  readonly reports: number;
  readonly entries: readonly PublishedEntry[];
  /**
   * Predicted standard deviation of noise and rounding in each `sum`, near 0 in the test tier; root
   * mean square over the entries where a mechanism's noise differs between them.
   */
  readonly standardDeviation: number;
}

/** Null for a training task, and before the first version. */
export function published(task: Task, model: StoredModel | null): Published | null {
  const { architecture, kind, d } = task;
  const record = model?.record;
  const reports = record?.type === 'model' ? record.reports : undefined;
  const names = namesOf(architecture);
  if (kind === 'train' || names === null || model === null || reports === undefined) return null;
  const error = predictedTaskError(task, reports);
  return {
    task: task.name,
    kind,
    about: aboutOf(architecture),
    version: model.modelVersion,
    reports,
    entries: names.map((name, i) => ({ ...name, sum: (model.weights[i] as number) * reports })),
    standardDeviation: (error * reports) / Math.sqrt(d),
  };
}

function namesOf(architecture: Architecture): readonly EntryName[] | null {
  if (architecture.name === 'counts') return entryNames(architecture.statistic);
  if (architecture.name !== 'metrics') return null;
  return METRIC_ENTRIES[architecture.of].map((name) => ({ name, of: architecture.task }));
}

function aboutOf(architecture: Architecture): string {
  if (architecture.name === 'metrics') return architecture.task;
  if (architecture.name !== 'counts') return '';
  const { statistic } = architecture;
  return statistic.name === 'campaign' ? statistic.campaign : statistic.of;
}
