import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openArrayFile } from "../../../src/formats/containers.ts";
import { dataFile } from "../../fixtures.ts";

/** Measured scans in HDF5: how many arrays, and some of them as their pages describe them. */
const files: Readonly<Record<string, { readonly count: number; readonly some: Readonly<Record<string, string>> }>> = {
  "p25_near_field.cxi": {
    count: 11,
    some: {
      "entry_1/instrument_1/detector_1/data": "int32 (200, 100, 100)",
      "entry_1/instrument_1/detector_1/basis_vectors": "float32 (3, 2)",
      "/entry_1/data_1/data": "int32 (200, 100, 100)",
      "entry_1/data_1/translation": "float32 (200, 3)",
    },
  },
  "example_nxptycho_cxi_compatible.nxs": {
    count: 23,
    some: { "entry_1/data_1/data": "float64 (100, 32, 32)", "entry_1/definition": "string ()" },
  },
  "example_nxptycho_cxi_compatible_raster.nxs": {
    count: 24,
    some: { "entry_1/data/data": "float64 (10, 10, 32, 32)", "entry_1/data/x": "int32 (10, 10)" },
  },
  "dls_moonflower_scan1.ptyr": {
    count: 234,
    some: {
      "content/obj/SMFG00/data": "complex64 (1, 402, 416)",
      "content/obj/SMFG00/_record": "object ()",
      "content/pars/dry_run": "bool ()",
    },
  },
  "ptychi_tungsten_metadata_250_truePos.hdf5": {
    count: 7,
    some: { object: "complex128 (1, 415, 415)", probe: "complex64 (2, 256, 256)", costs: "float64 (0)" },
  },
  "ptychi_tungsten_metadata_250_nominalPos.hdf5": {
    count: 7,
    some: { object: "complex128 (1, 415, 415)", probe_position_x_m: "float64 (961)" },
  },
};

describe("measured scans in HDF5", () => {
  for (const [name, { count, some }] of Object.entries(files)) {
    const path = dataFile(name);
    it.skipIf(path === undefined)(name, async () => {
      const file = await openArrayFile(readFileSync(path!), name);
      expect(file.keys.length).toBe(count);
      for (const [key, what] of Object.entries(some)) {
        const { dtype, shape } = file.header(key);
        expect([key, `${dtype} (${shape.join(", ")})`]).toEqual([key, what]);
      }
      for (const key of file.keys.filter((key) => file.header(key).dtype !== "object")) file.read(key);
      file.close();
    });
  }
});
