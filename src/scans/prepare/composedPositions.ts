import type { Matrix2 } from "../../numerics/affineFit.ts";
import { parseScale } from "./positions.ts";
import type { PositionOptions } from "./prepareOptions.ts";

/** A map of the axes of a stage: turned, stretched along each axis, and the angle between them. */
export interface StageMap {
  /** From +x towards +y. */
  readonly degrees: number;
  readonly scale: readonly [y: number, x: number];
  /** What the angle between the axes is less than a right one. */
  readonly shearDegrees: number;
}

/**
 * A matrix C of vectors (y, x) as C = R(θ) K S: S stretches along the axes, K shears both by the same angle, and R turns from
 * +x towards +y. The images of the axes tell: x turns by one angle and y by another, the mean is θ.
 */
export function stageMap([yy, yx, xy, xx]: Matrix2): StageMap {
  const [ofY, ofX] = [Math.atan2(-xy, yy), Math.atan2(yx, xx)];
  const half = (ofX - ofY) / 2;
  const degree = Math.PI / 180;
  return {
    degrees: (ofX + ofY) / (2 * degree),
    scale: [Math.hypot(yy, xy) * Math.cos(half), Math.hypot(yx, xx) * Math.cos(half)],
    shearDegrees: (2 * half) / degree,
  };
}

/** What to say that positions are corrected as options do, and by a map of the stage's axes: options scale first, then turn. */
export function composedWith(
  { positionScale, positionRotation = 0 }: Pick<PositionOptions, "positionScale" | "positionRotation">,
  { degrees, scale }: Pick<StageMap, "degrees" | "scale">,
): { readonly positionRotation: number; readonly positionScale: string } {
  const factors = parseScale(positionScale).map((factor, axis) => (factor * scale[axis]).toFixed(4));
  const turned = positionRotation + degrees;
  return {
    // Within half a turn, and so within what the setting takes.
    positionRotation: Number((turned - 360 * Math.round(turned / 360)).toFixed(2)),
    positionScale: factors[0] === factors[1] ? factors[0] : factors.join(","),
  };
}
