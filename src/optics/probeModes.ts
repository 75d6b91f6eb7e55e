import type { ComplexArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";

/**
 * Mutually orthogonal probe modes of a partially coherent beam, `[mode, n, n]`, Σ over all modes |P|² = 1: the given
 * probe times Hermite polynomials of rising order (Hermite–Gauss modes when it is a Gaussian in focus), orthogonalised
 * in that order.
 *
 * @param probe `[1, n, n]`, becomes the first mode.
 * @param powers relative power of each mode, first to last; normalised to sum 1.
 * @throws PtychonautError "shape" for a probe with several modes, "usage" for powers that are not positive.
 */
export function withHermiteModes(probe: ComplexArray, powers: readonly number[]): ComplexArray {
  const [count, n] = [probe.shape[0], probe.shape[1]];
  if (count !== 1) {
    throw new PtychonautError("shape", "modes are made from a single probe", {
      expected: "[1, n, n]",
      got: `[${probe.shape.join(", ")}]`,
    });
  }
  const total = powers.reduce((sum, power) => sum + power, 0);
  if (powers.length === 0 || !powers.every((power) => power > 0) || !Number.isFinite(total)) {
    throw new PtychonautError("usage", "powers of probe modes must be positive", { got: `[${powers.join(", ")}]` });
  }
  const modes = hermiteProducts(probe.data, [n, n], powers.length);
  orthonormalise(modes);
  const data = new Float32Array(powers.length * 2 * n * n);
  modes.forEach((mode, k) => {
    const scale = Math.sqrt(powers[k] / total);
    data.set(
      mode.map((value) => scale * value),
      k * mode.length,
    );
  });
  return { shape: [powers.length, n, n], data };
}

/** A power split in which every mode has `ratio` times the power of the one before. */
export function geometricPowers(count: number, ratio: number): number[] {
  return Array.from({ length: count }, (_, k) => ratio ** k);
}

/** The wave that modes make together when they are coherent, Σ_p P_p: `[1, n, n]` of `[mode, n, n]`. */
export function superposed({ shape, data }: ComplexArray): ComplexArray {
  const [modes, height, width] = shape as [number, number, number];
  const size = 2 * height * width;
  const total = new Float64Array(size);
  for (let mode = 0; mode < modes; mode++) for (let i = 0; i < size; i++) total[i] += data[mode * size + i];
  return { shape: [1, height, width], data: Float32Array.from(total) };
}

/**
 * A wave times Hermite polynomials of rising order about its middle, in units of its width: the wave itself, then
 * (y, x) of orders (0, 1), (1, 0), (0, 2), (1, 1), (2, 0) … Not orthogonal yet.
 *
 * @param wave `[rows, columns]`, interleaved
 */
export function hermiteProducts(
  wave: ArrayLike<number>,
  [rows, columns]: readonly [rows: number, columns: number],
  count: number,
): Float64Array[] {
  const { centre, width } = moments(wave, [rows, columns]);
  return hermiteOrders(count).map(([orderY, orderX]) => {
    const mode = new Float64Array(wave.length);
    for (let i = 0; i < rows; i++) {
      const y = hermite(orderY, (i - centre[0]) / (Math.SQRT2 * width[0]));
      for (let j = 0; j < columns; j++) {
        const factor = y * hermite(orderX, (j - centre[1]) / (Math.SQRT2 * width[1]));
        const at = 2 * (i * columns + j);
        mode[at] = factor * wave[at];
        mode[at + 1] = factor * wave[at + 1];
      }
    }
    return mode;
  });
}

/** (0, 0), (0, 1), (1, 0), (0, 2), (1, 1), (2, 0) … */
function hermiteOrders(count: number): [number, number][] {
  const orders: [number, number][] = [];
  for (let sum = 0; orders.length < count; sum++) {
    for (let y = 0; y <= sum && orders.length < count; y++) orders.push([y, sum - y]);
  }
  return orders;
}

/** Physicists' Hermite polynomial by its recurrence. */
function hermite(order: number, x: number): number {
  let before = 0;
  let value = 1;
  for (let k = 0; k < order; k++) [before, value] = [value, 2 * x * value - 2 * k * before];
  return value;
}

/** Centre of mass and standard deviation of the intensity, as (y, x) in pixels. */
function moments(
  wave: ArrayLike<number>,
  [rows, columns]: readonly [rows: number, columns: number],
): { centre: [number, number]; width: [number, number] } {
  let total = 0;
  const first = [0, 0];
  const second = [0, 0];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = 2 * (i * columns + j);
      const intensity = wave[at] ** 2 + wave[at + 1] ** 2;
      total += intensity;
      first[0] += i * intensity;
      first[1] += j * intensity;
      second[0] += i * i * intensity;
      second[1] += j * j * intensity;
    }
  }
  const centre: [number, number] = [first[0] / total, first[1] / total];
  const spread = (axis: 0 | 1): number => Math.sqrt(second[axis] / total - centre[axis] ** 2);
  return { centre, width: [spread(0), spread(1)] };
}

/** Gram–Schmidt in place, each projection taken off what is left (the stable order). */
function orthonormalise(modes: Float64Array[]): void {
  modes.forEach((mode, k) => {
    for (const earlier of modes.slice(0, k)) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < mode.length; i += 2) {
        re += earlier[i] * mode[i] + earlier[i + 1] * mode[i + 1];
        im += earlier[i] * mode[i + 1] - earlier[i + 1] * mode[i];
      }
      for (let i = 0; i < mode.length; i += 2) {
        mode[i] -= re * earlier[i] - im * earlier[i + 1];
        mode[i + 1] -= re * earlier[i + 1] + im * earlier[i];
      }
    }
    const norm = Math.sqrt(mode.reduce((sum, value) => sum + value * value, 0));
    for (let i = 0; i < mode.length; i++) mode[i] /= norm;
  });
}
