/**
 * Multi-Krum: Blanchard, El Mhamdi, Guerraoui and Stainer, "Machine Learning with Adversaries:
 * Byzantine Tolerant Gradient Descent", NIPS 2017, §4 and §6. The paper leaves open how many vectors
 * are averaged; here all but f are, as many as there are honest ones.
 */
import { encodeInt32LE } from '../../../shared/field/fixed.ts';
import { type Gram, gramOf } from './gram.ts';
import { assertRows, meanOfRows } from './rows.ts';

/**
 * Mean of the n − f rows with the smallest scores, integer units. The score of a row is the sum of
 * its squared distances to the n − f − 2 rows nearest to it, f = ⌊hostile·n⌋.
 * @param hostile share of the rows that may be anything.
 * @throws RangeError unless 2f + 2 < n.
 */
export async function multiKrum(
  rows: readonly Int32Array[],
  hostile: number,
  gram: Gram = gramOf,
): Promise<Float64Array> {
  assertRows(rows);
  const n = rows.length;
  const f = Math.floor(hostile * n);
  if (!(f >= 0 && 2 * f + 2 < n)) throw new RangeError('hostile must leave 2f + 2 < n');
  if (f === 0) return meanOfRows(rows);
  const bytes = rows.map(bytesOf);
  const products = await gram(bytes, 0, rows[0]?.length ?? 0);
  const scores = scoresOf(products, n, n - f - 2);
  const order = Array.from(scores, (score, i) => ({ score, row: rows[i] as Int32Array }));
  order.sort((a, b) => a.score - b.score || compare(a.row, b.row));
  return meanOfRows(order.slice(0, n - f).map(({ row }) => row));
}

/** Sum of the `nearest` smallest squared distances of every row to the others. */
function scoresOf(gram: Float64Array, n: number, nearest: number): Float64Array {
  if (gram.length !== n * n) throw new RangeError('gram must hold n × n products');
  const distances = new Float64Array(n - 1);
  return Float64Array.from({ length: n }, (_, i) => {
    const own = gram[i * n + i] as number;
    for (let j = 0, k = 0; j < n; j++) {
      if (j === i) continue;
      distances[k++] = own + (gram[j * n + j] as number) - 2 * (gram[i * n + j] as number);
    }
    distances.sort();
    let score = 0;
    for (let k = 0; k < nearest; k++) score += distances[k] as number;
    return score;
  });
}

/** Order of rows of the same score, so that the outcome is that of any order of arrival. */
function compare(a: Int32Array, b: Int32Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function bytesOf(row: Int32Array): Uint8Array {
  if (!LITTLE_ENDIAN) return encodeInt32LE(row);
  return new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
}
