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
  draw,
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
  readonly say?: (line: string) => void;
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
  readonly testRows: number;
  readonly rows: readonly TowerRow[];
}

const KINDS: readonly TowerKind[] = ['attention', 'gru', 'lstm', 'cnn', 'mean'];
const VALID_ROWS = 1_500;
/** Of the training rows, drawn at random where there are more: what memory holds. */
const MOST_EXAMPLES = 150_000;
/** Test rows times items, at most; rows are thinned evenly where there are more. */
const MOST_SCORES = 3e8;
/** Length of a vector where a set has none. */
const INDEXED = 128;

/**
 * Fits every kind, alone and on the centrally fitted wide ranker of the same training rows.
 *
 * @param folder a ranking set of any form (sets.ts).
 */
export async function fitTowers(folder: string, options: TowerOptions): Promise<TowerFits> {
  const { quick, kinds = KINDS, say = () => undefined } = options;
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
  try {
    const wide = wideBase(scorer, set, prefixes);
    const rows = [
      await rowOf('wide alone', wide.scores as Scores, { set, valid, test }),
    ] as TowerRow[];
    say(JSON.stringify(rows[0]));
    for (const kind of kinds) {
      for (const base of [{ name: 'alone', scores: null, fixed: null }, wide]) {
        const fit = await fitOne(kind, base, { set, catalogue, prefixes, valid, quick, say });
        const score: Scores = (history) => added(fit, base, catalogue, history);
        const row = await rowOf(`${kind} ${base.name}`, score, { set, valid, test });
        const int8 = {
          architecture: fit.architecture,
          weights: quantise(fit.weights, weightParts(fit.architecture)),
        };
        const small = quality((history) => added(int8, base, catalogue, history), test, set);
        rows.push({
          ...row,
          weights: fit.weights.length,
          int8Hr10: small.hr10,
          int8Ndcg10: small.ndcg10,
          epochs: fit.epochs,
          seconds: fit.seconds,
        });
        say(JSON.stringify(rows.at(-1)));
      }
    }
    const { name } = set;
    const counted = { shoppers: set.train.length, items: set.items.length, testRows: test.length };
    return { set: name, ...counted, width: WIDTH, historyLength: HISTORY, rows };
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
  const found: Omit<Prefix, 'number'>[] = [];
  for (const sequence of train) {
    for (let at = 1; at < sequence.length; at++) {
      const history = sequence.slice(Math.max(0, at - HISTORY), at);
      found.push({ history, target: sequence[at] as number });
    }
  }
  const drawn =
    found.length > MOST_EXAMPLES ? new SeededRandom('towers/prefixes').shuffled(found) : found;
  return drawn.slice(0, MOST_EXAMPLES).map((prefix, number) => ({ ...prefix, number }));
}

function wideBase(scorer: WideScorer, set: RankingSet, prefixes: readonly Prefix[]): Base {
  const { weights } = centralWide(scorer, set.train, 'towers');
  const source = sourceOf('towers/candidates');
  const count = 1 + NEGATIVES;
  const candidates = new Uint32Array(prefixes.length * count);
  const scores = new Float32Array(candidates.length);
  for (const { history, target, number } of prefixes) {
    const own = candidates.subarray(number * count, (number + 1) * count);
    draw(target, set.items.length, source, own);
    const features = scorer.features(history, own, HISTORY);
    for (let c = 0; c < count; c++) {
      let score = 0;
      for (let f = 0; f < WIDE_FEATURES.length; f++) {
        score += (features[c * WIDE_FEATURES.length + f] as number) * (weights[f] as number);
      }
      scores[number * count + c] = score;
    }
  }
  return {
    name: 'on wide',
    scores: (history) => scorer.scores(history, weights, HISTORY),
    fixed: { candidates, scores },
  };
}

async function rowOf(
  name: string,
  scores: Scores,
  { set, valid, test }: Pick<World, 'set' | 'valid'> & { test: readonly EvaluationCase[] },
): Promise<TowerRow> {
  const validNdcg10 = quality(scores, valid, set).ndcg10;
  return { name, ...quality(scores, test, set), validNdcg10, weights: 0, epochs: 0, seconds: 0 };
}

/** `npx tsx test/bench/quality/tower-fit.ts --data DIR --json FILE [--kinds gru,cnn] [--quick]`. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      json: { type: 'string' },
      kinds: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  if (values.data === undefined) throw new Error('--data names the folder of the set');
  const began = performance.now();
  const kinds = values.kinds?.split(',') as TowerKind[] | undefined;
  const say = (line: string): void => console.log(line);
  const results = await fitTowers(values.data, {
    quick: values.quick,
    say,
    ...(kinds && { kinds }),
  });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const command = `npx tsx test/bench/quality/tower-fit.ts --data DIR${kinds ? ` --kinds ${kinds.join(',')}` : ''}`;
  const seconds = Math.round((performance.now() - began) / 1000);
  const kept = { name: 'towers', command, commit, seconds, machine: machine(), results };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(kept, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
