import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readReference } from "../../src/runs/evaluate.ts";
import { dataFile } from "../fixtures.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const complex = (...shape: number[]): NpyArray => ({
  shape,
  dtype: "complex64",
  data: new Float32Array(2 * shape.reduce((product, extent) => product * extent, 1)).fill(1),
});
const counts = (...shape: number[]): NpyArray => ({
  shape,
  dtype: "uint16",
  data: new Uint16Array(shape.reduce((product, extent) => product * extent, 1)),
});

function file(name: string, arrays: Record<string, NpyArray>): string {
  const path = join(folder, `${name}.npz`);
  writeFileSync(path, writeNpz(arrays));
  return path;
}

describe("only an object is a reference", () => {
  it.each([
    ["a scan whose only complex image is its probe", { data: counts(4, 16, 16), probe: complex(16, 16) }],
    ["one with the probe under another name", { data: counts(4, 16, 16), P0: complex(1, 16, 16) }],
    ["one with its frames last", { data: counts(16, 16, 4), beam: complex(16, 16) }],
    ["a file of a probe alone", { probe_refined: complex(16, 16) }],
  ])("%s has none", async (name, arrays) => {
    await expect(readReference(file(name, arrays), nodeHome)).rejects.toThrow(/no object in this file.*Name the array/);
  });

  it("the only complex image that is no probe is taken, and a probe where it is named", async () => {
    const path = file("both", { data: counts(4, 16, 16), probe: complex(16, 16), field: complex(40, 40) });
    expect((await readReference(path, nodeHome)).key).toBe("field");
    expect((await readReference(`${path}::probe`, nodeHome)).key).toBe("probe");
  });

  it.each([1e300, 1e-200])(
    "one whose numbers are about %d keeps its contrast, and the scale is said",
    async (scale) => {
      const data = Float64Array.from({ length: 2 * 40 * 40 }, (_, i) => scale * (1 + (i % 7) / 10));
      const path = file(`scaled${scale}`, { obj: { shape: [40, 40], dtype: "complex128", data } });
      const { object, warnings } = await readReference(path, nodeHome);
      object.data.forEach((value, i) => void expect(value).toBeCloseTo((1 + (i % 7) / 10) / 1.6, 6));
      expect(warnings).toEqual([expect.stringMatching(/outside what float32 holds well.*divided/)]);
    },
  );

  it("one of NaN everywhere is refused, one with NaN somewhere is read", async () => {
    const data = new Float32Array(2 * 40 * 40).fill(Number.NaN);
    const array = { shape: [40, 40], dtype: "complex64", data } as const;
    await expect(readReference(file("nan", { obj: array }), nodeHome)).rejects.toThrow(
      /the object has no finite number.*got NaN/,
    );
    data.fill(1, 100);
    const { object, warnings } = await readReference(file("nan-somewhere", { obj: array }), nodeHome);
    expect(object.data).toEqual(data);
    expect(warnings).toBeUndefined();
  });

  it.skipIf(dataFile("siemens_raw.npz") === undefined)("a measured scan without an object has none", async () => {
    await expect(readReference(dataFile("siemens_raw.npz") ?? "", nodeHome)).rejects.toThrow(/no object in this file/);
  });
});
