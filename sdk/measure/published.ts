/** A published statistic or evaluation, read back: sums over browsers, and how noisy they are. */
import {
  type Architecture,
  fitsCatalogue,
  metricEntries,
} from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { releasedVariance } from '../../shared/model/recipe.ts';
import { type EntryName, entryNames, type Statistic } from '../../shared/model/statistic.ts';
import { predictedTaskError } from '../../shared/privacy/guard.ts';
import type { Task } from '../../shared/protocol/task.ts';
import type { StoredModel } from '../database/database.ts';

/** One entry of what was published. */
export interface PublishedEntry extends EntryName {
  /**
   * Sum over the browsers of the round: mean × n, the mean one of several rounds where the recipe
   * says so (K5). Noise may make it negative or too large.
   */
  readonly sum: number;
}

export interface Published {
  /** Name of the task. */
  readonly task: string;
  readonly kind: 'measure' | 'evaluate';
  /** The campaign, what a histogram is of, the statistic's name, or the task that was evaluated. */
  readonly about: string;
  readonly version: number;
  /** Browsers that reported in this round; not noised, and not all that were shown anything. */
  readonly reports: number;
  readonly entries: readonly PublishedEntry[];
  /**
   * Predicted standard deviation of noise and rounding in each `sum`, near 0 in the test tier; root
   * mean square over the entries where a mechanism's noise differs between them. Over several rounds
   * it takes them to be of one size (K5).
   */
  readonly standardDeviation: number;
}

/**
 * Null for a training task, and before the first version.
 *
 * @param catalogue names items and edges, where it is the task's; else they are numbered.
 */
export function published(
  task: Task,
  model: StoredModel | null,
  catalogue: Catalogue | null = null,
): Published | null {
  const { architecture, kind, d } = task;
  const record = model?.record;
  const reports = record?.type === 'model' ? record.reports : undefined;
  const names = namesOf(architecture, catalogue?.hash === task.catalogue ? catalogue : null);
  if (kind === 'train' || names === null || model === null || reports === undefined) return null;
  const share = releasedVariance(task.recipe, model.modelVersion);
  const error = predictedTaskError(task, reports) * Math.sqrt(share);
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

function namesOf(
  architecture: Architecture,
  catalogue: Catalogue | null,
): readonly EntryName[] | null {
  if (architecture.name === 'counts') {
    const names = entryNames(architecture.statistic);
    if (catalogue === null || !fitsCatalogue(architecture, catalogue)) return names;
    const of = goodsNamed(architecture.statistic, catalogue);
    return of === null ? names : names.map((one, i) => ({ ...one, of: of[i] ?? '' }));
  }
  if (architecture.name !== 'metrics') return null;
  return metricEntries(architecture).map((name) => ({ name, of: architecture.task }));
}

/** Entries by catalogue id; of an edge without a neighbour the second is empty. */
function goodsNamed(
  statistic: Statistic,
  { ids, graph, degree }: Catalogue,
): readonly string[] | null {
  const id = (item: number | undefined): string => ids[item ?? -1] ?? '';
  switch (statistic.name) {
    case 'items':
      return ids;
    case 'graph-pairs':
      return Array.from(graph, (to, e) => `${id(Math.floor(e / degree))} → ${id(to)}`);
    case 'popular-pairs': {
      const { among } = statistic;
      return among.flatMap((a, i) => among.slice(i + 1).map((b) => `${id(a)} ↔ ${id(b)}`));
    }
    default:
      return null;
  }
}

function aboutOf(architecture: Architecture): string {
  if (architecture.name === 'metrics') return architecture.task;
  if (architecture.name !== 'counts') return '';
  const { statistic } = architecture;
  if (statistic.name === 'campaign') return statistic.campaign;
  return 'of' in statistic ? statistic.of : statistic.name;
}
