/**
 * The planner: which parts a shop of this size should train under this budget, how large, with how
 * many participations, and what error each will have. It knows nothing of any history.
 *
 * The budget is cut into equal participations, each a K-th of it at the order at which browsers
 * compose (PR13). A part has a fixed number of them, whatever else is on, and what parts that are
 * off leave goes into more rounds of the wide part. So the noise of a report depends on the budget
 * alone and the size of a round on the number of shoppers alone: more of either never makes a part
 * noisier, and never switches one off.
 */
import type { RankerRecord } from '../model/parts.ts';
import type { Accounting } from './accounting.ts';
import type { Candidate, Size } from './candidate.ts';
import {
  candidatesOf,
  DEEP,
  GATE_SIGMAS,
  gateSize,
  MOST_WIDE_UNITS,
  POP,
  pairPart,
} from './parts.ts';
import { assertRequest, PlanError, type PlanRequest, WITHOUT_REPORTS } from './request.ts';
import { type Figure, type PlannedTask, type Weighed, weigh, weighSize } from './weigh.ts';
import { whyOf } from './why.ts';

/** Where a part begins to pay is looked for up to here. */
const MOST_SHOPPERS = 100_000_000;

export interface PlannedPart<M> {
  readonly name: string;
  readonly on: boolean;
  /** Participations of the plan that it spends; 0 when it is off. */
  readonly units: number;
  readonly size: string;
  readonly why: string;
  /** Null where the part cannot be had at all. */
  readonly figure: Figure | null;
  /** Shoppers from which it would be on; null while it is on, or where no number would do. */
  readonly onFrom: number | null;
  readonly task: PlannedTask<M> | null;
  readonly chosen: Size | null;
}

export interface Plan<M> {
  readonly request: PlanRequest;
  readonly epsilon: number;
  readonly delta: number;
  readonly participations: number;
  readonly parts: readonly PlannedPart<M>[];
  /** Participations that no part has a use for at this size. */
  readonly spare: number;
  /** Of what the ranker is made (K18); null without a wide part. */
  readonly ranker: RankerRecord | null;
}

interface Choice<M> {
  readonly candidate: Candidate;
  readonly units: number;
  readonly weighed: Weighed<M> | null;
  readonly on: boolean;
}

/** Each part by itself, then what depends on another. */
function choices<M>(request: PlanRequest, accounting: Accounting<M>): Choice<M>[] {
  let left = accounting.participations;
  const all = candidatesOf(request).map((candidate) => {
    const units = Math.min(candidate.units, left);
    left -= units;
    // Without participations it is weighed as if it had them, to say what it would be.
    const weighed = weigh(candidate, units || candidate.units, request, accounting);
    return { candidate, units, weighed, enough: units > 0 && weighed?.enough === true };
  });
  const enough = (name: string): boolean =>
    all.some(({ candidate, enough: its }) => candidate.name === name && its);
  return all.map(({ enough: its, ...one }) => {
    const { name } = one.candidate;
    // A tower is shown to nobody before a gate has seen it help; pairs have their threshold too.
    if (name === 'deep') return { ...one, on: its && enough('gate') };
    if (name === 'gate') return { ...one, on: its && (enough('pair') || enough('deep')) };
    return { ...one, on: its };
  });
}

/** Names of the parts that are on with so many shoppers; reckoned once for each number. */
function onWith<M>(
  request: PlanRequest,
  accounting: Accounting<M>,
): (shoppers: number) => ReadonlySet<string> {
  const known = new Map<number, ReadonlySet<string>>();
  return (shoppers) => {
    const before = known.get(shoppers);
    if (before !== undefined) return before;
    const all = choices({ ...request, shoppers }, accounting);
    const on = new Set(all.filter((one) => one.on).map((one) => one.candidate.name));
    known.set(shoppers, on);
    return on;
  };
}

/** The smallest number of shoppers at which a part is on, to two digits; null up to a limit. */
function onFrom(
  name: string,
  shoppers: number,
  on: (shoppers: number) => ReadonlySet<string>,
): number | null {
  let [low, high] = [shoppers, MOST_SHOPPERS];
  if (low >= high || !on(high).has(name)) return null;
  while (high > low * 1.02 && high - low > 1) {
    const middle = Math.round(Math.sqrt(low * high));
    if (on(middle).has(name)) high = middle;
    else low = middle;
  }
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(high)) - 1);
  return Math.ceil(high / digit) * digit;
}

/** The wide part takes what the others leave, up to where more rounds bring nothing. */
function spread<M>(
  all: readonly Choice<M>[],
  request: PlanRequest,
  accounting: Accounting<M>,
): { readonly all: readonly Choice<M>[]; readonly spare: number } {
  const used = all.reduce((sum, { on, units }) => sum + (on ? units : 0), 0);
  const free = accounting.participations - used;
  const wide = all.find(({ candidate }) => candidate.name === 'wide');
  if (!wide?.on || wide.weighed === null) return { all, spare: free };
  const units = Math.max(wide.units, Math.min(MOST_WIDE_UNITS, wide.units + free));
  const weighed = weighSize(wide.weighed.size, units, request, accounting);
  const more = { ...wide, units, weighed };
  return {
    all: all.map((one) => (one === wide ? more : one)),
    spare: free - (units - wide.units),
  };
}

function rankerOf(isOn: (name: string) => boolean, request: PlanRequest): RankerRecord | null {
  if (!isOn('wide')) return null;
  const gate = { task: 'gate', sigmas: GATE_SIGMAS };
  return {
    wide: 'wide',
    pop: isOn('pop') ? POP : null,
    pair: isOn('pair') ? { ...pairPart(request), ...(isOn('gate') && { gate }) } : null,
    deep: isOn('deep') ? { ...DEEP, gate } : null,
    private: null,
  };
}

/**
 * Plans a site's tasks.
 *
 * @param accounting the budget of one browser, cut into participations
 * @throws TypeError or RangeError for a field out of range; PlanError too-few-shoppers or
 * too-little-budget where nothing can be learned, with what is possible all the same.
 */
export function plan<M>(request: PlanRequest, accounting: Accounting<M>): Plan<M> {
  assertRequest(request);
  const first = choices(request, accounting);
  if (!first.some(({ on }) => on)) refuse(request, first);
  const { all, spare } = spread(first, request, accounting);
  const isOn = (name: string): boolean =>
    all.some(({ candidate, on }) => candidate.name === name && on);
  const onAt = onWith(request, accounting);
  const gate = gateSize({
    pop: isOn('pop') ? POP : null,
    pair: isOn('pair') ? pairPart(request) : null,
    deep: isOn('deep') ? DEEP : null,
  });
  const parts = all.map(({ candidate, units, weighed, on }): PlannedPart<M> => {
    const { name } = candidate;
    const from = on || candidate.lacks ? null : onFrom(name, request.shoppers, onAt);
    // The evaluation has an entry for each part that is on, and none for the others.
    const task =
      on && name === 'gate' ? weighSize(gate, units, request, accounting)?.task : weighed?.task;
    return {
      ...{ name, on, units: on ? units : 0, onFrom: from },
      size: weighed?.size.size ?? candidate.sizes.at(-1)?.size ?? '',
      why: whyOf({ candidate, units, weighed, on, onFrom: from, isOn, request }),
      figure: weighed?.figure ?? null,
      task: on ? (task ?? null) : null,
      chosen: on ? (weighed?.size ?? null) : null,
    };
  });
  const { epsilon, delta, participations } = accounting;
  return { request, epsilon, delta, participations, parts, spare, ranker: rankerOf(isOn, request) };
}

function refuse<M>({ shoppers }: PlanRequest, all: readonly Choice<M>[]): never {
  const met = all.some(({ weighed }) => weighed !== null);
  const count = shoppers.toLocaleString('en-GB');
  if (!met) {
    const why = `of ${count} shoppers too few visit within a window for a round of 50 reports`;
    throw new PlanError('too-few-shoppers', `${why}; ${WITHOUT_REPORTS}`);
  }
  const why =
    `with ${count} shoppers and this budget every mean would be mostly noise: ` +
    'a larger budget, or fewer participations of it, would make each report clearer';
  throw new PlanError('too-little-budget', `${why}; ${WITHOUT_REPORTS}`);
}
