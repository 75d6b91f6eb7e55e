/** Physical constants and the geometry of a far-field experiment. SI throughout; other units are named. */

/** h c in joule metres and e in coulombs (exact since 2019). */
const planckTimesLight = 6.62607015e-34 * 299792458;
const elementaryCharge = 1.602176634e-19;
export const JOULES_PER_KEV: number = 1e3 * elementaryCharge;
const electronRestEnergyKev = 510.99895069;

/** Photon wavelength in metres; 1.2398 nm at 1 keV. */
export function wavelengthFromEnergy(energyKev: number): number {
  return planckTimesLight / (energyKev * 1e3 * elementaryCharge);
}

/** Energy in keV of photons of a wavelength in metres. */
export function energyFromWavelength(wavelengthM: number): number {
  return planckTimesLight / (wavelengthM * JOULES_PER_KEV);
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

/**
 * A length in metres with the prefix that keeps it between 1 and 1000, for people.
 * @param digits significant ones, at most
 */
export function lengthLabel(metres: number, digits: number = 3): string {
  const units = [
    [1e-9, "nm"],
    [1e-6, "µm"],
    [1e-3, "mm"],
    [1, "m"],
  ] as const;
  const rounded = (value: number): string => String(Number(value.toPrecision(digits)));
  if (metres < 0.9999e-9) return `${rounded(metres / 1e-10)} Å`;
  const [unit, name] = [...units].reverse().find(([size]) => metres >= 0.9999 * size)!;
  return `${rounded(metres / unit)} ${name}`;
}
