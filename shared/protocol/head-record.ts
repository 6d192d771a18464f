/** Decoders of heads, trunks and what is counted for them (SPEC.md, K22 and K24). */
import { columnsOf } from '../model/heads/inputs.ts';
import { evenGuess, type HeadLabel } from '../model/heads/label.ts';
import { type InputLabelStatistic, LOG_LOSS_CAP } from '../model/statistic.ts';
import {
  type Check,
  either,
  integer,
  list,
  literal,
  number,
  object,
  ShapeError,
  text,
} from './shape.ts';

const DAYS = integer(1, 730);
const HIDDEN_MOST = 256;
/** Of a head, in its inputs; a hidden layer multiplies it. */
const COLUMNS_MOST = 1 << 16;

/** Names, each once and none empty. */
export const names =
  (maxLength: number, maxText: number): Check =>
  (value, path) => {
    list(text(maxText), maxLength)(value, path);
    const all = value as readonly string[];
    if (all.length === 0 || new Set(all).size < all.length || all.includes('')) {
      throw new ShapeError(path, 'at least one name, each once and none empty');
    }
  };

/** Every input is one of the closed vocabulary. */
const inputs: Check = (value, path) => {
  names(1024, 100)(value, path);
  try {
    if (columnsOf(value as readonly string[]) <= COLUMNS_MOST) return;
  } catch (error) {
    throw new ShapeError(path, (error as Error).message);
  }
  throw new ShapeError(path, `at most ${COLUMNS_MOST} columns`);
};

const severalNames: Check = (value, path) => {
  names(4096, 100)(value, path);
  if ((value as readonly string[]).length < 2) throw new ShapeError(path, 'at least two names');
};

const label = either(
  object({ name: literal('purchase-in-session') }),
  object({ name: literal('no-purchase'), days: DAYS }),
  object({ name: literal('spend-at-least'), days: DAYS, amount: number(1e-6, 1e9) }),
  object({ name: literal('discount-share-at-least'), days: DAYS, share: number(1e-6, 1) }),
  object({
    name: literal('next-category'),
    categories: either(integer(2, 4096), severalNames),
  }),
);

const headName: Check = (value, path) => {
  if (typeof value !== 'string' || !/^[a-z][a-z0-9-]{0,39}$/.test(value)) {
    throw new ShapeError(path, 'a name of lower-case letters, digits and hyphens');
  }
};

const headShape = object({
  name: literal('head'),
  head: headName,
  label,
  inputs,
  hidden: integer(0, HIDDEN_MOST),
});

const trunkShape = object({
  name: literal('trunk'),
  inputs,
  hidden: integer(1, HIDDEN_MOST),
  heads: list(object({ head: headName, label }), 16),
});

/** Edges of one input: rising, inside (0, 1). */
const edges: Check = (value, path) => {
  list(number(1e-9, 1 - 1e-9), 31)(value, path);
  const all = value as readonly number[];
  if (all.length === 0 || all.some((edge, i) => i > 0 && edge <= (all[i - 1] as number))) {
    throw new ShapeError(path, 'at least one edge, rising');
  }
};

const inputLabelShape = object({
  name: literal('input-label'),
  label,
  inputs: list(object({ input: text(100), edges }), 64),
  ways: literal(1, 2),
});

/** The statistic of binned inputs and a label (K24). */
export const inputLabel: Check = (value, path) => {
  inputLabelShape(value, path);
  const { inputs: binned, ways, label: told } = value as InputLabelStatistic;
  inputs(
    binned.map(({ input }) => input),
    `${path}.inputs`,
  );
  const isWhole = ({ input }: { readonly input: string }): boolean =>
    columnsOf([input]) === 1 && !input.includes('~');
  if (!binned.every(isWhole)) {
    throw new ShapeError(`${path}.inputs`, 'inputs of one column, from 0 to 1');
  }
  if (new Set(binned.map((one) => one.edges.length)).size !== 1) {
    throw new ShapeError(`${path}.inputs`, 'as many edges for every input');
  }
  if (binned.length < ways) throw new ShapeError(`${path}.inputs`, `at least ${ways}`);
  if (told.name === 'next-category') throw new ShapeError(`${path}.label`, 'one with two outcomes');
};

export const head: Check = headShape;

/** A head of which an even guess loses less than the most that is counted (K10). */
export const evaluatedHead: Check = (value, path) => {
  headShape(value, path);
  if (evenGuess((value as { readonly label: HeadLabel }).label) >= LOG_LOSS_CAP) {
    throw new ShapeError(`${path}.label`, 'one with at most 54 outcomes');
  }
};

export const trunk: Check = (value, path) => {
  trunkShape(value, path);
  const { heads } = value as { readonly heads: readonly { readonly head: string }[] };
  if (heads.length < 2 || new Set(heads.map((one) => one.head)).size < heads.length) {
    throw new ShapeError(`${path}.heads`, 'at least two heads, each name once');
  }
};
