/**
 * Names of a head's inputs: a closed vocabulary and a small grammar, so that a task can name what
 * its head looks at and a browser knows every name or refuses the task.
 *
 *   input   = factor [ "*" factor ]          a declared cross: all products of both's columns
 *   factor  = [ "~" ] name [ "@" days ] [ "~" centre "/" spread | ":" bins | "#" bins ]
 *   ~       less ½: a value around 0, by which a head learns in fewer rounds; never of bins
 *   ~c/s    less c, over s: with a shop's own mean and spread (scales.ts) in fewer still. c from 0
 *           to 1 and s from 0.05 to 1, both of at most four decimals
 *   @days   only what happened in the last 1 to 730 days; of history inputs that have a window
 *   :bins   2 to 64 columns, 1 where the value falls into that equal part of [0, 1], else 0
 *   #bins   2 to 65,536 hashed bins of `category` or `brand`: shares of what the events are about
 *
 * What each name means, and its cap, is the table of sdk/features/inputs.ts.
 */

/** What the visit that is under way looks like so far; in the order of the first intent head. */
export const INTENT_INPUTS = [
  'account-pages',
  'account-seconds',
  'list-pages',
  'list-seconds',
  'product-pages',
  'product-seconds',
  'bounce-share',
  'exit-share',
  'basket-value',
  'special-day',
  'basket-adds',
  'searches',
  ...Array.from({ length: 12 }, (_, month) => `month-${month + 1}`),
  'new-visitor',
  'returning-visitor',
  'weekend',
] as const;

/** Sums and shares of the history, of all of it or of its last days. */
export const WINDOW_INPUTS = [
  'orders',
  'spend',
  'order-value',
  'largest-order',
  'goods-bought',
  'items-per-order',
  'views',
  'adds',
  'wishes',
  'queries',
  'visits',
  'active-days',
  'goods',
  'categories',
  'brands',
  'price-mean',
  'discount-share',
  'discount-mean',
  'band-0',
  'band-1',
  'band-2',
  'band-3',
  'band-4',
  'night',
  'morning',
  'afternoon',
  'evening',
  'weekend-share',
  'ratings',
  'rating-mean',
  'review-sentiment',
] as const;

/** Times of the history as a whole. */
export const HISTORY_INPUTS = [
  'recency',
  'idle',
  'tenure',
  'order-tenure',
  'order-gap',
  'gap-spread',
  'overdue',
  'order-span',
  'bought',
  'bought-again',
] as const;

export interface Factor {
  readonly name: string;
  /** 0: all of the history. */
  readonly days: number;
  /** How its one value becomes columns. */
  readonly form: 'value' | 'bins' | 'hashed';
  /** A value v enters as (v − centre)/spread. */
  readonly centre: number;
  readonly spread: number;
  readonly columns: number;
}

const FORM =
  /^(~?)([a-z0-9-]{1,40})(?:@([1-9]\d{0,2}))?(?:([:#])([1-9]\d{0,4})|~([01](?:\.\d{1,4})?)\/([01](?:\.\d{1,4})?))?$/;
const SESSION: ReadonlySet<string> = new Set(INTENT_INPUTS);
const WINDOW: ReadonlySet<string> = new Set(WINDOW_INPUTS);
const HISTORY: ReadonlySet<string> = new Set(HISTORY_INPUTS);
const HASHED: ReadonlySet<string> = new Set(['category', 'brand']);
const LAST_DAYS = 730;
const MOST_BINS = 64;
const MOST_HASHED = 1 << 16;
/** A value is never more than 20 spreads from the centre. */
const SPREAD_LEAST = 0.05;

/** @throws RangeError for a name that is not in the vocabulary, with that name. */
export function factorsOf(input: string): readonly Factor[] {
  const parts = input.split('*');
  if (parts.length > 2) throw unknown(input);
  return parts.map((part) => factorOf(part, input));
}

function factorOf(part: string, input: string): Factor {
  const found = FORM.exec(part) ?? [];
  const [, tilde, name = '', days = '0', mark, count = '1', given, over = '1'] = found;
  const isHashed = HASHED.has(name);
  const known = isHashed || SESSION.has(name) || WINDOW.has(name) || HISTORY.has(name);
  const columns = Number(count);
  const most = isHashed ? MOST_HASHED : MOST_BINS;
  const centre = Number(given ?? (tilde === '~' ? 0.5 : 0));
  const spread = Number(over);
  const isScaled = spread >= SPREAD_LEAST && spread <= 1 && centre <= 1;
  const isPlain = isScaled && !(tilde === '~' && given !== undefined);
  const isBinned = (mark === '#') === isHashed && columns >= 2 && tilde !== '~';
  const fits = mark === undefined ? !isHashed : isBinned;
  const windowed = days === '0' || ((isHashed || WINDOW.has(name)) && Number(days) <= LAST_DAYS);
  if (!known || !fits || !isPlain || !windowed || columns > most) throw unknown(input);
  const form = isHashed ? 'hashed' : mark === ':' ? 'bins' : 'value';
  return { name, days: Number(days), form, columns, centre, spread };
}

function unknown(input: string): RangeError {
  return new RangeError(`inputs: unknown input ${JSON.stringify(input)}`);
}

/** What a single value is, whatever its scale: its name and its window; null for bins. */
export function valueName({ name, days, form }: Factor): string | null {
  return form === 'value' ? `${name}${days === 0 ? '' : `@${days}`}` : null;
}

/**
 * The input with other texts for its factors; a factor that gets none stays as it is.
 * @throws RangeError
 */
export function withFactors(input: string, textOf: (factor: Factor) => string | null): string {
  const parts = input.split('*');
  return factorsOf(input)
    .map((factor, i) => textOf(factor) ?? parts[i])
    .join('*');
}

/** An input without its scales. @throws RangeError */
export const unscaled = (input: string): string => withFactors(input, valueName);

/** Columns that the inputs take in all. @throws RangeError */
export function columnsOf(inputs: readonly string[]): number {
  return inputs.reduce(
    (sum, input) => sum + factorsOf(input).reduce((product, { columns }) => product * columns, 1),
    0,
  );
}
