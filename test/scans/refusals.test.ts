import { describe, expect, it } from "vitest";
import { PtychonautError } from "../../src/errors.ts";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { readBytes } from "../../src/node/files/readBytes.ts";
import { inspectScan } from "../../src/scans/inspect/inspectScan.ts";
import { readScanNpz } from "../../src/scans/scanNpz.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { caseFile } from "../fixtures.ts";

/** Arrays of a simulated scan in the contract. */
function sound(): Record<string, NpyArray> {
  const npz = openNpz(writeScanNpz(simulate({ n: 32, patterns: 12, measurement: "amplitude" })), "scan");
  return Object.fromEntries(npz.keys.map((key) => [key, npz.read(key)]));
}

const numbers = (array: NpyArray): number[] => Array.from(array.data as ArrayLike<number>);
const changed = (change: (arrays: Record<string, NpyArray>) => Record<string, NpyArray>): Uint8Array => {
  const arrays = sound();
  return writeNpz({ ...arrays, ...change(arrays) });
};
const complexOf = (array: NpyArray): NpyArray => ({
  shape: array.shape,
  dtype: "complex128",
  data: Float64Array.from(numbers(array).flatMap((value) => [value, 0])),
});
const wide = (array: NpyArray, value: number): NpyArray => ({
  ...array,
  dtype: "float64",
  data: Float64Array.from(numbers(array), (old, i) => (i === 7 ? value : old)),
});

const refused: [string, () => Uint8Array, RegExp][] = [
  [
    "complex coordinates",
    () => changed(({ xcoords, ycoords }) => ({ xcoords: complexOf(xcoords), ycoords: complexOf(ycoords) })),
    /positions are complex numbers/,
  ],
  [
    "half as many complex scan numbers",
    () => changed(() => ({ scan_index: { shape: [6], dtype: "complex64", data: new Float32Array(12) } })),
    /scan_index does not fit/,
  ],
  [
    "a complex mask",
    () => changed(() => ({ mask: { shape: [32, 32], dtype: "complex64", data: new Float32Array(2048).fill(1) } })),
    /the mask does not fit/,
  ],
  [
    "a mask without a valid pixel",
    () => changed(() => ({ mask: { shape: [32, 32], dtype: "float32", data: new Float32Array(1024) } })),
    /the mask leaves no valid pixel/,
  ],
  [
    "a probe without modes",
    () => changed(() => ({ probeGuess: { shape: [0, 32, 32], dtype: "complex64", data: new Float32Array(0) } })),
    /the probe has no modes/,
  ],
  [
    "an object of no size",
    () => changed(() => ({ objectGuess: { shape: [0, 40], dtype: "complex64", data: new Float32Array(0) } })),
    /the reference object has no size/,
  ],
  [
    "a scan without patterns",
    () =>
      changed(() => ({
        diff3d: { shape: [0, 32, 32], dtype: "float32", data: new Float32Array(0) },
        ...Object.fromEntries(
          ["xcoords", "ycoords", "xcoords_start", "ycoords_start"].map((key) => [
            key,
            { shape: [0], dtype: "float64", data: new Float64Array(0) },
          ]),
        ),
      })),
    /the scan is empty/,
  ],
  ["patterns beyond float32", () => changed(({ diff3d }) => ({ diff3d: wide(diff3d, 1e39) })), /too large a value/],
  [
    "a probe beyond float32",
    () =>
      changed(() => ({
        probeGuess: { shape: [32, 32], dtype: "complex128", data: new Float64Array(2048).fill(1e39) },
      })),
    /not a finite number within float32/,
  ],
  [
    "a position that is no number",
    () => changed(({ xcoords }) => ({ xcoords: wide(xcoords, Number.NaN) })),
    /a position is not a finite number.*frame 7; got NaN \(1 of 12 frames: 7\)/,
  ],
  ["complex patterns", () => changed(({ diff3d }) => ({ diff3d: complexOf(diff3d) })), /patterns have the wrong dtype/],
];

describe("what reading refuses, inspection finds, in the same words", () => {
  it.each(refused)("%s", (_, bytes, message) => {
    const file = bytes();
    const error = refusalOf(() => readScanNpz(file, {}, { path: "scan.npz" }));
    expect(error.message).toMatch(message);
    const errors = inspectScan(file, {}, "scan.npz").findings.filter(({ severity }) => severity === "error");
    const same = errors.find(({ what }) => error.message.startsWith(what));
    expect(same, errors.map(({ what }) => what).join("; ")).toBeDefined();
    expect(same?.evidence).toContain(error.details.got);
  });

  it("and a sound scan has no error", () => {
    expect(inspectScan(writeNpz(sound())).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

describe("a mask of other values than 0 and 1", () => {
  it.each([
    ["0 and 255", 0, 255],
    ["0 and a half", 0, 0.5],
    ["0 and -1", 0, -1],
    ["0 and NaN", 0, Number.NaN],
    ["1 and 2", 1, 2],
  ])("%s: they are named, and nothing else is said of it", (_, most, few) => {
    const data = new Float64Array(1024).fill(few);
    data.fill(most, 0, 20);
    const file = changed(() => ({ mask: { shape: [32, 32], dtype: "float64", data } }));
    const { message, details } = refusalOf(() => readScanNpz(file));
    expect(message).toMatch(/the mask has other values than 0 and 1/);
    expect(details.got).toBe(`the values ${most}, ${few}`);
    expect(details.fix).toContain("(mask > 0)");
    const { findings } = inspectScan(file);
    const grave = findings.filter(({ severity }) => severity !== "note");
    expect(grave.map(({ what }) => what)).toEqual(["the mask has other values than 0 and 1"]);
    expect(findings.some(({ flag }) => flag?.includes("mask_valid"))).toBe(false);
  });
});

describe("a dose in the metadata that cannot be", () => {
  it.each(["1e308", "1e999", "-5", "0", '"abc"', "[1]"])("%s is said and ignored", (dose) => {
    const file = changed(() => ({
      _metadata: { shape: [], dtype: "string", data: [`{"physics_parameters": {"nphotons": ${dose}}}`] },
    }));
    const { provenance, photonsPerPattern } = readScanNpz(file);
    expect(photonsPerPattern).toBeUndefined();
    expect(provenance.warnings).toEqual([
      expect.stringMatching(/_metadata states .* photons.* ignored: .*at most 1e\+15; .*`nphotons`/),
    ]);
  });
});

it.each([1e300, 1e-200])("a reference object times %d is scaled before it is made float32, which is said", (scale) => {
  const file = changed(({ objectGuess }) => ({
    objectGuess: {
      shape: objectGuess.shape,
      dtype: "complex128",
      data: Float64Array.from(numbers(objectGuess), (value) => value * scale),
    },
  }));
  const { object, provenance } = readScanNpz(file);
  const original = numbers(sound()["objectGuess"]);
  const largest = Math.max(...original.map(Math.abs));
  object?.data.forEach((value, i) => void expect(value).toBeCloseTo(original[i] / largest, 6));
  expect(object?.data.length).toBe(original.length);
  expect(provenance.warnings).toEqual([expect.stringMatching(/objectGuess: the object's numbers.*float32/)]);
});

describe("patterns with values that no detector gives", () => {
  const withBad = (value: number, frames: readonly number[]): string =>
    refusalOf(() =>
      readScanNpz(
        changed(({ diff3d }) => ({
          diff3d: {
            ...diff3d,
            dtype: "float64",
            data: Float64Array.from(numbers(diff3d), (old, i) =>
              i % 1024 === 77 && frames.includes(Math.floor(i / 1024)) ? value : old,
            ),
          },
        })),
      ),
    ).message;

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("%s in some frames: these can be left out", (value) => {
    expect(withBad(value, [3, 4, 9])).toMatch(/\(3 of 12 frames.*`skip_frames=3-4,9`/);
  });

  it("in every frame: the file needs a mask", () => {
    const message = withBad(
      -1,
      Array.from({ length: 12 }, (_, k) => k),
    );
    expect(message).toMatch(/set the bad pixels to zero and add an array named mask/i);
    expect(message).not.toContain("skip_frames");
  });
});

describe.skipIf(caseFile("scan.npz") === undefined)("files of the folder of PTYCHONAUT_CASES", () => {
  it.each([
    ["nan_position.npz", /a position is not a finite number/, /frame 5/],
    ["complex_patterns.npz", /patterns have the wrong dtype/, /complex64/],
    ["hostile/mask-zero.npz", /the mask leaves no valid pixel/, /1024/],
    ["hostile/probe-0modes.npz", /the probe has no modes/, /0, 32, 32/],
  ] as const)("%s", async (name, what, evidence) => {
    const bytes = await readBytes(caseFile(name) ?? name);
    expect(refusalOf(() => readScanNpz(bytes)).message).toMatch(what);
    const errors = inspectScan(bytes).findings.filter(({ severity }) => severity === "error");
    expect(errors).toContainEqual(
      expect.objectContaining({ what: expect.stringMatching(what), evidence: expect.stringMatching(evidence) }),
    );
  });
});

function refusalOf(run: () => unknown): PtychonautError {
  try {
    run();
  } catch (error) {
    if (error instanceof PtychonautError) return error;
    throw error;
  }
  throw new Error("not refused");
}
