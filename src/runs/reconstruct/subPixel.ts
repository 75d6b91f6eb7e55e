import type { StageConfig } from "../../config/stages.ts";
import type { SubPixel } from "../../engines/canvas.ts";
import { wrapperNamed } from "../../engines/wrappers/registry.ts";

/** A position that is farther from its pixel, in pixels, lies between. */
const BETWEEN = 0.02;

/** Where positions move, or pixels are larger, they come to lie between pixels. */
export function subPixelOf(
  { subPixel: said, coarse = 1 }: Pick<StageConfig, "subPixel" | "coarse">,
  wrappers: readonly { readonly name: string }[],
  positions: Float64Array,
): SubPixel {
  if (said !== "auto") return said;
  const move = wrappers.some(({ name }) => (wrapperNamed(name).margin ?? 0) > 0);
  return move || coarse > 1 || positions.some((value) => Math.abs(value - Math.round(value)) > BETWEEN)
    ? "bilinear"
    : "whole";
}
