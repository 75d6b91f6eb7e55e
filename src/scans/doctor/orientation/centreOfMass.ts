import { nearestNeighbours } from "../../../data/neighbours.ts";
import { type OrientationScan, scanParts, usableFrames } from "./frames.ts";
import { normalAngle, type PlanarMap } from "./planarMap.ts";

/** What the deflections of the light, as a field over the scan, say. */
export interface Deflection {
  /** Under which the field is a gradient; a half turn more or less is as good. Its angle is in (−90, 90]. */
  readonly map: PlanarMap;
  /** Standard deviation of the angle, degrees, from how parts of the scan differ. */
  readonly angleError: number;
  /** Curl that is left, over the curl and divergence of the field together, 0 to ½ and more for noise. */
  readonly curl: number;
  /** The least that the other handedness leaves. */
  readonly mirroredCurl: number;
  /** What this handedness leaves a quarter turn off: the divergence. */
  readonly acrossCurl: number;
  /** Parts of the scan, of how many, in which this handedness leaves less than the other. */
  readonly agreeing: number;
  readonly parts: number;
  readonly frames: number;
}

const MOST_FRAMES = 1200;
const NEIGHBOURS = 6;
const HALVINGS = 3;

/**
 * The first moment of a pattern is what the object deflects: Σ q |Ψ|² = ∫ |P|² |O|² ∇φ for a beam with a flat front, the
 * gradient of the object's phase under the beam. As a field over the scan it has no curl, for weak or uniform objects, nor
 * has what absorption adds under a round, curved beam. Turned by θ against the scan its curl is sin θ times its divergence;
 * seen from behind, no turn brings the curl to zero (Hachtel et al., Adv. Struct. Chem. Imaging 4, 10 (2018); Savitzky et
 * al., Microsc. Microanal. 27, 712 (2021)). A half turn changes the sign of all, and is left open.
 *
 * Derivatives come from a plane through each frame's neighbours, so that positions may lie anywhere.
 * @returns undefined where there are too few frames
 */
export function deflection(scan: OrientationScan): Deflection | undefined {
  const usable = usableFrames(scan);
  if (usable.length < 64) return undefined;
  const frames = usable.slice(0, MOST_FRAMES);
  const moments = firstMoments(scan, frames);
  const derivatives = jacobians(scan.positions, frames, moments);
  const parts = scanParts(scan.positions, frames, HALVINGS).map((part) => scatterOf(part, derivatives));
  const all = parts.reduce(added);
  const [straight, mirrored] = [false, true].map((behind) => leastCurl(all, behind));
  const [best, other] = straight.curl <= mirrored.curl ? [straight, mirrored] : [mirrored, straight];
  const own = parts.map((part) => ({
    here: leastCurl(part, best.map.mirrored),
    other: leastCurl(part, other.map.mirrored),
  }));
  const off = own.map(({ here }) => halfAngle(here.map.angle - best.map.angle));
  const total = all[0] + all[5] + all[10] + all[15];
  return {
    map: best.map,
    angleError: Math.sqrt(off.reduce((sum, value) => sum + value * value, 0) / (off.length * (off.length - 1))),
    curl: best.curl / total,
    mirroredCurl: other.curl / total,
    acrossCurl: best.across / total,
    agreeing: own.filter(({ here, other: behind }) => here.curl < behind.curl).length,
    parts: parts.length,
    frames: frames.length,
  };
}

/** `[frame, 2]`, (y, x): of the pattern about the scan's mean, in units of its mean light. */
function firstMoments(
  { read, height, width, mask }: OrientationScan,
  frames: readonly number[],
): Map<number, [number, number]> {
  const sums = frames.map((frame): [number, number, number] => {
    const data = read([frame]);
    let [all, down, right] = [0, 0, 0];
    for (let y = 0; y < height; y++) {
      let row = 0;
      for (let x = 0; x < width; x++) {
        if (mask?.[y * width + x] === 0) continue;
        const value = data[y * width + x];
        row += value;
        right += value * x;
      }
      all += row;
      down += row * y;
    }
    return [all, down, right];
  });
  const [all, down, right] = [0, 1, 2].map((k) => sums.reduce((sum, values) => sum + values[k], 0));
  const mean = all / frames.length;
  // Light that comes and goes moves no moment about the mean direction, to first order.
  return new Map(
    frames.map((frame, k) => [
      frame,
      [(sums[k][1] - (sums[k][0] * down) / all) / mean, (sums[k][2] - (sums[k][0] * right) / all) / mean],
    ]),
  );
}

/** ∂m/∂r at each frame, `[yy, yx, xy, xx]` with the moment's component first, of a plane through it and its neighbours. */
function jacobians(
  positions: Float64Array,
  frames: readonly number[],
  moments: ReadonlyMap<number, readonly [number, number]>,
): Map<number, readonly number[]> {
  const found = new Map<number, readonly number[]>();
  for (const group of nearestNeighbours(positions, frames, NEIGHBOURS)) {
    const centre = [0, 1].map((axis) => group.reduce((sum, k) => sum + positions[2 * k + axis], 0) / group.length);
    let [yy, yx, xx] = [0, 0, 0];
    const products = [0, 0, 0, 0];
    for (const k of group) {
      const [dy, dx] = [positions[2 * k] - centre[0], positions[2 * k + 1] - centre[1]];
      const moment = moments.get(k) ?? [0, 0];
      yy += dy * dy;
      yx += dy * dx;
      xx += dx * dx;
      for (const component of [0, 1]) {
        products[2 * component] += moment[component] * dy;
        products[2 * component + 1] += moment[component] * dx;
      }
    }
    const determinant = yy * xx - yx * yx;
    // Neighbours on one line say nothing across it.
    if (!(determinant > 1e-3 * yy * xx)) continue;
    found.set(
      group[0],
      [0, 2].flatMap((c) => [
        (xx * products[c] - yx * products[c + 1]) / determinant,
        (yy * products[c + 1] - yx * products[c]) / determinant,
      ]),
    );
  }
  return found;
}

/** Σ J Jᵀ of the four numbers of each Jacobian, 4 × 4. */
function scatterOf(part: readonly number[], jacobian: ReadonlyMap<number, readonly number[]>): Float64Array {
  const sum = new Float64Array(16);
  for (const frame of part) {
    const j = jacobian.get(frame);
    if (j === undefined) continue;
    for (let a = 0; a < 4; a++) for (let b = 0; b < 4; b++) sum[4 * a + b] += j[a] * j[b];
  }
  return sum;
}

const added = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + b[i]);

/**
 * With m = M ∇φ the gradient is M⁻¹ m. Its curl is cos θ c + sin θ d for a turn by θ, c the curl and d the divergence of m as
 * it is, and cos θ c' − sin θ d' for a mirrored one, c' = ∂y my − ∂x mx and d' = ∂y mx + ∂x my. The least of the sum of its
 * squares over θ is the smaller eigenvalue of a 2 × 2 matrix.
 */
function leastCurl(scatter: Float64Array, mirrored: boolean): { map: PlanarMap; curl: number; across: number } {
  // Of a Jacobian [yy, yx, xy, xx], the moment's component first. Both as cos θ c − sin θ d.
  const curl = mirrored ? [1, 0, 0, -1] : [0, -1, 1, 0];
  const divergence = mirrored ? [0, 1, 1, 0] : [-1, 0, 0, -1];
  const product = (a: readonly number[], b: readonly number[]): number => {
    let sum = 0;
    for (let i = 0; i < 4; i++) for (let k = 0; k < 4; k++) sum += a[i] * scatter[4 * i + k] * b[k];
    return sum;
  };
  const [cc, cd, dd] = [product(curl, curl), product(curl, divergence), product(divergence, divergence)];
  const spread = Math.hypot(cc - dd, 2 * cd) / 2;
  // cos² cc − 2 cos sin cd + sin² dd = (cc + dd)/2 + cos 2θ (cc − dd)/2 − sin 2θ cd.
  const twice = Math.atan2(2 * cd, dd - cc);
  return {
    map: { angle: halfAngle((twice * 90) / Math.PI), mirrored },
    curl: (cc + dd) / 2 - spread,
    across: (cc + dd) / 2 + spread,
  };
}

/** Degrees in (−90, 90]. */
function halfAngle(degrees: number): number {
  return normalAngle(2 * degrees) / 2;
}
