/** From a plan to what `writeSite` takes: the drafts of its tasks, and the ranker they make up. */
import {
  type Architecture,
  kindOf,
  parameterCount,
  WIDE_FEATURES,
} from '../shared/model/architecture.ts';
import type { Catalogue } from '../shared/model/catalogue.ts';
import { headStart } from '../shared/model/heads/start.ts';
import type { RankerRecord } from '../shared/model/parts.ts';
import { towerStart } from '../shared/model/tower-start.ts';
import { LOCAL_DEFAULTS } from '../shared/plan/defaults.ts';
import type { PlannedPart } from '../shared/plan/planner.ts';
import type { GoodsFields } from '../shared/plan/request.ts';
import type { Mechanism } from '../shared/privacy/mechanism.ts';
import type { HelperKeys } from '../shared/protocol/task.ts';
import { ChaChaSource } from '../shared/random/source.ts';
import { autoPlan } from './plan-auto.ts';
import { bestItems } from './plan-best-sellers.ts';
import type { TaskDraft } from './site.ts';

export type PlannedDraft = Omit<TaskDraft, 'expiresAtMs'>;

/** A shop as its operator describes it; see `vitrine plan`. */
export interface ShopSize {
  readonly shoppers: number;
  /** The whole budget of one browser. */
  readonly epsilon: number;
  /** Into how many the budget is cut; as the parts want when null. */
  readonly participations: number | null;
  /** Ids of the goods that sell best, best first; absent where the shop says nothing. */
  readonly bestSellers?: readonly string[];
}

/** A field counts that one good in ten has. */
const USUAL_SHARE = 0.1;

/** Which fields the goods have, as far as a browser sees it. */
export function fieldsOf(catalogue: Catalogue): GoodsFields {
  const { ids, priceCents, brand, category, text } = catalogue;
  const some = (values: Int32Array): boolean =>
    values.reduce((sum, one) => sum + (one >= 0 ? 1 : 0), 0) >= USUAL_SHARE * ids.length;
  return {
    prices: some(priceCents),
    texts: text.columns.length > 0,
    brands: some(brand),
    categories: some(category),
  };
}

/** Public and the same in every run, so that a task that has not changed stays the same task. */
const START_SEED = new Uint8Array(32);

function startOf(architecture: Architecture, start: number | null): number[] {
  const source = new ChaChaSource(START_SEED);
  switch (architecture.name) {
    case 'wide':
      return WIDE_FEATURES.map((feature) => feature.start);
    case 'head':
    case 'trunk':
      return Array.from(headStart(architecture, source, start ?? undefined));
    case 'tower':
      return Array.from(towerStart(architecture, source));
    default:
      return Array<number>(parameterCount(architecture)).fill(0);
  }
}

/** With the catalogue's items where the planner has places in the list of best sellers. */
function ofCatalogue(architecture: Architecture, best: readonly number[]): Architecture {
  if (architecture.name !== 'counts') return architecture;
  const { statistic } = architecture;
  if (statistic.name !== 'popular-pairs') return architecture;
  const among = best.slice(0, statistic.among.length).sort((a, b) => a - b);
  return { ...architecture, statistic: { ...statistic, among } };
}

function draftOf(
  { name, task, chosen }: PlannedPart<Mechanism>,
  delta: number,
  helper: HelperKeys | null,
  best: readonly number[],
): PlannedDraft[] {
  if (task === null) return [];
  const architecture = ofCatalogue(task.architecture, best);
  const { coin, minReports, maxReports, windowMs, participations } = task;
  const start = chosen?.kind === 'mean' ? (chosen.head?.start ?? null) : null;
  return [
    {
      ...{ name, kind: kindOf(architecture), tier: task.tier, architecture, label: '', delta },
      ...{ coin, minReports, maxReports, windowMs, participations },
      ...{ clipL2: task.clipL2, scaleBits: task.scaleBits, mechanism: task.mechanism },
      recipe: task.recipe,
      // Rounds of a task follow each other, and the coin spreads the browsers over them.
      separationMs: 0,
      quietMs: LOCAL_DEFAULTS.quietMs,
      initialWeights: startOf(architecture, start),
      ...(task.tier === 'split' && helper !== null && { helper }),
    },
  ];
}

export interface PlannedDrafts {
  readonly drafts: readonly PlannedDraft[];
  readonly ranker: RankerRecord | null;
  /** How many of the listed best sellers the catalogue has; null without a list. */
  readonly bestSellers: number | null;
}

/**
 * The tasks that a shop of this size should have: in the split tier with a helper's keys, else with
 * one server.
 *
 * @throws PlanError
 */
export function plannedDrafts(
  { participations, bestSellers, ...size }: ShopSize,
  catalogue: Catalogue,
  helper: HelperKeys | null,
): PlannedDrafts {
  const best = bestSellers === undefined ? null : bestItems(bestSellers, catalogue.ids);
  const { plan } = autoPlan({
    ...size,
    ...(participations !== null && { participations }),
    ...(best !== null && { bestSellers: best.length }),
    items: catalogue.ids.length,
    edges: catalogue.graph.length,
    content: catalogue.k,
    has: fieldsOf(catalogue),
    tier: helper === null ? 'local' : 'split',
  });
  const drafts = plan.parts.flatMap((part) => draftOf(part, plan.delta, helper, best ?? []));
  return { drafts, ranker: plan.ranker, bestSellers: best?.length ?? null };
}

/**
 * What is left of a ranker while some of its tasks are not signed yet; null without its wide task. A
 * part with a gate waits for popularity, too, on which the evaluation stands.
 */
export function rankerWith(
  ranker: RankerRecord | null,
  tasks: readonly string[],
): RankerRecord | null {
  if (ranker === null || !tasks.includes(ranker.wide)) return null;
  const { wide, pop, pair, deep } = ranker;
  const known = <P extends { readonly task: string; readonly gate?: { readonly task: string } }>(
    part: P | null,
  ): P | null => {
    if (part === null) return null;
    const { task, gate } = part;
    const needed = gate === undefined ? [task] : [task, gate.task, pop?.task ?? task];
    return needed.every((name) => tasks.includes(name)) ? part : null;
  };
  return {
    ...{ wide, pop: known(pop), pair: known(pair), deep: known(deep) },
    private: ranker.private,
  };
}
