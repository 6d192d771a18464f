/** What a published head says of this shopper, and which events made it say so. */

import {
  type HeadArchitecture,
  headsOf,
  parameterCount,
  type TrunkArchitecture,
} from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { columnsOf, factorsOf, unscaled } from '../../shared/model/heads/inputs.ts';
import { outputsOf } from '../../shared/model/heads/label.ts';
import { hashedBin } from '../../shared/model/statistic.ts';
import type { EventName, ShopEvent } from '../capture/event.ts';
import type { StoredModel } from '../database/database.ts';
import { headInputs } from '../features/inputs.ts';
import { explainHead, headLogits, headOutputs } from '../features/score.ts';
import type { Cause, Estimate, NextCategory } from './result.ts';
import { causes } from './rules.ts';
import type { Tally } from './tally.ts';

/** A head, or several on a trunk, as published. */
export interface HeadModel {
  readonly architecture: HeadArchitecture | TrunkArchitecture;
  readonly model: StoredModel;
}

/** What a head looks at: cleaned events, oldest first. */
export interface HeadView {
  readonly heads: readonly HeadModel[];
  /** Asked once for all heads, and only when there is one. */
  events(): readonly ShopEvent[];
  readonly catalogue: Catalogue;
  readonly nowMs: number;
}

const TOP_CATEGORIES = 5;
/** What a head says to everybody, among the reasons. */
const BIAS = 'bias';
/** Reasons that are named. */
const REASONS = 12;

/** The published heads of one browser at one moment. */
export class Heads {
  readonly #view: HeadView;
  readonly #tally: Tally;
  readonly #heads: readonly HeadModel[];
  #columns: ReadonlyMap<string, Float32Array> | null = null;

  /** A version 0 says nothing of shoppers; weights of another length or with NaN count as none. */
  constructor(view: HeadView, tally: Tally) {
    this.#view = view;
    this.#tally = tally;
    this.#heads = view.heads.filter(({ architecture, model: { modelVersion, weights } }) => {
      const fits = weights.length === parameterCount(architecture);
      return modelVersion > 0 && fits && weights.every(Number.isFinite);
    });
  }

  /** The estimate of the first head of this name, or null without one. */
  estimate(name: string): Estimate | null {
    for (const { architecture, model } of this.#heads) {
      const output = outputOf(architecture, name);
      const inputs = output === null ? null : this.#inputs(architecture.inputs);
      if (output === null || inputs === null) continue;
      const { weights, modelVersion: version } = model;
      const logit = headLogits(architecture, weights, inputs)[output] as number;
      if (!Number.isFinite(logit)) continue;
      const moved = explainHead(architecture, weights, inputs, output);
      const start = logit - moved.reduce((sum, { amount }) => sum + amount, 0);
      const why = [...moved, { input: BIAS, amount: start }]
        .filter(({ amount }) => amount !== 0)
        .sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount))
        .slice(0, REASONS)
        .map(({ input, amount }) => ({
          ...{ input: input === BIAS ? BIAS : unscaled(input), amount },
          events: eventsBehind(input, this.#tally),
        }));
      const method = architecture.hidden === 0 ? 'exact' : 'integrated-gradients';
      return { probability: 1 / (1 + Math.exp(-logit)), source: 'model', version, method, why };
    }
    return null;
  }

  /** Of the first head that tells it, or null without one. */
  nextCategory(): NextCategory | null {
    for (const { architecture, model } of this.#heads) {
      let at = 0;
      for (const { label } of headsOf(architecture)) {
        const count = outputsOf(label);
        const inputs = label.name === 'next-category' ? this.#inputs(architecture.inputs) : null;
        if (label.name === 'next-category' && inputs !== null) {
          const outputs = headOutputs(architecture, model.weights, inputs).subarray(at, at + count);
          const categories = likeliest(label.categories, outputs, this.#view.catalogue.categories);
          return { source: 'model', version: model.modelVersion, categories };
        }
        at += count;
      }
    }
    return null;
  }

  /** Null without an event. The history is gone through once, for the inputs of all heads. */
  #inputs(names: readonly string[]): Float32Array | null {
    this.#columns ??= this.#read();
    if (this.#columns.size === 0) return null;
    const columns = names.map((name) => this.#columns?.get(name) as Float32Array);
    const out = new Float32Array(columns.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const one of columns) {
      out.set(one, at);
      at += one.length;
    }
    return out;
  }

  #read(): Map<string, Float32Array> {
    const { catalogue, nowMs } = this.#view;
    const events = this.#view.events();
    const columns = new Map<string, Float32Array>();
    if (events.length === 0) return columns;
    const names = [...new Set(this.#heads.flatMap(({ architecture }) => architecture.inputs))];
    const values = headInputs(names, events, catalogue, nowMs);
    let at = 0;
    for (const name of names) {
      const end = at + columnsOf([name]);
      columns.set(name, values.subarray(at, end));
      at = end;
    }
    return columns;
  }
}

function likeliest(
  named: readonly string[] | number,
  outputs: Float32Array,
  known: readonly string[],
): NextCategory['categories'] {
  const bins = known.map((id) =>
    typeof named === 'number' ? hashedBin(id, named) : named.indexOf(id),
  );
  return known
    .map((id, i) => {
      const bin = bins[i] as number;
      const sharing = bins.filter((one) => one === bin).length;
      return { id, probability: (outputs[bin] ?? 0) / sharing };
    })
    .filter(({ probability }) => probability > 0)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, TOP_CATEGORIES);
}

/** The place of a head of two outcomes among the outputs. */
function outputOf(architecture: HeadModel['architecture'], name: string): number | null {
  if (architecture.name === 'head') {
    const { head, label } = architecture;
    return head === name && outputsOf(label) === 1 ? 0 : null;
  }
  let at = 0;
  for (const { head, label } of architecture.heads) {
    if (head === name && outputsOf(label) === 1) return at;
    at += outputsOf(label);
  }
  return null;
}

const BEHIND: readonly (readonly [RegExp, readonly EventName[]])[] = [
  [/^(basket|adds|exit)/, ['add_to_cart', 'remove_from_cart']],
  [/^(searches|queries)/, ['search']],
  [/^wishes/, ['add_to_wishlist']],
  [/^(ratings|rating|review)/, ['rate_item']],
  [
    /^(orders?|spend|largest|goods-bought|items-per|recency|gap|overdue|bought|discount)/,
    ['purchase'],
  ],
  [/^(product|views|goods|categor|brand|price|band)/, ['view_item']],
  [/^list/, ['view_item_list', 'page_view']],
  [
    /^(account|bounce|visits|active|idle|tenure|returning|night|morning|afternoon|evening)/,
    ['page_view', 'view_item'],
  ],
];

/** The newest events that an input counts; none for what the calendar gives. */
function eventsBehind(input: string, tally: Tally): Cause[] {
  if (input === BIAS) return [];
  const names = factorsOf(input).flatMap(
    ({ name }) => BEHIND.find(([pattern]) => pattern.test(name))?.[1] ?? [],
  );
  return causes(tally, ...new Set(names));
}
