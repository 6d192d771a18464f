/**
 * Bench `error`: L2 error of the opened mean of n reports over its formula, root mean square, in
 * both tiers with exact noise. The updates are zeros, as an error does not depend on them; browsers
 * and servers draw and add what they do in a round.
 */
import { serverNoise } from '../../aggregator/noise/noise.ts';
import { drawNoise, type NoiseTask } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { predictedError } from '../../shared/plan/error.ts';
import { sigmaOf } from '../../shared/privacy/mechanism.ts';
import { sigmaOfEpsilon } from '../../shared/privacy/zcdp.ts';
import { CryptoSource } from '../../shared/random/source.ts';
import type { BenchOptions, BenchResults } from './contract.ts';

const source = new CryptoSource();

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const [d, reports] = quick ? [500, 60] : [20_000, 1000];
  const split = ratio('split', d, reports);
  const local = ratio('local', d, reports);
  return {
    splitOverPrediction: split.errorL2 / split.predictedL2,
    localOverPrediction: local.errorL2 / local.predictedL2,
    d,
    reports,
    split,
    local,
  };
}

interface Errors extends BenchResults {
  readonly errorL2: number;
  readonly predictedL2: number;
}

function ratio(tier: 'split' | 'local', d: number, reports: number): Errors {
  const minReports = reports / 2;
  const sigma = sigmaOfEpsilon(2, 1e-6);
  const task: NoiseTask = {
    tier,
    mechanism: { name: 'discrete-gaussian', sigma },
    d,
    clipL2: 1,
    scaleBits: 16,
    minReports,
    maxReports: reports,
  };
  const sum = new Float64Array(d);
  const add = (values: Int32Array): void => {
    for (let i = 0; i < d; i++) sum[i] = (sum[i] as number) + (values[i] as number);
  };
  const update = new Float32Array(d);
  for (let i = 0; i < reports; i++) {
    const { payload } = privatize(update, task, drawNoise(task, source), source);
    if (payload.form === 'coordinates') add(payload.coordinates);
  }
  if (tier === 'split') {
    for (let server = 0; server < 2; server++) {
      const seed = new Uint8Array(32);
      source.fill(seed);
      add(serverNoise(task, seed).noise);
    }
  }
  const squares = sum.reduce((total, x) => total + x * x, 0);
  const errorL2 = Math.sqrt(squares) / (reports * 2 ** task.scaleBits);
  const predictedL2 = predictedError({ ...task, sigma: sigmaOf(task.mechanism), reports });
  return { errorL2, predictedL2 };
}
