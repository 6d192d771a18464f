/**
 * Sequence towers fitted to convergence without noise, alone and on top of the wide ranker: what a
 * tower could give at most. Adam on minibatches of (prefix → next) with uniform negatives; NDCG@10
 * on validation rows says when to stop; the test rows are scored once, with the best weights.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildCatalogue } from '../../../aggregator/catalogue/build.ts';
import { givenVectors, hashedNgrams } from '../../../aggregator/catalogue/embedder.ts';
import { WideScorer } from '../../../sdk/features/wide.ts';
import { type TowerKind, WIDE_FEATURES } from '../../../shared/model/architecture.ts';
import { quantise, weightParts } from '../../../shared/model/int8.ts';
import { ndcg, rankOf } from '../../../shared/model/metrics/ranking.ts';
import { nodeLearner } from '../../sdk/learn-node.ts';
import { SeededRandom } from '../../simulate/random.ts';
import { machine } from '../machine.ts';
import { centralWide } from './central.ts';
import { thinned } from './evaluate.ts';
import { sourceOf } from './privacy.ts';
import { type EvaluationCase, type RankingSet, readSet } from './sets.ts';
import {
  added,
  type Base,
  type Fit,
  fitOne,
  HISTORY,
  NEGATIVES,
  type Prefix,
  quality,
  type Scores,
  WIDTH,
  type World,
} from './tower-train.ts';

export interface TowerOptions {
  readonly quick: boolean;
  readonly kinds?: readonly TowerKind[];
  /** What a tower stands on; by default both. */
  readonly bases?: readonly string[];
  readonly say?: (line: string) => void;
  /** Given what is known so far after every row: a fit may take hours. */
  readonly keep?: (fits: TowerFits) => void;
}

/** Percent. */
export interface TowerRow {
  readonly [figure: string]: number | string;
  readonly name: string;
  readonly hr10: number;
  readonly ndcg10: number;
  readonly validNdcg10: number;
  readonly weights: number;
  readonly epochs: number;
  readonly seconds: number;
}

export interface TowerFits {
  readonly [name: string]: string | number | readonly TowerRow[];
  readonly set: string;
  readonly shoppers: number;
  readonly items: number;
  /** Prefixes that were trained on, and lists that were scored. */
  readonly trainingRows: number;
  readonly testRows: number;
  readonly rows: readonly TowerRow[];
}

const KINDS: readonly TowerKind[] = ['attention', 'gru', 'lstm', 'cnn', 'mean'];
const VALID_ROWS = 1_500;
/** Of the training rows, drawn at random where there are more: what memory holds. */
const MOST_EXAMPLES = 150_000;
/** Test rows times items, at most; rows are thinned evenly where there are more. */
const MOST_SCORES = 3e8;
const BASES: readonly string[] = ['alone', 'on wide'];
const ALONE: Base = { name: 'alone', scores: null, some: null };
/** Of a tower beside the wide score. */
const WEIGHTS = [0.05, 0.1, 0.2, 0.5, 1, 2];
/** Length of a vector where a set has none. */
const INDEXED = 128;

/**
 * Fits every kind, alone and on the centrally fitted wide ranker of the same training rows.
 *
 * @param folder a ranking set of any form (sets.ts).
 */
export async function fitTowers(folder: string, options: TowerOptions): Promise<TowerFits> {
  const {
    quick,
    kinds = KINDS,
    bases = BASES,
    say = () => undefined,
    keep = () => undefined,
  } = options;
  const set = readSet(folder);
  const given = set.vectors?.every((row) => row.every((value) => value === 0))
    ? indexed(set)
    : set.vectors;
  const embedder = given === null ? hashedNgrams() : givenVectors(given);
  const { catalogue } = await buildCatalogue(set.items, { embedder });
  const prefixes = prefixesOf(quick ? set.train.slice(0, 40) : set.train);
  const valid = thinned(set.valid, quick ? 20 : VALID_ROWS);
  const test = thinned(set.test, quick ? 20 : Math.floor(MOST_SCORES / set.items.length));
  const scorer = new WideScorer(catalogue, 400 * 2 ** 20);
  const learner = await nodeLearner('wasm');
  const rows: TowerRow[] = [];
  const fits: TowerFits = {
    set: set.name,
    shoppers: set.train.length,
    items: set.items.length,
    trainingRows: prefixes.length,
    testRows: test.length,
    width: WIDTH,
    historyLength: HISTORY,
    rows,
  };
  const add = (row: TowerRow): void => {
    rows.push(row);
    say(JSON.stringify(row));
    keep(fits);
  };
  try {
    const wide = wideBase(scorer, set);
    add(await rowOf('wide alone', wide.scores as Scores, { set, valid, test }));
    for (const kind of kinds) {
      for (const base of [ALONE, wide].filter(({ name }) => bases.includes(name))) {
        const fit = await fitOne(kind, base, { set, catalogue, prefixes, valid, quick, say });
        const score: Scores = (history) => added(fit, base, catalogue, history);
        const row = await rowOf(`${kind} ${base.name}`, score, { set, valid, test });
        const int8 = {
          architecture: fit.architecture,
          weights: quantise(fit.weights, weightParts(fit.architecture)),
        };
        const small = quality((history) => added(int8, base, catalogue, history), test, set);
        add({
          ...row,
          weights: fit.weights.length,
          int8Hr10: small.hr10,
          int8Ndcg10: small.ndcg10,
          epochs: fit.epochs,
          seconds: fit.seconds,
        });
        if (base !== ALONE) continue;
        const { weight, scores } = summed(fit, wide, { set, catalogue, valid });
        const both = await rowOf(`${kind} alone, added to wide`, scores, { set, valid, test });
        add({ ...both, weights: fit.weights.length, weight, epochs: fit.epochs });
      }
    }
    return fits;
  } finally {
    learner.dispose();
  }
}

/**
 * Vectors for a set without content: random indexing of what stood at most two clicks apart in the
 * training rows (Kanerva, Kristoferson and Holst, 2000). Not private; a reference alone.
 */
function indexed({ items, train }: RankingSet): Float32Array[] {
  const source = sourceOf('towers/indexed');
  const codes = items.map(() =>
    Float32Array.from({ length: INDEXED }, () => (source.nextUint32() < 2 ** 31 ? -1 : 1)),
  );
  const vectors = items.map(() => new Float32Array(INDEXED));
  for (const sequence of train) {
    sequence.forEach((item, at) => {
      for (const near of [at - 2, at - 1, at + 1, at + 2]) {
        const code = codes[sequence[near] ?? -1];
        const row = vectors[item] as Float32Array;
        code?.forEach((value, i) => {
          row[i] = (row[i] as number) + value;
        });
      }
    });
  }
  return vectors;
}

function prefixesOf(train: RankingSet['train']): Prefix[] {
  const found: Prefix[] = [];
  for (const sequence of train) {
    for (let at = 1; at < sequence.length; at++) {
      const history = sequence.slice(Math.max(0, at - HISTORY), at);
      found.push({ history, target: sequence[at] as number });
    }
  }
  const drawn =
    found.length > MOST_EXAMPLES ? new SeededRandom('towers/prefixes').shuffled(found) : found;
  return drawn.slice(0, MOST_EXAMPLES);
}

function wideBase(scorer: WideScorer, { train }: RankingSet): Base {
  const { weights } = centralWide(scorer, train, 'towers');
  const width = WIDE_FEATURES.length;
  const features = new Float32Array((1 + NEGATIVES) * width);
  return {
    name: 'on wide',
    scores: (history) => scorer.scores(history, weights, HISTORY),
    some(history, candidates, into) {
      scorer.features(history, candidates, HISTORY, features);
      for (let c = 0; c < candidates.length; c++) {
        let score = 0;
        for (let f = 0; f < width; f++) {
          score += (features[c * width + f] as number) * (weights[f] as number);
        }
        into[c] = score;
      }
    },
  };
}

/**
 * A tower that was trained alone, added to the wide score with the weight that is best on validation
 * rows.
 */
function summed(
  fit: Fit,
  wide: Base,
  { set, catalogue, valid }: Pick<World, 'set' | 'catalogue' | 'valid'>,
): { readonly weight: number; readonly scores: Scores } {
  const sums = (history: readonly number[], weights: readonly number[]): Float32Array[] => {
    const below = (wide.scores as Scores)(history);
    const own = added(fit, ALONE, catalogue, history);
    return weights.map((weight) =>
      below.map((score, item) => score + weight * (own[item] as number)),
    );
  };
  const gains = WEIGHTS.map(() => 0);
  for (const { history, target } of valid) {
    const known = set.unseenOnly ? history : [];
    for (const [w, scores] of sums(history, WEIGHTS).entries()) {
      gains[w] = (gains[w] as number) + ndcg(rankOf(scores, target, known), 10);
    }
  }
  const weight = WEIGHTS[gains.indexOf(Math.max(...gains))] as number;
  return { weight, scores: (history) => sums(history, [weight])[0] as Float32Array };
}

async function rowOf(
  name: string,
  scores: Scores,
  { set, valid, test }: Pick<World, 'set' | 'valid'> & { test: readonly EvaluationCase[] },
): Promise<TowerRow> {
  const validNdcg10 = quality(scores, valid, set).ndcg10;
  return { name, ...quality(scores, test, set), validNdcg10, weights: 0, epochs: 0, seconds: 0 };
}

/** `npx tsx test/bench/quality/tower-fit.ts --data DIR --json FILE [--kinds gru,cnn] [--bases alone] [--quick]`. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      json: { type: 'string' },
      kinds: { type: 'string' },
      bases: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  if (values.data === undefined) throw new Error('--data names the folder of the set');
  const began = performance.now();
  const kinds = values.kinds?.split(',') as TowerKind[] | undefined;
  const bases = values.bases?.split(',');
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const chosen = ['kinds', 'bases'] as const;
  const flags = chosen.map((name) => (values[name] ? ` --${name} '${values[name]}'` : ''));
  const command = `npx tsx test/bench/quality/tower-fit.ts --data DIR${flags.join('')}`;
  await fitTowers(values.data, {
    quick: values.quick,
    say: (line) => console.log(line),
    keep: (results) => {
      const seconds = Math.round((performance.now() - began) / 1000);
      const kept = { name: 'towers', command, commit, seconds, machine: machine(), results };
      if (values.json !== undefined)
        writeFileSync(values.json, `${JSON.stringify(kept, null, 2)}\n`);
    },
    ...(kinds && { kinds }),
    ...(bases && { bases }),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
