import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../shared/bytes/hex.ts';
import { logNormalCdf } from '../../shared/privacy/analytic.ts';
import { bestPrivUnit, privUnitError } from '../../shared/privacy/privunit.ts';
import {
  privUnitClaim,
  privUnitVariance,
  TABLE_DISTANCE,
  TABLE_HEIGHT,
} from '../../shared/privacy/seeded.ts';
import { addPrivUnit, dotPrivUnit, privUnitTable } from '../../shared/random/privunit.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

const VECTORS = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../vectors/v1/privunit.json'), 'utf8'),
) as {
  readonly table: { readonly sha256: string; readonly values: readonly [number, number][] };
  readonly vectors: readonly { readonly seed: string; readonly coordinates: readonly number[] }[];
};

const TABLE = privUnitTable();
const UNIT = 4096;
const cdf = (x: number): number => Math.exp(logNormalCdf(x));
const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Parameters of ε about 1, 4 and 8 at d = 20,000. */
const CASES = [
  { acceptance: 38_622, threshold: 1628, candidates: 58 },
  { acceptance: 51_836, threshold: 6208, candidates: 309 },
  { acceptance: 59_050, threshold: 11_235, candidates: 6568 },
] as const;

describe('PrivUnitG on the wire', () => {
  it('PR37 makes the one table, odd and rising', () => {
    const bytes = new Uint8Array(2 * TABLE.length);
    const view = new DataView(bytes.buffer);
    for (const [u, value] of TABLE.entries()) view.setInt16(2 * u, value, true);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(VECTORS.table.sha256);
    for (const [u, value] of VECTORS.table.values) expect(TABLE[u]).toBe(value);
    for (let u = 1; u < TABLE.length; u++) {
      if ((TABLE[u] as number) < (TABLE[u - 1] as number)) throw new Error(`T falls at ${u}`);
      if (TABLE[u] !== 0 && TABLE[u] !== -(TABLE[65_535 - u] as number)) throw new Error(`${u}`);
    }
  });

  it('PR37 agrees with Φ computed by another method, 2e-5 of a cell from any doubt', () => {
    let nearest = 1;
    for (let j = 1; j <= 17_715; j++) {
      const edge = 65_536 * cdf((j - 0.5) / UNIT) - 0.5;
      nearest = Math.min(nearest, Math.abs(edge - Math.round(edge)));
      const first = Math.ceil(edge);
      if ((TABLE[first] as number) < j || (TABLE[first - 1] as number) >= j) {
        throw new Error(`T misses the edge of ${j}`);
      }
    }
    expect(nearest).toBeGreaterThan(2e-5);
    expect(TABLE[65_535]).toBe(17_715);
  });

  it('PR37 gives the known vectors, and the same to sums and products', () => {
    for (const { seed, coordinates } of VECTORS.vectors) {
      const into = new Float64Array(40).fill(5);
      addPrivUnit(fromHex(seed), into);
      expect([...into]).toEqual(coordinates.map((one) => one + 5));
      for (const d of [1, 31, 33, 40]) {
        const w = Float64Array.from({ length: d }, (_, i) => 3 ** (i % 5) * (i % 2 ? -1 : 1));
        const dot = coordinates.slice(0, d).reduce((sum, g, i) => sum + g * (w[i] as number), 0);
        expect(dotPrivUnit(fromHex(seed), w)).toBe(dot);
      }
    }
    expect(() => addPrivUnit(new Uint8Array(31), new Float64Array(1))).toThrow(RangeError);
  });

  it('PR39 κ and sup|H| of the table are within their bounds', () => {
    // H(y) = E(t − y)⁺ − E(x − y)⁺ up to sign; |H′| = |h| ≤ 6e-5 bounds it between the nodes.
    const counts = new Float64Array(2 * 17_716 + 1);
    for (const value of TABLE) counts[value + 17_716] = (counts[value + 17_716] as number) + 1;
    let [above, excess, area, height] = [0, 0, 0, 0];
    const between = 6e-5 / UNIT;
    for (let j = 17_716; j >= -17_716; j--) {
      const y = j / UNIT;
      const normal = density(y) - y * cdf(-y);
      const value = Math.abs(excess - normal) + between;
      area += value / UNIT;
      height = Math.max(height, value);
      above += counts[j + 17_716] as number;
      excess += above / 65_536 / UNIT;
    }
    // What lies beyond T's ends is E(x − y)⁺ alone, below e^(−y²/2).
    area += 2 * Math.exp(-0.5 * (17_716 / UNIT) ** 2) * 0.01;
    expect(area).toBeLessThan(TABLE_DISTANCE);
    expect(height).toBeLessThan(TABLE_HEIGHT);
    expect(area).toBeGreaterThan(TABLE_DISTANCE / 2);
  });
});

/** P(a·T[U] + b·T[U′] ≥ threshold·√(a² + b²)) by counting all pairs of cells. */
function tailOfPair(a: number, b: number, threshold: number): number {
  const bound = threshold * Math.hypot(a, b);
  const [values, counts] = distinct();
  const beyond = new Float64Array(values.length + 1);
  for (let i = values.length - 1; i >= 0; i--) {
    beyond[i] = (beyond[i + 1] as number) + (counts[i] as number);
  }
  let total = 0;
  let at = values.length;
  // As the first value rises, the smallest second value that is enough falls (b > 0).
  for (let i = 0; i < values.length; i++) {
    while (at > 0 && a * (values[i] as number) + b * (values[at - 1] as number) >= bound) at--;
    total += (counts[i] as number) * (beyond[at] as number);
  }
  return total / 2 ** 32;
}

function distinct(): [number[], number[]] {
  const [values, counts]: [number[], number[]] = [[], []];
  for (const value of TABLE) {
    if (values.at(-1) === value) counts[counts.length - 1] = (counts.at(-1) as number) + 1;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  return [values, counts];
}

describe('the interval of q', () => {
  it('PR39 holds every direction in one and two coordinates, counted out', () => {
    for (const parameters of CASES) {
      const { qLow, qHigh } = privUnitClaim(parameters);
      const { threshold } = parameters;
      const alone = TABLE.filter((value) => value >= threshold).length / 65_536;
      const pairs = [1, 0.999, 0.9, 0.5, 0.1, 0.01, 1e-4].map((b) => tailOfPair(1, b, threshold));
      for (const tail of [alone, ...pairs]) {
        expect(1 - tail).toBeGreaterThanOrEqual(qLow);
        expect(1 - tail).toBeLessThanOrEqual(qHigh);
      }
      // Not idle: one coordinate alone takes half of the interval's half width and more.
      const width = qHigh - qLow;
      const off = Math.max(
        ...[alone, ...pairs].map((tail) => Math.abs(1 - tail - cdf(threshold / UNIT))),
      );
      expect(off).toBeGreaterThan(width / 5);
    }
  });

  it('PR39 holds a flat and a mixed direction in many coordinates, by 200,000 draws', () => {
    // False alarm: beyond 5.5 standard deviations, 4e-8 a figure.
    const { threshold } = CASES[1];
    const { qLow, qHigh } = privUnitClaim(CASES[1]);
    const source = new ChaChaSource(new Uint8Array(32).fill(9));
    const n = 200_000;
    const d = 24;
    const flat = new Float64Array(d).fill(1);
    const mixed = Float64Array.from({ length: d }, (_, i) => (i === 0 ? 4 : 1));
    const norms = [flat, mixed].map((w) => Math.hypot(...w));
    const below = [0, 0];
    for (let k = 0; k < n; k++) {
      let [s0, s1] = [0, 0];
      for (let i = 0; i < d; i += 2) {
        const word = source.nextUint32();
        const [x, y] = [TABLE[word & 0xffff] as number, TABLE[word >>> 16] as number];
        s0 += x + y;
        s1 += x * (mixed[i] as number) + y;
      }
      if (s0 < threshold * (norms[0] as number)) below[0] = (below[0] as number) + 1;
      if (s1 < threshold * (norms[1] as number)) below[1] = (below[1] as number) + 1;
    }
    const slack = 5.5 * Math.sqrt((qHigh * (1 - qHigh)) / n);
    for (const count of below) {
      expect(count / n).toBeGreaterThan(qLow - slack);
      expect(count / n).toBeLessThan(qHigh + slack);
    }
  });
});

describe('privUnitClaim', () => {
  it('PR40 is a little above ε of real arithmetic: 0.0005 at 4, 0.005 at 8', () => {
    for (const [i, target, loss] of [
      [0, 1, 3e-4],
      [1, 4, 5e-4],
      [2, 8, 5e-3],
    ] as const) {
      const { p, q } = bestPrivUnit(target, 20_000);
      const { epsilon } = privUnitClaim(CASES[i] as (typeof CASES)[number]);
      expect(epsilon).toBeGreaterThan(target - 3e-4);
      expect(epsilon).toBeLessThan(target + loss);
      const variance = privUnitVariance(CASES[i] as (typeof CASES)[number], 20_000, 1);
      expect(variance / privUnitError(20_000, p, q)).toBeCloseTo(1, 2);
    }
  });

  it('PR40 covers the exact law of the rule, few candidates included', () => {
    // Worst ratio over every q of the interval, from the densities as PR40 states them first.
    for (const candidates of [1, 2, 3, 7, 40, 309]) {
      for (const threshold of [0, 300, 6208]) {
        const parameters = { acceptance: 51_836, threshold, candidates };
        const { epsilon, qLow, qHigh } = privUnitClaim(parameters);
        const p = 51_836 / 65_536;
        let [least, most] = [Number.POSITIVE_INFINITY, 0];
        for (let i = 0; i <= 20; i++) {
          const q = qLow + ((qHigh - qLow) * i) / 20;
          const [qn, tn] = [q ** candidates, (1 - q) ** candidates];
          const a = (p * (1 - qn) + (1 - p) * tn) / (1 - q);
          const b = ((1 - p) * (1 - tn) + p * qn) / q;
          expect(a * (1 - q) + b * q).toBeCloseTo(1, 12);
          least = Math.min(least, a, b);
          most = Math.max(most, a, b);
        }
        const truth = Math.log(most / least);
        expect(epsilon).toBeGreaterThanOrEqual(truth);
        expect(epsilon).toBeLessThan(truth + 5e-3);
      }
    }
  });

  it('PR40 gains what one coordinate gives, counted out', () => {
    for (const parameters of CASES) {
      const { acceptance, threshold, candidates } = parameters;
      const { gain, gainError } = privUnitClaim(parameters);
      const side = TABLE.filter((value) => value >= threshold);
      const tail = side.length / 65_536;
      const mass = side.reduce((sum, value) => sum + value, 0) / UNIT / 65_536;
      const p = acceptance / 65_536;
      const cap = p * (1 - (1 - tail) ** candidates) + (1 - p) * tail ** candidates;
      const truth = (cap * mass) / tail - ((1 - cap) * mass) / (1 - tail);
      expect(Math.abs(gain - truth)).toBeLessThan(gainError);
      expect(gainError / gain).toBeLessThan(2e-3);
    }
  });

  it('PR40 gains next to nothing across the update, counted out in two coordinates', () => {
    const [values, counts] = distinct();
    const masses = counts.map((count) => count / 65_536);
    // Mass and first moment of the second coordinate from each value up.
    const [above, moment] = [[0], [0]];
    for (let i = values.length - 1; i >= 0; i--) {
      above.push((above.at(-1) as number) + (masses[i] as number));
      moment.push(
        (moment.at(-1) as number) + ((masses[i] as number) * (values[i] as number)) / UNIT,
      );
    }
    for (const { threshold } of CASES) {
      for (const angle of [0.05, 0.3, 0.6, 0.75]) {
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        let [first, second, taken] = [0, 0, 0];
        for (const [i, value] of values.entries()) {
          // Values rise, so that ever more of the second coordinate's are enough.
          while (
            taken < values.length &&
            c * value + s * (values[values.length - 1 - taken] as number) >= threshold
          ) {
            taken += 1;
          }
          first += ((masses[i] as number) * value * (above[taken] as number)) / UNIT;
          second += (masses[i] as number) * (moment[taken] as number);
        }
        const gamma = threshold / UNIT;
        expect((first * c + second * s) / density(gamma)).toBeCloseTo(1, 3);
        expect(Math.abs(second * c - first * s) / density(gamma)).toBeLessThan(1e-4);
      }
    }
  });

  it('PR40 refuses parameters out of range, and claims nothing where nothing holds', () => {
    expect(() => privUnitClaim({ ...CASES[0], acceptance: 32_768 })).toThrow(RangeError);
    expect(() => privUnitClaim({ ...CASES[0], threshold: 1.5 })).toThrow('threshold');
    expect(() => privUnitClaim({ ...CASES[0], candidates: 0 })).toThrow('candidates');
    const far = privUnitClaim({ acceptance: 60_000, threshold: 20_000, candidates: 1000 });
    expect(far.epsilon).toBeGreaterThan(6);
    expect(Number.isFinite(far.epsilon)).toBe(true);
    expect(() => privUnitVariance({ ...CASES[0], candidates: 1 }, 5)).toThrow('no signal');
  });
});
