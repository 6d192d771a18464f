/** What one part would be at a number of shoppers: its round, its noise, and whether that is enough. */
import { parameterCount } from '../model/architecture.ts';
import { isTraining, type TaskRecipe } from '../model/recipe.ts';
import type { Accounting, Calibrated } from './accounting.ts';
import type { Candidate, Size } from './candidate.ts';
import { type Cohort, cohortOf } from './cohort.ts';
import { LOCAL_DEFAULTS } from './defaults.ts';
import type { PlanRequest } from './request.ts';

/** B of the split tier: the largest at which 200,000 reports do not wrap (PR6). */
const SPLIT_SCALE_BITS = 13;

/** Of the spread in the split tier: fewer and larger rounds, since noise falls with their root. */
const LOCAL_SPREAD = 1 / 3;

/** What is known of a part before anybody has reported. */
export type Figure =
  /** L2 error of the mean of a round's fewest reports, as a share of the clip, and its limit. */
  | { readonly kind: 'mean'; readonly ratio: number; readonly bound: number }
  /** z, the noise of one published sum; so many z must be below the expected sum of a busy entry. */
  | {
      readonly kind: 'count';
      readonly z: number;
      readonly deviations: number;
      readonly expected: number;
    }
  /** The smallest gain of NDCG@10 that it can see, and the one that it has to see. */
  | { readonly kind: 'gate'; readonly gain: number; readonly bound: number };

/** What a task is but for its name, its weights and its keys. */
export interface PlannedTask<M> extends Cohort {
  readonly tier: 'local' | 'split';
  readonly architecture: Size['architecture'];
  readonly d: number;
  readonly clipL2: number;
  readonly scaleBits: number;
  readonly mechanism: M;
  /** ε of one report. */
  readonly epsilon: number;
  /** Reports of one browser at most. */
  readonly participations: number;
  readonly recipe: TaskRecipe;
}

export interface Weighed<M> {
  readonly enough: boolean;
  readonly size: Size;
  readonly figure: Figure;
  readonly task: PlannedTask<M>;
}

/**
 * The largest size of a part that its noise allows, else the smallest, which is then not enough;
 * null where no round can be met, no mechanism fits, or the shop lacks what it needs.
 */
export function weigh<M>(
  candidate: Candidate,
  units: number,
  request: PlanRequest,
  accounting: Accounting<M>,
): Weighed<M> | null {
  if (candidate.lacks !== null) return null;
  let last: Weighed<M> | null = null;
  for (const size of candidate.sizes) {
    last = weighSize(size, units, request, accounting);
    if (last?.enough) return last;
  }
  return last;
}

/** One size. A statistic spends its participations in one report, the rest one in each. */
export function weighSize<M>(
  size: Size,
  units: number,
  request: PlanRequest,
  accounting: Accounting<M>,
): Weighed<M> | null {
  const { tier } = request;
  const { architecture, clipL2, spread } = size;
  const reports = size.kind === 'count' ? 1 : units;
  const fewer = tier === 'local' ? LOCAL_SPREAD : 1;
  const cohort = cohortOf({
    ...request,
    spread: Math.max(1, spread * fewer),
    participations: reports,
  });
  const d = parameterCount(architecture);
  const scaleBits = tier === 'split' ? SPLIT_SCALE_BITS : LOCAL_DEFAULTS.scaleBits;
  const noisy = { tier, d, clipL2, scaleBits };
  const calibrated: Calibrated<M> | null = accounting.choose({ ...noisy, units, reports });
  if (cohort === null || calibrated === null) return null;
  const { mechanism, epsilon } = calibrated;
  const { minReports } = cohort;
  const error = (n: number): number => accounting.error({ ...noisy, mechanism, minReports }, n);
  const figure = figureOf(size, d, cohort, error);
  return {
    // PR7: browsers refuse what is noisier than its clip.
    enough: error(minReports) <= clipL2 && suffices(figure) && cohort.rounds >= size.leastRounds,
    ...{ size, figure },
    task: {
      ...{ ...cohort, ...noisy, architecture, mechanism, epsilon },
      ...{ participations: reports, recipe: recipeOf(size, cohort.rounds) },
    },
  };
}

function recipeOf(size: Size, rounds: number): TaskRecipe {
  const server = size.kind === 'mean' && size.server?.(rounds);
  return server && isTraining(size.recipe) ? { ...size.recipe, server } : size.recipe;
}

function figureOf(
  size: Size,
  d: number,
  { reports, minReports }: Cohort,
  error: (reports: number) => number,
): Figure {
  switch (size.kind) {
    case 'mean':
      return { kind: 'mean', ratio: error(minReports) / size.clipL2, bound: size.bound };
    case 'count': {
      const z = (error(reports) / Math.sqrt(d)) * reports;
      return { kind: 'count', z, deviations: size.deviations, expected: size.busy * reports };
    }
    case 'gate': {
      // K13: τ·√(2 + r²)/c with r near 0, and K20's `sigmas` of it.
      const noise = error(minReports) / Math.sqrt(d);
      const gain = (size.sigmas * noise * Math.SQRT2) / size.browsers;
      return { kind: 'gate', gain, bound: size.bound };
    }
  }
}

function suffices(figure: Figure): boolean {
  if (figure.kind === 'mean') return figure.ratio <= figure.bound;
  if (figure.kind === 'gate') return figure.gain <= figure.bound;
  return figure.deviations * figure.z <= figure.expected;
}
