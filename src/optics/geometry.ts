import { PtychonautError, setting } from "../errors.ts";
import { electronWavelength, objectPixelSize, wavelengthFromEnergy } from "./units.ts";

export type Radiation = "photons" | "electrons";

/** How the wave travels from sample to detector, by the names of `physics/propagation/propagators.ts`. */
export type Propagation = "far-field" | "near-field";

/** What is known of an experiment's geometry, lengths in metres. What is unknown is absent. */
export interface Geometry {
  /** Far field unless stated otherwise. */
  readonly propagation: Propagation;
  readonly radiation?: Radiation;
  readonly wavelengthM?: number;
  /** Sample to detector. */
  readonly detectorDistanceM?: number;
  /** Pitch of the detector's pixels. */
  readonly detectorPixelM?: number;
  /** Pitch of the object's pixels, in which positions count. */
  readonly objectPixelM?: number;
}

/** What a file or a person states of it, any part. */
export interface GeometryStatement {
  readonly propagation?: Propagation;
  readonly radiation?: Radiation;
  /** Of photons. */
  readonly energyKev?: number;
  /** That electrons were accelerated by. */
  readonly voltageKv?: number;
  readonly wavelengthM?: number;
  readonly detectorDistanceM?: number;
  readonly detectorPixelM?: number;
  readonly objectPixelM?: number;
  /** Of a near field: from the focus that the beam spreads from to the sample. */
  readonly focusDistanceM?: number;
}

/** The settings that state these numbers. */
const settingNames = {
  energyKev: "energy_kev",
  voltageKv: "voltage_kv",
  wavelengthM: "wavelength_m",
  detectorDistanceM: "detector_distance_m",
  detectorPixelM: "detector_pixel_m",
  objectPixelM: "object_pixel_m",
  focusDistanceM: "focus_distance_m",
} as const;

type Quantity = keyof typeof settingNames;

export const geometryQuantities = Object.keys(settingNames) as readonly Quantity[];

/** Two numbers for one quantity may differ by as much: people write three digits. */
const AGREEMENT = 0.01;

/** Object pixels are between these, metres: beyond them a length is in another unit, or numbers ran out of their range. */
const [LEAST_PIXEL, LARGEST_PIXEL] = [1e-15, 1] as const;

const agree = (a: number, b: number): boolean => Math.abs(a - b) <= AGREEMENT * Math.max(Math.abs(a), Math.abs(b));

/**
 * What two sources say together. The second fills in what the first leaves open.
 * @throws PtychonautError "data" where both say something and it differs
 */
export function mergeGeometry(file: GeometryStatement, stated: GeometryStatement, where: string): GeometryStatement {
  const differ = (what: string, a: unknown, b: unknown): PtychonautError =>
    new PtychonautError("data", `${what} is stated twice and differs`, {
      where,
      got: `${String(a)} in the file, ${String(b)} as a setting`,
      fix: "leave the setting out, or correct the file",
    });
  for (const name of geometryQuantities) {
    const [a, b] = [file[name], stated[name]];
    if (a !== undefined && b !== undefined && !agree(a, b)) throw differ(settingNames[name], a, b);
  }
  for (const name of ["propagation", "radiation"] as const) {
    const [a, b] = [file[name], stated[name]];
    if (a !== undefined && b !== undefined && a !== b) throw differ(name, a, b);
  }
  return { ...stated, ...file };
}

/**
 * The geometry that statements add up to: the wavelength from the photons' energy, λ = h c / E, or from the electrons'
 * voltage, λ = h / √(2 m e U (1 + e U / 2 m c²)); the object's pixel in the far field from λ z / (N p), in a near field that
 * spreads from a focus z₁ before the sample from p z₁ / (z₁ + z) (Fresnel's scaling theorem, `nearField.ts`).
 * @param pixels N, side of the patterns; undefined where they are not square, and the pixel then not either
 * @throws PtychonautError "data" when statements contradict each other
 */
export function resolveGeometry(statement: GeometryStatement, pixels: number | undefined, where: string): Geometry {
  for (const name of geometryQuantities) {
    const value = statement[name];
    if (value !== undefined && !(value > 0 && Number.isFinite(value)))
      throw new PtychonautError("usage", `${settingNames[name]} is no positive number`, { where, got: `${value}` });
  }
  const { propagation = "far-field", detectorDistanceM, detectorPixelM } = statement;
  const wave = resolveWave(statement, where);
  const objectPixelM = resolveObjectPixel({ ...statement, ...wave, propagation }, pixels, where);
  if (objectPixelM !== undefined && !(objectPixelM >= LEAST_PIXEL && objectPixelM <= LARGEST_PIXEL))
    throw new PtychonautError("usage", "no object has pixels of this size", {
      where,
      expected: `${LEAST_PIXEL} to ${LARGEST_PIXEL} m`,
      got: `${objectPixelM} m`,
      fix: "correct wavelength, distance and detector pixel, or the object's pixel: all are in metres, energies in keV",
    });
  return {
    propagation,
    ...wave,
    ...(detectorDistanceM === undefined ? {} : { detectorDistanceM }),
    ...(detectorPixelM === undefined ? {} : { detectorPixelM }),
    ...(objectPixelM === undefined ? {} : { objectPixelM }),
  };
}

function resolveWave(statement: GeometryStatement, where: string): Pick<Geometry, "radiation" | "wavelengthM"> {
  const { energyKev, voltageKv, wavelengthM: stated } = statement;
  if (energyKev !== undefined && voltageKv !== undefined)
    throw contradiction("photons have an energy and electrons a voltage, not both", where, [
      `energy_kev ${energyKev}`,
      `voltage_kv ${voltageKv}`,
    ]);
  const implied = energyKev !== undefined ? "photons" : voltageKv !== undefined ? "electrons" : undefined;
  const radiation = statement.radiation ?? implied;
  if (implied !== undefined && radiation !== implied)
    throw contradiction("the radiation contradicts its energy", where, [
      `radiation ${radiation}`,
      energyKev !== undefined ? `energy_kev ${energyKev}` : `voltage_kv ${voltageKv}`,
    ]);
  const derived =
    energyKev !== undefined
      ? wavelengthFromEnergy(energyKev)
      : voltageKv !== undefined
        ? electronWavelength(voltageKv)
        : undefined;
  if (stated !== undefined && derived !== undefined && !agree(stated, derived))
    throw contradiction("wavelength and energy contradict each other", where, [
      `wavelength_m ${stated}`,
      `${derived} from ${energyKev !== undefined ? `energy_kev ${energyKev}` : `voltage_kv ${voltageKv}`}`,
    ]);
  const wavelengthM = stated ?? derived;
  return {
    ...(radiation === undefined ? {} : { radiation }),
    ...(wavelengthM === undefined ? {} : { wavelengthM }),
  };
}

function resolveObjectPixel(
  statement: GeometryStatement & Pick<Geometry, "propagation">,
  pixels: number | undefined,
  where: string,
): number | undefined {
  const { propagation, wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM: stated } = statement;
  const { focusDistanceM } = statement;
  if (propagation !== "far-field") return magnifiedPixel(statement, where);
  if (focusDistanceM !== undefined)
    throw new PtychonautError("data", "a far field is not magnified by the distance of a focus", {
      where,
      got: `focus_distance_m ${focusDistanceM}`,
      fix: `say ${setting("propagation", "near-field")} too, or leave the focus out`,
    });
  const parts = [wavelengthM, detectorDistanceM, detectorPixelM, pixels];
  if (parts.includes(undefined)) return stated;
  const [wavelength, distance, detectorPixel, side] = parts as [number, number, number, number];
  const derived = objectPixelSize({ wavelength, distance, detectorPixel, pixels: side });
  if (stated !== undefined && !agree(stated, derived))
    throw contradiction("the object's pixel contradicts wavelength, distance and detector pixel", where, [
      `object_pixel_m ${stated}`,
      `λ z / (N p) = ${derived.toPrecision(4)} with N = ${side}`,
    ]);
  return stated ?? derived;
}

/** Of a near field, by its focus. */
function magnifiedPixel(
  { detectorDistanceM, detectorPixelM, objectPixelM: stated, focusDistanceM }: GeometryStatement,
  where: string,
): number | undefined {
  if (focusDistanceM === undefined || detectorDistanceM === undefined || detectorPixelM === undefined) return stated;
  const derived = (detectorPixelM * focusDistanceM) / (focusDistanceM + detectorDistanceM);
  if (stated !== undefined && !agree(stated, derived))
    throw contradiction("the object's pixel contradicts the distance of the focus", where, [
      `object_pixel_m ${stated}`,
      `p z₁ / (z₁ + z) = ${derived.toPrecision(4)} with z₁ = ${focusDistanceM}`,
    ]);
  return stated ?? derived;
}

/** What would have to be stated so that the wavelength is known, as settings. */
export const missingForWave: string = `${setting("energy_kev")} (or ${setting("voltage_kv")}, ${setting("wavelength_m")})`;

/** What would have to be stated so that the object's pixel is known, as settings; nothing when it is known. */
export function missingForPixel(geometry: Geometry): readonly string[] {
  const { propagation, wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM } = geometry;
  if (objectPixelM !== undefined) return [];
  const near = `${setting("focus_distance_m")} (or ${setting("object_pixel_m")})`;
  if (propagation !== "far-field") return [near];
  const missing = [
    ...(wavelengthM === undefined ? [missingForWave] : []),
    ...(detectorDistanceM === undefined ? [setting("detector_distance_m")] : []),
    ...(detectorPixelM === undefined ? [setting("detector_pixel_m")] : []),
  ];
  // With all of them known, patterns that are not square leave it open.
  return missing.length > 0 ? missing : [setting("object_pixel_m")];
}

function contradiction(what: string, where: string, got: readonly string[]): PtychonautError {
  return new PtychonautError("data", what, { where, got: got.join(", "), fix: "state only what is right" });
}
