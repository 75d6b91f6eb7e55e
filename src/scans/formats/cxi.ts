import type { ScanParts } from "../parts.ts";
import type { ScanFormat } from "../scanFormat.ts";
import { type EntryPaths, entryParts } from "./cxiEntry.ts";
import { translations } from "./detectorAxes.ts";
import { nexusEntry } from "./nxPtycho.ts";
import { firstKey, firstStack, readingOf } from "./quantities.ts";

/**
 * CXI, version 1.3 and later (Maia, Nat. Methods 9, 854 (2012), and the files' specification): counts
 * `entry_1/data_1/data`, where the sample was moved to, `translation` (frame, 3) in metres as (x, y, z), the detector's axes,
 * distance and mask, and the photons' energy in joules.
 */
export const cxiFormat: ScanFormat = {
  name: "cxi",
  title: "CXI: Coherent X-ray Imaging data",
  recognise(file) {
    const data = firstStack(file, paths("entry_1").patterns);
    if (nexusEntry(file) !== undefined) return { confidence: 0, evidence: "a NeXus definition" };
    if (data === undefined && !file.has("cxi_version"))
      return { confidence: 0, evidence: "no cxi_version, no entry_1" };
    return file.has("cxi_version")
      ? { confidence: 1, evidence: "cxi_version" }
      : { confidence: 0.85, evidence: `${data} as CXI names it` };
  },
  parts(file, options, where): ScanParts {
    const reading = readingOf(file, where);
    const entries = [2, 3, 4].filter((k) => firstStack(file, paths(`entry_${k}`).patterns) !== undefined);
    if (entries.length > 0)
      reading.warnings.push(`entry_1 is read; the file has also ${entries.map((k) => `entry_${k}`).join(", ")}`);
    const key = firstKey(
      file,
      ["data_1", "sample_1/geometry_1", "instrument_1/detector_1"].map((group) => `entry_1/${group}/translation`),
    );
    const positions = (axes: Parameters<typeof translations>[2]) =>
      key === undefined ? undefined : translations(reading, key, axes);
    return entryParts(reading, paths("entry_1"), options, positions);
  },
};

const paths = (entry: string): EntryPaths => ({
  patterns: [`${entry}/data_1/data`, `${entry}/instrument_1/detector_1/data`],
  detectors: [`${entry}/instrument_1/detector_1`],
  energies: [`${entry}/instrument_1/source_1/energy`],
  wavelengths: [`${entry}/instrument_1/source_1/wavelength`],
  illuminations: [
    `${entry}/instrument_1/source_1/illumination`,
    `${entry}/instrument_1/detector_1/illumination`,
    `${entry}/instrument_1/source_1/probe`,
  ],
  images: [`${entry}/image_1`],
  energyUnit: "J",
});
