import { describe, expect, it } from 'vitest';
import { chooseSeed, drawCandidates } from '../../sdk/noise/candidates.ts';
import { clip } from '../../sdk/noise/clip.ts';
import { drawNoise, type NoiseTask } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { bestPrivUnitMechanism } from '../../shared/privacy/choose.ts';
import { unitsOf } from '../../shared/privacy/guard.ts';
import { discreteGaussian, type PrivUnitMechanism } from '../../shared/privacy/mechanism.ts';
import { privUnitClaim, privUnitVariance } from '../../shared/privacy/seeded.ts';
import { addPrivUnit } from '../../shared/random/privunit.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

const source = (seed = 1): ChaChaSource => new ChaChaSource(new Uint8Array(32).fill(seed));

function best(epsilon: number, d: number): PrivUnitMechanism {
  const found = bestPrivUnitMechanism(epsilon, d);
  if (found === null) throw new Error('there is one');
  return found;
}

const taskOf = (mechanism: PrivUnitMechanism, d: number): NoiseTask => ({
  tier: 'local',
  mechanism,
  d,
  clipL2: 0.5,
  scaleBits: 16,
  minReports: 100,
  maxReports: 1000,
});

function seedOf(update: Float32Array, task: NoiseTask, words: ChaChaSource): Uint8Array {
  const { payload } = privatize(update, task, drawNoise(task, words), words);
  if (payload.form !== 'seed') throw new Error('a seed was expected');
  return payload.seed;
}

function vectorOf(seed: Uint8Array, d: number): Float64Array {
  const vector = new Float64Array(d);
  addPrivUnit(seed, vector);
  return vector;
}

describe('chooseSeed', () => {
  /** The rule of PR38 again, in big integers and in the order of its words. */
  function byTheRule(
    clipped: Float64Array,
    clipL2: number,
    { acceptance, threshold }: PrivUnitMechanism,
    candidates: Uint8Array,
    words: ChaChaSource,
  ): Uint8Array {
    const norm = Math.sqrt(clipped.reduce((sum, x) => sum + x * x, 0));
    const draw = BigInt(words.nextUint32() >>> 11) * 2n ** 32n + BigInt(words.nextUint32());
    const plus = draw < BigInt(((1 + Math.min(1, norm / clipL2)) / 2) * 2 ** 53);
    const cap = words.nextUint32() >>> 16 < acceptance;
    const unit = Array.from(clipped, (x, i) => (norm === 0 ? (i === 0 ? 1 : 0) : x / norm));
    const w = unit.map((x) => BigInt(Math.round(x * 2 ** 20)) * (plus ? 1n : -1n));
    const squared = w.reduce((sum, x) => sum + x * x, 0n);
    const seeds = Array.from({ length: candidates.length / 32 }, (_, i) =>
      candidates.slice(32 * i, 32 * i + 32),
    );
    const inCap = (seed: Uint8Array): boolean => {
      const g = vectorOf(seed, w.length);
      const dot = w.reduce((sum, x, i) => sum + x * BigInt(g[i] as number), 0n);
      return dot >= 0n && dot * dot >= BigInt(threshold) ** 2n * squared;
    };
    return seeds.find((seed) => inCap(seed) === cap) ?? (seeds[0] as Uint8Array);
  }

  it('PR38 follows the rule for long, short and zero updates, on both sides, with none on a side', () => {
    const updates = [
      [0.3, -0.4, 0, 0.1, 0],
      [1e-30, 0, -2e-30, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, -0.5],
    ];
    for (const candidates of [2, 12]) {
      const mechanism = { ...best(2, 5), candidates };
      for (let k = 1; k <= 60; k++) {
        const clipped = Float64Array.from(updates[k % 4] as number[]);
        const seeds = drawCandidates(candidates, source(k));
        const [a, b] = [source(k + 100), source(k + 100)];
        const chosen = chooseSeed(clipped, 0.5, mechanism, seeds, a);
        expect(chosen).toEqual(byTheRule(clipped, 0.5, mechanism, seeds, b));
        // The same number of words, whatever the update and the outcome.
        expect(a.nextUint32()).toBe(b.nextUint32());
      }
    }
  });

  it('PR38 decides a tie in integers: on the cap, not below it', () => {
    const candidates = drawCandidates(1, source(4));
    const first = vectorOf(candidates, 1)[0] as number;
    const other = drawCandidates(1, source(3));
    const both = Uint8Array.from([...other, ...candidates]);
    const threshold = Math.abs(first);
    expect(Math.abs(vectorOf(other, 1)[0] as number)).toBeLessThan(threshold);
    const u = Float64Array.of(first < 0 ? -1 : 1);
    // Of norm C, so that there is no flip; acceptance 65,536 always takes the cap.
    const at = chooseSeed(u, 1, { acceptance: 65_536, threshold }, both, source());
    expect(at).toEqual(candidates);
    const above = { acceptance: 65_536, threshold: threshold + 1 };
    expect(chooseSeed(u, 1, above, both, source())).toEqual(other);
  });
});

describe('PrivUnitG reports', () => {
  it('PR38 PR40 are unbiased: the mean of 2,000 of one short update', () => {
    // False alarm: 6 figures beyond 5.2 standard errors, 1.2e-6 in all.
    const d = 6;
    const n = 2000;
    const task = taskOf(best(4, d), d);
    const update = Float32Array.of(0.2, -0.1, 0.05, 0, 0.1, -0.15);
    const words = source(5);
    const [sum, squares] = [new Float64Array(d), new Float64Array(d)];
    const units = unitsOf(task);
    for (let k = 0; k < n; k++) {
      const g = vectorOf(seedOf(update, task, words), d);
      for (let i = 0; i < d; i++) {
        const x = (g[i] as number) / units;
        sum[i] = (sum[i] as number) + x;
        squares[i] = (squares[i] as number) + x * x;
      }
    }
    let signal = 0;
    for (let i = 0; i < d; i++) {
      const mean = (sum[i] as number) / n;
      const error = Math.sqrt(((squares[i] as number) / n - mean * mean) / n);
      expect(Math.abs(mean - (update[i] as number)) / error).toBeLessThan(5.2);
      signal += (mean * mean) / (error * error);
    }
    // The same test would not miss a mean of zero.
    expect(signal).toBeGreaterThan(200);
  });

  it('PR40 have the mean squared error of the formula within 2 %, at norm C and at zero', () => {
    // 600 reports of 200 coordinates: standard error 0.41 %, so 2 % is beyond 4.8 of them, 2e-6.
    const d = 200;
    const n = 600;
    const mechanism = best(4, d);
    const task = taskOf(mechanism, d);
    const units = unitsOf(task);
    for (const [seed, size] of [
      [6, 0.5],
      [7, 0],
    ] as const) {
      const update = new Float32Array(d).fill(size / Math.sqrt(d));
      const words = source(seed);
      let total = 0;
      for (let k = 0; k < n; k++) {
        const g = vectorOf(seedOf(update, task, words), d);
        for (let i = 0; i < d; i++)
          total += ((g[i] as number) / units - (update[i] as number)) ** 2;
      }
      const formula = 0.25 * privUnitVariance(mechanism, d, size / 0.5);
      expect(total / n / formula).toBeGreaterThan(0.98);
      expect(total / n / formula).toBeLessThan(1.02);
    }
  });

  it('PR40 lie on the cap as often as is claimed, and on that of the opposite update as seldom', () => {
    // False alarm: two figures beyond 5.2 standard deviations, 4e-7.
    const mechanism = { ...best(4, 3) };
    const task = taskOf(mechanism, 3);
    const { cap, qLow } = privUnitClaim(mechanism);
    const update = Float32Array.of(0, 1, 0);
    const words = source(8);
    const n = 4000;
    let [on, opposite] = [0, 0];
    for (let k = 0; k < n; k++) {
      const g = vectorOf(seedOf(update, task, words), 3)[1] as number;
      if (g >= mechanism.threshold) on += 1;
      if (-g >= mechanism.threshold) opposite += 1;
    }
    const beyond = (count: number, p: number): number =>
      Math.abs(count / n - p) / Math.sqrt((p * (1 - p)) / n);
    expect(beyond(on, cap)).toBeLessThan(5.2);
    expect(beyond(opposite, ((1 - cap) * (1 - qLow)) / qLow)).toBeLessThan(5.2);
  });

  it('PR1 PR38 refuse what cannot be clipped, other noise, and noise twice', () => {
    const task = taskOf(best(4, 3), 3);
    const update = Float32Array.of(0.1, 0.2, 0.3);
    const noise = drawNoise(task, source());
    const code = (name: string): object => expect.objectContaining({ code: name });
    expect(() => privatize(Float32Array.of(Number.NaN, 0, 0), task, noise, source())).toThrow(
      RangeError,
    );
    expect(() => privatize(new Float32Array(4), task, noise, source())).toThrow(/3 coordinates/);
    const fewer = { ...task, mechanism: { ...best(4, 3), candidates: 2 } };
    expect(() => privatize(update, fewer, noise, source())).toThrow(code('wrong-noise'));
    const noised = { ...task, mechanism: discreteGaussian(1) };
    expect(() => privatize(update, noised, noise, source())).toThrow(code('wrong-noise'));
    expect(() => privatize(update, task, drawNoise(noised, source()), source())).toThrow(
      code('wrong-noise'),
    );
    const { metrics, tier } = privatize(update, task, noise, source());
    expect(tier).toBe('local');
    expect(metrics.normAfter).toBe(clip(update, 0.5).normAfter);
    expect(metrics.signalToNoise).toBeLessThan(1);
    expect(() => privatize(update, task, noise, source())).toThrow(code('reused-noise'));
    const split = { ...task, tier: 'split' } as const;
    expect(() => drawNoise(split, source())).toThrow(code('wrong-mechanism'));
    expect(() => drawNoise({ ...task, maxReports: 2 ** 23 }, source())).toThrow('maxReports');
  });
});
