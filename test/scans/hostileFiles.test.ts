import type * as h5wasm from "h5wasm";
import { describe, expect, it } from "vitest";
import { camelCase } from "../../src/config/names.ts";
import { memorySource } from "../../src/formats/byteSource.ts";
import { openArrayFile } from "../../src/formats/containers.ts";
import { inspectScan } from "../../src/scans/inspect/inspectScan.ts";
import { readScanArrays } from "../../src/scans/registry.ts";
import { type WrittenFile, writtenHdf5 } from "../formats/hdf5/written.ts";
import { complex, fileOf, real, scalar, text } from "./formats/handMade.ts";

/** Files whose parts are there by name only, or say of themselves what cannot be. */

const [count, side] = [4, 32];
const ramp = (length: number): Float64Array => Float64Array.from({ length }, (_, k) => 20 + 3 * k);

function named(file: WrittenFile, without: readonly string[] = []): void {
  const arrays = {
    diffraction: [new Float32Array(count * side * side).fill(2), [count, side, side]],
    xcoords: [ramp(count), [count]],
    ycoords: [ramp(count), [count]],
    mask: [new Uint8Array(side * side).fill(1), [side, side]],
  } as const;
  for (const [name, [data, shape]] of Object.entries(arrays))
    if (!without.includes(name)) file.create_dataset({ name, data, shape: [...shape] });
}

const opened = async (fill: (file: WrittenFile) => void) =>
  openArrayFile(memorySource(await writtenHdf5(fill)), "scan.h5");
const built = { probeModel: "mean" } as const;

describe("links that lead nowhere", () => {
  it("of the patterns are the reason why there are none", async () => {
    const file = await opened((h5) => {
      named(h5, ["diffraction"]);
      (h5 as unknown as h5wasm.Group).create_external_link("gone.h5", "/data", "diffraction");
    });
    expect(() => readScanArrays(file, built)).toThrow(/link "diffraction".*\/data in the file gone\.h5/);
    expect(() => readScanArrays(file, { ...built, patternsKey: "/diffraction" })).toThrow(/gone\.h5/);
    expect(inspectScan(file, {}, "scan.h5").findings.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(
        /^a link leads to what is not there.*diffraction \(a link to \/data in the file gone\.h5\)$/,
      ),
    );
  });

  it("of what a scan can do without are said", async () => {
    const file = await opened((h5) => {
      named(h5, ["mask"]);
      h5.create_soft_link("/nowhere", "/mask");
    });
    expect(readScanArrays(file, built).provenance.warnings).toContainEqual(
      expect.stringMatching(/left out: mask \(a link to \/nowhere\)/),
    );
    expect(readScanArrays(await opened(named), built).provenance.warnings).not.toContainEqual(
      expect.stringMatching(/link/),
    );
  });
});

describe("units beside positions that have the usual names", () => {
  const units = (x: string | undefined, y: string | undefined) =>
    fileOf(
      {
        diffraction: real([count, side, side], new Float64Array(count * side * side).fill(2)),
        xcoords: real([count], ramp(count)),
        ycoords: real([count], ramp(count)),
        probeGuess: complex([side, side], new Float32Array(2 * side * side).fill(1)),
        object_pixel_m: scalar(2e-6),
      },
      {
        ...(x === undefined ? {} : { xcoords: { units: text(x) } }),
        ...(y === undefined ? {} : { ycoords: { units: text(y) } }),
      },
    );

  it("count", () => {
    expect([...readScanArrays(units("um", "um")).positions.slice(0, 4)]).toEqual([10, 10, 11.5, 11.5]);
    expect([...readScanArrays(units("px", "pixels")).positions.slice(0, 4)]).toEqual([20, 20, 23, 23]);
  });

  it.each([
    ["mm", "um", /different units.*mm and um.*position_unit/],
    ["um", undefined, /different units.*um and none/],
    ["furlong", "furlong", /none that positions can have.*furlong/],
    ["cm", "cm", /none that positions can have.*cm/],
  ])("%s and %s are refused unless the unit is stated", (x, y, refusal) => {
    expect(() => readScanArrays(units(x, y))).toThrow(refusal);
    expect([...readScanArrays(units(x, y), { positionUnit: "px" }).positions.slice(0, 2)]).toEqual([20, 20]);
  });
});

describe("inspecting", () => {
  it("an array larger than its file can hold takes no memory for its frames", async () => {
    const file = await opened((h5) => named(h5));
    const header = file.header("diffraction");
    const huge = {
      ...file,
      header: (key: string) => (key === "diffraction" ? { ...header, shape: [2 ** 40, side, side] } : file.header(key)),
      readImages: () => {
        throw new Error("larger than its file");
      },
    };
    expect(() => inspectScan(huge, {}, "scan.h5")).toThrow(/larger than its file/);
  });

  it("a file of a format that it breaks says how, and nothing of other formats' names", () => {
    const file = fileOf({
      cxi_version: scalar(160),
      "entry_1/data_1/data": real([count, side, side], new Float64Array(count * side * side).fill(2)),
      "entry_1/data_1/translation": real([3, count], new Float64Array(3 * count)),
    });
    const { format, findings } = inspectScan(file, {}, "scan.cxi");
    expect(format?.name).toBe("cxi");
    expect(findings.map(({ what }) => what)).toEqual(["translations are not (x, y, z) of each frame"]);
    expect(camelCase(/`([a-z_]+)/.exec(findings[0].flag ?? "")?.[1] ?? "")).toBe("positions");
  });
});

describe("values at the end of 16 bits", () => {
  const scan = (fill: (frame: number, pixel: number) => number, mask?: Uint8Array) =>
    inspectScan(
      fileOf({
        diffraction: {
          shape: [count, side, side],
          dtype: "uint16",
          data: Uint16Array.from({ length: count * side * side }, (_, i) =>
            fill(Math.floor(i / side ** 2), i % side ** 2),
          ),
        },
        ...(mask === undefined ? {} : { mask: { shape: [side, side], dtype: "uint8", data: mask } as const }),
      }),
      { measurement: "counts" },
    ).findings.filter(({ what }) => /end of 16 bits/.test(what));
  const wrapped = (frame: number, pixel: number): number => ((pixel % 40) - (pixel === 5 * frame ? 60 : 0)) & 0xffff;

  it("far above all others are said with their number", () => {
    expect(scan(wrapped)).toEqual([
      expect.objectContaining({
        severity: "warning",
        evidence: expect.stringMatching(/^4 of up to 65491, the next are 39 at most/),
      }),
    ]);
  });

  it("are not where counts go up to them, nor where they are masked", () => {
    expect(scan((_, pixel) => pixel * 64)).toEqual([]);
    const mask = new Uint8Array(side * side).fill(1);
    for (let frame = 0; frame < count; frame++) mask[5 * frame] = 0;
    expect(scan(wrapped, mask)).toEqual([]);
  });
});

it("patterns without pixels are an empty scan, whose bins are not in question", () => {
  const file = fileOf({
    diffraction: real([count, 0, 0], []),
    xcoords: real([count], ramp(count)),
    ycoords: real([count], ramp(count)),
    probeGuess: complex([side, side], new Float32Array(2 * side * side).fill(1)),
  });
  expect(() => readScanArrays(file)).toThrow(/the scan is empty|does not fit/);
  expect(inspectScan(file).findings.map(({ what }) => what)).not.toContain("bins leave a rest");
});
