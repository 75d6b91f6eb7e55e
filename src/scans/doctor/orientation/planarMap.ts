/**
 * How the axes along which positions are given lie on the detector: what moves by d in the object's plane moves along M d on
 * the detector, M = R(θ) Tᵗ, with T the exchange of y and x, and R(θ) a turn by θ from +x towards +y (clockwise on the
 * screen, where y points down). The right orientation is M = 1. See docs/orientation.md for which M can be told apart.
 */
export interface PlanarMap {
  /** Degrees, (−180, 180]. */
  readonly angle: number;
  /** t: whether one of the two is seen from behind. */
  readonly mirrored: boolean;
}

/** Row-major `[yy, yx, xy, xx]`: (y, x) ↦ (yy y + yx x, xy y + xx x). */
export type Matrix2 = readonly [yy: number, yx: number, xy: number, xx: number];

/** R(θ) maps (y, x) to (y cos θ + x sin θ, x cos θ − y sin θ). */
export function matrixOf({ angle, mirrored }: PlanarMap): Matrix2 {
  const [c, s] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  return mirrored ? [s, c, c, -s] : [c, s, -s, c];
}

/** Of the eight maps between the axes of two grids. */
export interface AxisMap {
  readonly transposed: boolean;
  readonly flippedY: boolean;
  readonly flippedX: boolean;
}

/** All eight: first the exchange of y and x, then the flips. */
export const axisMaps: readonly AxisMap[] = [false, true].flatMap((transposed) =>
  [false, true].flatMap((flippedY) => [false, true].map((flippedX) => ({ transposed, flippedY, flippedX }))),
);

export function axisMatrix({ transposed, flippedY, flippedX }: AxisMap): Matrix2 {
  const [y, x] = [flippedY ? -1 : 1, flippedX ? -1 : 1];
  return transposed ? [0, y, x, 0] : [y, 0, 0, x];
}

/** The same map as angle and mirror. */
export function planarMapOf(axes: AxisMap): PlanarMap {
  return nearestMap(axisMatrix(axes));
}

/** The turn, mirrored or not, that is nearest to a linear map, whatever its scale. */
export function nearestMap([yy, yx, xy, xx]: Matrix2): PlanarMap {
  const mirrored = yy * xx - yx * xy < 0;
  const angle = mirrored ? Math.atan2(yy - xx, yx + xy) : Math.atan2(yx - xy, yy + xx);
  return { angle: normalAngle((angle * 180) / Math.PI), mirrored };
}

/** M followed by a half turn, −M: what conjugation of object and probe does (docs/orientation.md). */
export function halfTurned({ angle, mirrored }: PlanarMap): PlanarMap {
  return { angle: normalAngle(angle + 180), mirrored };
}

/** Of the eight, the nearest, and how far it is off in degrees. */
export function nearestAxes(map: PlanarMap): { axes: AxisMap; off: number } {
  const same = axisMaps.filter((axes) => planarMapOf(axes).mirrored === map.mirrored);
  const off = (axes: AxisMap): number => Math.abs(normalAngle(planarMapOf(axes).angle - map.angle));
  const axes = same.reduce((best, one) => (off(one) < off(best) ? one : best));
  return { axes, off: off(axes) };
}

/** Degrees in (−180, 180]. */
export function normalAngle(degrees: number): number {
  const turned = ((degrees % 360) + 360) % 360;
  return turned > 180 ? turned - 360 : turned;
}
