import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeScanNpz } from "../../../src/scans/writeScanNpz.ts";
import { simulate } from "../../../src/simulation/simulate.ts";
import { call } from "../../cli/harness.ts";
import { h5pyVersion, pythonHas, runPython, temporaryFolder } from "../../h5py.ts";

/** What NumPy makes of the npz: counts, and the probe's place in metres from the object's middle pixel, (y, x). */
const truth = `
import sys, os, numpy as np
os.chdir(sys.argv[1])
t = np.load("scan.npz")
counts = np.rint(t["diff3d"].astype("f8") ** 2).astype("f4")
pixel = float(t["object_pixel_m"])
middle = np.array(t["objectGuess"].shape) // 2
place = (np.stack([t["ycoords"], t["xcoords"]], axis=1) - middle) * pixel
joules = 8800 * 1.602176634e-19
same = lambda a, b: np.testing.assert_array_equal(np.asarray(a), b)
near = lambda a, b: np.testing.assert_allclose(np.asarray(a), b, rtol=1e-9, atol=1e-18)
`;

describe.skipIf(h5pyVersion === undefined)("what is written, opened by h5py", () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());

  beforeAll(async () => {
    const geometry = { energyKev: 8.8, detectorDistanceM: 1.9, detectorPixelM: 75e-6 };
    const scan = simulate({ n: 24, patterns: 30, seed: 5, modes: 2, beamstop: 5, geometry });
    writeFileSync(join(folder.path, "scan.npz"), writeScanNpz(scan));
    for (const name of ["s.h5", "s.cxi", "s.nxs", "s.ptyd", "s_dp.hdf5", "s_product.h5", "s_product.npz", "s.tif"]) {
      const more = name === "s.tif" || name === "s.cxi" ? [] : ["--compress"];
      const { code, stderr } = await call(["convert", join(folder.path, "scan.npz"), join(folder.path, name), ...more]);
      expect(code, stderr).toBe(0);
    }
  });

  it("HDF5 by PtychoPINN's names", () => {
    runPython(
      `${truth}
import h5py
f = h5py.File("s.h5")
for name in t.files:
    if t[name].dtype.kind == "U": assert f[name].asstr()[()] == str(t[name]), name
    else: same(f[name], t[name])
assert f["probeGuess"].dtype == np.complex64 and f["diff3d"].compression == "gzip"
assert f.attrs["history"].startswith("written by ptychonaut")`,
      folder.path,
    );
  });

  it("CXI, and NXcxi_ptycho by the same paths", () => {
    runPython(
      `${truth}
import h5py
for name in ["s.cxi", "s.nxs"]:
    f = h5py.File(name)
    e = f["entry_1"]
    same(e["data_1/data"], counts)
    same(e["instrument_1/detector_1/data"], counts)
    d = e["instrument_1/detector_1"]
    near(d["distance"], 1.9); near(d["x_pixel_size"], 75e-6); near(d["y_pixel_size"], 75e-6)
    basis = d["basis_vectors"][()]
    near(np.linalg.norm(basis, axis=0), [75e-6, 75e-6])
    near(-e["data_1/translation"][()] @ (basis / 75e-6), place)
    same(d["mask"], np.where(t["mask"] == 0, 1, 0)); assert d["mask"].dtype == np.uint32
    same(e["instrument_1/source_1/illumination"], t["probeGuess"])
    same(e["image_1/data"], t["objectGuess"])
    near(e["image_1/image_size"][:2], np.array(t["objectGuess"].shape)[::-1] * pixel)
c = h5py.File("s.cxi")
assert c["cxi_version"][()] == 160
near(c["entry_1/instrument_1/source_1/energy"], joules)
n = h5py.File("s.nxs")["entry_1/instrument_1/beam_1"]
near(n["energy"], joules); assert n["energy"].attrs["units"] == "J"`,
      folder.path,
    );
  });

  it("ptyd, a pair of files and a product", () => {
    runPython(
      `${truth}
import h5py
f = h5py.File("s.ptyd")
same(f["chunks/0/data"], counts); near(f["chunks/0/positions"], place); near(f["meta/energy"], 8.8)
same(f["meta/weight2d"], t["mask"]); assert f["meta/propagation"].asstr()[()] == "farfield"
assert all("type" in f[k].attrs for k in ["meta", "chunks", "chunks/0", "chunks/0/data", "meta/energy"])
for patterns, others, probe in [("s_dp.hdf5", "s_para.hdf5", t["probeGuess"][None]), ("s_patterns.h5", "s_product.h5", t["probeGuess"])]:
    same(h5py.File(patterns)["dp"], counts)
    p = h5py.File(others)
    same(p["probe"], probe); same(p["object"], t["objectGuess"][None])
    o = p["object"].attrs
    for axis, name in enumerate("yx"):
        px = (p[f"probe_position_{name}_m"][()] - o[f"center_{name}_m"]) / o["pixel_width_m"] + p["object"].shape[1 + axis] / 2
        near(px, t[f"{name}coords"])
    near(p.attrs["probe_energy_eV"], 8800); assert isinstance(p.attrs["name"], str)
a, b = np.load("s_patterns.npz"), np.load("s_product.npz")
same(a["patterns"], counts); same(a["bad_pixels"], t["mask"] == 0); near(b["probe_energy_eV"], 8800)
same(b["object"], t["objectGuess"][None]); assert str(b["name"]) == "scan"`,
      folder.path,
    );
  });

  it.skipIf(h5pyVersion === undefined || !pythonHas("tifffile"))("TIFF, by tifffile", () => {
    runPython(`${truth}\nimport tifffile\nsame(tifffile.imread("s.tif"), counts)`, folder.path);
  });

  const nexus = h5pyVersion !== undefined && pythonHas("nexusformat");

  it.skipIf(!nexus)("NeXus tools find the patterns, by nexusformat", () => {
    runPython(
      `${truth}
from nexusformat.nexus import nxload
f = nxload("s.nxs")
p = f.plottable_data
same(p.nxsignal, counts); assert p.nxaxes[0].nxname == "x"
assert f.entry_1.nxclass == "NXentry" and f.entry_1.instrument_1.detector_1.nxclass == "NXdetector"`,
      folder.path,
    );
  });

  it.skipIf(!nexus)("the definition NXcxi_ptycho misses nothing but what is not known of the source", () => {
    const report = runPython(
      `import sys, runpy, re
sys.argv = ["nxvalidate", sys.argv[1] + "/s.nxs", "-e"]
from nexusformat.scripts import nxvalidate
nxvalidate.main()`,
      folder.path,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
    const plain = report.replace(/\u001b\[[0-9;]*m/g, "");
    expect(plain).toContain("NXcxi_ptycho");
    const missing = [...plain.matchAll(/(?:Field|Group|Link): (\S+)\n\s+(.*)/g)].filter(([, , what]) =>
      /required/.test(what),
    );
    expect(missing.map(([, path]) => path.replace("/entry_1/instrument_1/", "")).sort()).toEqual([
      "beam_1/incident_energy_spread",
      "source_1/energy",
      "source_1/type",
    ]);
    expect(plain).toMatch(/Total number of errors: 3/);
  });
});
