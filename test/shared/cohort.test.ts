/** Cohorts of planned rounds, against simulated browsers and a sum over all outcomes. */
import { describe, expect, it } from 'vitest';
import { cohortOf, fewerThan } from '../../shared/plan/cohort.ts';

describe('cohorts', () => {
  const input = { visitsPerWeek: 1, tier: 'split', spread: 6, participations: 6 } as const;

  it('count P(Bin(n, q) < k) as a sum of the products of all outcomes does', () => {
    for (const [n, q, k] of [
      [4, 0.3, 2],
      [6, 1 / 6, 3],
      [5, 0.9, 5],
    ] as const) {
      let sum = 0;
      for (let outcome = 0; outcome < 2 ** n; outcome++) {
        const hits = [...outcome.toString(2)].filter((bit) => bit === '1').length;
        if (hits < k) sum += q ** hits * (1 - q) ** (n - hits);
      }
      expect(fewerThan(k, n, q)).toBeCloseTo(sum, 12);
    }
    expect([fewerThan(1, 5, 1), fewerThan(6, 5, 0.5)]).toEqual([0, 1]);
  });

  it('every planned round of simulated browsers has from n_min to n_max reports', () => {
    const shoppers = 3285;
    const cohort = cohortOf({ ...input, shoppers });
    if (cohort === null) throw new Error('no cohort');
    const { coin, windowMs, rounds, minReports, maxReports } = cohort;
    const visits = -Math.expm1(-windowMs / (7 * 86_400_000));
    const random = seeded(7);
    const left = new Array<number>(shoppers).fill(6);
    for (let round = 0; round < rounds; round++) {
      let reports = 0;
      for (let i = 0; i < shoppers; i++) {
        const part_ = random() < visits && random() < coin / 65_536;
        if (!part_ || (left[i] as number) === 0) continue;
        left[i] = (left[i] as number) - 1;
        reports++;
      }
      expect([round, reports >= minReports, reports <= maxReports]).toEqual([round, true, true]);
    }
    expect(rounds).toBeGreaterThan(25);
    expect(left.reduce((sum, one) => sum + one, 0) / (6 * shoppers)).toBeLessThan(0.3);
  });

  it('only grow with the number of shoppers', () => {
    let before = { reports: 0, minReports: 0 };
    for (let shoppers = 90; shoppers < 3000; shoppers++) {
      const cohort = cohortOf({ ...input, shoppers });
      if (cohort === null) {
        expect([shoppers, before.reports]).toEqual([shoppers, 0]);
        continue;
      }
      expect(cohort.reports).toBeGreaterThanOrEqual(before.reports);
      expect(cohort.minReports).toBeGreaterThanOrEqual(before.minReports);
      before = cohort;
    }
    expect(before.reports).toBe(499);
    const rounds = Array.from(
      { length: 3000 },
      (_, i) => cohortOf({ ...input, participations: 2, shoppers: 90 + i })?.rounds ?? 0,
    );
    const from = rounds.findIndex((one) => one >= 3);
    expect(rounds.slice(from).every((one) => one >= 3)).toBe(true);
  });
});

/** mulberry32, for the simulated browsers. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
