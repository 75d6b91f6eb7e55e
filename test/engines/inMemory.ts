import type { EngineScan } from "../../src/engines/scan.ts";

type Pair = readonly [number, number];

/** Amplitudes `[frame, h, w]` as engines read them. */
export function amplitudesInMemory(
  amplitudes: Float32Array,
  [count, height, width]: readonly [number, number, number],
): EngineScan["amplitudes"] {
  const size = height * width;
  return {
    ...{ count, height, width },
    read(which, out) {
      Array.from(which).forEach((frame, k) => {
        out.set(amplitudes.subarray(frame * size, (frame + 1) * size), k * size);
      });
    },
  };
}

/** `[frame, 2]`: centres of windows of `n` on whole pixels, in rows of as many, each up to a pixel from its place. */
export function squareOfPositions(n: number, rows: number, step: number, random: { uniform(): number }): Float64Array {
  return Float64Array.from({ length: 2 * rows * rows }, (_, k) => {
    const line = k % 2 === 0 ? Math.floor(k / 2 / rows) : (k >> 1) % rows;
    return n / 2 + 1 + Math.round(step * line + random.uniform());
  });
}

/** A probe `[mode, n, n]` with the engines' energy, n² / 4. */
export function withEngineEnergy(probe: Float32Array, n: number): Float32Array {
  const energy = probe.reduce((sum, value) => sum + value * value, 0);
  return probe.map((value) => value * Math.sqrt((n * n) / 4 / energy));
}

/** Planes of a square object, one after the other. */
export function stackedPlanes(planes: readonly { readonly data: Float32Array }[], side: number) {
  const data = new Float32Array(2 * planes.length * side * side);
  planes.forEach((plane, k) => void data.set(plane.data, 2 * k * side * side));
  return { shape: [planes.length, side, side], data };
}

/**
 * Complex values of a plane where windows of `n` have their centres, in an object of `side` pixels.
 * @param data `[plane, height, width]`, whose first pixel lies at `first` of the object's
 */
export function whereCentresAre(
  data: ArrayLike<number>,
  plane: number,
  { shape: [height, width], first }: { readonly shape: Pair; readonly first: Pair },
  { n, side }: { readonly n: number; readonly side: number },
): Float64Array {
  const [from, to] = [n / 2 + 2, side - n / 2 - 2];
  const out = new Float64Array(2 * (to - from) ** 2);
  let k = 0;
  for (let y = from; y < to; y++)
    for (let x = from; x < to; x++) {
      const i = 2 * ((plane * height + y - first[0]) * width + x - first[1]);
      out[k++] = data[i];
      out[k++] = data[i + 1];
    }
  return out;
}
