import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openArrayFile } from "../../src/formats/containers.ts";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz } from "../../src/formats/npz.ts";
import { dataFile } from "../fixtures.ts";
import { pythonHas, runPython, temporaryFolder } from "../h5py.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
/** Shape, dtype, and the bytes of all elements: looking at them one by one takes seconds. */
function same(found: NpyArray, expected: NpyArray): boolean {
  if (found.dtype === "string" || expected.dtype === "string") return false;
  const [a, b] = [found.data, expected.data].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  return found.dtype === expected.dtype && found.shape.join() === expected.shape.join() && a.equals(b);
}

const bytesOf = (name: string): Uint8Array => readFileSync(join(folder.path, name));

const TIFFS = `
import sys, os, numpy as np, tifffile
os.chdir(sys.argv[1])
r = np.random.default_rng(3)
counts, waves = r.poisson(20, (5, 40, 50)).astype("u2"), r.normal(size=(5, 40, 50)).astype("f4")
wide = r.integers(0, 65535, (2, 300, 200)).astype("u2")
expected = {}
def write(name, array, **how):
    expected[name] = array
    tifffile.imwrite(name + ".tif", array, photometric="minisblack", **how)
for dtype in ["u1", "u4", "i1", "i2", "i4", "f2", "f8"]:
    write(dtype, counts.astype(dtype))
write("big", counts, bigtiff=True)
write("motorola", waves, byteorder=">")
for name in ["lzw", "zlib", "zstd", "packbits"]:
    write(name, wide, compression=name)
    if name != "packbits":
        for order in "<>":
            write(f"{name}-differences-{ord(order)}", wide, compression=name, predictor=True, byteorder=order)
            write(f"{name}-floats-{ord(order)}", waves, compression=name, predictor=True, byteorder=order)
write("tiles", counts, tile=(16, 32))
write("packed tiles", waves, tile=(16, 16), compression="zstd", predictor=True)
write("strips", counts, rowsperstrip=7, compression="lzw")
write("imagej", counts, imagej=True)
np.savez("expected.npz", **expected)
`;

describe.skipIf(!pythonHas("tifffile", "imagecodecs"))("TIFFs of tifffile", () => {
  beforeAll(() => void runPython(TIFFS, folder.path), 60_000);

  it("have the same numbers", async () => {
    const expected = openNpz(bytesOf("expected.npz"));
    expect(expected.keys.length).toBeGreaterThan(20);
    for (const name of expected.keys) {
      const file = await openArrayFile(bytesOf(`${name}.tif`), name);
      expect([name, same(file.read("images"), expected.read(name))]).toEqual([name, true]);
    }
  });
});

const MATRICES = `
import sys, os, numpy as np, scipy.io as io
os.chdir(sys.argv[1])
r = np.random.default_rng(1)
arrays = dict(stack=r.poisson(9, (4, 5, 6)).astype("u2"), wave=r.normal(size=(30, 40)) + 1j * r.normal(size=(30, 40)),
              single=r.normal(size=(3, 4)).astype("f4"), whole=np.array([[1, -2]], "i8"), empty=np.zeros((0, 3)))
other = dict(title="gold", st={"p": {"probe": arrays["single"], "names": np.array(["a", "bc"])}})
for packed in [0, 1]:
    io.savemat(f"m{packed}.mat", {**arrays, **other}, do_compression=bool(packed))
np.savez("matrices.npz", **arrays)
`;

const GOLD = `
import sys, numpy as np, scipy.io as io
all = io.loadmat(sys.argv[1])
np.savez(sys.argv[2], **{k: v for k, v in all.items() if not k.startswith("__")})
`;

describe.skipIf(!pythonHas("scipy"))("MATLAB files of SciPy", () => {
  it("have the same numbers", async () => {
    runPython(MATRICES, folder.path);
    const expected = openNpz(bytesOf("matrices.npz"));
    for (const name of ["m0.mat", "m1.mat"]) {
      const file = await openArrayFile(bytesOf(name), name);
      for (const key of expected.keys) expect([key, same(file.read(key), expected.read(key))]).toEqual([key, true]);
      expect(file.read("title").data).toEqual(["gold"]);
      expect(file.read("st/p/probe")).toEqual(expected.read("single"));
      expect(file.read("st/p/names").data).toEqual(["a ", "bc"]);
    }
  });

  const gold = dataFile("gold_balls_recon.mat");
  it.skipIf(gold === undefined)("a reconstruction of cdtools: every number as SciPy has it", async () => {
    runPython(GOLD, gold!, join(folder.path, "gold.npz"));
    const expected = openNpz(bytesOf("gold.npz"));
    const file = await openArrayFile(readFileSync(gold!), "gold_balls_recon.mat");
    expect([...file.keys].sort()).toEqual([...expected.keys].sort());
    for (const key of expected.keys) expect([key, same(file.read(key), expected.read(key))]).toEqual([key, true]);
  });
});
