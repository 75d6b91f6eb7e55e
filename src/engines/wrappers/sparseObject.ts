import type { Experiment } from "../experiment.ts";
import type { NumberSetting } from "../settings.ts";
import type { Wrapper } from "../wrapper.ts";
import { everyEpoch } from "./everyEpoch.ts";
import { type Area, scannedArea } from "./scannedArea.ts";

type SparseSettings = { readonly l1Weight: number };

const l1Weight: NumberSetting = {
  ...{ name: "l1Weight", kind: "real", default: 0.005, above: 0 },
  help: "weight of Σ |O − b| beside half the squared distance to the object, b being what most of it is: by so much pixels come closer to it after every epoch.",
};

/**
 * Most of the object is one thing, the air or the film about its parts. After every epoch pixels come closer to it,
 *
 *   O ← b + (O − b) max(0, 1 − λ / |O − b|),
 *
 * the soft threshold, which has least ½ ‖u − O‖² + λ Σ |u − b| (Daubechies, Defrise & De Mol, Comm. Pure Appl. Math. 57, 1413
 * (2004)). b is the geometric median of the pixels in which windows have their centres: amplitude and phase of what most
 * pixels are, whatever factor and phase object and probe share. Of several slices each has its own.
 */
export const sparseObject: Wrapper<SparseSettings> = {
  name: "l1",
  about: "makes the object sparse: pixels that hardly differ from what most of it is become that",
  oneState: true,
  settings: [l1Weight],
  init: (experiment: Experiment, { l1Weight }) => {
    const area = scannedArea(experiment);
    return everyEpoch(experiment, "object", ({ values, shape: [planes, height, width] }) => {
      const size = 2 * height * width;
      for (let k = 0; k < planes; k++) {
        const plane = values.subarray(k * size, (k + 1) * size);
        shrink(plane, geometricMedian(plane, width, area), l1Weight);
      }
    });
  },
};

/** In place. */
function shrink(values: Float64Array, [re, im]: readonly [number, number], weight: number): void {
  for (let i = 0; i < values.length; i += 2) {
    const [x, y] = [values[i] - re, values[i + 1] - im];
    const length = Math.hypot(x, y);
    const kept = length > weight ? 1 - weight / length : 0;
    values[i] = re + kept * x;
    values[i + 1] = im + kept * y;
  }
}

const ITERATIONS = 40;
/** Distances below this count as this: the iteration may rest on a pixel. */
const NEAREST = 1e-9;

/** The point with the least sum of distances to an area's values, by Weiszfeld's iteration from their mean. */
function geometricMedian(values: Float64Array, width: number, area: Area): readonly [re: number, im: number] {
  let centre: readonly [number, number] = [0, 0];
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    let [re, im, total] = [0, 0, 0];
    for (let y = area.top; y < area.bottom; y++)
      for (let x = area.left; x < area.right; x++) {
        const i = 2 * (y * width + x);
        const away = Math.hypot(values[i] - centre[0], values[i + 1] - centre[1]);
        const weight = iteration === 0 ? 1 : 1 / Math.max(NEAREST, away);
        re += weight * values[i];
        im += weight * values[i + 1];
        total += weight;
      }
    centre = [re / total, im / total];
  }
  return centre;
}
