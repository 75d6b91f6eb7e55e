import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { PtychonautError } from "../../src/errors.ts";
import type { NpyArray } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { Random } from "../../src/random.ts";
import { readScanNpz } from "../../src/scans/scanNpz.ts";
import type { ScanOptions } from "../../src/scans/scanOptions.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";

const N = 8;
const COUNT = 5;
const random = new Random(1);
const uniform = (n: number): Float32Array => Float32Array.from({ length: n }, () => random.uniform());

/** A small scan in the contract: 5 patterns of 8², positions inside a 20 × 24 object. */
function contract(): Record<string, NpyArray> {
  return {
    diff3d: { shape: [COUNT, N, N], dtype: "float32", data: uniform(COUNT * N * N) },
    xcoords: { shape: [COUNT], dtype: "float64", data: Float64Array.of(4, 6.5, 8, 12, 19.5) },
    ycoords: { shape: [COUNT], dtype: "float64", data: Float64Array.of(4, 5.25, 9, 11, 15) },
    probeGuess: { shape: [N, N], dtype: "complex64", data: uniform(2 * N * N) },
    objectGuess: { shape: [20, 24], dtype: "complex64", data: uniform(2 * 20 * 24) },
  };
}

const read = (arrays: Record<string, NpyArray>, options: ScanOptions = {}): Dataset =>
  readScanNpz(writeNpz(arrays), options, { path: "/data/scan.npz" });

function frames(dataset: Dataset): Float32Array {
  const { count, height, width } = dataset.patterns;
  const out = new Float32Array(count * height * width);
  dataset.patterns.read(
    Array.from({ length: count }, (_, i) => i),
    out,
  );
  return out;
}

function failure(run: () => unknown): PtychonautError {
  try {
    run();
  } catch (error) {
    if (error instanceof PtychonautError) return error;
    throw error;
  }
  throw new Error("did not fail");
}

describe("labels to learn from", () => {
  const problem = (arrays: Record<string, NpyArray>) => read({ ...contract(), ...arrays }).labelProblem;
  const real = (shape: number[]): NpyArray => ({
    shape,
    dtype: "float32",
    data: uniform(shape.reduce((a, b) => a * b, 1)),
  });

  it("are not taken from amplitudes, which does not keep the file from being read", () => {
    expect(problem({})).toBeUndefined();
    expect(problem({ label: real([COUNT, N, N]) })).toBe("label, float32 (5, 8, 8), which is not complex (5, 8, 8)");
    expect(problem({ objectGuess: real([20, 24]) })).toBe("objectGuess, float32: an amplitude without a phase");
    const { objectGuess: _, ...objectless } = contract();
    expect(read({ ...objectless, Y_I: real([COUNT, N, N]) }).labelProblem).toMatch(/^Y_I: amplitudes times the probe/);
    expect(read(objectless).labelProblem).toBeUndefined();
  });
});

describe("the contract", () => {
  it("reads a minimal file", () => {
    const arrays = contract();
    const dataset = read(arrays);
    expect(dataset.name).toBe("scan");
    expect(dataset.measurement).toBe("amplitude");
    expect(frames(dataset)).toEqual(arrays["diff3d"].data);
    expect(Array.from(dataset.positions)).toEqual([4, 4, 5.25, 6.5, 9, 8, 11, 12, 15, 19.5]);
    expect(dataset.probe.shape).toEqual([1, N, N]);
    expect(dataset.object?.shape).toEqual([20, 24]);
    expect(dataset.provenance).toMatchObject({ path: "/data/scan.npz", conversions: [], warnings: [] });
  });

  it("reads optional arrays", () => {
    const dataset = read({
      ...contract(),
      xcoords_start: { shape: [COUNT], dtype: "float64", data: new Float64Array(COUNT).fill(7) },
      ycoords_start: { shape: [COUNT], dtype: "float64", data: new Float64Array(COUNT).fill(6) },
      scan_index: { shape: [COUNT], dtype: "int64", data: Float64Array.of(0, 0, 1, 1, 1) },
      Y: { shape: [COUNT, N, N], dtype: "complex128", data: new Float64Array(2 * COUNT * N * N).fill(0.5) },
      _metadata: { shape: [], dtype: "string", data: ['{"physics_parameters": {"nphotons": 12345.0}}'] },
    });
    expect(Array.from(dataset.nominalPositions!.slice(0, 4))).toEqual([6, 7, 6, 7]);
    expect(dataset.scanIndex).toEqual(Int32Array.of(0, 0, 1, 1, 1));
    expect(dataset.patches?.shape).toEqual([COUNT, N, N]);
    const label = {
      ...contract(),
      label: { shape: [COUNT, N, N], dtype: "complex64", data: uniform(2 * COUNT * N * N) },
    };
    expect(read(label as Record<string, NpyArray>).patches?.data).toEqual(label.label.data);
    expect(dataset.photonsPerPattern).toBe(12345);
  });

  it("unreadable metadata is a warning", () => {
    const dataset = read({ ...contract(), _metadata: { shape: [], dtype: "string", data: ["{broken"] } });
    expect(dataset.provenance.warnings).toEqual(["_metadata is not JSON text and was ignored"]);
  });

  it("finds frames on the last axis", () => {
    const arrays = contract();
    const data = arrays["diff3d"].data as Float32Array;
    const transposed = Float32Array.from(
      { length: data.length },
      (_, i) => data[(i % COUNT) * N * N + Math.floor(i / COUNT)],
    );
    arrays["diff3d"] = { shape: [N, N, COUNT], dtype: "float32", data: transposed };
    const dataset = read(arrays);
    expect(frames(dataset)).toEqual(data);
    expect(dataset.provenance.conversions).toEqual(["patterns transposed from (y, x, frame) to (frame, y, x)"]);
  });

  it("flattens a raster's axes into frames", () => {
    const arrays = contract();
    arrays["diff3d"] = { ...arrays["diff3d"], shape: [1, COUNT, N, N] } as NpyArray;
    expect(read(arrays).patterns.count).toBe(COUNT);
  });

  it("refuses a frame axis that could be either, until it is said", () => {
    const cube: NpyArray = { shape: [5, 5, 5], dtype: "float32", data: uniform(125) };
    const arrays = {
      ...contract(),
      diff3d: cube,
      probeGuess: { shape: [5, 5], dtype: "complex64", data: uniform(50) } as NpyArray,
    };
    expect(failure(() => read(arrays)).message).toMatch(/frame axis is ambiguous.*`frame_axis=first`/);
    expect(frames(read(arrays, { frameAxis: "first" }))).toEqual(cube.data);
    expect(frames(read(arrays, { frameAxis: "last" }))[1]).toBe((cube.data as Float32Array)[5]);
  });

  it.each([
    [[N, N, 1], 1],
    [[1, N, N], 1],
    [[1, 1, 1, 1, N, N], 1],
  ])("probe of shape %j", (shape, modes) => {
    const arrays = contract();
    arrays["probeGuess"] = { shape, dtype: "complex64", data: uniform(2 * N * N) };
    expect(read(arrays).probe.shape).toEqual([modes, N, N]);
  });

  it("several probe modes come first", () => {
    const arrays = contract();
    arrays["probeGuess"] = { shape: [3, N, N], dtype: "complex64", data: uniform(6 * N * N) };
    expect(read(arrays).probe.shape).toEqual([3, N, N]);
  });

  it("warns of windows outside the reference object", () => {
    const arrays = contract();
    arrays["xcoords"] = { shape: [COUNT], dtype: "float64", data: Float64Array.of(3.9, 6, 8, 12, 20.1) };
    expect(read(arrays).provenance.warnings[0]).toMatch(/^2 of 5 windows reach outside/);
  });
});

describe("what must be said", () => {
  it("integers need a measurement, and are not wrapped", () => {
    const arrays = contract();
    arrays["diff3d"] = { shape: [COUNT, N, N], dtype: "uint16", data: new Uint16Array(COUNT * N * N).fill(65535) };
    expect(failure(() => read(arrays)).message).toMatch(/integer patterns.*`measurement=counts`/);
    const dataset = read(arrays, { measurement: "counts" });
    expect(dataset.measurement).toBe("counts");
    expect(frames(dataset)[0] ** 2).toBe(65535 ** 2);
  });

  it("DC at the corner moves to floor(n/2)", () => {
    const arrays = contract();
    const data = new Float32Array(COUNT * N * N);
    data[2 * N * N] = 1; // frame 2, zero frequency
    data[2 * N * N + N + 2] = 3; // one row down, two columns right of it
    arrays["diff3d"] = { shape: [COUNT, N, N], dtype: "float32", data };
    const out = frames(read(arrays, { dcAt: "corner" })).subarray(2 * N * N, 3 * N * N);
    expect(out[(N / 2) * N + N / 2]).toBe(1);
    expect(out[(N / 2 + 1) * N + N / 2 + 2]).toBe(3);
  });

  describe("a raw scan", () => {
    const raw = (): Record<string, NpyArray> => ({
      data: { shape: [3, N, N], dtype: "uint16", data: new Uint16Array(3 * N * N).fill(2) },
      scan_px: { shape: [3, 2], dtype: "float32", data: Float32Array.of(-10, -3, 0.5, 1, 10, 3) },
      probe: { shape: [N, N], dtype: "complex64", data: uniform(2 * N * N) },
    });
    const keys: ScanOptions = {
      patternsKey: "data",
      probeKey: "probe",
      positionsKey: "scan_px",
      measurement: "counts",
    };

    it("lists the arrays there are and the option to name one", () => {
      expect(failure(() => read(raw())).message).toMatch(/"diffraction".*data, scan_px, probe.*`patterns_key/);
      expect(failure(() => read(raw(), { ...keys, probeKey: "nope" })).message).toMatch(/"nope".*`probe_key/);
    });

    it("needs the column order", () => {
      expect(failure(() => read(raw(), keys)).message).toMatch(
        /order of the two position columns.*`position_order=yx`/,
      );
    });

    it("takes positions as they are by default", () => {
      expect(Array.from(read(raw(), { ...keys, positionOrder: "yx" }).positions)).toEqual([-10, -3, 0.5, 1, 10, 3]);
      expect(Array.from(read(raw(), { ...keys, positionOrder: "xy" }).positions)).toEqual([-3, -10, 1, 0.5, 3, 10]);
    });

    it("corner and origin: the outermost windows start two pixels inside", () => {
      const dataset = read(raw(), {
        ...keys,
        positionOrder: "yx",
        positionReference: "corner",
        positionOrigin: "centered",
      });
      expect(Array.from(dataset.positions)).toEqual([6, 6, 16.5, 10, 26, 12]);
      expect(dataset.provenance.conversions).toEqual([
        "patterns read as counts, as stated",
        "positions from scan_px, columns (y, x)",
        "positions moved from the windows' minimum corners to their centres: + (4, 4)",
        "positions moved by (12.000, 5.000), their origin being free, so that the outermost windows start 2 pixels inside the object",
      ]);
      const centres = read(raw(), { ...keys, positionOrder: "yx", positionOrigin: "centered" });
      expect(centres.positions).toEqual(dataset.positions);
      expect(centres.provenance.conversions).toHaveLength(3);
    });

    it("with an object in the file positions count from its middle, which tells corners from centres", () => {
      const arrays = { ...raw(), psi: { shape: [1, 40, 30], dtype: "complex64", data: uniform(2400) } as NpyArray };
      const readAs = (positionReference: "center" | "corner") =>
        read(arrays, { ...keys, objectKey: "psi", positionOrder: "yx", positionReference, positionOrigin: "centered" });
      // The middle of 40 x 30 is (20, 15); half a window is 4.
      expect(Array.from(readAs("center").positions)).toEqual([10, 12, 20.5, 16, 30, 18]);
      const corners = readAs("corner");
      expect(Array.from(corners.positions)).toEqual([14, 16, 24.5, 20, 34, 22]);
      expect(corners.provenance.conversions.slice(-2)).toEqual([
        "positions moved from the windows' minimum corners to their centres: + (4, 4)",
        "positions counted from the middle of the reference object: + (20, 15)",
      ]);
    });
  });
});

describe("bad input", () => {
  const withPatterns = (change: (data: Float32Array) => void): Record<string, NpyArray> => {
    const arrays = contract();
    change(arrays["diff3d"].data as Float32Array);
    return arrays;
  };

  it.each([
    ["NaN", Number.NaN, /not finite value in the patterns; in .*frame 3, row 1, column 2.*got NaN \(1 of 5/],
    ["infinity", Number.POSITIVE_INFINITY, /not finite value/],
    ["negative", -1, /negative value.*got -1/],
  ])("%s names the frame and the pixel", (_, value, message) => {
    const arrays = withPatterns((data) => {
      data[3 * N * N + N + 2] = value;
    });
    expect(failure(() => read(arrays)).message).toMatch(message);
  });

  const number = (n: number): NpyArray => ({ shape: [n], dtype: "float64", data: new Float64Array(n) });
  const cases: [string, Record<string, NpyArray>, RegExp][] = [
    [
      "fewer positions",
      { xcoords: number(4), ycoords: number(4) },
      /fewer positions than patterns.*expected 5 positions.*got 4/,
    ],
    ["more positions", { xcoords: number(6), ycoords: number(6) }, /more positions than patterns.*got 6/],
    ["columns of unequal length", { ycoords: number(4) }, /xcoords and ycoords differ in length/],
    [
      "a position that is NaN",
      { ycoords: { ...number(5), data: Float64Array.of(1, 1, Number.NaN, 1, 1) } as NpyArray },
      /frame 2/,
    ],
    [
      "probe of another size",
      { probeGuess: { shape: [6, 6], dtype: "complex64", data: uniform(72) } },
      /probe does not fit.*\(8, 8\).*got \(6, 6\)/,
    ],
    [
      "modes last",
      { probeGuess: { shape: [N, N, 2], dtype: "complex64", data: uniform(4 * N * N) } },
      /probe does not fit/,
    ],
    [
      "complex patterns",
      { diff3d: { shape: [COUNT, N, N], dtype: "complex64", data: uniform(2 * COUNT * N * N) } },
      /wrong dtype.*complex64/,
    ],
    ["text patterns", { diff3d: { shape: [1], dtype: "string", data: ["x"] } }, /wrong dtype.*string/],
    [
      "boolean patterns",
      { diff3d: { shape: [COUNT, N, N], dtype: "bool", data: new Uint8Array(COUNT * N * N) } },
      /wrong dtype.*bool/,
    ],
    [
      "one pattern without a frame axis",
      { diff3d: { shape: [N, N], dtype: "float32", data: uniform(N * N) } },
      /too few axes/,
    ],
    [
      "real reference patches",
      { Y: { shape: [COUNT, N, N], dtype: "float32", data: uniform(COUNT * N * N) } },
      /reference patches do not fit.*float32/,
    ],
    ["both pattern arrays", { diffraction: contract()["diff3d"] }, /two arrays of patterns/],
    ["scan_index of another length", { scan_index: number(4) }, /scan_index does not fit/],
    ["frame_intensity of another length", { frame_intensity: number(4) }, /frame_intensity does not fit/],
    ["a beam intensity of 0", { frame_intensity: number(COUNT) }, /frame_intensity does not fit.*5 positive/],
    [
      "a mask with other values",
      { mask: { shape: [N, N], dtype: "float32", data: uniform(N * N) } },
      /mask has other values/,
    ],
    [
      "a probe with NaN",
      { probeGuess: { shape: [N, N], dtype: "complex64", data: new Float32Array(2 * N * N).fill(Number.NaN) } },
      /not a finite number/,
    ],
  ];
  it.each(cases)("%s", (_, change, message) => {
    const error = failure(() => read({ ...contract(), ...change }));
    expect(error.kind).toBe("data");
    expect(error.message).toMatch(message);
  });

  it("missing arrays", () => {
    for (const key of ["diff3d", "xcoords", "ycoords", "probeGuess"]) {
      const arrays = contract();
      delete arrays[key];
      expect(failure(() => read(arrays)).message).toMatch(/no (array|patterns|positions|probe).*`/);
    }
  });
});

describe("writing", () => {
  it("comes back as amplitudes, from counts too", () => {
    const counts = Float32Array.from({ length: 2 * 16 }, (_, i) => i * 1000);
    const dataset: Dataset = {
      name: "x",
      patterns: memoryPatterns(counts, [2, 4, 4]),
      measurement: "counts",
      positions: Float64Array.of(2, 3, 4.5, 5.25),
      nominalPositions: Float64Array.of(2, 3, 4, 5),
      probe: { shape: [2, 4, 4], data: uniform(64) },
      object: { shape: [9, 10], data: uniform(180) },
      mask: { shape: [4, 4], data: new Float32Array(16).fill(1) },
      scanIndex: Int32Array.of(3, 4),
      frameIntensities: Float64Array.of(0.75, 1.25),
      photonsPerPattern: 240000,
      provenance: { conversions: [], warnings: [] },
    };
    const back = readScanNpz(writeScanNpz(dataset));
    expect(back.measurement).toBe("amplitude");
    expect(frames(back)).toEqual(counts.map(Math.sqrt));
    for (const name of [
      "positions",
      "nominalPositions",
      "probe",
      "object",
      "mask",
      "scanIndex",
      "frameIntensities",
      "photonsPerPattern",
    ] as const)
      expect(back[name]).toEqual(dataset[name]);
  });
});
