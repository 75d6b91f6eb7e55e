import type { Dataset } from "../../../data/dataset.ts";
import { scanStatistics } from "../../../data/scanStatistics.ts";
import { PtychonautError } from "../../../errors.ts";
import type { ArrayFile } from "../../../formats/arrayFile.ts";
import { short } from "../../checks/finding.ts";
import type { RasterPart } from "../../parts.ts";
import { correctsPositions } from "../../prepare/positions.ts";
import { readScanArrays, scanParts } from "../../registry.ts";
import type { Elsewhere } from "../../scanFormat.ts";
import type { ScanOptions } from "../../scanOptions.ts";
import { fixOf } from "../fix.ts";
import { COLUMN_ORDER } from "../positions.ts";
import { type DoctorRow, openRow } from "../row.ts";
import { type OrientationScan, usableFrames } from "./frames.ts";
import { measureOrientation } from "./orientation.ts";
import { orientationScan } from "./orientationScan.ts";
import type { PlanarMap } from "./planarMap.ts";
import { orientationRows } from "./rows.ts";
import type { TrialHooks } from "./trials.ts";

/** A file as far as it was looked at. */
export interface Looked {
  readonly file: ArrayFile;
  readonly stated: ScanOptions;
  readonly rows: readonly DoctorRow[];
  readonly name: string;
  readonly elsewhere: Elsewhere;
}

/** The orientation of a scan, read with all that was said and all that the rows so far are sure of. */
export async function examinedOrientation(looked: Looked, hooks: TrialHooks): Promise<readonly DoctorRow[]> {
  const { file, name, elsewhere } = looked;
  const { options: sure } = fixOf(looked.rows, looked.stated);
  const orderOpen = looked.rows.some(({ quantity, state }) => quantity === COLUMN_ORDER && state === "open");
  const options: ScanOptions = orderOpen ? { ...sure, positionOrder: "yx" } : sure;
  let [dataset, probeKnown]: [Dataset | undefined, boolean] = [undefined, true];
  let applied: PlanarMap | undefined;
  try {
    const { parts } = scanParts(file, options, name, elsewhere);
    const model = options.probeModel ?? parts.optics?.probeModel;
    applied = turnOfRaster(parts.raster);
    probeKnown = parts.probe !== undefined || (model !== undefined && model !== "mean");
    // Reading needs some probe; where there is none, the orientation is measured without.
    const whole: ScanOptions = probeKnown ? options : { ...options, probeModel: "mean" };
    dataset = readScanArrays(file, whole, { path: name, elsewhere });
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
    return [openRow("orientation", `the scan cannot be read yet: ${error.message.replaceAll("\n", " ")}`)];
  }
  if (dataset.geometry?.propagation === "near-field")
    return [openRow("orientation", "the field at the detector is a near field, which is not reconstructed here")];
  const scan = orientationScan(dataset, probeKnown);
  const apart = windowsApart(scan);
  if (apart !== undefined) return [openRow("orientation", apart)];
  const found = await measureOrientation(scan, hooks);
  if (hooks.signal?.aborted === true) return [openRow("orientation", "stopped before it was measured")];
  const reading = { probeKnown, corrected: correctsPositions(options), orderOpen };
  return orientationRows(found, dataset.geometry, { ...reading, ...(applied === undefined ? {} : { applied }) });
}

/** How a file says that its raster is turned, which reading has done; undefined where it says nothing. */
function turnOfRaster(raster: RasterPart | undefined): PlanarMap | undefined {
  const { rotation = 0, exchanged = false } = raster ?? {};
  return rotation === 0 ? undefined : { angle: rotation, mirrored: exchanged };
}

/** Why positions tell nothing of how windows overlap, as those in another unit do not; undefined where they may. */
function windowsApart({ height, width, positions, ...scan }: OrientationScan): string | undefined {
  const used = usableFrames({ height, width, positions, ...scan });
  if (used.length < 2) return undefined;
  const { least, greatest, step } = scanStatistics(
    Float64Array.from(used.flatMap((k) => [positions[2 * k], positions[2 * k + 1]])),
  );
  if (Math.max(greatest[0] - least[0], greatest[1] - least[1]) < 1)
    return "all windows lie on one pixel: the positions are in another unit, or the scan did not move";
  if (step < Math.min(height, width)) return undefined;
  return `no window of ${height} × ${width} meets another at a step of ${short(step)} pixels: the positions are in another unit, or the object's pixel is another`;
}
