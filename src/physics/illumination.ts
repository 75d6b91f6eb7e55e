import { type Complex, complexMul, complexReshape, scale } from "../graph/complex.ts";
import { shapeError, type Tensor } from "../graph/tensor.ts";

/**
 * Exit waves O P_p behind a thin object, one for each probe mode.
 *
 * @param object `[..., N, N]` windows of the object
 * @param probe `[mode, N, N]`, or `[..., mode, N, N]` that broadcasts over the object's leading axes (a probe a sample)
 * @param mask `[N, N]`, factor on the probe (`optics/probeMask.ts`); default none
 * @returns `[..., mode, N, N]`
 * @throws PtychonautError "shape" when windows and probe differ in size
 */
export function exitWaves(object: Complex, probe: Complex, mask?: Tensor): Complex {
  const [height, width] = object.re.shape.slice(-2) as [number, number];
  if (probe.re.rank < 3 || probe.re.shape.at(-2) !== height || probe.re.shape.at(-1) !== width) {
    throw shapeError("illumination", "object [..., N, N] and probe [mode, N, N]", object.re, probe.re);
  }
  const perMode = complexReshape(object, [...object.re.shape.slice(0, -2), 1, height, width]);
  return complexMul(perMode, mask === undefined ? probe : scale(probe, mask));
}
