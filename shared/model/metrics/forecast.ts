/** Metric of a forecast of amounts. */

/**
 * Weighted absolute percentage error, Σ|actual − forecast| / Σ|actual|: 0 is exact, 1 is what a
 * forecast of zeros gets. Infinity where nothing happened and something was forecast; 0 where
 * nothing was either.
 *
 * @throws RangeError for rows that are not paired.
 */
export function wape(actual: ArrayLike<number>, forecast: ArrayLike<number>): number {
  if (actual.length !== forecast.length) throw new RangeError('actual and forecast are not paired');
  let error = 0;
  let total = 0;
  for (let i = 0; i < actual.length; i++) {
    error += Math.abs((actual[i] as number) - (forecast[i] as number));
    total += Math.abs(actual[i] as number);
  }
  return error === 0 ? 0 : error / total;
}
