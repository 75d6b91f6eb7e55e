/** Physical constants and the geometry of a far-field experiment. SI throughout; other units are named. */

/** h c in joule metres and e in coulombs (exact since 2019). */
const planckTimesLight = 6.62607015e-34 * 299792458;
const elementaryCharge = 1.602176634e-19;
const electronRestEnergyKev = 510.99895069;

/** Photon wavelength in metres; 1.2398 nm at 1 keV. */
export function wavelengthFromEnergy(energyKev: number): number {
  return planckTimesLight / (energyKev * 1e3 * elementaryCharge);
}

/** Photon energy in keV of a wavelength in metres. */
export function energyFromWavelength(wavelength: number): number {
  return planckTimesLight / (wavelength * 1e3 * elementaryCharge);
}

/** De Broglie wavelength in metres of an electron accelerated by a voltage in kV, relativistic. */
export function electronWavelength(voltageKv: number): number {
  const momentumKev = Math.sqrt(voltageKv * (voltageKv + 2 * electronRestEnergyKev));
  return planckTimesLight / (momentumKev * 1e3 * elementaryCharge);
}

export interface FarFieldGeometry {
  /** Metres. */
  readonly wavelength: number;
  /** Sample to detector, metres. */
  readonly distance: number;
  /** Pitch of the detector's pixels, metres. */
  readonly detectorPixel: number;
  /** Detector pixels along the side that is transformed. */
  readonly pixels: number;
}

/** Object pixel in metres of a far-field experiment: λ z / (N p). */
export function objectPixelSize({ wavelength, distance, detectorPixel, pixels }: FarFieldGeometry): number {
  return (wavelength * distance) / (pixels * detectorPixel);
}

/** Side of one detector pixel in reciprocal space, 1/m: the inverse of the probe window. */
export function reciprocalPixelSize({ wavelength, distance, detectorPixel }: Omit<FarFieldGeometry, "pixels">): number {
  return detectorPixel / (wavelength * distance);
}

/**
 * A propagation distance in the unit that probes take: squared object pixels, λ Δz / dx². In it a Fresnel propagator is
 * exp(−iπ · defocus · (fy² + fx²)) with f in cycles per pixel.
 */
export function defocusInPixels(distance: number, wavelength: number, pixelSize: number): number {
  return (wavelength * distance) / (pixelSize * pixelSize);
}

/** Radius in Fourier pixels of a lens aperture of this numerical aperture: N dx NA / λ. */
export function pupilRadiusFromAperture(
  numericalAperture: number,
  wavelength: number,
  pixelSize: number,
  pixels: number,
): number {
  return (pixels * pixelSize * numericalAperture) / wavelength;
}
