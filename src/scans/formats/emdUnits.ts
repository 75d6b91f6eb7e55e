import { lengthUnits } from "../scanOptions.ts";

/** Units as EMD files and their like write them: `[n_m]`, `A^-1`, `1/nm`, `Å⁻¹`. */

const metres: Readonly<Record<string, number>> = {
  ...{ m: 1, mm: 1e-3, um: 1e-6, micron: 1e-6, nm: 1e-9, nanometer: 1e-9, pm: 1e-12 },
  ...{ a: lengthUnits.angstrom, å: lengthUnits.angstrom, angstrom: lengthUnits.angstrom, ang: lengthUnits.angstrom },
};

const radians: Readonly<Record<string, number>> = { rad: 1, mrad: 1e-3, urad: 1e-6, deg: Math.PI / 180 };

/** What a step of the detector is a step of. */
export interface ReciprocalUnit {
  readonly kind: "perMetre" | "radian";
  /** Of ours in one of the file's. */
  readonly factor: number;
}

const plain = (unit: string): string =>
  unit
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[[\]_\s]/g, "")
    .replace("μ", "u")
    .replace(/s$/, "");

/** Metres in a unit of length; undefined for pixels and what is no length. */
export function metresInUnit(unit: string): number | undefined {
  const name = plain(unit);
  return Object.hasOwn(metres, name) ? metres[name] : undefined;
}

/** Undefined for pixels and what is no unit of a diffraction pattern. */
export function reciprocalUnit(unit: string): ReciprocalUnit | undefined {
  const name = plain(unit);
  if (Object.hasOwn(radians, name)) return { kind: "radian", factor: radians[name] };
  const length = /^1\/(.+)$/.exec(name)?.[1] ?? /^(.+?)\^?\(?[-−]1\)?$/.exec(name)?.[1];
  if (length === undefined || !Object.hasOwn(metres, length)) return undefined;
  return { kind: "perMetre", factor: 1 / metres[length] };
}
