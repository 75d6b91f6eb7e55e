import type { DataConfig } from "../../config/dataConfig.ts";
import { statedDose } from "../../config/scanUse.ts";
import type { Dataset } from "../../data/dataset.ts";
import { framesInUse } from "../../data/frameRanges.ts";
import { computeScales, normalisePatterns, type Scales, scaledProbe } from "../../data/normalisation.ts";
import { splitFrames } from "../../data/splits.ts";
import type { EngineScan } from "../../engines/scan.ts";
import type { Random } from "../../random.ts";

/** A scan as engines take it. They count its frames from 0 without those that are left out. */
export interface ScanForEngines {
  readonly scan: EngineScan;
  readonly scales: Scales;
  /** Frames of the dataset by the engines' numbers. */
  readonly used: readonly number[];
  /** In the engines' numbers: those to be explained, and those that are only predicted. */
  readonly frames: Int32Array;
  readonly heldOut: Int32Array;
}

/** @param random draws what is held out */
export function scanForEngines(
  dataset: Dataset,
  data: DataConfig,
  heldOutFraction: number,
  random: Random,
): ScanForEngines {
  const used = framesInUse(dataset);
  const { patterns, measurement, mask, geometry, name } = dataset;
  const positions = Float64Array.from(
    { length: 2 * used.length },
    (_, i) => dataset.positions[2 * used[i >> 1] + (i & 1)],
  );
  const numbers = used.map((_, i) => i);
  const split = splitFrames(
    positions,
    numbers,
    { fraction: used.length < 2 ? 0 : heldOutFraction, where: name },
    random,
  );
  const explained = split.training.map((i) => used[i]);
  const scales = computeScales(dataset, explained, statedDose(data));
  const scan: EngineScan = {
    amplitudes: {
      count: used.length,
      height: patterns.height,
      width: patterns.width,
      read(frames, out) {
        patterns.read(
          Array.from(frames, (i) => used[i]),
          out,
        );
        normalisePatterns(out, measurement, scales, mask?.data);
      },
    },
    positions,
    probe: scaledProbe(dataset.probe, scales),
    ...(mask === undefined ? {} : { mask: mask.data }),
    countsPerUnit: scales.countsPerUnit,
    ...(geometry === undefined ? {} : { geometry }),
  };
  return { scan, scales, used, frames: Int32Array.from(split.training), heldOut: Int32Array.from(split.validation) };
}
