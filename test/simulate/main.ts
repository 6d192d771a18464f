/** `npm run simulate`: a federation on real shopping sequences, over HTTP on loopback. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type BuiltCatalogue, buildCatalogue } from '../../aggregator/catalogue/build.ts';
import { givenVectors, hashedNgrams } from '../../aggregator/catalogue/embedder.ts';
import { startWeights } from '../../sdk/features/wide.ts';
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import { epsilonOf } from '../../shared/privacy/mechanism.ts';
import { machine } from '../bench/machine.ts';
import { markovQuality, popularityQuality } from './baselines.ts';
import { type Dataset, readDataset } from './dataset.ts';
import { rankRows } from './evaluate.ts';
import { type Federated, federate } from './experiment.ts';
import { type FederationPlan, mechanismOf, WIDE } from './federation.ts';
import { meanQuality, type Quality } from './metrics.ts';

const USAGE = `npm run simulate -- --data DIR [flags]
  --data DIR          folder of the form of amazon-industrial
  --rounds R          default 36
  --cohort N          shoppers in a round, default a sixth of all
  --participations K  reports of one shopper at most, default 6
  --epsilon E         per report, default 8, at most 8
  --seed S            of the cohorts, default 1; noise and negatives are not seeded
  --start WHICH       prior, zero or both: the start weights, default both
  --workers W         processes of shoppers per federation, default by the number of cores
  --json FILE         also write the results`;

const DELTA = 1e-6;

interface Flags {
  readonly data: string;
  readonly rounds: number;
  readonly cohort: number | null;
  readonly participations: number;
  readonly epsilon: number;
  readonly seed: string;
  readonly starts: readonly ('prior' | 'zero')[];
  readonly workers: number | null;
  readonly json: string | null;
}

function readFlags(): Flags | null {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      rounds: { type: 'string', default: '36' },
      cohort: { type: 'string' },
      participations: { type: 'string', default: '6' },
      epsilon: { type: 'string', default: '8' },
      seed: { type: 'string', default: '1' },
      start: { type: 'string', default: 'both' },
      workers: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  if (values.data === undefined) throw new RangeError(`--data is needed\n${USAGE}`);
  const integer = (flag: string, value: string, max: number): number => {
    const number = Number(value);
    if (!Number.isInteger(number) || number < 1 || number > max) {
      throw new RangeError(`--${flag} ${value}: expected a whole number from 1 to ${max}`);
    }
    return number;
  };
  const epsilon = Number(values.epsilon);
  if (!(epsilon > 0 && epsilon <= 8)) {
    throw new RangeError(`--epsilon ${values.epsilon}: the SDK makes no report above 8`);
  }
  const starts = { prior: ['prior'], zero: ['zero'], both: ['prior', 'zero'] } as const;
  if (!Object.hasOwn(starts, values.start)) {
    throw new RangeError(`--start ${values.start}: expected prior, zero or both`);
  }
  return {
    data: resolve(values.data),
    rounds: integer('rounds', values.rounds, 10_000),
    cohort: values.cohort === undefined ? null : integer('cohort', values.cohort, 1e6),
    participations: integer('participations', values.participations, 1000),
    epsilon,
    seed: values.seed,
    starts: starts[values.start as keyof typeof starts],
    workers: values.workers === undefined ? null : integer('workers', values.workers, 64),
    json: values.json ?? null,
  };
}

/** Vectors of the folder where it has them, else hashed n-grams of the titles. */
function publicSide({ items, vectors }: Dataset): Promise<BuiltCatalogue> {
  const embedder =
    vectors === null
      ? hashedNgrams()
      : givenVectors(
          items.map((_, at) =>
            vectors.values.subarray(at * vectors.width, (at + 1) * vectors.width),
          ),
        );
  return buildCatalogue(
    items.map(({ id, title, brand, description }) => ({
      id,
      title,
      description,
      ...(brand !== '' && { brand }),
    })),
    { embedder },
  );
}

/** Redrawn in place on a terminal; a line at every twelfth otherwise. */
class Progress {
  readonly #total: number;
  readonly #start = Date.now();
  #done = 0;

  constructor(total: number) {
    this.#total = total;
  }

  step(): void {
    this.#done += 1;
    const { stdout } = process;
    const part = Math.ceil(this.#total / 12);
    if (!stdout.isTTY && this.#done % part !== 0 && this.#done !== this.#total) return;
    const share = this.#done / this.#total;
    const bar = '█'.repeat(Math.round(30 * share)).padEnd(30, '·');
    const seconds = (Date.now() - this.#start) / 1000;
    const left = share < 1 ? `, about ${Math.ceil(seconds / share - seconds)} s left` : '';
    const line = `${bar} ${this.#done} of ${this.#total} rounds, ${Math.round(seconds)} s${left}`;
    stdout.write(stdout.isTTY ? `\r${line}\u001b[K${share < 1 ? '' : '\n'}` : `${line}\n`);
  }
}

const figures = ({ hr10, ndcg10 }: Quality): string =>
  `${hr10.toFixed(2).padStart(6)}  ${ndcg10.toFixed(2).padStart(7)}`;

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags === null) {
    console.log(USAGE);
    return;
  }
  const began = Date.now();
  const dataset = readDataset(flags.data);
  const { items, train, test } = dataset;
  const plan: FederationPlan = {
    rounds: flags.rounds,
    cohort: flags.cohort ?? Math.floor(train.length / 6),
    participations: flags.participations,
    epsilon: flags.epsilon,
    delta: DELTA,
    clipL2: 2,
    steps: 3,
    learningRate: 1,
    negatives: 200,
    serverRate: 1,
    separationMs: 500,
    quietMs: 500,
  };
  const workers =
    flags.workers ?? Math.max(1, Math.floor(availableParallelism() / flags.starts.length));
  console.log(
    `${dataset.name}: ${items.length} items, ${train.length} shoppers, ${test.length} test rows`,
  );
  const catalogue = await publicSide(dataset);
  console.log(`public side: ${catalogue.bytes.length} bytes, ${catalogue.hash.slice(0, 12)}`);

  const progress = new Progress(plan.rounds * flags.starts.length);
  const federated: Partial<Record<'prior' | 'zero', Federated>> = Object.fromEntries(
    await Promise.all(
      flags.starts.map(async (start) => {
        const weights = start === 'prior' ? startWeights() : new Float32Array(WIDE_FEATURES.length);
        const run = { ...flags, shoppers: train.length, catalogue, plan, workers };
        const onRound = (): void => progress.step();
        return [start, await federate({ ...run, startWeights: weights, onRound })] as const;
      }),
    ),
  );

  const rank = (weights: Float32Array | undefined): Quality | null =>
    weights === undefined ? null : meanQuality(rankRows(catalogue.catalogue, weights, test, WIDE));
  const popularity = popularityQuality(train, test, items.length);
  const markov = markovQuality(train, test, items.length);
  const untrained = rank(startWeights());
  const trained = rank(federated.prior?.weights);
  const trainedFromZero = rank(federated.zero?.weights);

  const mechanism = mechanismOf(plan);
  const most = Math.max(0, ...Object.values(federated).map(({ audit }) => audit.most));
  const epsilonPerReport = epsilonOf(mechanism, DELTA, 1);
  const epsilonTotal = epsilonOf(mechanism, DELTA, most);
  const privacy =
    `ε ${epsilonPerReport.toFixed(3)} × ${most} participations = ${epsilonTotal.toFixed(3)} ` +
    `in all (local tier, δ ${DELTA})`;
  console.log(`\nfull ranking of ${items.length} items, ${test.length} rows, percent`);
  console.log('                          HR@10  NDCG@10');
  const row = (name: string, quality: Quality | null, claim: string): void => {
    if (quality !== null) console.log(`  ${name.padEnd(22)} ${figures(quality)}   ${claim}`);
  };
  row('popularity', popularity, 'counts without privacy');
  row('Markov, first order', markov, 'counts without privacy');
  row('untrained', untrained, 'start weights of the recipe: no training here');
  row('trained from prior', trained, privacy);
  row('trained from zero', trainedFromZero, privacy);

  console.log(
    `\nstart weights, prior: ${WIDE_FEATURES.map((one) => `${one.id} ${one.start}`).join(', ')}`,
  );
  console.log(
    '  They were chosen after fits on amazon-industrial; "from zero" is the clean row there.',
  );

  const violations = Object.values(federated).flatMap((one) => one.violations);
  console.log(`\nledger violations: ${violations.length}`);
  for (const violation of violations.slice(0, 10)) console.log(`  ${violation}`);
  const seconds = Math.round((Date.now() - began) / 1000);
  console.log(`${seconds} s`);

  if (flags.json !== null) {
    const summary = {
      trained,
      trainedFromZero,
      untrained,
      popularity,
      markov,
      epsilonPerReport,
      participations: most,
      epsilonTotal,
      delta: DELTA,
    };
    const settings = {
      ...plan,
      seed: flags.seed,
      starts: flags.starts,
      workers,
      startWeights: Object.fromEntries(WIDE_FEATURES.map(({ id, start }) => [id, start])),
    };
    const runs = Object.fromEntries(
      Object.entries(federated).map(([start, { weights, audit, timings }]) => [
        start,
        { weights: [...weights], charges: audit.charges, millisecondsPerClientRound: timings },
      ]),
    );
    const command = `npm run simulate -- ${process.argv.slice(2).join(' ')}`;
    const report = {
      name: 'simulate',
      machine: machine(),
      results: { summary, ledgerViolations: violations.length, runs },
      settings,
      command,
      durationSeconds: seconds,
    };
    writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`);
    console.log(`written: ${flags.json}`);
  }
  if (violations.length > 0) process.exitCode = 1;
}

// An exit by hand lets the temporary folders go; the children end with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
