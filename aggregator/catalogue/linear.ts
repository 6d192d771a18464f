/** Small dense linear algebra in doubles: orthonormal bases and symmetric eigenproblems. */

/**
 * Orthonormalises columns in place by modified Gram–Schmidt, twice (Golub & Van Loan §5.2.9);
 * a column that depends on those before it becomes zero.
 */
export function orthonormalise(columns: readonly Float64Array[]): void {
  for (const [i, column] of columns.entries()) {
    const before = Math.sqrt(inner(column, column));
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = columns[j] as Float64Array;
        subtract(column, other, inner(column, other));
      }
    }
    const after = Math.sqrt(inner(column, column));
    const scale = after > 1e-10 * before && after > 0 ? 1 / after : 0;
    for (let r = 0; r < column.length; r++) column[r] = (column[r] as number) * scale;
  }
}

export function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function subtract(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) - factor * (b[i] as number);
}

/**
 * Eigenvalues, largest first, and eigenvectors of a symmetric m × m matrix (row-major) by cyclic
 * Jacobi rotations (Golub & Van Loan §8.5). `vectors[i]` belongs to `values[i]`.
 */
export function symmetricEigen(
  matrix: Float64Array,
  m: number,
): { values: number[]; vectors: Float64Array[] } {
  const a = matrix.slice();
  const v = new Float64Array(m * m);
  for (let i = 0; i < m; i++) v[i * m + i] = 1;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let total = 0;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < m; j++) {
        const square = (a[i * m + j] as number) ** 2;
        total += square;
        if (i !== j) off += square;
      }
    }
    if (off <= 1e-26 * total) break;
    for (let p = 0; p < m; p++) for (let q = p + 1; q < m; q++) rotate(a, v, m, p, q);
  }
  const order = Array.from({ length: m }, (_, i) => i).sort(
    (i, j) => (a[j * m + j] as number) - (a[i * m + i] as number) || i - j,
  );
  return {
    values: order.map((i) => a[i * m + i] as number),
    vectors: order.map((i) => v.slice(i * m, i * m + m)),
  };
}

/** One Jacobi rotation; row p of `v` is eigenvector p. */
function rotate(a: Float64Array, v: Float64Array, m: number, p: number, q: number): void {
  const apq = a[p * m + q] as number;
  if (apq === 0) return;
  const theta = ((a[q * m + q] as number) - (a[p * m + p] as number)) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < m; k++) {
    const akp = a[k * m + p] as number;
    const akq = a[k * m + q] as number;
    a[k * m + p] = c * akp - s * akq;
    a[k * m + q] = s * akp + c * akq;
  }
  for (let k = 0; k < m; k++) {
    const apk = a[p * m + k] as number;
    const aqk = a[q * m + k] as number;
    a[p * m + k] = c * apk - s * aqk;
    a[q * m + k] = s * apk + c * aqk;
    const vpk = v[p * m + k] as number;
    const vqk = v[q * m + k] as number;
    v[p * m + k] = c * vpk - s * vqk;
    v[q * m + k] = s * vpk + c * vqk;
  }
}
