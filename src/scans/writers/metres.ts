import { setting } from "../../errors.ts";
import type { Geometry } from "../../optics/geometry.ts";
import { parallelBeam } from "../../optics/nearField.ts";
import { objectPixelSize } from "../../optics/units.ts";
import { middleOf } from "../scanPositions.ts";
import type { FramesToWrite } from "./framesToWrite.ts";

type Scan = Omit<FramesToWrite, "frames">;

/** Where the probe is over the object, metres, +y down, +x right. */
export interface ProbePositions {
  readonly y: Float64Array;
  readonly x: Float64Array;
}

/**
 * Positions in metres, counted from the object's middle pixel, index floor(n / 2); without an object from the middle of the
 * scan.
 * @param pixelM side of an object pixel that whoever reads the file will take
 */
export function positionsInMetres(scan: Pick<Scan, "positions" | "object">, pixelM: number): ProbePositions {
  const { positions, object } = scan;
  const count = positions.length / 2;
  const [y, x] = [0, 1].map((axis) => {
    const middle = object === undefined ? middleAlong(positions, axis) : middleOf(object)[axis];
    return Float64Array.from({ length: count }, (_, k) => (positions[2 * k + axis] - middle) * pixelM);
  });
  return { y, x };
}

function middleAlong(positions: Float64Array, axis: number): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let k = axis; k < positions.length; k += 2) {
    least = Math.min(least, positions[k]);
    most = Math.max(most, positions[k]);
  }
  return (least + most) / 2;
}

/**
 * In the far field the detector's pixel follows from the object's, p = λ z / (N dx), where a scan says the latter alone.
 * The scan as it is where nothing follows.
 */
export function withDetectorPixel(scan: FramesToWrite): FramesToWrite {
  const { geometry, shape } = scan;
  const { propagation, wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM } = geometry ?? {};
  const [, height, width] = shape;
  if (geometry === undefined || propagation !== "far-field" || height !== width || detectorPixelM !== undefined)
    return scan;
  if (wavelengthM === undefined || detectorDistanceM === undefined || objectPixelM === undefined) return scan;
  return {
    ...scan,
    geometry: { ...geometry, detectorPixelM: (wavelengthM * detectorDistanceM) / (width * objectPixelM) },
  };
}

/** What a format that keeps wavelength, distance and detector pixel has of a scan, once `checkGeometry` has passed. */
export interface WaveGeometry {
  readonly wavelengthM: number;
  readonly detectorDistanceM: number;
  readonly detectorPixelM: number;
  readonly objectPixelM: number;
}

/**
 * The geometry in numbers. In the far field the object's pixel is the one that readers derive, λ z / (N p), where the scan
 * may have it rounded: positions in pixels then come back as they were.
 */
export function waveGeometry(scan: Scan): WaveGeometry {
  const { wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM } = scan.geometry as Required<Geometry>;
  const known = { wavelengthM, detectorDistanceM, detectorPixelM };
  return { ...known, objectPixelM: derivedPixel(scan, known) ?? objectPixelM };
}

/** A near field as that of a parallel beam, `optics/nearField.ts`; anything else as it is. */
export function parallelGeometry(known: WaveGeometry, { geometry }: Scan): WaveGeometry {
  if (geometry?.propagation !== "near-field") return known;
  const { distanceM, pixelM } = parallelBeam(known);
  return { ...known, detectorDistanceM: distanceM, detectorPixelM: pixelM };
}

function derivedPixel(
  { geometry, shape: [, height, width] }: Scan,
  { wavelengthM, detectorDistanceM, detectorPixelM }: Omit<WaveGeometry, "objectPixelM">,
): number | undefined {
  if (geometry?.propagation !== "far-field" || height !== width) return undefined;
  return objectPixelSize({
    wavelength: wavelengthM,
    distance: detectorDistanceM,
    detectorPixel: detectorPixelM,
    pixels: width,
  });
}

/** Of formats that leave it to their readers to derive the object's pixel: what these cannot. */
export function pixelNotDerived(scan: Scan): string[] {
  if (scan.geometry?.objectPixelM === undefined || derivedPixel(scan, waveGeometry(scan)) !== undefined) return [];
  const why = scan.geometry.propagation === "far-field" ? "the patterns are not square" : "it is no far field";
  return [
    `the object's pixel, ${scan.geometry.objectPixelM} m: readers derive it from wavelength, distance and detector pixel, and ${why}; say ${setting("object_pixel_m", scan.geometry.objectPixelM)} to them`,
  ];
}
