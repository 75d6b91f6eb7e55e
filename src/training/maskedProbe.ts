import type { ComplexArray } from "../arrays.ts";
import type { ModelConfig } from "../config/modelConfig.ts";
import { probeMask } from "../optics/probeMask.ts";

/** A scaled probe as the physics takes it: masked where the model masks it. */
export function maskedProbe(
  probe: ComplexArray,
  model: Pick<ModelConfig, "N" | "probeMask" | "probeMaskDiameter" | "probeMaskSigma">,
): ComplexArray {
  if (!model.probeMask) return probe;
  const { data: mask } = probeMask(model.N, model.probeMaskDiameter, model.probeMaskSigma);
  return { shape: probe.shape, data: probe.data.map((value, i) => value * mask[(i >> 1) % mask.length]) };
}
