/**
 * Targets of a set of orders: churn, value and, where orders tell of discounts, price sensitivity.
 * Inputs and labels are those of sdk/features on each shopper's own events, cut where the protocol
 * cuts; windows are the days that follow it, or for a shop whose shoppers come every four weeks on
 * average, 28 days for churn and 84 for value. The amount of the top decile and the median share of
 * discounts define a label and come from all shoppers, as the sets' protocols have them: a shop
 * states its own figures.
 */
import type { ShopEvent } from '../../../sdk/capture/event.ts';
import { headExamples } from '../../../sdk/features/heads.ts';
import { DAY_MS } from '../../../sdk/features/rfm.ts';
import type { Catalogue } from '../../../shared/model/catalogue.ts';
import { type HeadLabel, START_BIAS } from '../../../shared/model/heads/label.ts';
import type { HeadSet, HeadTarget, JointRows } from './heads-data.ts';
import type { HeadRows } from './heads-federate.ts';
import type { Orders, Shopper } from './heads-orders.ts';

/** Recency, frequency and money, less ½. */
const RFM = [
  '~recency',
  '~order-tenure',
  '~orders',
  '~spend',
  '~order-value',
  '~largest-order',
  '~goods-bought',
  '~items-per-order',
  '~order-gap',
  '~overdue',
  '~order-span',
  '~bought-again',
] as const;

/** Few, as the effect is weak and every weight costs noise. */
const PRICES = ['~recency', '~orders', '~discount-share', '~discount-mean'] as const;

/** No catalogue: an event says itself what was bought. */
const NO_CATALOGUE: Catalogue = {
  hash: '',
  ids: [],
  vectors: new Float32Array(0),
  k: 1,
  title: {
    starts: new Uint32Array(1),
    columns: new Uint32Array(0),
    values: new Float32Array(0),
    width: 0,
  },
  text: {
    starts: new Uint32Array(1),
    columns: new Uint32Array(0),
    values: new Float32Array(0),
    width: 0,
  },
  brand: new Int32Array(0),
  brands: [],
  category: new Int32Array(0),
  categories: [],
  priceCents: new Int32Array(0),
  priceBand: new Int8Array(0),
  graph: new Uint32Array(0),
  degree: 1,
};

const FREQUENT_DAYS = 28;
const VALUE_DAYS = 84;
/** Lines that a share of discounts is judged on, before the cut and after it. */
const LINES_LEAST = 5;

interface Declared {
  readonly name: string;
  readonly words: string;
  readonly label: Extract<HeadLabel, { readonly days: number }>;
  readonly inputs: readonly string[];
  readonly takes: (shopper: Shopper) => boolean;
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

/** Value below which `share` of the sorted values lie. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export function orderSet(orders: Orders): HeadSet {
  const { cutMs } = orders;
  const known = orders.shoppers.filter(({ events }) => (events[0]?.atMs ?? Infinity) <= cutMs);
  const before = ({ events }: Shopper): ShopEvent[] => events.filter(({ atMs }) => atMs <= cutMs);
  const declared = declaredTargets(orders, known, before);
  const targets = declared.map((one) => {
    const own = known.filter(one.takes);
    return targetOf(one, own, cutMs, before);
  });
  return {
    form: 'orders',
    targets,
    joint: targets.length > 1 ? joint(declared, known, cutMs) : null,
  };
}

function declaredTargets(
  { cutMs, days, has }: Orders,
  known: readonly Shopper[],
  before: (shopper: Shopper) => ShopEvent[],
): Declared[] {
  const after = ({ events }: Shopper, most: number): ShopEvent[] =>
    events.filter(({ atMs }) => atMs > cutMs && atMs <= cutMs + most * DAY_MS);
  const first = Math.min(...known.map(({ events }) => events[0]?.atMs as number));
  const perShopper = sum(known.map((one) => before(one).length)) / known.length;
  const isFrequent = (perShopper * FREQUENT_DAYS * DAY_MS) / (cutMs - first) >= 1;
  const churnDays = isFrequent ? Math.min(days, FREQUENT_DAYS) : days;
  const valueDays = isFrequent ? Math.min(days, VALUE_DAYS) : days;
  const spent = known.map((one) => sum(after(one, valueDays).map(({ value }) => value ?? 0)));
  const amount = Math.max(0.01, quantile(spent, 0.9));
  const targets: Declared[] = [
    {
      name: 'churn',
      words: `no purchase in ${churnDays} days`,
      label: { name: 'no-purchase', days: churnDays },
      inputs: RFM,
      takes: () => true,
    },
    {
      name: 'value',
      words: `top decile: at least ${amount.toFixed(2)} in ${valueDays} days`,
      label: { name: 'spend-at-least', days: valueDays, amount },
      inputs: RFM,
      takes: () => true,
    },
  ];
  if (!has.discounts) return targets;
  const lines = (events: readonly ShopEvent[]) => events.flatMap(({ items }) => items);
  const takes = (one: Shopper): boolean =>
    lines(before(one)).length >= LINES_LEAST && lines(after(one, days)).length >= LINES_LEAST;
  const shares = known.filter(takes).map((one) => {
    const all = lines(after(one, days));
    return all.filter(({ discount = 0 }) => discount > 0).length / all.length;
  });
  const share = Math.max(1e-6, quantile(shares, 0.5));
  const label = { name: 'discount-share-at-least', days, share } as const;
  const words = `at least ${(100 * share).toFixed(1)} % of the lines of ${days} days at a discount`;
  return [...targets, { name: 'price-sensitivity', words, label, inputs: PRICES, takes }];
}

function rowsOf(
  { label, inputs }: Pick<Declared, 'label' | 'inputs'>,
  shoppers: readonly Shopper[],
  cutMs: number,
): HeadRows {
  const columns = inputs.length;
  const x = new Float32Array(shoppers.length * columns);
  const labels = new Float32Array(shoppers.length).fill(-1);
  const architecture = { name: 'head', head: 'bench', label, inputs, hidden: 0 } as const;
  const endMs = cutMs + label.days * DAY_MS;
  for (const [i, { events }] of shoppers.entries()) {
    const one = headExamples(architecture, events, NO_CATALOGUE, 1, endMs);
    if (one.examples !== 1) continue;
    x.set(one.features, i * columns);
    labels[i] = one.labels[0] as number;
  }
  return { shape: { columns, hidden: 0, heads: 1 }, x, labels };
}

function targetOf(
  declared: Declared,
  shoppers: readonly Shopper[],
  cutMs: number,
  before: (shopper: Shopper) => ShopEvent[],
): HeadTarget {
  const { name, words, label, inputs } = declared;
  return {
    name,
    label: words,
    columns: inputs,
    rows: rowsOf(declared, shoppers, cutMs),
    lowest: inputs.map(() => -0.5),
    crosses: new Map(),
    plain: inputs.map((_, i) => i),
    recency: inputs.indexOf('~recency'),
    bias: START_BIAS[label.name],
    activity: Float64Array.from(shoppers, (one) => before(one).length),
    value: Float64Array.from(shoppers, (one) => sum(before(one).map(({ value }) => value ?? 0))),
  };
}

/** All shoppers with all inputs and all labels, for a trunk. */
function joint(declared: readonly Declared[], known: readonly Shopper[], cutMs: number): JointRows {
  const inputs = [...new Set(declared.flatMap((one) => one.inputs))];
  const all = declared.map(({ label }) => rowsOf({ label, inputs }, known, cutMs));
  const heads = declared.length;
  const labels = new Float32Array(known.length * heads).fill(-1);
  // Where one label has no example its row is empty, but that of another is not.
  const x = new Float32Array(known.length * inputs.length);
  for (const [head, rows] of all.entries()) {
    for (const [i, shopper] of known.entries()) {
      const label = rows.labels[i] as number;
      if (label < 0 || !declared[head]?.takes(shopper)) continue;
      labels[i * heads + head] = label;
      x.set(rows.x.subarray(i * inputs.length, (i + 1) * inputs.length), i * inputs.length);
    }
  }
  const shape = { columns: inputs.length, hidden: 0, heads };
  return { shape, x, labels, columns: inputs, lowest: inputs.map(() => -0.5), crosses: new Map() };
}
