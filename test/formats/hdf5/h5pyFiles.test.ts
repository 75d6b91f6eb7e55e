import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ArrayFile } from "../../../src/formats/arrayFile.ts";
import { nodeStore } from "../../../src/node/store.ts";
import { withArrays } from "../../../src/runs/openArrays.ts";
import { h5pyVersion, runPython, temporaryFolder } from "../../h5py.ts";

/** Frames of `[6, 40, 50]`, whose values no mistake leaves alone. */
const frames = Uint16Array.from({ length: 6 * 40 * 50 }, (_, i) => (i * 7919) % 1000);
const PROGRAM_START = `
import sys, os, numpy as np, h5py, hdf5plugin
os.chdir(sys.argv[1])
frames = (np.arange(6 * 40 * 50) * 7919 % 1000).astype("u2").reshape(6, 40, 50)
`;

const KINDS = `
with h5py.File("kinds.h5", "w") as f:
    n = np.arange(24).reshape(2, 3, 4)
    for d in ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]:
        for e, name in [("<", "little"), (">", "big")]:
            f[f"{name}/{d}"] = (n - (12 if d[0] != "u" else 0)).astype(e + d)
    f["bool"] = np.array([True, False, True])
    f["bits"] = np.array([1, 2], dtype=h5py.enum_dtype({"A": 1, "B": 2}, basetype="i2"))
    z = n[0] + 1j * n[1]
    f["complex/c8"] = z.astype("c8")
    f["complex/c16big"] = z.astype(">c16")
    named = np.zeros((3, 4), dtype=[("real", "<f8"), ("imag", "<f8")])
    named["real"], named["imag"] = z.real, z.imag
    f["complex/named"] = named
    f.create_dataset("inner", (2,), dtype=np.dtype((">i2", (3,))))[...] = np.arange(6).reshape(2, 3)
    f["text/fixed"] = np.bytes_("abc")
    f["text/any"] = "größe"
    f["text/ascii"] = np.array("ascii", dtype=h5py.string_dtype("ascii"))
    f["text/utf8"] = np.array(["ä".encode(), b"bc"], dtype=h5py.string_dtype("utf-8", 6))
    f["text/many"] = np.array([["x", "yy"], ["", "zzz"]], dtype=h5py.string_dtype())
    f["empty/null"] = h5py.Empty("f4")
    f["empty/none"] = np.zeros((0, 4))
    f["scalar"] = 1.5
    f["large"] = np.array([2**53 + 1])
    f["unread/compound"] = np.zeros(3, dtype=[("a", "i4"), ("b", "f8")])
    f["unread/reference"] = np.array([f["bool"].ref], dtype=h5py.ref_dtype)
    f["unread/region"] = np.array([f["complex/c8"].regionref[:2]], dtype=h5py.regionref_dtype)
    f["unread/lists"] = np.array([np.arange(3), np.arange(2)], dtype=h5py.vlen_dtype("i4"))
    f["unread/opaque"] = np.void(b"abc")
    f.attrs["names"] = np.array(["a", "b"], dtype=object)
    f.attrs["z"] = 1 + 2j
    f.attrs["empty"] = h5py.Empty("f4")
    f.attrs["ref"] = f["bool"].ref
`;

const FILTERS = `
h = hdf5plugin
with h5py.File("filters.h5", "w") as f:
    def make(name, data=frames, **how):
        f.create_dataset(name, data=data, chunks=(1, 40, 50), **how)
    make("gzip", compression="gzip")
    make("shuffle and checksum", compression="gzip", shuffle=True, fletcher32=True)
    make("lzf", compression="lzf")
    make("szip", compression="szip")
    make("scaleoffset", scaleoffset=0)
    make("bitshuffle", **h.Bitshuffle())
    make("bitshuffle-zstd", **h.Bitshuffle(cname="zstd"))
    make("lz4", **h.LZ4())
    make("zstd", **h.Zstd())
    make("bzip2", **h.BZip2())
    make("blosc", **h.Blosc())
    make("blosc-zstd", **h.Blosc(cname="zstd"))
    make("blosc2", **h.Blosc2())
    make("zfp", frames.astype("f4"), **h.Zfp(reversible=True))
with h5py.File("unknown.h5", "w") as f:
    f.create_dataset("sz", data=frames.astype("f4"), chunks=(1, 40, 50), **h.SZ(absolute=0.1))
    f["plain"] = np.arange(3)
`;

const LINKS = `
os.makedirs("sub/raw")
def virtual(f, name, *sources):
    layout = h5py.VirtualLayout((3 * len(sources), 40, 50), "u2")
    for k, (file, path) in enumerate(sources):
        layout[3 * k : 3 * k + 3] = h5py.VirtualSource(file, path, (3, 40, 50))
    f.create_virtual_dataset(name, layout, fillvalue=0)
for k in (1, 2):
    with h5py.File(f"sub/raw/data_{k}.h5", "w") as f:
        f.create_dataset("entry/data", data=frames[3 * k - 3 : 3 * k], chunks=(1, 40, 50), **hdf5plugin.Bitshuffle())
        f["entry/back"] = h5py.ExternalLink("../../master.h5", "/entry")
with h5py.File("sub/deep.h5", "w") as f:
    virtual(f, "frames", ("raw/data_1.h5", "/entry/data"))
with h5py.File("absolute.h5", "w") as f:
    f["data"] = frames[:1]
with h5py.File("master.h5", "w") as f:
    f["entry/data/data_1"] = h5py.ExternalLink("sub/raw/data_1.h5", "/entry/data")
    f["entry/data/data_2"] = h5py.ExternalLink("sub/raw/data_2.h5", "/entry/data")
    f["entry/absolute"] = h5py.ExternalLink("/another/machine/absolute.h5", "/data")
    f["entry/group"] = h5py.ExternalLink("sub/raw/data_2.h5", "/entry")
    f["entry/own"] = np.arange(3)
    f["entry/self"] = h5py.ExternalLink("master.h5", "/entry/own")
    f["entry/lost"] = h5py.ExternalLink("sub/raw/lost.h5", "/entry/data")
    f["entry/astray"] = h5py.ExternalLink("sub/raw/data_1.h5", "/entry/nothing")
    virtual(f, "entry/all", ("sub/raw/data_1.h5", "/entry/data"), ("sub/raw/data_2.h5", "/entry/data"))
    virtual(f, "entry/deep", ("sub/deep.h5", "/frames"))
    virtual(f, "entry/half", ("sub/raw/data_1.h5", "/entry/data"), ("sub/raw/gone.h5", "/entry/data"))
    virtual(f, "entry/wrong", ("sub/raw/data_1.h5", "/entry/nothing"))
    layout = h5py.VirtualLayout((6, 40, 50), "u2")
    layout[...] = h5py.VirtualSource("master.h5", "/entry/all", (6, 40, 50))
    f.create_virtual_dataset("entry/twice", layout)
`;

describe.skipIf(h5pyVersion === undefined)(`files that h5py ${h5pyVersion} wrote`, () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());
  beforeAll(() => void runPython(PROGRAM_START + KINDS + FILTERS + LINKS, folder.path));
  const using = (name: string, look: (file: ArrayFile) => void): Promise<void> =>
    withArrays(join(folder.path, name), nodeStore, look);

  it("have numbers of every width and order of bytes", () =>
    using("kinds.h5", (file) => {
      for (const order of ["little", "big"])
        for (const [code, dtype] of Object.entries(NUMBERS)) {
          const array = file.read(`${order}/${code}`);
          expect(array).toMatchObject({ shape: [2, 3, 4], dtype });
          const first = dtype.startsWith("u") ? 0 : -12;
          expect([...array.data]).toEqual(Array.from({ length: 24 }, (_, i) => i + first));
        }
      expect(file.read("bool")).toEqual({ shape: [3], dtype: "bool", data: new Uint8Array([1, 0, 1]) });
      expect(file.read("bits")).toEqual({ shape: [2], dtype: "int16", data: new Int16Array([1, 2]) });
      expect(file.read("scalar")).toEqual({ shape: [], dtype: "float64", data: new Float64Array([1.5]) });
      expect(file.read("inner")).toEqual({ shape: [2, 3], dtype: "int16", data: new Int16Array([0, 1, 2, 3, 4, 5]) });
      expect(file.read("empty/null")).toEqual({ shape: [0], dtype: "float32", data: new Float32Array() });
      expect(file.read("empty/none")).toEqual({ shape: [0, 4], dtype: "float64", data: new Float64Array() });
      expect(() => file.read("large")).toThrow(/64-bit integer too large.*9007199254740993/);
    }));

  it("have complex numbers, however their parts are named", () =>
    using("kinds.h5", (file) => {
      const parts = Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? i / 2 : 12 + (i - 1) / 2));
      for (const [key, dtype] of Object.entries({ c8: "complex64", c16big: "complex128", named: "complex128" })) {
        const array = file.readNumbers(`complex/${key}`);
        expect(array).toMatchObject({ shape: [3, 4], dtype });
        expect([...array.data]).toEqual(parts);
      }
      expect(file.attributes()["z"]).toEqual({ shape: [], dtype: "complex128", data: new Float64Array([1, 2]) });
    }));

  it("have text of every kind", () =>
    using("kinds.h5", (file) => {
      const texts = ["fixed", "any", "ascii", "utf8", "many"].map((name) => file.read(`text/${name}`));
      expect(texts.map(({ dtype }) => dtype)).toEqual(Array(5).fill("string"));
      expect(texts.map(({ shape, data }) => [shape, data])).toEqual([
        [[], ["abc"]],
        [[], ["größe"]],
        [[], ["ascii"]],
        [[2], ["ä", "bc"]],
        [
          [2, 2],
          ["x", "yy", "", "zzz"],
        ],
      ]);
      expect(file.attributes()["names"].data).toEqual(["a", "b"]);
      expect(Object.keys(file.attributes())).not.toContain("ref");
    }));

  it("may hold what is not read, which is named", () =>
    using("kinds.h5", (file) => {
      const kinds = {
        compound: "compounds of (a, b)",
        reference: "references",
        region: "references",
        lists: "lists of different lengths",
        opaque: "opaque bytes",
      };
      for (const [name, kind] of Object.entries(kinds)) {
        expect(file.header(`unread/${name}`)).toMatchObject({ dtype: "object", kind });
        expect(() => file.read(`unread/${name}`)).toThrow(kind);
      }
    }));

  it("are compressed with any filter", () =>
    using("filters.h5", (file) => {
      expect(file.keys.length).toBe(14);
      for (const key of file.keys) {
        expect([key, [...file.readImages(key, 4, 1)]]).toEqual([key, [...frames.subarray(4 * 2000, 5 * 2000)]]);
        expect([key, [...file.readNumbers(key).data]]).toEqual([key, [...frames]]);
      }
    }));

  it("a filter that is not known is named, and everything else is read", () =>
    using("unknown.h5", (file) => {
      expect([...file.readNumbers("plain").data]).toEqual([0, 1, 2]);
      expect(file.header("sz").shape).toEqual([6, 40, 50]);
      for (const read of [() => file.read("sz"), () => file.readImages("sz", 0, 1), () => [...file.elements("sz")]])
        expect(read).toThrow(
          /a filter that is not known here; in .*unknown\.h5: sz; .*got HDF5 filter 32017 \(SZ comp/,
        );
    }));

  it("are in one with what their links lead to", () =>
    using("master.h5", (file) => {
      const own = ["all", "deep", "half", "own", "twice", "wrong"].map((name) => `entry/${name}`);
      expect(file.keys).toEqual([...own, "entry/absolute", "entry/data/data_1", "entry/data/data_2"]);
      for (const [path, from, to] of [
        ["entry/data/data_1", 0, 3],
        ["entry/data/data_2", 3, 6],
        ["entry/group/data", 3, 6],
        ["entry/group/back/data/data_1", 0, 3],
        ["entry/absolute", 0, 1],
        ["entry/all", 0, 6],
        ["entry/twice", 0, 6],
        ["entry/deep", 0, 3],
      ] as const) {
        expect(file.has(path)).toBe(true);
        expect([path, [...file.readNumbers(path).data]]).toEqual([path, [...frames.subarray(2000 * from, 2000 * to)]]);
      }
      expect([...file.readNumbers("entry/self").data]).toEqual([0, 1, 2]);
    }));

  it("say which link leads nowhere and which source is missing, and give no zeros", () =>
    using("master.h5", (file) => {
      for (const [path, says] of [
        [
          "entry/lost",
          /link "entry\/lost" leads to what is not there.*got a link to \/entry\/data in the file sub\/raw\/lost\.h5/,
        ],
        [
          "entry/astray",
          /link "entry\/astray" leads to what is not there.*\/entry\/nothing in the file sub\/raw\/data_1/,
        ],
        ["entry/half", /put together from others.*a source \/entry\/data in sub\/raw\/gone\.h5/],
        ["entry/wrong", /put together from others.*a source \/entry\/nothing in sub\/raw\/data_1\.h5/],
      ] as const) {
        expect(() => file.read(path)).toThrow(says);
        expect(() => file.readImages(path, 0, 1)).toThrow(says);
      }
    }));
});

const NUMBERS: Readonly<Record<string, string>> = {
  ...{ i1: "int8", u1: "uint8", i2: "int16", u2: "uint16", i4: "int32", u4: "uint32", i8: "int64", u8: "uint64" },
  ...{ f2: "float16", f4: "float32", f8: "float64" },
};
