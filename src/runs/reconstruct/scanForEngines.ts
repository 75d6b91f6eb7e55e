import type { DataConfig } from "../../config/dataConfig.ts";
import type { ReconstructionConfig } from "../../config/reconstructionConfig.ts";
import { statedDose } from "../../config/scanUse.ts";
import type { Dataset } from "../../data/dataset.ts";
import { framesInUse } from "../../data/frameRanges.ts";
import { computeScales, normalisePatterns, type Scales, scaledProbe } from "../../data/normalisation.ts";
import { splitFrames } from "../../data/splits.ts";
import type { EngineScan } from "../../engines/scan.ts";
import { PtychonautError, setting } from "../../errors.ts";
import type { FreeSpace } from "../../numerics/angularSpectrum.ts";
import { missingForWave } from "../../optics/geometry.ts";
import { freeSpaceOf } from "../../optics/nearField.ts";
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

/** From one slice to the next, in object pixels. @throws PtychonautError "data" where the geometry is not known */
function spaceBetween({ name, geometry, provenance }: Dataset, distanceM: number): FreeSpace {
  const { wavelengthM, objectPixelM } = geometry ?? {};
  if (wavelengthM === undefined || objectPixelM === undefined)
    throw new PtychonautError("data", "slices need the wavelength and the size of an object pixel", {
      where: provenance.path ?? name,
      fix: `state ${wavelengthM === undefined ? missingForWave : setting("object_pixel_m")}`,
    });
  return freeSpaceOf({ wavelengthM, distanceM, pixelM: objectPixelM });
}

/** @param random draws what is held out */
export function scanForEngines(
  dataset: Dataset,
  data: DataConfig,
  {
    heldOutFraction,
    slices,
    thicknessM,
    sliceDistanceM,
  }: Pick<ReconstructionConfig, "heldOutFraction" | "slices" | "sliceDistanceM" | "thicknessM">,
  random: Random,
): ScanForEngines {
  // Each slice stands for an equal part of the thickness.
  const distanceM = thicknessM === null ? sliceDistanceM : thicknessM / slices;
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
    ...(distanceM === null ? {} : { slices: { count: slices, between: spaceBetween(dataset, distanceM) } }),
  };
  return { scan, scales, used, frames: Int32Array.from(split.training), heldOut: Int32Array.from(split.validation) };
}
