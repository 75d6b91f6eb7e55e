import { PtychonautError } from "../../errors.ts";
import type { Shape } from "./kernels.ts";

interface Shaped {
  readonly shape: Shape;
}

/**
 * The extents over which an operation goes: of frames and modes the longest.
 *
 * @throws PtychonautError "shape" where extents neither agree nor are 1
 */
export function longest(operands: readonly Shaped[]): Shape {
  const [, , height, width] = operands[0].shape;
  let [frames, modes] = [1, 1];
  for (const { shape } of operands) {
    frames = Math.max(frames, shape[0]);
    modes = Math.max(modes, shape[1]);
  }
  const fits = ({ shape: [f, m, h, w] }: Shaped): boolean =>
    h === height && w === width && (f === frames || f === 1) && (m === modes || m === 1);
  if (!operands.every(fits))
    throw new PtychonautError("shape", "planes do not fit each other", {
      got: operands.map(({ shape }) => `[${shape}]`).join(" and "),
    });
  return [frames, modes, height, width];
}

/** @throws PtychonautError "shape" where operands do not repeat to what a result has */
export function expectRepeats(out: Shaped, operands: readonly Shaped[]): void {
  const [frames, modes] = longest([out, ...operands]);
  if (frames !== out.shape[0] || modes !== out.shape[1])
    throw new PtychonautError("shape", "a result has fewer planes than what it is made of", {
      expected: `[${frames}, ${modes}, …]`,
      got: `[${out.shape}]`,
    });
}
