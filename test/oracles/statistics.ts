/** Statistics of goodness of fit, as z-scores, so that a limit states its false-alarm rate. */

/** One-sided z for a false alarm in a million: 1 − Φ(4.753) = 1e-6. */
export const ONE_IN_A_MILLION = 4.753;

/**
 * Returns the z-score of Pearson's χ² by Wilson and Hilferty's cube root (1931).
 *
 * Cells expecting fewer than ten are pooled.
 */
export function chiSquaredScore(observed: readonly number[], expected: readonly number[]): number {
  let statistic = 0;
  let cells = 0;
  let poolObserved = 0;
  let poolExpected = 0;
  for (const [i, mean] of expected.entries()) {
    poolObserved += observed[i] ?? 0;
    poolExpected += mean;
    if (poolExpected < 10) continue;
    statistic += (poolObserved - poolExpected) ** 2 / poolExpected;
    cells += 1;
    poolObserved = 0;
    poolExpected = 0;
  }
  const freedom = cells - 1;
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(statistic / freedom) - (1 - spread)) / Math.sqrt(spread);
}
