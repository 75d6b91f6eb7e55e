import { PtychonautError, setting } from "../errors.ts";
import { bandLimit, type FreeSpace } from "../numerics/angularSpectrum.ts";
import { type Geometry, missingForPixel, missingForWave } from "./geometry.ts";

/** A near field as one of a parallel beam, metres. */
export interface ParallelBeam {
  readonly wavelengthM: number;
  readonly distanceM: number;
  readonly pixelM: number;
  /** Detector pixel over object pixel. */
  readonly magnification: number;
}

/** Frequencies along an axis that a window must let through: with fewer there is no image but a far field. */
const FEWEST_FREQUENCIES = 8;

/**
 * Fresnel's scaling theorem: in the beam that spreads from a focus z₁ before the sample, the detector z₂ behind it sees
 * what it would see in a parallel beam at z₂ / M, M times as large, M = (z₁ + z₂) / z₁. Once the detector's pixels are
 * divided by M both have the object's size p, so that M = detector pixel / object pixel; in a parallel beam it is 1.
 * The probe is the wave on the sample without that beam's spherical front.
 * @throws PtychonautError "data" where a number is missing
 */
export function parallelBeam(geometry: Omit<Geometry, "propagation">, where?: string): ParallelBeam {
  const { wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM } = geometry;
  if (
    wavelengthM !== undefined &&
    detectorDistanceM !== undefined &&
    detectorPixelM !== undefined &&
    objectPixelM !== undefined
  ) {
    const magnification = detectorPixelM / objectPixelM;
    return { wavelengthM, distanceM: detectorDistanceM / magnification, pixelM: objectPixelM, magnification };
  }
  const missing = [
    ...(wavelengthM === undefined ? [missingForWave] : []),
    ...missingForPixel({ ...geometry, propagation: "near-field" }),
    ...(detectorDistanceM === undefined ? [setting("detector_distance_m")] : []),
    ...(detectorPixelM === undefined ? [`${setting("detector_pixel_m")} (in a parallel beam the object's)`] : []),
  ];
  throw new PtychonautError("data", "a near field needs its geometry", {
    ...(where === undefined ? {} : { where }),
    expected: `${[...new Set(missing)].join(", ")}, in the file or as settings`,
    fix: "state these",
  });
}

/** The same in pixels. */
export const freeSpaceOf = ({ wavelengthM, distanceM, pixelM }: Omit<ParallelBeam, "magnification">): FreeSpace => ({
  travel: (wavelengthM * distanceM) / pixelM ** 2,
  wavelength: wavelengthM / pixelM,
});

/** How well windows of a size show a near field. */
export interface NearFieldSampling {
  /** Pixels that light of the finest detail, two pixels, travels sideways: what wraps around at the window's edge. */
  readonly reach: number;
  /** Pixels of the finest detail that is computed: 2, or more where the light would travel beyond half a window. */
  readonly finest: number;
  /** Frequencies along an axis that are left. */
  readonly frequencies: number;
  /** Phase that finest detail takes on, radians: where there is none, patterns are the light on the sample itself. */
  readonly phase: number;
}

export function nearFieldSampling(space: FreeSpace, side: number): NearFieldSampling {
  const limit = Math.min(0.5, bandLimit(space, side));
  return {
    reach: Math.abs(space.travel) / 2,
    finest: 1 / limit,
    frequencies: 2 * limit * side,
    phase: (Math.PI * Math.abs(space.travel)) / 4,
  };
}

/** @throws PtychonautError "data" where next to nothing of a near field fits into the window */
export function checkNearFieldSampling(space: FreeSpace, sides: readonly number[], where?: string): void {
  for (const side of sides) {
    const { frequencies } = nearFieldSampling(space, side);
    if (frequencies >= FEWEST_FREQUENCIES || side < FEWEST_FREQUENCIES) continue;
    throw new PtychonautError("data", "light travels too far for a near field in windows of this size", {
      ...(where === undefined ? {} : { where }),
      expected: `λ z / p² of at most ${(side ** 2 / FEWEST_FREQUENCIES).toPrecision(3)}, which lets ${FEWEST_FREQUENCIES} frequencies through a window of ${side} pixels`,
      got: `${space.travel.toPrecision(4)}: ${frequencies.toPrecision(2)} frequencies`,
      fix: `it is a far field, or wavelength, distance or pixels are wrong: say ${setting("propagation", "far-field")}, or correct them`,
    });
  }
}
