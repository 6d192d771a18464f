/**
 * Centred clipping: Karimireddy, He and Jaggi, "Learning from History for Byzantine Robust
 * Optimization", arXiv:2012.10333, §4, from v = 0: a round keeps no guess of the last one.
 */
import { assertInteger, assertPositive } from '../../../shared/assert/assert.ts';
import { assertRows, pause } from './rows.ts';

/** Rows between two turns of the event loop. */
const ROWS = 64;

/**
 * `iterations` times v ← v + Σ(x − v)·min(1, radius/‖x − v‖)/n, integer units. Rounded in float64 in
 * the order of rows.
 */
export async function centeredClipping(
  rows: readonly Int32Array[],
  radius: number,
  iterations: number,
): Promise<Float64Array> {
  assertRows(rows);
  assertPositive('radius', radius);
  assertInteger('iterations', iterations, 1);
  let v = new Float64Array(rows[0]?.length ?? 0);
  for (let turn = 0; turn < iterations; turn++) {
    const moved = new Float64Array(v.length);
    for (const [r, row] of rows.entries()) {
      addClipped(row, v, radius, moved);
      if (r % ROWS === ROWS - 1) await pause();
    }
    v = v.map((one, i) => one + (moved[i] as number) / rows.length);
  }
  return v;
}

function addClipped(row: Int32Array, v: Float64Array, radius: number, into: Float64Array): void {
  let squares = 0;
  for (let i = 0; i < v.length; i++) {
    const difference = (row[i] as number) - (v[i] as number);
    squares += difference * difference;
  }
  const norm = Math.sqrt(squares);
  const share = norm > radius ? radius / norm : 1;
  for (let i = 0; i < v.length; i++) {
    into[i] = (into[i] as number) + ((row[i] as number) - (v[i] as number)) * share;
  }
}
