import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { objectOfScanFormat } from "../../src/reconstructions/ofScanFormats.ts";
import { readObjectFile } from "../../src/runs/objectFile.ts";
import { complex, fileOf, float32, real, scalar } from "../scans/formats/handMade.ts";

/** An object without any symmetry, and what programs write of it. */

const [H, W, N] = [11, 7, 4];
const data = Float32Array.from({ length: 2 * H * W }, (_, i) => Math.sin(1 + 0.7 * i * i) + 0.5);
const probe = new Float32Array(2 * N * N).fill(1);
const part = (of: (re: number, im: number) => number): Float32Array =>
  Float32Array.from({ length: H * W }, (_, i) => of(data[2 * i], data[2 * i + 1]));
/** MATLAB's (y, x): the first index fastest. */
const columnMajor = Float32Array.from(data, (_, i) => {
  const [x, y] = [Math.floor(i / 2 / H), Math.floor(i / 2) % H];
  return data[2 * (y * W + x) + (i % 2)];
});

const files: Record<string, { readonly arrays: Record<string, NpyArray>; readonly pixelSizeM?: number }> = {
  tike: {
    arrays: {
      data: float32([2, N, N], new Float32Array(2 * N * N)),
      scan: real([2, 2], [1, 1, 2, 2]),
      probe: complex([1, 1, 1, N, N], probe),
      psi: complex([1, H, W], data),
    },
  },
  PtyLab: {
    arrays: {
      object: complex([1, 1, 1, 1, H, W], data),
      probe: complex([1, 1, 1, 1, N, N], probe),
      dxp: scalar(2e-7),
    },
    pixelSizeM: 2e-7,
  },
  PtyRAD: {
    arrays: {
      "optimizable_tensors/obja": float32([1, 1, H, W], part(Math.hypot)),
      "optimizable_tensors/objp": float32(
        [1, 1, H, W],
        part((re, im) => Math.atan2(im, re)),
      ),
      "optimizable_tensors/probe": complex([1, N, N], probe),
      "model_attributes/dx": scalar(0.2),
    },
    pixelSizeM: 2e-11,
  },
  fold_slice: {
    arrays: {
      object: complex([W, H], columnMajor),
      probe: complex([N, N], probe),
      "p/dx_spec": real([2, 1], [3e-8, 3e-8]),
    },
    pixelSizeM: 3e-8,
  },
};

describe("objects in results of other programs", () => {
  it.each(Object.entries(files))("%s", (name, { arrays, pixelSizeM }) => {
    const found = objectOfScanFormat(fileOf(arrays), name);
    expect(found?.object.shape).toEqual([H, W]);
    found?.object.data.forEach((value, i) => void expect(value).toBeCloseTo(data[i], 5));
    if (pixelSizeM === undefined) expect(found?.pixelSizeM).toBeUndefined();
    else expect((found?.pixelSizeM ?? 0) / pixelSizeM).toBeCloseTo(1, 9);
    // Only beside its patterns an object says where it lies.
    expect(found?.origin).toEqual(name === "tike" ? { y: 0, x: 0 } : undefined);
  });

  const folder = mkdtempSync(join(tmpdir(), "ptychonaut-results-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("are what evaluation and comparison read; an array that is named is taken as it is", async () => {
    const path = join(folder, "tike.npz");
    writeFileSync(path, writeNpz(files["tike"].arrays));
    const { key, object } = await readObjectFile(path, nodeHome);
    expect([key, object.shape, object.data]).toEqual(["psi", [H, W], data]);
    expect((await readObjectFile(`${path}::probe`, nodeHome)).object.shape).toEqual([N, N]);
  });

  it("of several views are refused, with their axes", async () => {
    const views = { ...files["tike"].arrays, psi: complex([2, H, W], [...data, ...data]) };
    const path = join(folder, "views.npz");
    writeFileSync(path, writeNpz(views));
    await expect(readObjectFile(path, nodeHome)).rejects.toThrow(/not a complex image.*\(2, 11, 7\)/);
  });
});
