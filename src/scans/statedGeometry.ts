import { setting } from "../errors.ts";
import { type GeometryStatement, geometryQuantities } from "../optics/geometry.ts";
import { electronWavelength, wavelengthFromEnergy } from "../optics/units.ts";
import type { ScanParts } from "./parts.ts";
import { type ScanOptions, settingOf } from "./scanOptions.ts";

/** Two numbers for one quantity may differ by as much: people write three digits. */
const AGREEMENT = 0.01;
const agree = (a: number, b: number): boolean => Math.abs(a - b) <= AGREEMENT * Math.max(Math.abs(a), Math.abs(b));

const waves = ["energyKev", "voltageKv", "wavelengthM"] as const;
type Name = keyof GeometryStatement;

/**
 * The parts with what options say of the experiment in place of what another program wrote and nobody can correct in its
 * file, each said with both numbers. Our own files are corrected instead (`mergeGeometry`).
 */
export function withStatedGeometry(parts: ScanParts, { geometry: stated = {} }: ScanOptions): ScanParts {
  const { geometry: own } = parts;
  const dropped = contradicted(own, stated);
  if (dropped.length === 0) return parts;
  const said = dropped.map((name) => `${setting(settingOf(name as keyof ScanOptions), String(own[name]))}`).join(", ");
  const words = Object.entries(stated).map(([name, value]) =>
    setting(settingOf(name as keyof ScanOptions), String(value)),
  );
  return {
    ...parts,
    geometry: Object.fromEntries(Object.entries(own).filter(([name]) => !dropped.includes(name as Name))),
    // Formats add to theirs while their parts are read.
    get warnings() {
      return [...(parts.warnings ?? []), `the file says ${said}; ${words.join(", ")} is used, as stated`];
    },
  };
}

/** What of the file's own geometry does not go with what is stated. */
function contradicted(own: GeometryStatement, stated: GeometryStatement): Name[] {
  const [ownWave, statedWave] = [wavelengthOf(own), wavelengthOf(stated)];
  const wave = ownWave !== undefined && statedWave !== undefined && !agree(ownWave, statedWave);
  const implied = stated.voltageKv !== undefined ? "electrons" : stated.energyKev !== undefined ? "photons" : undefined;
  const differ = (name: Name): boolean => {
    const [a, b] = [own[name], stated[name]];
    if (name === "radiation" && implied !== undefined && a !== implied) return true;
    if (a === undefined || b === undefined) return false;
    return typeof a === "number" && typeof b === "number" ? !agree(a, b) : a !== b;
  };
  const names: readonly Name[] = ["propagation", "radiation", ...geometryQuantities];
  return names.filter(
    (name) => own[name] !== undefined && (differ(name) || (wave && (waves as readonly Name[]).includes(name))),
  );
}

function wavelengthOf({ energyKev, voltageKv, wavelengthM }: GeometryStatement): number | undefined {
  if (wavelengthM !== undefined) return wavelengthM;
  if (energyKev !== undefined && energyKev > 0) return wavelengthFromEnergy(energyKev);
  return voltageKv !== undefined && voltageKv > 0 ? electronWavelength(voltageKv) : undefined;
}
