/**
 * How many browsers a round has: cohorts, coins, windows and rounds of a task.
 *
 * Nobody tells browsers apart, so that a cohort is thrown, not drawn: in every window a browser
 * visits with probability a = 1 − e^(−visits·window) (Poisson visits) and then takes part with the
 * task's coin p, until its cap of K reports is spent. With q = a·p, round t has on average
 * N·q·P(Bin(t − 1, q) < K) reports.
 */

const DAY_MS = 86_400_000;

/** At most 24 days (R7); the longest is two weeks, since a model of last month helps nobody. */
const WINDOWS_MS: readonly number[] = [1, 2, 4, 7, 14].map((days) => days * DAY_MS);

/**
 * A planned round has this many reports at first, if there are as many shoppers. Local noise falls
 * with the root of the reports only.
 */
const FEWEST = { split: 120, local: 1000 } as const;

/** And this many at most: what one server adds up in memory and in a window, with room. */
export const MOST_REPORTS = 100_000;

/**
 * A round of fewer expected reports is not planned: three deviations below them would be under the
 * 50 below which browsers take part in no round (PR44, sdk/receive/verify.ts), or under n_min.
 */
const LEAST = 90;

/** A mean of n arrivals lies within this many √n of its expectation, but for 1 in 700. */
const DEVIATIONS = 3;

/** A task's rounds end within this, before the task itself does (a year). */
const LONGEST_MS = 330 * DAY_MS;

const MOST_ROUNDS = 200;

/** The split tier's n_max ≤ 2·n_min (PR44); the local tier may hold more. */
const SPREAD = { split: 2, local: 8 } as const;

interface CohortInput {
  readonly shoppers: number;
  readonly visitsPerWeek: number;
  readonly tier: 'local' | 'split';
  /** A round is to have one in this many shoppers, if that is enough; 1: all who can be reached. */
  readonly spread: number;
  /** K, reports of one browser. */
  readonly participations: number;
  /** Rounds at most. */
  readonly rounds?: number;
}

export interface Cohort {
  /** Expected reports of the first round, which is the largest. */
  readonly reports: number;
  readonly minReports: number;
  readonly maxReports: number;
  /** Probability in 1/65536 that a browser that visits takes part in a round. */
  readonly coin: number;
  readonly windowMs: number;
  /** How many rounds come to n_min before the caps are spent. */
  readonly rounds: number;
}

/** Share of the shoppers that visit within a window. */
function activity(windowMs: number, visitsPerWeek: number): number {
  return -Math.expm1((-visitsPerWeek * windowMs) / (7 * DAY_MS));
}

/** P(Bin(n, q) < k), by its terms. */
export function fewerThan(k: number, n: number, q: number): number {
  if (k > n) return 1;
  if (q >= 1) return 0;
  let term = (1 - q) ** n;
  let sum = 0;
  for (let i = 0; i < k; i++) {
    sum += term;
    term *= ((n - i) / (i + 1)) * (q / (1 - q));
  }
  return Math.min(1, sum);
}

/** Most shoppers that one round can reach. */
function reach({ shoppers, visitsPerWeek }: CohortInput): number {
  return shoppers * activity(WINDOWS_MS.at(-1) as number, visitsPerWeek);
}

/** Fewest reports with which a round of `reports` expected ones may close. */
function fewest(reports: number): number {
  return Math.ceil((reports + DEVIATIONS * Math.sqrt(reports)) / 2);
}

const holds = (expected: number, minReports: number): boolean =>
  expected - DEVIATIONS * Math.sqrt(expected) >= minReports;

/**
 * The cohort of a task, or null where too few shoppers can be reached for one round. Its sizes only
 * rise with the number of shoppers and do not depend on the budget, so that neither more shoppers
 * nor more budget ever makes a round noisier.
 */
export function cohortOf(input: CohortInput): Cohort | null {
  const { shoppers, visitsPerWeek, tier, spread, participations: k } = input;
  const top = reach(input);
  const wanted = spread === 1 ? top : Math.max(FEWEST[tier], shoppers / spread);
  const reports = Math.floor(Math.min(MOST_REPORTS, top, wanted));
  if (reports < LEAST) return null;
  const minReports = fewest(reports);
  const q = reports / shoppers;
  const windowMs =
    WINDOWS_MS.find((one) => activity(one, visitsPerWeek) >= q) ?? (WINDOWS_MS.at(-1) as number);
  const coin = Math.min(
    65_536,
    Math.max(1, Math.round((65_536 * q) / activity(windowMs, visitsPerWeek))),
  );
  const most = Math.min(input.rounds ?? MOST_ROUNDS, Math.floor(LONGEST_MS / windowMs));
  let rounds = 1;
  while (rounds < most && holds(reports * fewerThan(k, rounds, q), minReports)) rounds++;
  const maxReports = SPREAD[tier] * minReports;
  return { reports, minReports, maxReports, coin, windowMs, rounds };
}
