import { sizeOf } from "../../arrays.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { PositionsPart, ScanParts } from "../parts.ts";
import type { ScanFormat } from "../scanFormat.ts";
import { entryParts } from "./cxiEntry.ts";
import { alongAxes, type DetectorAxes, metresOf, translations, type Vector } from "./detectorAxes.ts";
import { firstKey, type Reading, readingOf, textAt } from "./quantities.ts";

/**
 * NeXus' application definitions for ptychography, `NXptycho` and `NXcxi_ptycho`: CXI's names with units beside numbers,
 * patterns (frame, y, x) or a raster (slow, fast, y, x), movements of the sample as `translation` or as motors x and y.
 */
export const nxPtychoFormat: ScanFormat = {
  name: "nx_ptycho",
  title: "NeXus: NXptycho and NXcxi_ptycho",
  recognise(file) {
    const entry = nexusEntry(file);
    return entry === undefined
      ? { confidence: 0, evidence: "no definition NXptycho" }
      : { confidence: 1, evidence: `${entry}/definition` };
  },
  parts(file, options, where): ScanParts {
    const entry = nexusEntry(file) ?? "entry_1";
    const reading = readingOf(file, where);
    const instrument = `${entry}/instrument_1`;
    const [first, second] = [`${instrument}/detector_1`, `${instrument}/detector`];
    const both = (name: string): string[] => [`${instrument}/beam_1/${name}`, `${instrument}/beam/${name}`];
    const paths = {
      patterns: [`${entry}/data_1/data`, `${first}/data`, `${entry}/data/data`, `${second}/data`],
      detectors: [first, second],
      // The source's energy is the machine's in NeXus and the photons' in CXI.
      energies: [...both("incident_beam_energy"), ...both("incident_energy"), ...both("energy")].concat(
        photonsOfSource(file, `${instrument}/source_1/energy`),
      ),
      wavelengths: [...both("incident_wavelength"), `${instrument}/source_1/wavelength`],
      illuminations: [`${instrument}/source_1/illumination`],
      images: [`${entry}/image_1`],
      energyUnit: "J",
    };
    return entryParts(reading, paths, options, (axes) => positionsIn(reading, entry, axes));
  },
};

/** The entry that says it is of one of these definitions. */
export function nexusEntry(file: ArrayFile): string | undefined {
  const isPtycho = (key: string): boolean =>
    /^[^/]+\/definition$/.test(key) && /^NX(cxi_)?ptycho$/i.test(textAt(readingOf(file, ""), key)?.trim() ?? "");
  return file.keys.find(isPtycho)?.split("/")[0];
}

/** Energies of the machine are in GeV. */
function photonsOfSource(file: ArrayFile, path: string): string[] {
  if (!file.has(path)) return [];
  const { units } = file.attributes(path);
  return units?.dtype === "string" && /^(J|eV|keV)$/i.test(units.data[0]?.trim() ?? "") ? [path] : [];
}

function positionsIn(reading: Reading, entry: string, axes: DetectorAxes): PositionsPart | undefined {
  const { file } = reading;
  const groups = ["data_1", "sample_1/geometry_1", "instrument_1/detector_1", "data"].map((name) => `${entry}/${name}`);
  const key = firstKey(
    file,
    groups.map((group) => `${group}/translation`),
  );
  if (key !== undefined) return translations(reading, key, axes);
  const motors = [`${entry}/sample_1/transformations`, ...groups].find(
    (group) => file.has(`${group}/x`) && file.has(`${group}/y`),
  );
  return motors === undefined ? undefined : motorMovements(reading, motors, axes);
}

/** Two motors, x and y, a number of each frame, along the directions that their attributes state. */
function motorMovements(reading: Reading, group: string, axes: DetectorAxes): PositionsPart {
  const { file } = reading;
  const [x, y] = [`${group}/x`, `${group}/y`];
  const count = sizeOf(file.header(x).shape);
  const scales = [metresOf(reading, x), metresOf(reading, y)];
  const directions = [directionOf(reading, x, [1, 0, 0]), directionOf(reading, y, [0, 1, 0])];
  return alongAxes(axes, [x, y], count, () => {
    const columns = [file.readNumbers(x).data, file.readNumbers(y).data];
    const data = new Float64Array(3 * count);
    for (let k = 0; k < count; k++)
      for (const [m, column] of columns.entries())
        for (let axis = 0; axis < 3; axis++) data[3 * k + axis] += column[k] * scales[m] * directions[m][axis];
    return { data, axes: 3 };
  });
}

function directionOf({ file, conversions }: Reading, key: string, usual: Vector): Vector {
  const vector = file.attributes(key)["vector"];
  if (vector === undefined || vector.dtype === "string" || vector.data.length !== 3) return usual;
  const [a, b, c] = vector.data;
  const size = Math.hypot(a, b, c);
  if (!(size > 0 && Number.isFinite(size))) return usual;
  const direction: Vector = [a / size, b / size, c / size];
  conversions.push(
    `${key} moves along (${direction.map((value) => Number(value.toFixed(6))).join(", ")}), as the file says`,
  );
  return direction;
}
