import { PtychonautError, setting } from "../../errors.ts";
import { type Geometry, missingForPixel } from "../../optics/geometry.ts";
import { counted } from "../../printable.ts";
import type { FramesToWrite } from "./framesToWrite.ts";

/** What a scan may have beside its patterns. */
export type ScanPart =
  | "positions"
  | "nominalPositions"
  | "probe"
  | "object"
  | "patches"
  | "mask"
  | "scanIndex"
  | "frameIntensities"
  | "photonsPerPattern"
  | "electrons"
  | "nearField"
  | GeometryNeed;

/** What a format in metres is of no use without. */
export type GeometryNeed = "wavelengthM" | "detectorDistanceM" | "detectorPixelM" | "objectPixelM";

type Scan = Omit<FramesToWrite, "frames">;

/** Each as one says what of it would be lost; undefined where a scan has none. */
const parts: Readonly<Record<ScanPart, (scan: Scan) => string | undefined>> = {
  positions: ({ shape }) => `the positions of ${counted(shape[0], "pattern")}`,
  nominalPositions: ({ nominalPositions, positions, shape }) =>
    nominalPositions?.some((value, i) => value !== positions[i])
      ? `the nominal positions of ${counted(shape[0], "pattern")}, beside the actual ones`
      : undefined,
  probe: ({ probe }) => `the probe, ${counted(probe.shape[0], "mode")} of ${probe.shape.slice(1).join(" x ")}`,
  object: ({ object }) => object && `the object, ${object.shape.join(" x ")}`,
  patches: ({ patches }) => patches && `the true or reference patches of ${counted(patches.shape[0], "pattern")}`,
  mask: ({ mask }) =>
    mask && `the mask, ${mask.data.filter((valid) => valid === 0).length} of ${mask.data.length} pixels`,
  scanIndex({ scanIndex }) {
    const scans = new Set(scanIndex).size;
    return scans > 1 ? `which of ${scans} scans each pattern belongs to (scan_index)` : undefined;
  },
  frameIntensities: ({ frameIntensities }) =>
    frameIntensities && `the beam's intensity in ${counted(frameIntensities.length, "pattern")}`,
  photonsPerPattern: ({ photonsPerPattern }) =>
    photonsPerPattern === undefined ? undefined : `the stated dose of ${photonsPerPattern} photons a pattern`,
  electrons: ({ geometry }) => (geometry?.radiation === "electrons" ? "that the radiation is electrons" : undefined),
  nearField: ({ geometry }) => (geometry?.propagation === "near-field" ? "that it is a near field" : undefined),
  wavelengthM: (scan) => length(scan, "wavelengthM", "the wavelength"),
  detectorDistanceM: (scan) => length(scan, "detectorDistanceM", "the distance to the detector"),
  detectorPixelM: (scan) => length(scan, "detectorPixelM", "the detector's pixel"),
  objectPixelM: (scan) => length(scan, "objectPixelM", "the object's pixel"),
};

function length({ geometry }: Scan, name: GeometryNeed, what: string): string | undefined {
  const value = geometry?.[name];
  return value === undefined ? undefined : `${what}, ${value} m`;
}

export const scanParts: readonly ScanPart[] = Object.keys(parts) as ScanPart[];

/** What of a scan a format has a place for (`ScanWriter`). */
interface Holder {
  readonly holds: readonly ScanPart[];
  alsoLost?(scan: FramesToWrite): readonly string[];
}

/** What a format cannot hold of a scan, a line each, with numbers. */
export function lostIn(writer: Holder, scan: FramesToWrite): string[] {
  const lost = scanParts.filter((part) => !writer.holds.includes(part)).map((part) => parts[part](scan));
  return [...lost.filter((line) => line !== undefined), ...(writer.alsoLost?.(scan) ?? [])];
}

/** @throws PtychonautError "usage": what a format needs and the scan does not say, and the settings that say it */
export function checkGeometry(
  { name, needs }: { readonly name: string; readonly needs: readonly GeometryNeed[] },
  { geometry }: Scan,
  where: string,
): void {
  const known: Geometry = geometry ?? { propagation: "far-field" };
  // The detector's pixel follows from the others in the far field (`withDetectorPixel`).
  const follows = known.objectPixelM !== undefined && known.propagation === "far-field";
  const open = needs.filter((need) => known[need] === undefined);
  const missing = open.filter((need) => need !== "detectorPixelM" || !follows || open.length === 1);
  if (missing.length === 0) return;
  const wanted = missing.flatMap((need) => (need === "objectPixelM" ? missingForPixel(known) : statedBy[need]));
  throw new PtychonautError("usage", `${name} is in metres, and the scan does not say enough to have any`, {
    where,
    expected: [...new Set(wanted)].join(", "),
    got: "none of these, in the file or as settings",
    fix: "say them, or write a format in pixels: npz, hdf5",
  });
}

const statedBy: Readonly<Record<GeometryNeed, string>> = {
  wavelengthM: `${setting("energy_kev")} (or ${setting("voltage_kv")}, ${setting("wavelength_m")})`,
  detectorDistanceM: setting("detector_distance_m"),
  detectorPixelM: setting("detector_pixel_m"),
  objectPixelM: setting("object_pixel_m"),
};
