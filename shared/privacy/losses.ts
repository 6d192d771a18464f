/**
 * A privacy loss distribution on a grid, never better than the true one: "connect the dots".
 *
 * Doroshenko, Ghazi, Kamath, Kumar and Manurangsi, arXiv:2207.04380v1, §3: the mass between two
 * grid points goes to both so that its probability under P and under Q is kept; δ(ε) is then
 * exact at the grid points and too large between them. The shares are integrals over each cell
 * of e^… − 1 and so keep their digits in the tails, where differences of δ have none.
 */
import { assertPositive } from '../assert/assert.ts';
import type { Direction, RatioLaw, Segment } from './ratio.ts';
import { sampledLoss, unsampledRatio } from './ratio.ts';

/** Cells of the grid with P's probability at either border; sparse, in no order. */
export interface Losses {
  readonly step: number;
  /** Lower border of each cell, in steps. */
  readonly low: Float64Array;
  /** Width of each cell, in steps. */
  readonly width: Float64Array;
  readonly lowMass: Float64Array;
  readonly highMass: Float64Array;
  /** P's probability of an infinite loss. */
  readonly infinity: number;
}

/** How fine the cells are to be where the loss has a density. */
interface Place {
  readonly loss: number;
  /** ln of P's probability per unit of loss. */
  readonly logDensity: number;
  /** By how much the loss rises over the segment's scale. */
  readonly rise: number;
}

/** The wanted width of a cell, in units of loss. */
export type Fineness = (place: Place) => number;

/** Gauss–Legendre, four points (NIST DLMF 3.5.10). */
const NODES = [-0.8611363115940526, -0.3399810435848563, 0.3399810435848563, 0.8611363115940526];
const WEIGHTS = [0.3478548451374538, 0.6521451548625461, 0.6521451548625461, 0.3478548451374538];

/** Pieces of a segment's scale, on which four points are good to 1e-15. */
const PIECES_PER_SCALE = 8;

/** Cells of a segment: a guard against laws that are too wide to be computed. */
const MAX_CELLS = 5_000_000;

class Builder {
  readonly cells: [low: number, width: number, lowMass: number, highMass: number][] = [];

  add(low: number, width: number, lowMass: number, highMass: number): void {
    this.cells.push([low, width, lowMass, highMass]);
  }
}

/**
 * Returns the loss of a pair under Poisson sampling of rate q on the multiples of `step`.
 *
 * @param fineness cells are as wide as it says, in whole steps, one at least
 */
export function discretise(
  law: RatioLaw,
  q: number,
  direction: Direction,
  step: number,
  fineness: Fineness,
): Losses {
  assertPositive('step', step);
  const builder = new Builder();
  let infinity = law.cut + (direction === 'REMOVE' ? q * law.onlyP : 0);
  for (const { ratio, mass } of law.atoms) {
    const loss = sampledLoss(ratio, q);
    const chance = direction === 'REMOVE' ? mass * Math.exp(loss) : mass;
    if (chance === 0) continue;
    if (loss === Number.NEGATIVE_INFINITY) infinity += chance;
    else addAtom(builder, direction === 'REMOVE' ? loss : -loss, chance, step);
  }
  for (const segment of law.segments) addSegment(builder, segment, q, direction, step, fineness);
  return {
    step,
    low: Float64Array.from(builder.cells, (cell) => cell[0]),
    width: Float64Array.from(builder.cells, (cell) => cell[1]),
    lowMass: Float64Array.from(builder.cells, (cell) => cell[2]),
    highMass: Float64Array.from(builder.cells, (cell) => cell[3]),
    infinity,
  };
}

function addAtom(builder: Builder, loss: number, mass: number, step: number): void {
  const low = Math.floor(loss / step);
  const share = upperShare(loss, low * step, step);
  builder.add(low, 1, mass * (1 - share), mass * share);
}

/** The part of an atom that goes up, so that a + b = P and a·e^(−low) + b·e^(−high) = Q. */
function upperShare(loss: number, low: number, width: number): number {
  return Math.min(1, Math.max(0, Math.expm1(low - loss) / Math.expm1(-width)));
}

function addSegment(
  builder: Builder,
  segment: Segment,
  q: number,
  direction: Direction,
  step: number,
  fineness: Fineness,
): void {
  const { from, to, scale } = segment;
  const sign = direction === 'REMOVE' ? 1 : -1;
  const lossAt = (x: number): number => sampledLoss(segment.ratio(x), q);
  let low = Math.floor(lossAt(from) / step);
  const last = Math.ceil(lossAt(to) / step);
  let x = from;
  for (let cells = 0; x < to; cells++) {
    if (cells > MAX_CELLS) throw new RangeError('the loss is too wide to be computed');
    const ratio = segment.ratio(x);
    const loss = sampledLoss(ratio, q);
    const slope = segment.slope(x) * q * Math.exp(ratio - loss);
    const logDensity = segment.logDensity(x) + (sign > 0 ? loss : 0) - Math.log(slope);
    const wanted = fineness({ loss: sign * loss, logDensity, rise: slope * scale }) / step;
    const high = Math.min(Math.max(low + 1, low + Math.floor(wanted)), Math.max(low + 1, last));
    const end = Math.min(to, segment.inverse(unsampledRatio(high * step, q)));
    if (end > x) {
      addCell(builder, segment, [x, end], { q, direction, step, low, width: high - low });
      x = end;
    } else if (high >= last) {
      return;
    }
    low = high;
  }
}

interface Cell {
  readonly q: number;
  readonly direction: Direction;
  readonly step: number;
  readonly low: number;
  readonly width: number;
}

function addCell(
  builder: Builder,
  { logDensity, ratio, scale }: Segment,
  [from, to]: readonly [number, number],
  { q, direction, step, low, width }: Cell,
): void {
  const remove = direction === 'REMOVE';
  const start = remove ? low : -(low + width);
  const pieces = Math.ceil(((to - from) / scale) * PIECES_PER_SCALE);
  const half = (to - from) / (2 * pieces);
  let lowMass = 0;
  let highMass = 0;
  for (let piece = 0; piece < pieces; piece++) {
    const centre = from + (2 * piece + 1) * half;
    for (let node = 0; node < NODES.length; node++) {
      const x = centre + half * (NODES[node] as number);
      const loss = sampledLoss(ratio(x), q);
      const log = remove ? logDensity(x) + loss : logDensity(x);
      const mass = half * (WEIGHTS[node] as number) * Math.exp(log);
      const share = upperShare(remove ? loss : -loss, start * step, width * step);
      lowMass += mass * (1 - share);
      highMass += mass * share;
    }
  }
  builder.add(start, width, lowMass, highMass);
}
