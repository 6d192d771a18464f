/** Reports of bench `robust`: honest ones as a browser makes them, and those of colluding liars. */
import { coordinateBound } from '../../aggregator/accept/validate.ts';
import { drawNoise } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { encodeInt32LE } from '../../shared/field/fixed.ts';
import { unitsOf } from '../../shared/privacy/guard.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { addPrivUnit } from '../../shared/random/privunit.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { SeededRandom } from '../simulate/random.ts';

/** Fields of a task on which its reports depend. */
export type ReportTask = Pick<
  Task,
  'tier' | 'mechanism' | 'd' | 'clipL2' | 'scaleBits' | 'minReports' | 'maxReports'
>;

/**
 * All stay within what the server takes (RD5), and know the honest mean: `flip` says the opposite of
 * it at the full clip and adds the noise as told; the others add none. `inner-product` (Xie, Koyejo
 * and Gupta, arXiv:1903.03936) sends the smallest multiple of the honest mean that turns the mean's
 * sign by half; `large` has one random sign for every coordinate, `largest` the worst, both at the
 * bound. Of seeds nothing can be chosen but one of many: by the angle, any, and by the product.
 */
export const ATTACKS = ['flip', 'inner-product', 'large', 'largest'] as const;
export type Attack = (typeof ATTACKS)[number];

/** Seeds that a liar tries. */
const SEARCHED = 20_000;

export class Reports {
  readonly task: ReportTask;
  /** Largest |coordinate| that the server takes, integer units. */
  readonly bound: number;
  readonly #source: ChaChaSource;
  readonly #random: SeededRandom;

  constructor(task: ReportTask, name: string) {
    this.task = task;
    this.bound = coordinateBound(task as Task);
    this.#random = new SeededRandom(`robust/${name}`);
    this.#source = new ChaChaSource(
      Uint8Array.from({ length: 32 }, () => this.#random.uint32() & 255),
    );
  }

  /** Updates of norm C about a common direction: they agree as much as they differ. */
  updates(n: number): Float32Array[] {
    const { d, clipL2 } = this.task;
    const common = this.#unit();
    return Array.from({ length: n }, () => {
      const own = this.#unit();
      const sum = Float64Array.from({ length: d }, (_, i) => (common[i] ?? 0) + (own[i] ?? 0));
      const norm = Math.hypot(...sum);
      return Float32Array.from(sum, (one) => (clipL2 * one) / norm);
    });
  }

  /** The row that a server reads of an honest report. */
  honest(update: Float32Array): Int32Array {
    const { payload } = privatize(
      update,
      this.task,
      drawNoise(this.task, this.#source),
      this.#source,
    );
    return payload.form === 'seed' ? this.#rowOf(payload.seed) : payload.coordinates;
  }

  /**
   * Rows of `n` liars.
   * @param mean of the honest updates.
   * @param honest how many they are.
   */
  liars(attack: Attack, n: number, mean: Float64Array, honest: number): Int32Array[] {
    const { mechanism, clipL2, d } = this.task;
    const norm = Math.hypot(...mean);
    if (attack === 'flip') {
      const update = Float32Array.from(mean, (one) => (-clipL2 * one) / norm);
      return Array.from({ length: n }, () => this.honest(update));
    }
    if (mechanism.name === 'privunit') return this.#seeds(attack, n, mean);
    const signs = Float64Array.from({ length: d }, () => (this.#random.chance(0.5) ? 1 : -1));
    const times = (1.5 * honest) / n;
    const row = Int32Array.from(mean, (one, i) => {
      if (attack === 'large') return (signs[i] as number) * this.bound;
      if (attack === 'largest') return one > 0 ? -this.bound : this.bound;
      const wanted = -times * one * unitsOf(this.task);
      return Math.round(Math.max(-this.bound, Math.min(this.bound, wanted)));
    });
    return Array.from({ length: n }, () => row);
  }

  /** A report that says one unit more than the bound, as bytes behind a header's place. */
  beyond(headerBytes: number): Uint8Array {
    const body = new Uint8Array(headerBytes + 4 * this.task.d);
    const row = new Int32Array(this.task.d);
    row[0] = this.bound + 1;
    body.set(encodeInt32LE(row), headerBytes);
    return body;
  }

  #seeds(attack: Attack, n: number, mean: Float64Array): Int32Array[] {
    const drawn = Array.from({ length: attack === 'large' ? n : SEARCHED }, () => {
      const seed = new Uint8Array(32);
      this.#source.fill(seed);
      const row = this.#rowOf(seed);
      const along = row.reduce((sum, one, i) => sum + one * (mean[i] as number), 0);
      return { row, order: attack === 'largest' ? along : along / Math.hypot(...row) };
    });
    if (attack !== 'large') drawn.sort((a, b) => a.order - b.order);
    return drawn.slice(0, n).map(({ row }) => row);
  }

  #rowOf(seed: Uint8Array): Int32Array {
    const vector = new Float64Array(this.task.d);
    addPrivUnit(seed, vector);
    return Int32Array.from(vector);
  }

  #unit(): Float64Array {
    const one = Float64Array.from({ length: this.task.d }, () => this.#random.normal());
    const norm = Math.hypot(...one);
    return one.map((x) => x / norm);
  }
}
