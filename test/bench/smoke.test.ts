import { describe, expect, it } from 'vitest';
import { BENCHES, type BenchResults, type BenchValue } from './contract.ts';
import { benchesPresent, runBench, table } from './main.ts';

/** What a bench counts and must not find. */
const NONE: Record<string, readonly string[]> = {
  fuzz: ['unnamed', 'serverErrors', 'dead'],
  soak: ['lost', 'doubled'],
  robust: ['takenBeyondBound'],
  train: ['leakedTensors'],
};

/** What `--json` promises of each bench. */
const PROMISED: Record<string, readonly string[]> = {
  round: ['clientRoundMs', 'peerShapeMs', 'peerShapeStockMs', 'noiseMs', 'bytes'],
  recommend: ['medianMs'],
  average: ['gbps', 'boundGbps', 'ratio', 'ms100x1M', 'typedArrayRatio'],
  ingest: [
    'volatilePerSecond',
    'durablePerSecond',
    'barePerSecond',
    'volatileRatio',
    'durableRatio',
    'volatileRatio10k',
    'durableRatio10k',
  ],
  cold: ['p50Ms', 'p95Ms'],
  sampler: ['samplerNanoseconds', 'typescriptNanoseconds'],
  client: ['totalMs', 'expansion'],
  privunit: ['nanosecondsPerCoordinate', 'clientMs', 'regeneratedPerSecond'],
  seal: ['sealsPerSecond', 'opensPerSecond'],
  error: ['splitOverPrediction', 'localOverPrediction'],
  robust: ['meanHonestError', 'meanAttackedError', 'multiKrumAttackedError', 'medianHonestError'],
  fuzz: ['inputs', 'growthMb'],
  soak: ['kills', 'acknowledged', 'duplicates', 'exact', 'rssStartMb', 'growthMbPer100k'],
  engine: ['syncsPerSecond', 'fileReportsPerSecond'],
  cluster: ['arrivals', 'perSecond', 'exact'],
  gpu: ['cpuGramProductsPerSecond'],
  quality: ['shoppers', 'testCases', 'seconds'],
  profile: ['medianMs', 'p95Ms', 'longestTaskMs'],
  page: ['trackP95Ms', 'longTasksWith', 'longTasksWithout'],
  train: ['towerMs', 'towerStockMs', 'ratio', 'dispatchesPerStep', 'roundMs'],
};

function numbers(value: BenchValue): number[] {
  if (typeof value === 'number') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value as BenchResults).flatMap(numbers);
}

describe('benches', () => {
  it('are all present', () => {
    expect(benchesPresent()).toEqual([...BENCHES]);
  });

  it.each([...BENCHES])(
    'smoke-runs %s and finds the figures that it promises',
    async (name) => {
      const results = await runBench(name, { quick: true, data: null });
      for (const key of PROMISED[name] ?? []) {
        expect(results[key], key).toBeTypeOf('number');
      }
      for (const key of NONE[name] ?? []) expect(results[key], key).toBe(0);
      expect(numbers(results).every((value) => Number.isFinite(value))).toBe(true);
      expect(table(results).length).toBeGreaterThan(0);
    },
    180_000,
  );

  it('refuses an unknown name with the list', async () => {
    await expect(runBench('nothing', { quick: true, data: null })).rejects.toThrow(/round, /);
  });
});
