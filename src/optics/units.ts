/** Physical constants and the geometry of a far-field experiment. SI throughout; other units are named. */

/** h c in joule metres and e in coulombs (exact since 2019). */
const planckTimesLight = 6.62607015e-34 * 299792458;
const elementaryCharge = 1.602176634e-19;
const electronRestEnergyKev = 510.99895069;

/** Photon wavelength in metres; 1.2398 nm at 1 keV. */
export function wavelengthFromEnergy(energyKev: number): number {
  return planckTimesLight / (energyKev * 1e3 * elementaryCharge);
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
