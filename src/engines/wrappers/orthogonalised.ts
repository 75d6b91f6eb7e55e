import { eigenSymmetric } from "../../numerics/eigenSymmetric.ts";

/**
 * Rotates modes, rows of an interleaved complex `[modes, pixels]`, by the unitary matrix that makes them orthogonal, of
 * falling power. With the Gram matrix G = X X†, eigenvectors V of it, the rows of V† X are orthogonal, and Σ |·|² of every
 * pixel is as before. The phase of each, which is of nobody's knowledge, is that of the row which it has most of: modes that
 * are orthogonal already stay.
 *
 * @param weights of the pixels, by which they are orthogonal and have their powers. Default 1
 * @returns the modes and their powers Σ |·|²
 */
export function orthogonalised(
  rows: Float64Array,
  modes: number,
  weights?: ArrayLike<number>,
): { readonly modes: Float64Array; readonly powers: Float64Array } {
  const size = rows.length / modes;
  const { values, vectors } = eigenHermitian(gram(rows, modes, weights), modes);
  const out = new Float64Array(rows.length);
  for (let k = 0; k < modes; k++)
    for (let m = 0; m < modes; m++) {
      // conj(V[m, k]) X[m]
      const [re, im] = [vectors[2 * (m * modes + k)], -vectors[2 * (m * modes + k) + 1]];
      for (let i = 0; i < size; i += 2) {
        const [x, y] = [rows[m * size + i], rows[m * size + i + 1]];
        out[k * size + i] += re * x - im * y;
        out[k * size + i + 1] += re * y + im * x;
      }
    }
  return { modes: out, powers: values };
}

/** G[a, b] = Σ w X_a X_b*, interleaved. */
function gram(rows: Float64Array, modes: number, weights: ArrayLike<number> | undefined): Float64Array {
  const size = rows.length / modes;
  const out = new Float64Array(2 * modes * modes);
  for (let a = 0; a < modes; a++)
    for (let b = 0; b < modes; b++) {
      let [re, im] = [0, 0];
      for (let i = 0; i < size; i += 2) {
        const [x, y, u, v] = [rows[a * size + i], rows[a * size + i + 1], rows[b * size + i], rows[b * size + i + 1]];
        const weight = weights?.[i / 2] ?? 1;
        re += weight * (x * u + y * v);
        im += weight * (y * u - x * v);
      }
      out[2 * (a * modes + b)] = re;
      out[2 * (a * modes + b) + 1] = im;
    }
  return out;
}

/**
 * Eigenvalues, falling, and eigenvectors (columns, interleaved) of a Hermitian matrix A + iB, by the real symmetric
 * [[A, −B], [B, A]], which has each eigenvalue twice; the vectors of a pair span one complex line (Golub & Van Loan, 8.7).
 */
function eigenHermitian(matrix: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const real = new Float64Array(4 * n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [a, b] = [matrix[2 * (i * n + j)], matrix[2 * (i * n + j) + 1]];
      real[i * 2 * n + j] = a;
      real[(i + n) * 2 * n + j + n] = a;
      real[i * 2 * n + j + n] = -b;
      real[(i + n) * 2 * n + j] = b;
    }
  const { values, vectors } = eigenSymmetric(real, 2 * n);
  const order = Array.from(values.keys()).sort((p, q) => values[q] - values[p]);
  const found: { value: number; vector: Float64Array }[] = [];
  for (const e of order) {
    const vector = Float64Array.from({ length: 2 * n }, (_, k) => vectors[((k >> 1) + (k % 2) * n) * 2 * n + e]);
    for (const earlier of found) removeFrom(vector, earlier.vector);
    const norm = Math.hypot(...vector);
    // The second of a pair is i times the first: nothing of it is left.
    if (norm < 0.5 || found.length === n) continue;
    found.push({ value: values[e], vector: inPhase(vector) });
  }
  const columns = new Float64Array(2 * n * n);
  found.forEach(({ vector }, k) => {
    for (let m = 0; m < n; m++) columns.set(vector.subarray(2 * m, 2 * m + 2), 2 * (m * n + k));
  });
  return { values: Float64Array.from(found, ({ value }) => value), vectors: columns };
}

/** Of length 1, its largest component real and positive. */
function inPhase(vector: Float64Array): Float64Array {
  let largest = 0;
  for (let i = 0; i < vector.length; i += 2)
    if (Math.hypot(vector[i], vector[i + 1]) > Math.hypot(vector[largest], vector[largest + 1])) largest = i;
  const [re, im] = [vector[largest], vector[largest + 1]];
  const scale = 1 / (Math.hypot(re, im) * Math.hypot(...vector));
  return vector.map((_, k) => {
    const [x, y] = [vector[k & ~1], vector[k | 1]];
    return scale * (k % 2 === 0 ? x * re + y * im : y * re - x * im);
  });
}

/** vector −= (u† vector) u, for u of length 1. */
export function removeFrom(vector: Float64Array, u: Float64Array): void {
  let [re, im] = [0, 0];
  for (let i = 0; i < u.length; i += 2) {
    re += u[i] * vector[i] + u[i + 1] * vector[i + 1];
    im += u[i] * vector[i + 1] - u[i + 1] * vector[i];
  }
  for (let i = 0; i < u.length; i += 2) {
    vector[i] -= re * u[i] - im * u[i + 1];
    vector[i + 1] -= re * u[i + 1] + im * u[i];
  }
}
