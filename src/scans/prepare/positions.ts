import { PtychonautError, setting } from "../../errors.ts";
import { type PositionOptions, positionScalePattern } from "./prepareOptions.ts";

/** Whether options correct positions. */
export const correctsPositions = ({
  positionSwap,
  positionFlip,
  positionScale,
  positionRotation,
}: PositionOptions): boolean =>
  positionSwap === true ||
  positionFlip !== undefined ||
  positionScale !== undefined ||
  (positionRotation !== undefined && positionRotation !== 0);

/**
 * Positions as options correct them, `[frame, 2]` as (y, x), about a point: y and x exchanged, then turned round, then
 * scaled, then rotated by an angle from +x towards +y (clockwise as one sees an image whose rows go down):
 * (y, x) becomes (y cos θ + x sin θ, x cos θ − y sin θ).
 * @param about which point stays where it is
 */
export function correctedPositions(
  positions: Float64Array,
  { positionSwap = false, positionFlip, positionScale, positionRotation = 0 }: PositionOptions,
  about: readonly [y: number, x: number],
): Float64Array {
  const [scaleY, scaleX] = parseScale(positionScale);
  const y = (positionFlip?.includes("y") === true ? -1 : 1) * scaleY;
  const x = (positionFlip?.includes("x") === true ? -1 : 1) * scaleX;
  const angle = (positionRotation * Math.PI) / 180;
  // Exact for quarter turns.
  const [cos, sin] = positionRotation % 90 === 0 ? quarterTurn(positionRotation) : [Math.cos(angle), Math.sin(angle)];
  const out = new Float64Array(positions.length);
  for (let k = 0; k < positions.length; k += 2) {
    const own = [positions[k] - about[0], positions[k + 1] - about[1]];
    const [down, right] = positionSwap ? [own[1] * y, own[0] * x] : [own[0] * y, own[1] * x];
    out[k] = about[0] + down * cos + right * sin;
    out[k + 1] = about[1] + right * cos - down * sin;
  }
  return out;
}

function quarterTurn(degrees: number): readonly [cos: number, sin: number] {
  const quarters = [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ] as const;
  return quarters[(((degrees / 90) % 4) + 4) % 4];
}

/** Factors of positions along y and x. @throws PtychonautError "usage" for what is no factor, or no positive one */
export function parseScale(text: string | undefined): readonly [y: number, x: number] {
  if (text === undefined) return [1, 1];
  const [y, x = y] = text.split(",").map(Number);
  if (positionScalePattern.test(text) && y > 0 && x > 0) return [y, x];
  throw new PtychonautError("usage", "this is no scale of positions", {
    expected: `${setting("position_scale", 1.02)}, or one factor along y and one along x: 1.02,0.98`,
    got: text,
  });
}

/** What was done, for people. */
export function correctionText({
  positionSwap,
  positionFlip,
  positionScale,
  positionRotation,
}: PositionOptions): string {
  return [
    ...(positionSwap === true ? ["y and x exchanged"] : []),
    ...(positionFlip === undefined ? [] : [`${[...positionFlip].join(" and ")} turned round`]),
    ...(positionScale === undefined ? [] : [`scaled by ${parseScale(positionScale).join(" (y) and ")} (x)`]),
    ...(positionRotation === undefined || positionRotation === 0
      ? []
      : [`rotated by ${positionRotation}° from +x towards +y`]),
  ].join(", then ");
}

/** The middle of the smallest rectangle that holds all. */
export function middleOfScan(positions: Float64Array): readonly [y: number, x: number] {
  const [y, x] = [0, 1].map((axis) => {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let k = axis; k < positions.length; k += 2) {
      if (positions[k] < least) least = positions[k];
      if (positions[k] > most) most = positions[k];
    }
    return (least + most) / 2;
  });
  return [y, x];
}
