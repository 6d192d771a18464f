/** What holds of a run through the tiers, by name; a mutation is caught by the name that it fails. */
import { serverNoise } from '../../../aggregator/noise/noise.ts';
import { measure } from '../../../sdk/measure/measure.ts';
import { sha256 } from '../../../shared/bytes/hash.ts';
import { normBound, normBoundSquared } from '../../../shared/field/fixed.ts';
import type { Catalogue } from '../../../shared/model/catalogue.ts';
import {
  decodeCoordinates,
  decodeReportHeader,
  REPORT_HEADER_BYTES,
} from '../../../shared/protocol/report.ts';
import { ChaChaSource } from '../../../shared/random/source.ts';
import { seedOpener } from '../../../shared/sharing/seal.ts';
import { addInto, centred, decodeUint32LE, expandSeed } from '../../../shared/sharing/share.ts';
import { chiSquaredInterval } from '../../oracles/chi-squared.ts';
import {
  type Attempt,
  BINS,
  BROWSERS,
  CLIP,
  type ContractTier,
  historyOf,
  SCALE_BITS,
  SHARES,
  SIGMAS,
} from './plan.ts';
import { type Run, SEEDS } from './world.ts';

const B = 2 ** SCALE_BITS;
const BOUND = normBound(B, BINS);
/** False alarm of every interval, both sides together. */
const ALARM = 1e-6;

/** Throws what is wrong. */
export type Check = (run: Run) => void | Promise<void>;

const attempts = (run: Run, tier: ContractTier): readonly Attempt[] => run.told.first[tier];
const bodies = (run: Run, tier: ContractTier): Uint8Array[] =>
  attempts(run, tier).map(({ body }) => new Uint8Array(Buffer.from(body, 'base64')));

function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** Σ s·u of the statistic over the browsers, in integer units, from their histories. */
function trueSum(nowMs: number): Float64Array {
  const sum = new Float64Array(BINS);
  for (let browser = 0; browser < BROWSERS; browser++) {
    const vector = measure(SHARES, historyOf(browser, nowMs), {} as Catalogue);
    for (const [i, x] of vector.entries()) sum[i] = (sum[i] as number) + (x * B) / CLIP;
  }
  return sum;
}

function openedOf(run: Run, tier: ContractTier): Float64Array {
  if (tier === 'split') {
    expect(run.shares !== null, 'no split round was published');
    const sum = run.shares[0].slice();
    addInto(sum, run.shares[1]);
    return Float64Array.from(centred(sum));
  }
  const [mean, task] = [run.means[tier], run.tasks[tier]];
  expect(mean !== undefined && task !== undefined, `no ${tier} round was published`);
  return Float64Array.from(mean, (x) => (x * BROWSERS * B) / task.clipL2);
}

/** Rounded updates with the browsers' noise, opened with the helper's key. */
async function opened(run: Run): Promise<Int32Array[]> {
  const opener = await seedOpener(run.sealing);
  return Promise.all(
    bodies(run, 'split').map(async (body) => {
      const { id: reportId, taskHash, roundHash } = decodeReportHeader(body);
      const share = body.slice(REPORT_HEADER_BYTES, REPORT_HEADER_BYTES + 4 * BINS);
      const sealed = body.slice(REPORT_HEADER_BYTES + 4 * BINS);
      const of = { taskHash, roundHash, reportId };
      const seed = await opener.open(of, sealed, await sha256(share));
      expect(seed !== null, 'a sealed seed does not open');
      const z = decodeUint32LE(share, 0, BINS);
      addInto(z, await expandSeed(seed, BINS));
      return centred(z);
    }),
  );
}

function seededNoise(run: Run, seed: number): Int32Array {
  const source = new ChaChaSource(new Uint8Array(32).fill(seed));
  const drawn = new Uint8Array(32);
  source.fill(drawn);
  const task = run.tasks.split;
  expect(task !== undefined, 'no split task');
  return serverNoise(task, drawn).noise;
}

function assertVariance(residual: Float64Array, variance: number): void {
  let squares = 0;
  for (const x of residual) squares += x * x;
  const [low, high] = chiSquaredInterval(BINS, ALARM);
  const score = squares / variance;
  expect(
    score >= low && score <= high,
    `χ² is ${score.toFixed(0)}, its interval ${low.toFixed(0)} to ${high.toFixed(0)}`,
  );
}

/** Within the float32 in which a mean is published. */
function assertExactSum(run: Run, tier: 'local' | 'test'): void {
  const opened = openedOf(run, tier);
  const rest = opened.slice();
  for (const body of bodies(run, tier)) {
    const z = decodeCoordinates(body, opened.length);
    for (const [i, x] of z.entries()) rest[i] = (rest[i] as number) - x;
  }
  const off = rest.map((x, i) => Math.abs(x) / Math.max(1, Math.abs(opened[i] as number)));
  expect(Math.max(...off) < 2 ** -22, `off by ${Math.max(...off)} of a coordinate`);
}

const minus = (a: Float64Array, b: Float64Array): Float64Array =>
  a.map((x, i) => x - (b[i] as number));

/** Stochastic rounding adds a quarter at most, a billionth of any of these. */
const split = SIGMAS.split * BOUND;
const SPLIT_VARIANCE = split * split * (2 + BROWSERS / (BROWSERS / 2));
const local = SIGMAS.local * 2 * BOUND;

const reportsOnce =
  (tier: ContractTier): Check =>
  (run) => {
    const all = attempts(run, tier);
    expect(all.length === BROWSERS, `${all.length} browsers tried`);
    const not = all.filter(({ state, charges }) => state !== 'sent' || charges !== 1);
    const [one] = not;
    expect(not.length === 0, `${not.length} did not, such as ${one?.state}, ${one?.charges}`);
  };

const refusedTwice =
  (tier: ContractTier): Check =>
  (run) => {
    const again = run.told.second[tier];
    expect(again?.state === 'cap-spent', `the second time: ${again?.state}`);
  };

export const CHECKS = {
  'local: every browser reports once and is charged once': reportsOnce('local'),
  'split: every browser reports once and is charged once': reportsOnce('split'),
  'test: every browser reports once and is charged once': reportsOnce('test'),
  'local: the cap refuses a second report': refusedTwice('local'),
  'split: the cap refuses a second report': refusedTwice('split'),

  'test: every update is clipped to norm B, within the rounding': (run) => {
    const d = run.tasks.test?.d as number;
    for (const body of bodies(run, 'test')) {
      const squares = decodeCoordinates(body, d).reduce((sum, x) => sum + x * x, 0);
      const norm = Math.sqrt(squares);
      expect(squares <= normBoundSquared(B, d), `a report has norm ${norm}`);
      expect(norm > B - 2 * Math.sqrt(d), `a report has norm ${norm}: nothing was clipped`);
    }
  },

  'test: opened is the exact sum of what was sent': (run) => assertExactSum(run, 'test'),

  'split: opened − Σz − Σnoise = 0 in every coordinate mod 2³²': async (run) => {
    expect(run.shares !== null, 'no split round was published');
    const rest = run.shares[0].slice();
    addInto(rest, run.shares[1]);
    const taken = [
      ...(await opened(run)),
      ...Object.values(SEEDS).map((one) => seededNoise(run, one)),
    ];
    for (const z of taken)
      addInto(
        rest,
        Uint32Array.from(z, (x) => -x >>> 0),
      );
    const wrong = rest.filter((x) => x !== 0).length;
    expect(wrong === 0, `${wrong} coordinates are not 0`);
  },

  'split: the residual has the variance of three sources of noise': (run) => {
    assertVariance(minus(openedOf(run, 'split'), trueSum(run.nowMs)), SPLIT_VARIANCE);
  },

  'split: one report, opened, has the variance of the browser’s share': async (run) => {
    const all = await opened(run);
    const sum = new Float64Array(BINS);
    for (const z of all)
      for (let i = 0; i < BINS; i++) sum[i] = (sum[i] as number) + (z[i] as number);
    assertVariance(minus(sum, trueSum(run.nowMs)), 2 * split * split);
  },

  'split: the leader’s shares read as uniformly random': (run) => {
    // Mean of the top bits of all words: ½ ± 5 standard deviations.
    let ones = 0;
    for (const body of bodies(run, 'split')) {
      const share = decodeUint32LE(body, REPORT_HEADER_BYTES, BINS);
      for (const word of share) ones += word >>> 31;
    }
    const words = BINS * BROWSERS;
    expect(Math.abs(ones - words / 2) < 2.5 * Math.sqrt(words), `${ones} of ${words} top bits`);
  },

  'local: opened is the exact sum of what was sent': (run) => assertExactSum(run, 'local'),

  'local: the residual has the variance of Δ = 2B′': (run) => {
    assertVariance(minus(openedOf(run, 'local'), trueSum(run.nowMs)), BROWSERS * local * local);
  },
} satisfies Record<string, Check>;

export type CheckName = keyof typeof CHECKS;

/** Names and reasons of the checks that a run fails, of those for its tiers. */
export async function failuresOf(
  run: Run,
  tiers: readonly ContractTier[],
): Promise<Map<CheckName, string>> {
  const failures = new Map<CheckName, string>();
  for (const [name, check] of Object.entries(CHECKS) as [CheckName, Check][]) {
    if (!tiers.some((tier) => name.startsWith(`${tier}:`))) continue;
    try {
      await check(run);
    } catch (error) {
      failures.set(name, (error as Error).message);
    }
  }
  return failures;
}
