import type { DataConfig } from "../../config/dataConfig.ts";
import type { ReconstructionConfig } from "../../config/reconstructionConfig.ts";
import { statedDose } from "../../config/scanUse.ts";
import type { Dataset } from "../../data/dataset.ts";
import { framesInUse } from "../../data/frameRanges.ts";
import { computeScales, type Scales } from "../../data/normalisation.ts";
import { splitFrames } from "../../data/splits.ts";
import type { EngineScan } from "../../engines/scan.ts";
import { PtychonautError, setting } from "../../errors.ts";
import type { FreeSpace } from "../../numerics/angularSpectrum.ts";
import { missingForWave } from "../../optics/geometry.ts";
import { freeSpaceOf } from "../../optics/nearField.ts";
import type { Random } from "../../random.ts";
import { engineScanOf } from "./engineScan.ts";

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

/** @param random draws what is held out, and the noise that states of the object begin with */
export function scanForEngines(
  dataset: Dataset,
  data: DataConfig,
  {
    heldOutFraction,
    slices,
    thicknessM,
    sliceDistanceM,
    objectModes,
    objectModePower,
  }: Pick<
    ReconstructionConfig,
    "heldOutFraction" | "slices" | "sliceDistanceM" | "thicknessM" | "objectModes" | "objectModePower"
  >,
  random: Random,
): ScanForEngines {
  // Each slice stands for an equal part of the thickness.
  const distanceM = thicknessM === null ? sliceDistanceM : thicknessM / slices;
  const used = framesInUse(dataset);
  const positions = Float64Array.from(
    { length: 2 * used.length },
    (_, i) => dataset.positions[2 * used[i >> 1] + (i & 1)],
  );
  const numbers = used.map((_, i) => i);
  const split = splitFrames(
    positions,
    numbers,
    { fraction: used.length < 2 ? 0 : heldOutFraction, where: dataset.name },
    random,
  );
  const explained = split.training.map((i) => used[i]);
  const scales = computeScales(dataset, explained, statedDose(data));
  const scan: EngineScan = {
    ...engineScanOf(dataset, scales, used),
    ...(distanceM === null ? {} : { slices: { count: slices, between: spaceBetween(dataset, distanceM) } }),
    ...(objectModes === 1
      ? {}
      : { objectModes: { count: objectModes, power: objectModePower, seed: random.uint32() } }),
  };
  return { scan, scales, used, frames: Int32Array.from(split.training), heldOut: Int32Array.from(split.validation) };
}
