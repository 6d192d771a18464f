/**
 * Examples of heads from one browser's own past: its history is cut at moments that have passed,
 * the inputs are what was known at the cut, the label is what came after it.
 *
 *   purchase-in-session   each completed visit, cut before its first begin_checkout or purchase;
 *                         the newest is completed 30 minutes after its last event; one that opens
 *                         with its decision has nothing to learn from
 *   next-category         each good that was looked at, chosen, bought or rated, other than the one
 *                         before it and with at least one before it, cut just before
 *   the others            now less the longest window of the heads, and back from there by that
 *                         window, so that no two examples share what they tell; as many windows
 *                         as examples are asked for, those without a label among them
 */
import {
  type HeadArchitecture,
  headsOf,
  type TrunkArchitecture,
} from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { columnsOf } from '../../shared/model/heads/inputs.ts';
import type { HeadLabel } from '../../shared/model/heads/label.ts';
import type { ShopEvent } from '../capture/event.ts';
import type { HeadExamples } from './examples.ts';
import { inputsOf, knownAt } from './inputs.ts';
import { SESSION_MS } from './intent.ts';
import { categoryLabel, isWindowed, NO_LABEL, windowLabel } from './labels.ts';
import { DAY_MS, Past } from './rfm.ts';
import { ITEM_EVENTS } from './sequence.ts';

const DECISIONS = new Set(['begin_checkout', 'purchase']);

/** What was known: the events before `end`, at `atMs`. */
interface Cut {
  readonly end: number;
  readonly atMs: number;
  readonly labels: readonly number[];
}

type Labels = readonly HeadLabel[];

/**
 * The newest examples, oldest first; none for a history that has no label.
 *
 * @param events the oldest first
 * @throws RangeError for an input that is not in the vocabulary
 */
export function headExamples(
  architecture: HeadArchitecture | TrunkArchitecture,
  events: readonly ShopEvent[],
  catalogue: Catalogue,
  maxExamples: number,
  nowMs: number,
): HeadExamples {
  const labels = headsOf(architecture).map(({ label }) => label);
  const history = knownAt(events, nowMs);
  const cuts = [
    ...visitCuts(labels, history, nowMs),
    ...categoryCuts(labels, history, catalogue, maxExamples),
    ...windowCuts(labels, history, catalogue, maxExamples, nowMs),
  ].filter((cut) => cut.labels.some((label) => label !== NO_LABEL));
  cuts.sort((a, b) => a.atMs - b.atMs);
  const kept = maxExamples > 0 ? cuts.slice(-maxExamples) : [];
  const width = columnsOf(architecture.inputs);
  const features = new Float32Array(kept.length * width);
  const past = new Past(history, catalogue);
  for (const [i, { end, atMs }] of kept.entries()) {
    features.set(inputsOf(architecture.inputs, past, end, atMs), i * width);
  }
  return {
    kind: 'head',
    features,
    labels: Float32Array.from(kept.flatMap((cut) => cut.labels)),
    examples: kept.length,
    width,
    heads: labels.length,
  };
}

/** `label` for the heads of that name, none for the others. */
const only = (labels: Labels, name: HeadLabel['name'], label: number): number[] =>
  labels.map((one) => (one.name === name ? label : NO_LABEL));

function visitCuts(labels: Labels, history: readonly ShopEvent[], nowMs: number): Cut[] {
  const cuts: Cut[] = [];
  if (!labels.some(({ name }) => name === 'purchase-in-session')) return cuts;
  for (let begin = 0; begin < history.length; ) {
    const { session } = history[begin] as ShopEvent;
    let end = begin;
    let decision = -1;
    let buys = false;
    for (; end < history.length && history[end]?.session === session; end++) {
      const { name } = history[end] as ShopEvent;
      if (decision === -1 && DECISIONS.has(name)) decision = end;
      buys ||= name === 'purchase';
    }
    const isOver = end < history.length || nowMs - (history[end - 1]?.atMs ?? nowMs) > SESSION_MS;
    const cut = decision === -1 ? end : decision;
    const last = history[cut - 1];
    if (isOver && cut > begin && last !== undefined) {
      const label = only(labels, 'purchase-in-session', buys ? 1 : 0);
      cuts.push({ end: cut, atMs: last.atMs, labels: label });
    }
    begin = end;
  }
  return cuts;
}

function categoryCuts(
  labels: Labels,
  history: readonly ShopEvent[],
  catalogue: Catalogue,
  maxCuts: number,
): Cut[] {
  const cuts: Cut[] = [];
  if (!labels.some(({ name }) => name === 'next-category')) return cuts;
  const places = history.flatMap((event, i) =>
    ITEM_EVENTS.has(event.name) && typeof event.items?.[0]?.id === 'string' ? [i] : [],
  );
  for (let n = places.length - 1; n > 0 && cuts.length < maxCuts; n--) {
    const end = places[n] as number;
    const event = history[end] as ShopEvent;
    const before = history[places[n - 1] as number]?.items.at(-1);
    if (event.items[0]?.id === before?.id) continue;
    const came = labels.map((label) =>
      label.name === 'next-category' ? categoryLabel(label, event, catalogue) : NO_LABEL,
    );
    const { atMs } = history[end - 1] as ShopEvent;
    if (came.some((label) => label !== NO_LABEL)) cuts.push({ end, atMs, labels: came });
  }
  return cuts.reverse();
}

function windowCuts(
  labels: Labels,
  history: readonly ShopEvent[],
  catalogue: Catalogue,
  maxCuts: number,
  nowMs: number,
): Cut[] {
  const cuts: Cut[] = [];
  const longest = Math.max(0, ...labels.map((label) => (isWindowed(label) ? label.days : 0)));
  // By time, whatever the order in which the events came.
  const ordered = [...history].sort((a, b) => a.atMs - b.atMs);
  const oldest = ordered[0];
  if (longest === 0 || oldest === undefined) return cuts;
  for (let n = 1; n <= maxCuts; n++) {
    const atMs = nowMs - n * longest * DAY_MS;
    if (!(oldest.atMs <= atMs)) break;
    const known = history.findIndex((event) => event.atMs > atMs);
    const came = labels.map((label) =>
      isWindowed(label) ? windowLabel(label, ordered, catalogue, atMs, nowMs) : NO_LABEL,
    );
    cuts.push({ end: known === -1 ? history.length : known, atMs, labels: came });
  }
  return cuts;
}
