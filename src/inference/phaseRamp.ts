import { type ComplexArray, evenly } from "../arrays.ts";
import { cropStart } from "./patchWeights.ts";

/** Radians per pixel along y and x. */
export type PhaseRamp = readonly [y: number, x: number];

/** Patches that are looked at in the search for a ramp. */
const mostPatches = 2000;

/** Ramps are tried in steps of one radian over the scan's half extent, this many to either side. */
const reach = 8;

/** Phases on a plane leave less than this part of the spread 1 − |mean e^{iφ}| that they have without it. */
const clearlyLess = 0.5;

/** A spread of less than this (0.2 rad) is no ramp that anybody sees. */
const leastSpread = 0.02;

/** Random phases of n patches agree with the best of these ramps by about √(6/n), so few patches need more than this. */
const leastAgreement = 0.6;

/**
 * The ramp over the scan that phases of patches amount to, if they do. Where every patch is tilted a little, as those of a
 * network may be that has learned nothing, the phases that make overlaps agree add the tilts up to a ramp over the whole
 * object. No pattern tells such a ramp from a tilt of the probe.
 *
 * @param phases `[patch]`, radians
 * @param positions `[patch, 2]` as (y, x)
 * @param tilt the patches' own, near which the ramp is looked for
 * @returns undefined where the phases lie on no plane
 */
export function rampOf(phases: Float64Array, positions: Float64Array, tilt: PhaseRamp): PhaseRamp | undefined {
  const points = sample(phases, positions);
  const extent = points.reduce((most, { y, x }) => Math.max(most, Math.abs(y), Math.abs(x)), 0);
  const spread = 1 - agreement(points, [0, 0]);
  if (extent === 0 || spread < leastSpread) return undefined;
  let best: PhaseRamp = [0, 0];
  for (const centre of [[0, 0], tilt] as const) best = bestAround(points, best, centre, 1 / extent, reach);
  for (let step = 0.5 / extent; step > 1e-5 / extent; step /= 2) best = bestAround(points, best, best, step, 1);
  const agreed = agreement(points, best);
  return agreed > leastAgreement && 1 - agreed < clearlyLess * spread ? best : undefined;
}

/**
 * Mean phase from one pixel to the next, over the central part of all patches.
 * @param patches `[patch, height, width]`
 * @param weights `[trim, trim]`
 */
export function meanTilt({ shape, data }: ComplexArray, weights: Float64Array, trim: number): PhaseRamp {
  const [count, height, width] = shape as [number, number, number];
  const first = cropStart(height, trim) * width + cropStart(width, trim);
  const along = (down: number, right: number): number => {
    let [re, im] = [0, 0];
    for (let k = 0; k < count; k++)
      for (let i = 0; i < trim - down; i++)
        for (let j = 0; j < trim - right; j++) {
          const weight = weights[i * trim + j] * weights[(i + down) * trim + j + right];
          const q = 2 * (k * height * width + first + i * width + j);
          const p = q + 2 * (down * width + right);
          re += weight * (data[p] * data[q] + data[p + 1] * data[q + 1]);
          im += weight * (data[p + 1] * data[q] - data[p] * data[q + 1]);
        }
    return Math.atan2(im, re);
  };
  return [along(1, 0), along(0, 1)];
}

/**
 * Multiplies `[patch, height, width]` by exp(i ramp · u), in place, u counting from index ⌊extent/2⌋, which is where a
 * window's position points.
 */
export function tilt({ shape, data }: ComplexArray, [ky, kx]: PhaseRamp): void {
  const [height, width] = [shape[1], shape[2]];
  for (let k = 0; k < data.length / 2; k++) {
    const [i, j] = [Math.floor(k / width) % height, k % width];
    const angle = ky * (i - Math.floor(height / 2)) + kx * (j - Math.floor(width / 2));
    const [c, s, re, im] = [Math.cos(angle), Math.sin(angle), data[2 * k], data[2 * k + 1]];
    data[2 * k] = c * re - s * im;
    data[2 * k + 1] = s * re + c * im;
  }
}

/** A copy tilted by a ramp, where there is one. */
export function tilted(image: ComplexArray, ramp: PhaseRamp | undefined): ComplexArray {
  const copy = { shape: image.shape, data: image.data.slice() };
  if (ramp !== undefined) tilt(copy, ramp);
  return copy;
}

/** A patch's phase as (c, s) at its place from the scan's middle. */
interface Point {
  readonly y: number;
  readonly x: number;
  readonly c: number;
  readonly s: number;
}

function sample(phases: Float64Array, positions: Float64Array): Point[] {
  const [my, mx] = meanPlace(positions);
  const chosen = evenly(Array.from(phases.keys()), mostPatches);
  return chosen.map((k) => ({
    y: positions[2 * k] - my,
    x: positions[2 * k + 1] - mx,
    c: Math.cos(phases[k]),
    s: Math.sin(phases[k]),
  }));
}

/** Mean (y, x) of `[patch, 2]`. */
export function meanPlace(positions: Float64Array): PhaseRamp {
  const sums = [0, 0];
  for (let i = 0; i < positions.length; i++) sums[i & 1] += positions[i];
  const count = positions.length / 2;
  return [sums[0] / count, sums[1] / count];
}

/** |mean of exp(i [φ − ramp · r])|: 1 where the phases are the ramp. */
function agreement(points: readonly Point[], [ky, kx]: PhaseRamp): number {
  let [re, im] = [0, 0];
  for (const { y, x, c, s } of points) {
    const [cr, sr] = [Math.cos(ky * y + kx * x), Math.sin(ky * y + kx * x)];
    re += c * cr + s * sr;
    im += s * cr - c * sr;
  }
  return Math.hypot(re, im) / points.length;
}

function bestAround(
  points: readonly Point[],
  best: PhaseRamp,
  centre: PhaseRamp,
  step: number,
  steps: number,
): PhaseRamp {
  let [found, most] = [best, agreement(points, best)];
  for (let i = -steps; i <= steps; i++)
    for (let j = -steps; j <= steps; j++) {
      const ramp = [centre[0] + i * step, centre[1] + j * step] as const;
      const agreed = agreement(points, ramp);
      if (agreed > most) [found, most] = [ramp, agreed];
    }
  return found;
}
