import { PtychonautError, setting } from "../../errors.ts";
import type { Wrapper } from "../wrapper.ts";
import { everyEpoch } from "./everyEpoch.ts";

type SmoothSlicesSettings = { readonly sliceSmoothing: number };

/**
 * Slices of one object vary little from one to the next, unless light has told them apart: after every epoch each becomes
 *
 *   O_s ← (1 − w) O_s + w (O_s−1 + O_s+1) / 2,
 *
 * the outermost with itself beyond the end. Coarse structure, whose light hardly spreads between slices, is then shared
 * evenly. Phases that slices have as a whole, which no pattern knows, are taken off their neighbours first.
 */
export const smoothSlices: Wrapper<SmoothSlicesSettings> = {
  name: "smooth_slices",
  about: "keeps neighbouring slices of a thick object alike",
  settings: [
    {
      ...{ name: "sliceSmoothing", kind: "real", default: 0.05, above: 0, max: 0.5 },
      help: "part of each slice that its neighbours give after every epoch.",
    },
  ],
  init(experiment, { sliceSmoothing }) {
    if (experiment.slices === 1)
      throw new PtychonautError("usage", "smooth_slices needs an object of several slices", {
        fix: `leave it out, or say ${setting("slices", 2)} and where they lie`,
      });
    return everyEpoch(experiment, "object", ({ values, shape: [slices] }) => {
      values.set(smoothed(values, slices, sliceSmoothing));
    });
  },
};

/** @param values `[slices, pixel]`, interleaved */
function smoothed(values: ArrayLike<number>, slices: number, part: number): Float64Array {
  const size = values.length / slices;
  const out = Float64Array.from(values, (value) => (1 - part) * value);
  for (let s = 0; s < slices; s++)
    for (const neighbour of [Math.max(0, s - 1), Math.min(slices - 1, s + 1)]) {
      const [own, other] = [s * size, neighbour * size];
      let [re, im] = [0, 0];
      for (let i = 0; i < size; i += 2) {
        re += values[own + i] * values[other + i] + values[own + i + 1] * values[other + i + 1];
        im += values[own + i + 1] * values[other + i] - values[own + i] * values[other + i + 1];
      }
      const scale = part / 2 / (Math.hypot(re, im) || 1);
      const [c, d] = [scale * re, scale * im];
      for (let i = 0; i < size; i += 2) {
        out[own + i] += c * values[other + i] - d * values[other + i + 1];
        out[own + i + 1] += c * values[other + i + 1] + d * values[other + i];
      }
    }
  return out;
}
