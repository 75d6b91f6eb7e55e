import type { Dataset } from "../../data/dataset.ts";
import { normalisePatterns, type Scales, scaledProbe } from "../../data/normalisation.ts";
import type { EngineScan } from "../../engines/scan.ts";

/**
 * A dataset in the normalisation of engines, read as they ask for it.
 * @param used frames of the dataset by the engines' numbers; all where it is absent
 */
export function engineScanOf(
  { patterns, measurement, mask, geometry, positions, probe }: Dataset,
  scales: Scales,
  used?: readonly number[],
): EngineScan {
  const { count, height, width } = patterns;
  const frameOf = (number: number): number => (used === undefined ? number : used[number]);
  return {
    amplitudes: {
      ...{ count: used?.length ?? count, height, width },
      read(frames, out) {
        patterns.read(used === undefined ? frames : Array.from(frames, frameOf), out);
        normalisePatterns(out, measurement, scales, mask?.data);
      },
    },
    positions: Float64Array.from(
      { length: 2 * (used?.length ?? count) },
      (_, i) => positions[2 * frameOf(i >> 1) + (i & 1)],
    ),
    probe: scaledProbe(probe, scales),
    ...(mask === undefined ? {} : { mask: mask.data }),
    countsPerUnit: scales.countsPerUnit,
    ...(geometry === undefined ? {} : { geometry }),
  };
}
