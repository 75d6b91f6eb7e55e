import type { ComplexArray } from "../src/arrays.ts";

/**
 * How alike two illuminations are, 0 … 1: Tr(J K) / (|J| |K|) of their mutual intensities J = Σ_p P_p P_p†. Diffraction
 * knows nothing else of a probe: a common phase and any unitary mixture of the modes leave J as it is. With one mode it is
 * |⟨a, b⟩|² / (|a|² |b|²).
 *
 * @param a, b `[mode, N, N]`
 */
export function overlap(a: ComplexArray, b: ComplexArray): number {
  return traceOfProduct(a, b) / Math.sqrt(traceOfProduct(a, a) * traceOfProduct(b, b));
}

/** Tr(J K) = Σ_pq |⟨a_p, b_q⟩|² */
function traceOfProduct(a: ComplexArray, b: ComplexArray): number {
  const size = 2 * a.shape[1] * a.shape[2];
  let total = 0;
  for (let p = 0; p < a.data.length; p += size) {
    for (let q = 0; q < b.data.length; q += size) {
      let [re, im] = [0, 0];
      for (let i = 0; i < size; i += 2) {
        const [x, y, u, v] = [a.data[p + i], a.data[p + i + 1], b.data[q + i], b.data[q + i + 1]];
        re += x * u + y * v;
        im += y * u - x * v;
      }
      total += re * re + im * im;
    }
  }
  return total;
}
