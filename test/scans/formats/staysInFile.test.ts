import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { ArrayFile } from "../../../src/formats/arrayFile.ts";
import { scratchFolder } from "../../../src/node/files/fileSource.ts";
import { readScanArrays } from "../../../src/scans/registry.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { complex, fileOf, real, scalar } from "./handMade.ts";

/** Frames that are turned on the way stay on the disk too, and are the same there. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-turned-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [n, N] = [6, 8];
const counts = {
  shape: [n, N, N],
  dtype: "uint16" as const,
  data: Uint16Array.from({ length: n * N * N }, (_, i) => i),
};
const two = {
  shape: [2, n, N, N],
  dtype: "uint16" as const,
  data: Uint16Array.from({ length: 2 * n * N * N }, (_, i) => i),
};
const steps = Array.from({ length: n }, (_, k) => 1e-8 * ((3 * k) % 5));
const probe = complex([N, N], new Float32Array(2 * N * N).fill(1));
const elsewhere = { probeFile: [{ file: fileOf({ probe }), key: "probe", where: "probe" }] };

const cases: Record<string, readonly [file: () => ArrayFile, options?: ScanOptions]> = {
  fold_slice: [() => fileOf({ dp: counts, ppX: real([n], steps), ppY: real([n], steps), dx: scalar(1e-9) })],
  ptylab: [
    () =>
      fileOf({
        ...{ ptychogram: counts, encoder: real([n, 2], [...steps, ...steps]), orientation: scalar(5) },
        ...{ wavelength: scalar(5e-7), zo: scalar(0.05), dxd: scalar(5e-6) },
      }),
  ],
  tike: [
    () =>
      fileOf({
        data: two,
        scan: real([2, n, 2], Array(4 * n).fill(3)),
        psi: complex([1, 20, 20], new Float32Array(800).fill(1)),
      }),
    { scanIndex: 1 },
  ],
};

describe("patterns that are turned as they are read", () => {
  it.each(Object.entries(cases))("of %s", (_, [file, options = {}]) => {
    const scratch = scratchFolder(folder, () => {});
    const onDisk = readScanArrays(file(), options, { elsewhere, scratch: scratch.make }).patterns;
    const inMemory = readScanArrays(file(), options, { elsewhere }).patterns;
    expect(onDisk.origin.kind).not.toBe("memory");
    const frames = [...Array(n).keys()];
    const [a, b] = [onDisk, inMemory].map((patterns) => {
      const out = new Float32Array(n * N * N);
      patterns.read(frames, out);
      return out;
    });
    expect(a).toEqual(b);
    expect(new Set(a).size).toBe(n * N * N);
    scratch.remove();
  });
});
