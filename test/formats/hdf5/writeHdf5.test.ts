import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openArrayFile } from "../../../src/formats/containers.ts";
import { array, group, type Hdf5Group, integer, link, numbers } from "../../../src/formats/hdf5/tree.ts";
import { writeHdf5 } from "../../../src/formats/hdf5/writeHdf5.ts";
import { memoryFile } from "../../../src/formats/memorySink.ts";
import { nodeStore } from "../../../src/node/store.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-hdf5-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function written(root: Hdf5Group) {
  const { file, bytes } = memoryFile();
  await writeHdf5(file, root);
  return openArrayFile(bytes(), "written.h5");
}

it("groups, arrays of every kind, texts, links and attributes are read as they were written", async () => {
  const complex = {
    shape: [2, 3],
    dtype: "complex64",
    data: Float32Array.from({ length: 12 }, (_, i) => i - 5.5),
  } as const;
  const file = await written(
    group(
      {
        a: group(
          {
            f64: array(numbers([1.5, -2, 3e300])),
            i64: array(numbers([2 ** 40, -7], [2], "int64"), { units: "m", n: integer(-3), pair: numbers([0.5, 2]) }),
            u32: array(numbers([4e9, 1], [1, 2], "uint32")),
            bools: array({ shape: [3], dtype: "bool", data: Uint8Array.of(0, 1, 1) }),
            complex: array(complex),
            double: array({ shape: [1], dtype: "complex128", data: Float64Array.of(1e-30, 2) }),
            text: array("ℏ = 1"),
            texts: array({ shape: [2], dtype: "string", data: ["one", "three"] }),
            none: array(numbers([])),
            empty: array(""),
            left: undefined,
          },
          { NX_class: "NXentry" },
        ),
        scalar: array(2.5),
        b: group({ c: group({ linked: link("/a/f64") }) }),
      },
      { default: "a", many: { shape: [2], dtype: "string", data: ["x", "."] } },
    ),
  );
  expect([...file.keys].filter((key) => !key.startsWith("b/")).sort()).toEqual(
    [
      ..."bools complex double empty f64 i64 none text texts u32".split(" ").map((name) => `a/${name}`),
      "scalar",
    ].sort(),
  );
  expect(file.read("a/f64")).toEqual({ shape: [3], dtype: "float64", data: Float64Array.of(1.5, -2, 3e300) });
  expect(file.read("a/i64")).toMatchObject({ dtype: "int64", data: Float64Array.of(2 ** 40, -7) });
  expect(file.read("a/u32")).toMatchObject({ shape: [1, 2], dtype: "uint32", data: Uint32Array.of(4e9, 1) });
  expect(Array.from(file.readNumbers("a/bools").data)).toEqual([0, 1, 1]);
  expect(file.read("a/complex")).toEqual(complex);
  expect(file.read("a/double")).toMatchObject({ dtype: "complex128", data: Float64Array.of(1e-30, 2) });
  expect(file.read("a/text")).toEqual({ shape: [], dtype: "string", data: ["ℏ = 1"] });
  expect(file.read("a/texts")).toMatchObject({ data: ["one", "three"] });
  expect(file.read("a/empty")).toMatchObject({ data: [""] });
  expect(file.header("a/none").shape).toEqual([0]);
  expect(file.read("scalar")).toMatchObject({ shape: [], data: Float64Array.of(2.5) });
  expect(file.read("/b/c/linked")).toEqual(file.read("a/f64"));
  expect(file.attributes("a/i64")).toMatchObject({
    units: { data: ["m"] },
    n: { dtype: "int64", data: Float64Array.of(-3) },
  });
  expect(file.attributes("a/i64")["pair"].data).toEqual(Float64Array.of(0.5, 2));
  expect(file.attributes("a")["NX_class"].data).toEqual(["NXentry"]);
  expect(file.attributes()).toMatchObject({ default: { data: ["a"] }, many: { data: ["x", "."] } });
  file.close();
});

it("frames come in pieces of any size, compressed or not, at the ends of chunks and between", async () => {
  const [count, height, width] = [37, 129, 211];
  const frame = height * width;
  const all = Float32Array.from({ length: count * frame }, (_, i) => i % 1009);
  for (const compress of [false, true])
    for (const pieces of [[37], [1, 2, 34], Array(37).fill(1) as number[]]) {
      const ends = pieces.map((_, i) => pieces.slice(0, i + 1).reduce((sum, more) => sum + more, 0));
      const frames = ends.map((end, i) => all.subarray((end - pieces[i]) * frame, end * frame));
      const file = await written(
        group({
          p: {
            kind: "frames",
            dtype: "float32",
            shape: [count, height, width],
            frames,
            compress,
            attributes: { axes: "t:y:x" },
          },
        }),
      );
      expect(file.header("p")).toMatchObject({ shape: [count, height, width], dtype: "float32" });
      const { buffer } = file.readNumbers("p").data;
      expect(Buffer.from(buffer).equals(Buffer.from(all.buffer))).toBe(true);
      expect(file.attributes("p")["axes"].data).toEqual(["t:y:x"]);
      file.close();
    }
});

it("whole counts are written as the integers that hold them", async () => {
  const counts = Float32Array.from({ length: 5 * 63 }, (_, i) => (i * 7) % 256);
  for (const [dtype, scale] of [
    ["uint8", 1],
    ["uint16", 257],
    ["uint32", 65536],
  ] as const)
    for (const compress of [false, true]) {
      const scaled = counts.map((count) => count * scale);
      const frames = [scaled.subarray(0, 63), scaled.subarray(63)];
      const file = await written(
        group({ p: { kind: "frames", dtype, shape: [5, 7, 9], frames, compress, attributes: {} } }),
      );
      expect(file.header("p").dtype).toBe(dtype);
      expect(Array.from(file.readNumbers("p").data)).toEqual(Array.from(scaled));
      file.close();
    }
});

it("frames that are fewer than was said are an error, and no file stays", async () => {
  const path = join(folder, "fewer.h5");
  const frames = [new Float32Array(2 * 12)];
  const root = group({
    p: { kind: "frames", dtype: "float32", shape: [3, 3, 4], frames, compress: false, attributes: {} },
  });
  await expect(nodeStore.writeAnywhere(path, (open) => writeHdf5(open, root))).rejects.toThrow(
    /not as many as was said.*expected 3; got 2/,
  );
  expect(readdirSync(folder)).toEqual([]);
});

it("an error of the frames or of the disk comes through as it is, and the next file is written", async () => {
  const stop = new Error("stop");
  const failing = async function* (): AsyncGenerator<Float32Array, void, void> {
    yield new Float32Array(12);
    throw stop;
  };
  const root = (frames: AsyncIterable<Float32Array> | Iterable<Float32Array>) =>
    group({ p: { kind: "frames", dtype: "float32", shape: [2, 3, 4], frames, compress: true, attributes: {} } });
  const path = join(folder, "failing.h5");
  await expect(writeHdf5(memoryFile().file, root(failing()))).rejects.toBe(stop);
  const { file } = memoryFile();
  const full = new Error("no space");
  let left = 3000;
  const small = {
    ...file,
    get size() {
      return file.size;
    },
    write(offset: number, bytes: Uint8Array) {
      left -= bytes.length;
      if (left < 0) throw full;
      file.write(offset, bytes);
    },
  };
  const large = [new Float32Array(1200), new Float32Array(1200)];
  const wide = group({
    p: { kind: "frames", dtype: "float32", shape: [2, 30, 40], frames: large, compress: false, attributes: {} },
  });
  await expect(writeHdf5(small, wide)).rejects.toBe(full);
  expect(readdirSync(folder)).toEqual([]);
  await nodeStore.writeAnywhere(path, (open) => writeHdf5(open, root([new Float32Array(24).fill(2)])));
  expect(statSync(path).size).toBeGreaterThan(1000);
});

it("asked many times for what is not there, the library goes on", async () => {
  for (let k = 0; k < 40; k++) {
    const file = await written(
      group({ a: group({ b: group({ x: array(numbers([k])) }), l: link("/a/b"), m: link("x/y"), o: link("/a/o") }) }),
    );
    for (let i = 0; i < 60; i++)
      for (const path of [`n${i}`, `a/n${i}`, `a/b/x/n${i}`, `a/l/n${i}`, "a/m", "a/o", `n${i}/x`]) {
        expect(file.has(path)).toBe(false);
        expect(file.attributes(path === "a/o" ? `n${i}` : path)).toEqual({});
      }
    for (const path of ["a/b/x", "/a/b/x", "a/l/x", "a//b/x"]) expect(file.read(path).data).toEqual(Float64Array.of(k));
    expect(() => file.header("a/m")).toThrow(/the link "a\/m" leads to no array; .*a link to x\/y/);
    expect(() => file.header("a/none")).toThrow(/no array "a\/none"/);
    file.close();
  }
});
