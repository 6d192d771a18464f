/**
 * Quantiles of χ² by bisection on its distribution function, the regularised lower incomplete gamma
 * function P(k/2, x/2) as its series (NIST DLMF 8.11.4), which converges for every x.
 */

function distribution(freedom: number, x: number): number {
  const a = freedom / 2;
  const z = x / 2;
  // ln Γ(a) for a half-integer, by its recurrence from Γ(1/2) = √π or Γ(1) = 1.
  let logGamma = freedom % 2 === 0 ? 0 : Math.log(Math.PI) / 2;
  for (let at = freedom % 2 === 0 ? 1 : 0.5; at < a; at++) logGamma += Math.log(at);
  let term = Math.exp(a * Math.log(z) - z - logGamma) / a;
  let sum = 0;
  for (let n = 1; term > sum * 1e-17; n++) {
    sum += term;
    term *= z / (a + n);
  }
  return sum;
}

function quantile(freedom: number, probability: number): number {
  let low = 0;
  // Beyond it the series underflows, where the distribution is 1 to the last bit.
  let high = freedom + 12 * Math.sqrt(2 * freedom) + 100;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (distribution(freedom, middle) < probability) low = middle;
    else high = middle;
  }
  return low;
}

/** The interval outside which a χ² variable falls with probability `alarm`, half on each side. */
export function chiSquaredInterval(freedom: number, alarm: number): [number, number] {
  return [quantile(freedom, alarm / 2), quantile(freedom, 1 - alarm / 2)];
}
