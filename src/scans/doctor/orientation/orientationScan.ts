import type { Dataset } from "../../../data/dataset.ts";
import type { OrientationScan } from "./frames.ts";

/**
 * A Dataset as the orientation is measured from: counts.
 * @param probeKnown whether its probe is one, and no stand-in
 */
export function orientationScan(dataset: Dataset, probeKnown: boolean): OrientationScan {
  const { patterns, measurement, positions, mask, probe, skipped } = dataset;
  const { count, height, width } = patterns;
  return {
    ...{ count, height, width, positions },
    read: (indices) => {
      const out = new Float32Array(indices.length * height * width);
      patterns.read(indices, out);
      if (measurement === "amplitude") for (let i = 0; i < out.length; i++) out[i] *= out[i];
      return out;
    },
    ...(mask === undefined ? {} : { mask: mask.data }),
    ...(probeKnown ? { probe } : {}),
    ...(skipped === undefined ? {} : { skipped }),
  };
}
