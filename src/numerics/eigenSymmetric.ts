/** Sweeps after which Jacobi's method on a small matrix has long converged (it converges quadratically). */
const SWEEPS = 12;

/**
 * Eigenvalues and eigenvectors of a small symmetric matrix by Jacobi rotations (Golub & Van Loan, ch. 8), in no
 * particular order.
 *
 * @param matrix `[n, n]`
 * @returns `vectors` `[n, n]` with the eigenvector of `values[e]` in column e
 */
export function eigenSymmetric(matrix: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice();
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p * n + q] === 0) continue;
        const angle = Math.atan2(2 * a[p * n + q], a[q * n + q] - a[p * n + p]) / 2;
        rotateColumns(a, n, p, q, angle);
        rotateRows(a, n, p, q, angle);
        rotateColumns(vectors, n, p, q, angle);
      }
    }
  }
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i]), vectors };
}

function rotateColumns(a: Float64Array, n: number, p: number, q: number, angle: number): void {
  for (let i = 0; i < n; i++) rotate(a, i * n + p, i * n + q, angle);
}

function rotateRows(a: Float64Array, n: number, p: number, q: number, angle: number): void {
  for (let j = 0; j < n; j++) rotate(a, p * n + j, q * n + j, angle);
}

function rotate(a: Float64Array, first: number, second: number, angle: number): void {
  const [x, y] = [a[first], a[second]];
  a[first] = Math.cos(angle) * x - Math.sin(angle) * y;
  a[second] = Math.sin(angle) * x + Math.cos(angle) * y;
}
