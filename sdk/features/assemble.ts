/**
 * Which parts the ranker has in this browser: those that the site's record names, whose tasks have
 * published a version, and which their gates admit (SPEC.md of shared/protocol, K18 to K20).
 */
import { fitsCatalogue, WIDE_FEATURES } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { graphRows, type PairRows, popularRows } from '../../shared/model/pair-rows.ts';
import {
  type PairPart,
  type PartName,
  type PopPart,
  pairMatrix,
  partNames,
  popularCounts,
  popularityScores,
  type RankerParts,
  type RankerRecord,
} from '../../shared/model/parts.ts';
import { releasedVariance } from '../../shared/model/recipe.ts';
import type { Statistic } from '../../shared/model/statistic.ts';
import { predictedTaskError } from '../../shared/privacy/guard.ts';
import { partQuality } from '../../shared/protocol/gate.ts';
import { misfit } from '../../shared/protocol/ranker.ts';
import type { Quality, Task } from '../../shared/protocol/task.ts';
import type { StoredModel } from '../database/database.ts';
import { type Ranker, type ServedRanker, wideRanker } from './ranker.ts';

/** A task of the site's and its newest verified version. */
export interface KnownTask {
  readonly hash: string;
  readonly task: Task;
  readonly model: StoredModel | null;
}

/** Whether a part is on, and if not why. */
export interface PartStanding {
  readonly part: PartName;
  readonly state:
    | 'on'
    /** The site does not list such a task, or one of another architecture or catalogue. */
    | 'no-task'
    | 'wrong-task'
    | 'wrong-gate'
    | 'wrong-catalogue'
    /** Its task has published nothing yet. */
    | 'no-version'
    /** Its evaluation has published nothing yet, or nothing above the noise. */
    | 'not-evaluated'
    /** Its evaluation does not say that it helps. */
    | 'no-help';
  readonly version: number;
  /** What it adds to NDCG@10, where it has a gate with figures. */
  readonly quality: Quality | null;
}

export interface AssembledRanker extends ServedRanker {
  /** Of every part that the record names. */
  readonly parts: readonly PartStanding[];
}

type Find = (name: string) => KnownTask | undefined;

/** The same parts as long as nothing that they stand on is another. */
export class RankerAssembly {
  #key: readonly unknown[] = [];
  #made: AssembledRanker | null = null;

  /** @param known the site's tasks by name, in its order. */
  of(
    record: RankerRecord | undefined,
    known: ReadonlyMap<string, KnownTask>,
    catalogue: Catalogue,
  ): AssembledRanker {
    const models = [...known.values()].flatMap(({ hash, model }) => [
      hash,
      model?.modelVersion,
      model?.modelHash,
    ]);
    const key = [record && JSON.stringify(record), catalogue, ...models];
    if (this.#made === null || key.length !== this.#key.length || key.some(this.#differs)) {
      this.#key = key;
      this.#made = assemble(record, known, catalogue);
    }
    return this.#made;
  }

  readonly #differs = (one: unknown, i: number): boolean => one !== this.#key[i];
}

/** The wide part alone, where there is no record or it names no wide task. */
function assemble(
  record: RankerRecord | undefined,
  known: ReadonlyMap<string, KnownTask>,
  catalogue: Catalogue,
): AssembledRanker {
  const first = [...known.values()].find(({ task }) => task.architecture.name === 'wide');
  const named = record && known.get(record.wide);
  const wide = named?.task.architecture.name === 'wide' ? named : first;
  const length = wide?.task.architecture.name === 'wide' ? wide.task.architecture : undefined;
  const weights = wide?.model?.weights;
  const fits = weights?.length === WIDE_FEATURES.length && weights.every(Number.isFinite);
  const model = fits ? (wide?.model ?? null) : null;
  const ranker = wideRanker(model?.weights, length?.historyLength);
  if (record === undefined || wide !== named) return { ranker, model, private: null, parts: [] };
  const find: Find = (name) => known.get(name);
  const parts = partNames(record).map((part) => standing(record, part, find, catalogue));
  const on = parts.filter(({ state }) => state === 'on').map(({ part }) => part);
  const made = rankerParts(ranker, record, on, find, catalogue);
  return { ranker: made, model, private: record.private, parts };
}

function standing(
  record: RankerRecord,
  part: PartName,
  find: Find,
  catalogue: Catalogue,
): PartStanding {
  const wrong = misfit(record, part, (name) => find(name)?.task);
  const known = find(record[part]?.task ?? '');
  const version = known?.model?.modelVersion ?? 0;
  const as = (state: PartStanding['state'], quality: Quality | null = null): PartStanding => ({
    part,
    state,
    version,
    quality,
  });
  if (wrong !== null) return as(wrong);
  const unusable = known && unfit(known, catalogue);
  if (known === undefined || unusable) return as(unusable || 'no-task');
  const gate = record[part]?.gate;
  if (gate === undefined) return as('on');
  const evaluation = find(gate.task);
  const reports = reportsOf(evaluation?.model);
  if (evaluation?.model == null || reports === null) return as('not-evaluated');
  // Of other goods it says nothing of these.
  if (evaluation.task.catalogue !== catalogue.hash) return as('not-evaluated');
  const quality = partQuality(evaluation.task, part, evaluation.model.weights, reports);
  if (quality === null) return as('not-evaluated');
  return as(quality.margin > gate.sigmas * quality.deviation ? 'on' : 'no-help', quality);
}

function unfit(
  { task, model }: KnownTask,
  catalogue: Catalogue,
): 'wrong-catalogue' | 'no-version' | null {
  const { architecture } = task;
  const isForeign = architecture.name === 'tower' && architecture.content !== catalogue.k;
  if (isForeign || !fitsCatalogue(architecture, catalogue)) return 'wrong-catalogue';
  if (task.catalogue !== catalogue.hash) return 'wrong-catalogue';
  if (model === null || model.weights.length !== task.d) return 'no-version';
  if (architecture.name === 'tower') return model.modelVersion > 0 ? null : 'no-version';
  return reportsOf(model) === null ? 'no-version' : null;
}

/** Reports of a published version; null for an initial or restored one, whose sums are not known. */
function reportsOf(model: StoredModel | null | undefined): number | null {
  return model?.record?.type === 'model' ? model.record.reports : null;
}

/**
 * Counts of the goods above the noise, as they are published; null where they are of another
 * statistic or catalogue, or nothing is.
 */
export function publishedCounts(
  pop: PopPart,
  find: Find,
  catalogue: Catalogue,
): Float64Array | null {
  const items = publishedSums(find(pop.task), catalogue);
  if (items?.statistic?.name !== 'items') return null;
  return popularCounts(items.sums, items.deviation, pop);
}

/** Their scores, times the weight of the part. */
function popularity(pop: PopPart, find: Find, catalogue: Catalogue): Float32Array | null {
  const counts = publishedCounts(pop, find, catalogue);
  return counts && popularityScores(counts, pop).map((score) => pop.weight * score);
}

interface PublishedSums {
  readonly statistic: Statistic | null;
  readonly sums: Float64Array;
  /** Of the noise in one sum. */
  readonly deviation: number;
}

function publishedSums(known: KnownTask | undefined, catalogue: Catalogue): PublishedSums | null {
  const reports = reportsOf(known?.model);
  if (known?.model == null || reports === null || unfit(known, catalogue)) return null;
  const { d, architecture, recipe } = known.task;
  const statistic = architecture.name === 'counts' ? architecture.statistic : null;
  const share = releasedVariance(recipe, known.model.modelVersion);
  const deviation = predictedTaskError(known.task, reports) * reports * Math.sqrt(share / d);
  const sums = new Float64Array(known.model.weights).map((mean) => mean * reports);
  return { statistic, sums, deviation };
}

/**
 * A ranker with these parts on top of its wide one; a part whose task has no usable version is left
 * out.
 */
export function rankerParts(
  ranker: Ranker,
  parts: RankerParts,
  names: readonly PartName[],
  find: Find,
  catalogue: Catalogue,
): Ranker {
  const named = (name: PartName): KnownTask | undefined =>
    names.includes(name) ? find(parts[name]?.task ?? '') : undefined;
  const { pop, pair } = parts;
  const tower = named('deep');
  const edges = pair && publishedSums(named('pair'), catalogue);
  return {
    ...ranker,
    pop: pop && names.includes('pop') ? popularity(pop, find, catalogue) : null,
    deep: tower && unfit(tower, catalogue) === null ? towerOf(tower) : null,
    pair: edges && {
      ...pair,
      linear: edges.statistic?.name === 'popular-pairs',
      rows: rowsOf(edges, pair, catalogue),
    },
  };
}

function rowsOf(
  { statistic, sums, deviation }: PublishedSums,
  pair: PairPart,
  catalogue: Catalogue,
): PairRows {
  if (statistic?.name === 'popular-pairs') {
    return popularRows(statistic, sums, deviation, pair, catalogue);
  }
  return graphRows(pairMatrix(sums, deviation, pair), catalogue);
}

function towerOf({ task: { architecture }, model }: KnownTask): Ranker['deep'] {
  return architecture.name === 'tower' && model ? { architecture, weights: model.weights } : null;
}
