import { describe, expect, it } from "vitest";
import { memorySource } from "../../../src/formats/byteSource.ts";
import { openArrayFile } from "../../../src/formats/containers.ts";
import { hdf5Library, libraryDamage, quietly } from "../../../src/formats/hdf5/library.ts";
import { type WrittenFile, writtenHdf5 } from "./written.ts";

const [A, B, H, W] = [3, 4, 64, 80];
const stack = Uint16Array.from({ length: A * B * H * W }, (_, i) => (i * 7919) % 65521);

async function opened(fill: (file: WrittenFile) => void) {
  const bytes = await writtenHdf5(fill);
  return openArrayFile(memorySource(bytes), "scan.h5");
}

describe("an HDF5 file", () => {
  it("names its datasets by their paths, each once, and reads any path that leads to one", async () => {
    const file = await opened((h5) => {
      h5.create_group("entry_1").create_group("data_1");
      h5.create_group("entry_1/instrument_1");
      h5.create_dataset({ name: "entry_1/instrument_1/data", data: new Float32Array([1, 2, 3]) });
      h5.create_soft_link("/entry_1/instrument_1/data", "/entry_1/data_1/data");
      h5.create_hard_link("/entry_1/instrument_1/data", "/entry_1/same");
      h5.create_hard_link("/entry_1", "/entry_1/loop");
      h5.create_soft_link("/nowhere", "/lost");
      h5.create_dataset({ name: "z", data: new Float64Array([4]) });
    });
    expect(file.container).toBe("HDF5");
    expect(file.keys).toEqual(["entry_1/instrument_1/data", "z"]);
    const paths = ["entry_1/data_1/data", "/entry_1/data_1/data", "entry_1/same", "entry_1/loop/loop/same"];
    for (const path of paths) {
      expect(file.has(path)).toBe(true);
      expect(file.header(path)).toMatchObject({ shape: [3], dtype: "float32", itemSize: 4, dataBytes: 12 });
      expect(file.read(path).data).toEqual(new Float32Array([1, 2, 3]));
    }
    for (const path of ["lost", "entry_1", "entry_1/nothing", ""]) expect(file.has(path)).toBe(false);
    expect(file.brokenLinks).toEqual(["lost"]);
    expect(() => file.header("lost")).toThrow(/link "lost" leads to no array; in scan.h5; got a link to \/nowhere/);
    expect(() => file.header("entry_1/nothing")).toThrow(/no array "entry_1\/nothing".*one of entry_1\/instrument/);
  });

  it("has attributes of the file, of groups and of datasets", async () => {
    const file = await opened((h5) => {
      h5.create_attribute("file_time", "2026-01-01");
      h5.create_group("entry").create_attribute("NX_class", "NXentry");
      const data = h5.create_dataset({ name: "entry/data", data: new Float32Array([1]) });
      data.create_attribute("offsets", new Int32Array([1, -2]));
      data.create_attribute("units", "m");
    });
    expect(file.attributes()["file_time"]).toEqual({ shape: [], dtype: "string", data: ["2026-01-01"] });
    expect(file.attributes("/entry")["NX_class"].data).toEqual(["NXentry"]);
    expect(file.attributes("entry/data")).toEqual({
      offsets: { shape: [2], dtype: "int32", data: new Int32Array([1, -2]) },
      units: { shape: [], dtype: "string", data: ["m"] },
    });
  });

  it.each<[string, { readonly chunks?: number[]; readonly compression?: "gzip"; readonly compression_opts?: number }]>([
    ["in one piece", {}],
    ["in chunks", { chunks: [1, 3, 32, 80] }],
    ["in chunks, compressed", { chunks: [2, 2, 64, 80], compression: "gzip", compression_opts: 4 }],
  ])("gives images, elements and the whole of a stack %s", async (_, layout) => {
    const file = await opened((h5) =>
      h5.create_dataset({ name: "stack", data: stack, shape: [A, B, H, W], ...layout }),
    );
    expect(file.header("stack")).toMatchObject({ shape: [A, B, H, W], dtype: "uint16", dataBytes: stack.byteLength });
    for (const [first, count] of [
      [0, 1],
      [2, 7],
      [A * B - 1, 1],
      [0, A * B],
    ])
      expect(file.readImages("stack", first, count)).toEqual(stack.subarray(first * H * W, (first + count) * H * W));
    expect(file.read("stack").data).toEqual(stack);
    expect(Buffer.concat([...file.elements("stack")])).toEqual(Buffer.from(stack.buffer));
  });

  it("tells where elements lie that are stored as they are", async () => {
    const file = await opened((h5) => {
      h5.create_dataset({ name: "before", data: new Uint8Array(1000) });
      h5.create_dataset({ name: "stack", data: stack, shape: [A * B, H, W] });
      h5.create_dataset({ name: "chunked", data: stack, shape: [A * B, H, W], chunks: [1, H, W] });
    });
    const { source, offset } = file.storedAt("stack")!;
    expect(Buffer.from(source.read(offset, stack.byteLength))).toEqual(Buffer.from(stack.buffer));
    expect(file.storedAt("chunked")).toBeUndefined();
  });

  it("gives large complex arrays as they are, not element by element", async () => {
    const [n, half] = [1024, 1024 * 512];
    const [r, i] = [0, 0.5].map((add) => Float32Array.from({ length: n * n }, (_, k) => Math.fround(k + add)));
    const type = ["r", "i"].map((name) => [name, "<f"] as [string, string]);
    const file = await opened((h5) => {
      const data = new Map([
        ["r", r],
        ["i", i],
      ]);
      h5.create_dataset({ name: "object", data, shape: [n, n], dtype: type });
    });
    const start = performance.now();
    const object = file.readNumbers("object");
    // The library's own way to read compounds takes five seconds here.
    expect(performance.now() - start).toBeLessThan(2500);
    expect(object).toMatchObject({ shape: [n, n], dtype: "complex64" });
    expect([...object.data.subarray(2 * half, 2 * half + 4)]).toEqual([half, half + 0.5, half + 1, half + 1.5]);
  });

  it("refuses an array that its file cannot hold, and reads the others", async () => {
    const file = await opened((h5) => {
      h5.create_dataset({ name: "few", data: new Uint8Array([1, 2]), maxshape: [null], chunks: [2] }).resize([2 ** 40]);
      h5.create_dataset({ name: "own", data: new Uint8Array([3]) });
    });
    expect(file.header("few").shape).toEqual([2 ** 40]);
    expect(() => file.read("few")).toThrow(
      /larger than its file can hold; in scan\.h5: few; expected at most 1040 times/,
    );
    expect(file.read("own").data).toEqual(new Uint8Array([3]));
  });

  it("is looked through in seconds, or refused by a stated limit, however it is nested", async () => {
    const nested = (levels: number, arrays: number) =>
      opened((h5) => {
        const path = Array.from({ length: levels }, () => "g").join("/");
        for (let level = 1; level <= levels; level++) h5.create_group(path.slice(0, 2 * level - 1));
        for (let k = 0; k < arrays; k++) h5.create_dataset({ name: `${path}/a${k}`, data: [k] });
      });
    expect((await nested(31, 1)).keys).toHaveLength(1);
    await expect(nested(40, 1)).rejects.toThrow(
      /lie in one another too deeply.*expected at most 32 levels; got 41, as g\/g.*h5copy/,
    );
    // As many as there may be: each has the next one, by a link of two names.
    const name = (k: number): string => `g${String(k).padStart(4, "0")}`;
    const chained = opened((h5) => {
      for (let k = 0; k < 3000; k++) h5.create_group(name(k));
      for (let k = 0; k < 2999; k++) h5.create_hard_link(`/${name(k + 1)}`, `/${name(k)}/c`);
    });
    await expect(chained).rejects.toThrow(/lie in one another too deeply.*got 3000, as g0000\/c\/c/);
    // At this depth each counts forty times.
    await expect(nested(31, 1300)).rejects.toThrow(
      /too many groups and arrays.*expected at most 50000, each counted 1 \+/,
    );
  });

  it("may be asked for what it cannot read as often as one likes", async () => {
    const library = await hdf5Library();
    const file = await opened((h5) => h5.create_dataset({ name: "own", data: new Uint8Array([3]) }));
    for (let k = 0; k < 5000; k++)
      expect(quietly(library, () => library.get_names(-1n, "/nowhere", true))).toBe(undefined);
    expect(libraryDamage()).toBe(undefined);
    expect(file.read("own").data).toEqual(new Uint8Array([3]));
  });

  it("says what is damaged", async () => {
    const bytes = await writtenHdf5((h5) => h5.create_dataset({ name: "stack", data: stack }));
    await expect(openArrayFile(bytes.slice(0, 5000), "cut.h5")).rejects.toThrow(
      /damaged or truncated HDF5 file; in cut.h5; got truncated file/,
    );
  });
});
