import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  analyticDelta,
  analyticEpsilon,
  analyticSigma,
  logNormalCdf,
} from '../../shared/privacy/analytic.ts';
import {
  addCurves,
  bestOrder,
  epsilonAtOrder,
  epsilonOfCurve,
  gaussianCurve,
  gaussianOrder,
  infiniteCurve,
  ORDERS,
  pureCurve,
  scaleCurve,
  withinCurve,
  zeroCurve,
} from '../../shared/privacy/curve.ts';
import type { Mechanism } from '../../shared/privacy/mechanism.ts';
import {
  curveOf,
  discreteGaussian,
  epsilonOf,
  NO_MECHANISM,
} from '../../shared/privacy/mechanism.ts';
import {
  epsilonOfRdp,
  epsilonOfZcdp,
  sigmaOfEpsilon,
  zcdpOfGaussian,
} from '../../shared/privacy/zcdp.ts';
import known from '../vectors/v1/privacy.json' with { type: 'json' };

describe('epsilonOfZcdp', () => {
  it.each(known.epsilonOfZcdp)('PR8 PR9 bounds ρ = $rho at δ = $delta from above', (row) => {
    const epsilon = epsilonOfZcdp(row.rho, row.delta);
    const exact = Math.max(0, row.epsilon);
    expect(epsilon).toBeGreaterThanOrEqual(exact);
    expect(epsilon - exact).toBeLessThan(1.1e-9 + 1e-11 * exact);
  });

  it('PR9 is never below 0, rises with ρ and falls with δ', () => {
    expect(epsilonOfZcdp(0, 1e-6)).toBe(0);
    expect(epsilonOfZcdp(1e-9, 0.5)).toBe(0);
    expect(epsilonOfZcdp(Number.POSITIVE_INFINITY, 1e-6)).toBe(Number.POSITIVE_INFINITY);
    let last = 0;
    for (let rho = 1e-8; rho < 1e5; rho *= 1.5) {
      const epsilon = epsilonOfZcdp(rho, 1e-6);
      expect(epsilon).toBeGreaterThan(last);
      expect(epsilonOfZcdp(rho, 1e-5)).toBeLessThan(epsilon);
      last = epsilon;
    }
  });

  it('refuses what is no ρ and no δ', () => {
    for (const delta of [0, 1, -1, Number.NaN]) {
      expect(() => epsilonOfZcdp(1, delta)).toThrow('delta');
    }
    expect(() => epsilonOfZcdp(-1, 0.1)).toThrow('rho');
    expect(() => zcdpOfGaussian(0)).toThrow('sigma');
  });
});

describe('sigmaOfEpsilon', () => {
  it.each(known.sigmaOfEpsilon)('PR9 meets ε = $epsilon at δ = $delta', (row) => {
    const sigma = sigmaOfEpsilon(row.epsilon, row.delta);
    expect(epsilonOfZcdp(zcdpOfGaussian(sigma), row.delta)).toBeLessThanOrEqual(row.epsilon);
    expect(sigma / row.sigma - 1).toBeGreaterThan(-1e-12);
    // ε is a multiple of 1e-9, rounded up: the smallest ε here is 0.1.
    expect(sigma / row.sigma - 1).toBeLessThan(2e-8);
  });

  it('gives the figures of reference/privacy.md §1.4', () => {
    expect(sigmaOfEpsilon(1, 1e-6)).toBeCloseTo(4.5309, 4);
    expect(sigmaOfEpsilon(2, 1e-6)).toBeCloseTo(2.3816, 4);
    expect(sigmaOfEpsilon(8, 1e-6)).toBeCloseTo(0.6893, 4);
    const totals = [10, 52, 365].map((k) => epsilonOf(discreteGaussian(2.3816), 1e-6, k));
    expect(totals.map((epsilon) => Number(epsilon.toPrecision(3)))).toEqual([7.22, 19.5, 72.6]);
  });
});

describe('curves', () => {
  it('PR11 the grid costs a Gaussian less than 1 % between ε = 0.1 and 60', () => {
    for (const delta of [1e-3, 1e-5, 1e-6, 1e-9]) {
      for (let epsilon = 0.1; epsilon < 60; epsilon *= 1.11) {
        const curve = gaussianCurve(sigmaOfEpsilon(epsilon, delta));
        const grid = epsilonOfCurve(curve, delta);
        const best = epsilonOfZcdp((curve[0] as number) / (ORDERS[0] as number), delta);
        expect(grid).toBeGreaterThanOrEqual(best - 1e-9);
        expect(grid).toBeLessThan(1.01 * best);
      }
    }
  });

  it('PR11 uses add up, and the published grid is the published grid', () => {
    const curve = gaussianCurve(3);
    expect(ORDERS.length).toBe(161);
    expect([ORDERS[0], ORDERS[48], ORDERS[49], ORDERS[160]]).toEqual([
      1 + 2 ** -6,
      2,
      2.125,
      16385,
    ]);
    expect(addCurves(curve, curve)).toEqual(scaleCurve(curve, 2));
    expect(scaleCurve(infiniteCurve(), 0)).toEqual(zeroCurve());
    expect(epsilonOfCurve(zeroCurve(), 1e-6)).toBe(0);
    expect(epsilonOfCurve(infiniteCurve(), 1e-6)).toBe(Number.POSITIVE_INFINITY);
  });

  it('PR13 a budget of k uses holds k uses and not one more', () => {
    for (const sigma of [0.7, 2.3816, 4.5309]) {
      const one = gaussianCurve(sigma);
      for (const k of [1, 3, 10, 365]) {
        let spent = zeroCurve();
        for (let i = 0; i < k; i++) spent = addCurves(spent, one);
        expect(withinCurve(spent, scaleCurve(one, k))).toBe(true);
        expect(withinCurve(addCurves(spent, one), scaleCurve(one, k))).toBe(false);
      }
    }
    expect(withinCurve(infiniteCurve(), gaussianCurve(1))).toBe(false);
    expect(withinCurve(gaussianCurve(1), infiniteCurve())).toBe(true);
  });

  it('refuses what is no curve', () => {
    expect(() => epsilonOfCurve([1], 1e-6)).toThrow('curve');
    expect(() =>
      addCurves(
        zeroCurve(),
        ORDERS.map(() => Number.NaN),
      ),
    ).toThrow('b must');
    expect(() =>
      scaleCurve(
        ORDERS.map(() => -1),
        1,
      ),
    ).toThrow(RangeError);
    expect(() => epsilonOfCurve('x' as unknown as number[], 1e-6)).toThrow(TypeError);
  });
});

describe('one order', () => {
  it('PR8 PR9 PR11 is PR8 at that order, and its best is that of the grid', () => {
    for (const curve of [gaussianCurve(0.9), pureCurve(1.5), scaleCurve(pureCurve(0.2), 30)]) {
      for (const [i, order] of ORDERS.entries()) {
        const [beta, rdp] = [order - 1, curve[i] as number];
        const exact = rdp + Math.log(beta / order) - Math.log(1e-6 * order) / beta;
        const excess = epsilonAtOrder(curve, order, 1e-6) - Math.max(0, exact);
        expect(excess).toBeGreaterThan(0);
        expect(excess).toBeLessThan(1.1e-9 + 1e-11 * Math.abs(exact));
      }
      const best = bestOrder(curve, 1e-6);
      expect(epsilonAtOrder(curve, best, 1e-6)).toBe(epsilonOfCurve(curve, 1e-6));
    }
    expect(epsilonAtOrder(zeroCurve(), 2, 1e-6)).toBe(0);
    expect(epsilonAtOrder(infiniteCurve(), 2, 1e-6)).toBe(Number.POSITIVE_INFINITY);
    expect(() => epsilonAtOrder(zeroCurve(), 2.01, 1e-6)).toThrow('order');
    expect(() => gaussianOrder(-1, 1e-6)).toThrow('epsilon');
    expect(() => gaussianOrder(8, 1)).toThrow('delta');
  });

  it('PR13 the default order costs Gaussian noise nothing, and 0.1% as the grid does', () => {
    for (const delta of [1e-5, 1e-6, 1e-9]) {
      for (const epsilon of [0, 0.5, 2, 8, 32]) {
        const order = gaussianOrder(epsilon, delta);
        expect(ORDERS).toContain(order);
        if (epsilon === 0) continue;
        const most = gaussianCurve(1.001 * sigmaOfEpsilon(epsilon, delta));
        expect(epsilonAtOrder(most, order, delta)).toBeLessThanOrEqual(epsilon);
      }
    }
  });
});

describe('mechanisms', () => {
  it('PR12 throws for a mechanism it does not know, by name', () => {
    const skellam = { name: 'skellam', sigma: 1 } as unknown as Mechanism;
    expect(() => curveOf(skellam)).toThrow("'skellam'");
    expect(() => epsilonOf(skellam, 1e-6, 1)).toThrow(RangeError);
    expect(() => epsilonOf(discreteGaussian(1), 1e-6, 0)).toThrow('participations');
    expect(() => discreteGaussian(0)).toThrow('sigma');
  });

  it('PR12 none has infinite ε; records are frozen', () => {
    expect(epsilonOf(NO_MECHANISM, 1e-6, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(curveOf(NO_MECHANISM)).toEqual(infiniteCurve());
    expect(Object.isFrozen(NO_MECHANISM) && Object.isFrozen(discreteGaussian(1))).toBe(true);
    expect(curveOf(discreteGaussian(2))).toEqual(gaussianCurve(2));
  });
});

describe('analytic Gaussian', () => {
  it.each(known.logNormalCdf)('ln Φ($x)', ({ x, value }) => {
    expect(Math.abs(logNormalCdf(x) / value - 1)).toBeLessThan(1e-12);
  });

  it.each(known.analyticEpsilon)('ε at σ = $sigma, δ = $delta', ({ sigma, delta, epsilon }) => {
    expect(Math.abs(analyticEpsilon(sigma, delta) - epsilon)).toBeLessThan(1e-9 * (1 + epsilon));
  });

  it.each(known.analyticDelta)('δ at σ = $sigma, ε = $epsilon', ({ sigma, epsilon, delta }) => {
    expect(Math.abs(analyticDelta(sigma, epsilon) / delta - 1)).toBeLessThan(1e-10);
  });

  it('PR8 is tighter than the provable figure, by the 6 to 7 % of reference/privacy.md', () => {
    for (const epsilon of [1, 2, 8]) {
      const ratio = sigmaOfEpsilon(epsilon, 1e-6) / analyticSigma(epsilon, 1e-6);
      expect(ratio).toBeGreaterThan(1.05);
      expect(ratio).toBeLessThan(1.075);
    }
  });
});

interface Shared {
  readonly id: string;
  readonly mechanism: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly delta: number;
  readonly epsilon: number;
  readonly output: string;
  readonly tolerance: number;
}

// The shared vectors lie beside the repository, and not in every clone of it.
const file = fileURLToPath(new URL('../../../shared/vectors/accountant.json', import.meta.url));
const present = existsSync(file);
const rows: Shared[] = present ? JSON.parse(readFileSync(file, 'utf8')).vectors : [];

describe.skipIf(!present)('shared/vectors/accountant.json (skipped where it is absent)', () => {
  const of = (mechanism: string): Shared[] => rows.filter((row) => row.mechanism === mechanism);
  const number = (row: Shared, key: string, fallback: number): number =>
    (row.params[key] as number | undefined) ?? fallback;

  it('analytic Gaussian, single and composed', () => {
    const checked = [...of('gaussian_analytic'), ...of('gaussian_composed')];
    for (const row of checked) {
      const root = Math.sqrt(number(row, 'count', 1)) * number(row, 'sensitivity', 1);
      const sigma = number(row, 'sigma', Number.NaN);
      const got = {
        epsilon: () => analyticEpsilon(sigma / root, row.delta) - row.epsilon,
        delta: () => analyticDelta(sigma / root, row.epsilon) - row.delta,
        sigma: () => analyticSigma(row.epsilon, row.delta) * root - sigma,
      }[row.output];
      expect(Math.abs(got?.() ?? Number.NaN), row.id).toBeLessThanOrEqual(row.tolerance);
    }
    expect(checked.length).toBeGreaterThanOrEqual(12);
  });

  it('PR8 zCDP of the discrete Gaussian, over real orders', () => {
    const checked = [...of('discrete_gaussian_zcdp'), ...of('gaussian_rdp')];
    for (const row of checked) {
      const rho = number(row, 'count', 1) * zcdpOfGaussian(number(row, 'sigma', Number.NaN));
      expect(Math.abs(epsilonOfZcdp(rho, row.delta) - row.epsilon), row.id).toBeLessThanOrEqual(
        row.tolerance,
      );
    }
    expect(checked.length).toBeGreaterThanOrEqual(4);
  });

  it('PR8 never worse than RDP over the default orders, never better than the analytic figure', () => {
    for (const row of of('gaussian_composed_rdp')) {
      const [sigma, count] = [number(row, 'sigma', Number.NaN), number(row, 'count', 1)];
      const epsilon = epsilonOf(discreteGaussian(sigma), row.delta, count);
      expect(epsilon, row.id).toBeLessThan(row.epsilon + row.tolerance);
      expect(epsilon, row.id).toBeGreaterThan(analyticEpsilon(sigma / Math.sqrt(count), row.delta));
    }
  });

  it('PR8 converts at one order as the others do', () => {
    for (const row of of('rdp_to_dp_conversion')) {
      const order = number(row, 'optimal_order', Number.NaN);
      expect(Math.abs(epsilonOfRdp(order - 1, 1.1, row.delta) - row.epsilon)).toBeLessThan(1e-7);
    }
  });
});
