import type { ScanParts } from "../parts.ts";
import type { ScanFormat } from "../scanFormat.ts";
import { darkFrames } from "./darkFrames.ts";
import { firstKey, firstStack, photonEnergyAt, readingOf } from "./quantities.ts";

const DATA = "exchange/data";

/**
 * Data Exchange (De Carlo et al., J. Synchrotron Rad. 21, 1224 (2014)): counts `exchange/data` (frame, y, x). Where the beam was
 * on the sample, distance and pixel are not in it, or nowhere in particular.
 */
export const dataExchangeFormat: ScanFormat = {
  name: "data_exchange",
  title: "Data Exchange",
  recognise: (file) =>
    firstStack(file, [DATA]) === undefined
      ? { confidence: 0, evidence: `no ${DATA}` }
      : { confidence: 0.8, evidence: DATA },
  parts(file, _, where): ScanParts {
    const reading = readingOf(file, where);
    const patterns = firstStack(file, [DATA]);
    const energyKev = photonEnergyAt(reading, ["measurement/instrument/monochromator/energy"], "keV");
    return {
      ...(patterns === undefined ? {} : { patterns: { file, key: patterns } }),
      ...darkFrames(reading, firstKey(file, [`${DATA}_dark`]), patterns),
      geometry: energyKev === undefined ? {} : { energyKev, radiation: "photons" },
      says: { measurement: "counts", dcAt: "center", frameAxis: "first" },
      conversions: reading.conversions,
      warnings: reading.warnings,
    };
  },
};
