import { describe, expect, it } from "vitest";
import { computeScales } from "../../src/data/normalisation.ts";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { readBytes } from "../../src/node/files/readBytes.ts";
import { readScan } from "../../src/node/runs.ts";
import { checkedScan } from "../../src/scans/checks/checkedScan.ts";
import type { Skipping } from "../../src/scans/checks/framesToSkip.ts";
import { inspectScan } from "../../src/scans/inspect/inspectScan.ts";
import { inspectReport } from "../../src/scans/inspect/report.ts";
import { readScanNpz } from "../../src/scans/scanNpz.ts";
import type { ScanOptions } from "../../src/scans/scanOptions.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { objectNames, probeNames, type SimulationOptions } from "../../src/simulation/options.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { caseFile, dataFile } from "../fixtures.ts";

const N = 32;
const PATTERNS = 49;
const none: Skipping = { skipFrames: null, skipOutlyingFrames: false };

type Arrays = Record<string, NpyArray>;

function simulated(options: Partial<SimulationOptions> = {}): Arrays {
  const npz = openNpz(
    writeScanNpz(simulate({ n: N, patterns: PATTERNS, measurement: "amplitude", ...options })),
    "scan",
  );
  return Object.fromEntries(npz.keys.map((key) => [key, npz.read(key)]));
}

const dataOf = (array: NpyArray): Float32Array => array.data as Float32Array;

/** What inspection and a run say of a file: severity and text of each finding, and the run's warnings or its refusal. */
function said(arrays: Arrays, stated: ScanOptions = {}): { inspect: string[]; run: string[] } {
  const bytes = writeNpz(arrays);
  const inspect = inspectScan(bytes, stated)
    .findings.filter(({ severity }) => severity !== "note")
    .map(({ severity, what, evidence, flag }) => `${severity}: ${what}; ${evidence}; ${flag ?? ""}`);
  return { inspect, run: runOn(bytes, stated) };
}

function runOn(bytes: Uint8Array, stated: ScanOptions): string[] {
  try {
    return [...checkedScan(readScanNpz(bytes, stated), stated, none).provenance.warnings];
  } catch (error) {
    return [`error: ${String(error)}`];
  }
}

/** Of a scan with a fault that both find, and both in their own way name the setting for. */
function bothSay(arrays: Arrays, text: RegExp): void {
  const { inspect, run } = said(arrays);
  expect(inspect).toContainEqual(expect.stringMatching(text));
  expect(run).toContainEqual(expect.stringMatching(text));
}

describe("nothing is said of sound scans", () => {
  const options = objectNames.flatMap((object) => probeNames.map((probe) => [object, probe] as const));
  it.each(options)("%s in the light of %s", (object, probe) => {
    expect(said(simulated({ object, probe, step: 3 }))).toEqual({ inspect: [], run: [] });
  });

  it.each([
    ["few photons", { photons: 300 }],
    ["a beam that flickers", { intensityJitter: 0.2 }],
    ["a beamstop", { beamstop: 5 }],
    ["a raster with a stage that errs", { scan: "raster", positionError: 0.5 }],
    ["several modes", { modes: 3 }],
    ["strong absorption", { object: "siemensStar", contrast: { amplitude: [0.05, 1], phase: [0, 0] } }],
  ] as [string, Partial<SimulationOptions>][])("%s", (_, options) => {
    expect(said(simulated({ step: 3, ...options }))).toEqual({ inspect: [], run: [] });
  });

  it.skipIf(dataFile("siemens_ptychopinn.npz") === undefined)("a measured scan", async () => {
    const path = dataFile("siemens_ptychopinn.npz") ?? "";
    expect(checkedScan(await readScan(path), {}, none).provenance.warnings).toEqual([]);
  });
});

/** An image moved by half its sides, cyclic, as a Fourier transform that was not shifted has it. */
function cornered(array: NpyArray): NpyArray {
  const [height, width] = array.shape.slice(-2) as [number, number];
  const [data, size] = [dataOf(array), height * width];
  const out = data.slice();
  for (let i = 0; i < data.length / 2; i++) {
    const [y, x] = [Math.floor((i % size) / width), i % width];
    const from = ((y + Math.floor(height / 2)) % height) * width + ((x + Math.floor(width / 2)) % width);
    for (const part of [0, 1]) out[2 * i + part] = data[2 * (i - (i % size) + from) + part];
  }
  return { ...array, data: out } as NpyArray;
}

describe("frames with values that no detector gives", () => {
  const broken = (value: number, frames: readonly number[]): Uint8Array => {
    const arrays = simulated({ step: 3 });
    const data = dataOf(arrays["diff3d"]).slice();
    for (const frame of frames) data.fill(value, frame * N * N + 40, frame * N * N + 45);
    return writeNpz({ ...arrays, diff3d: { shape: [PATTERNS, N, N], dtype: "float32", data } });
  };
  const left = { someLeftOut: true };

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("%s: left out by name or as outliers, else refused", (value) => {
    const dataset = readScanNpz(broken(value, [3, 17]), left);
    for (const skipping of [
      { ...none, skipFrames: "3,17" },
      { ...none, skipOutlyingFrames: true },
    ]) {
      const { skipped, provenance } = checkedScan(dataset, {}, skipping);
      expect(skipped).toEqual([3, 17]);
      expect(provenance.warnings).toEqual([]);
    }
    expect(() => checkedScan(dataset, {}, { ...none, skipFrames: "3" })).toThrow(
      /frames with NaN, infinite or negative values.*1 of 49: 17.*`skip_frames=3,17`/,
    );
    expect(() => readScanNpz(broken(value, [3]))).toThrow(/value in the patterns.*`skip_frames=3`/);
  });
});

describe("a probe", () => {
  it.each([...probeNames])("%s at the corner of its window is refused, and read where that is said", (probe) => {
    const arrays = simulated({ probe });
    const moved = { ...arrays, probeGuess: cornered(arrays["probeGuess"]) };
    bothSay(moved, /error: .*the probe's centre is at the corner of its window.*`probe_at=corner`/);
    expect(said(moved, { probeAt: "corner" })).toEqual({ inspect: [], run: [] });
    const dataset = readScanNpz(writeNpz(moved), { probeAt: "corner" });
    expect(dataset.probe.data).toEqual(dataOf(arrays["probeGuess"]));
    expect(dataset.provenance.conversions).toEqual(["probe moved from index 0 to the middle of its window"]);
  });

  it("with all its modes", () => {
    const arrays = simulated({ modes: 2 });
    bothSay({ ...arrays, probeGuess: cornered(arrays["probeGuess"]) }, /error: .*corner of its window/);
  });

  it("that was saved as amplitudes has no phase", () => {
    const arrays = simulated();
    const { shape } = arrays["probeGuess"];
    const amplitudes = Float32Array.from({ length: N * N }, (_, i) =>
      Math.hypot(dataOf(arrays["probeGuess"])[2 * i], dataOf(arrays["probeGuess"])[2 * i + 1]),
    );
    bothSay({ ...arrays, probeGuess: { shape, dtype: "float32", data: amplitudes } }, /the probe has no phase/);
    const turned = Float32Array.from({ length: 2 * N * N }, (_, i) => amplitudes[i >> 1] * (i % 2 ? 0.6 : -0.8));
    bothSay({ ...arrays, probeGuess: { shape, dtype: "complex64", data: turned } }, /the probe has no phase/);
  });

  it("that fills its window lies at the edge", () => {
    const arrays = simulated();
    const { shape } = arrays["probeGuess"];
    const wide = Float32Array.from({ length: 2 * N * N }, (_, i) => {
      const r2 = (Math.floor((i >> 1) / N) - 16) ** 2 + (((i >> 1) % N) - 16) ** 2;
      return (i % 2 ? Math.sin(r2 / 30) : Math.cos(r2 / 30)) * Math.exp(-r2 / 600);
    });
    bothSay(
      { ...arrays, probeGuess: { shape, dtype: "complex64", data: wide } },
      /energy lies at the edge of its window/,
    );
  });
});

describe("frames that stand out", () => {
  const changed = (change: (patterns: Float32Array) => void): Arrays => {
    const arrays = simulated();
    change(dataOf(arrays["diff3d"]));
    return arrays;
  };
  const frame = (patterns: Float32Array, k: number): Float32Array => patterns.subarray(k * N * N, (k + 1) * N * N);
  const scaled = (k: number, factor: number) => (patterns: Float32Array) => {
    const own = frame(patterns, k);
    own.forEach((value, i) => {
      own[i] = value * factor;
    });
  };

  it.each([
    ["brighter", scaled(7, 100), /frames unlike their neighbours.* 1 of 49: frame 7 .*`skip_frames=7`/],
    ["somewhat brighter", scaled(11, 3), /frame 11 has the counts of those beside it times/],
    ["darker", scaled(20, 0.2), /frame 20 has the counts/],
    [
      "with a hot pixel",
      (patterns: Float32Array) => void frame(patterns, 30).fill(400, 70, 71),
      /1 of 49: frame 30 has one pixel brighter/,
    ],
    [
      "of noise with the same counts",
      (patterns: Float32Array) => {
        const own = frame(patterns, 5);
        const energy = own.reduce((sum, value) => sum + value * value, 0);
        own.fill(Math.sqrt(energy / (N * N)));
      },
      /1 of 49: frame 5 has the width/,
    ],
    ["without light", scaled(3, 0), /empty frames.* 1 of 49: 3.*`skip_frames=3`/],
  ] as [string, (patterns: Float32Array) => void, RegExp][])("%s", (_, change, text) => {
    bothSay(changed(change), text);
  });

  it("are not those at the rim of the light", () => {
    const arrays = changed((patterns) => {
      for (let k = 35; k < PATTERNS; k++) if (k !== 42) scaled(k, 0)(patterns);
    });
    expect(said(arrays).run).toEqual([expect.stringMatching(/^empty frames: 13 of 49/)]);
  });

  it("of several scans in one file are told by their own scan's neighbours", () => {
    const arrays = changed(scaled(7, 100));
    const dim = changed((patterns) =>
      patterns.forEach((value, i) => {
        patterns[i] = value * 0.2;
      }),
    );
    const twice = (key: string): NpyArray => ({
      ...arrays[key],
      shape: [2 * PATTERNS, ...arrays[key].shape.slice(1)],
      data: Float64Array.from([...(arrays[key].data as Float64Array), ...(dim[key].data as Float64Array)]),
      dtype: "float64",
    });
    const keys = ["diff3d", "xcoords", "ycoords", "xcoords_start", "ycoords_start"];
    const scanIndex = Int32Array.from({ length: 2 * PATTERNS }, (_, frame) => Math.floor(frame / PATTERNS));
    const file = {
      ...arrays,
      ...Object.fromEntries(keys.map((key) => [key, twice(key)])),
      scan_index: { shape: [2 * PATTERNS], dtype: "int64", data: scanIndex } as NpyArray,
    };
    expect(said(file).run).toEqual([expect.stringMatching(/unlike their neighbours.*: 1 of 98: frame 7 /)]);
  });

  it("are all of them where there is no light at all", () => {
    bothSay(
      changed((patterns) => void patterns.fill(0)),
      /error: .*the patterns are all zero/,
    );
  });

  it("are left out where that is asked for, and keep their numbers", () => {
    const arrays = changed((patterns) => {
      scaled(7, 100)(patterns);
      scaled(40, 50)(patterns);
      scaled(3, 0)(patterns);
    });
    const dataset = readScanNpz(writeNpz(arrays));
    const outlying = checkedScan(dataset, {}, { skipFrames: null, skipOutlyingFrames: true });
    expect(outlying.skipped).toEqual([3, 7, 40]);
    expect(outlying.provenance.warnings).toEqual([]);
    expect(outlying.provenance.conversions).toEqual(["3 of 49 frames left out, as asked: 3,7,40"]);
    const named = checkedScan(dataset, {}, { skipFrames: "7, 20-22", skipOutlyingFrames: false });
    expect(named.skipped).toEqual([7, 20, 21, 22]);
    expect(named.provenance.warnings.join()).toMatch(/1 of 49: frame 40/);
    const wrong = (skipFrames: string) => () => checkedScan(dataset, {}, { skipFrames, skipOutlyingFrames: false });
    expect(wrong("49")).toThrow(/no frames of the scan; expected 0 to 48/);
    expect(wrong("9-7")).toThrow(/ascending order; got 9-7/);
    expect(wrong("0-48")).toThrow(/all frames of the scan are left out/);
  });

  it("do not move the normalisation, and without one it is the plain mean, to the last bit", () => {
    const frames = Array.from({ length: PATTERNS }, (_, k) => k);
    const energyOf = (arrays: Arrays): number => computeScales(readScanNpz(writeNpz(arrays)), frames).meanEnergy;
    const sound = simulated();
    let total = 0;
    for (const value of dataOf(sound["diff3d"])) total += value * value;
    expect(energyOf(sound)).toBe(total / PATTERNS);
    const others = energyOf(changed(scaled(7, 100)));
    // One frame of 49 is missing in the mean; frames differ by a few percent here.
    expect(Math.abs(others / energyOf(sound) - 1)).toBeLessThan(0.01);
  });
});

describe("an island", () => {
  const far = /far from all others/;
  /** The last three frames lie far away, and one of them by less than half a window on the others. */
  const island = (): Arrays => {
    const arrays = simulated({ step: 3 });
    const { objectGuess: _, ...others } = arrays;
    const y = Float64Array.from(arrays["ycoords"].data as Float64Array);
    const x = Float64Array.from(arrays["xcoords"].data as Float64Array);
    [46, 47, 48].forEach((frame, k) => {
      [y[frame], x[frame]] = [1500 + 20 * k, 1500];
    });
    return {
      ...others,
      ycoords: { ...arrays["ycoords"], data: y } as NpyArray,
      xcoords: { ...arrays["xcoords"], data: x } as NpyArray,
    };
  };

  it("is one finding, with the setting that leaves it out", () => {
    const { inspect, run } = said(island());
    expect(inspect.filter((line) => /parts/.test(line))).toEqual([
      expect.stringMatching(/frames 46, 47, 48 lie .*`skip_frames=46-48`/),
    ]);
    expect([...inspect, ...run].filter((line) => far.test(line))).toEqual([]);
  });

  it("that is one frame on the rim of the others is another, which follows the frames that are left", () => {
    const arrays = island();
    const y = arrays["ycoords"].data as Float64Array;
    const x = arrays["xcoords"].data as Float64Array;
    const lowest = y.subarray(0, 46).reduce((a, b) => Math.max(a, b));
    const holder = y.indexOf(lowest);
    [46, 47, 48].forEach((frame) => {
      [y[frame], x[frame]] = [lowest + (frame === 48 ? 20 : -1), x[holder]];
    });
    const left = (skipFrames: string | null): string[] =>
      checkedScan(readScanNpz(writeNpz(arrays)), {}, { ...none, skipFrames }).provenance.warnings.filter((line) =>
        far.test(line),
      );
    expect(left(null)).toEqual([expect.stringMatching(/1 of 49: 48; `skip_frames=48`/)]);
    expect(left("48")).toEqual([]);
  });
});

describe("a mask", () => {
  const withMask = (mask: (y: number, x: number) => number): Arrays => ({
    ...simulated(),
    mask: {
      shape: [N, N],
      dtype: "uint8",
      data: Uint8Array.from({ length: N * N }, (_, i) => mask(Math.floor(i / N), i % N)),
    },
  });
  const gap = (y: number): number => (y >= 20 && y < 22 ? 1 : 0);

  it("that is turned over takes most away, and is read where that is said", () => {
    bothSay(
      withMask(gap),
      /the mask takes most of the patterns away; ?.*94 % of the pixels.*`mask_valid=0`|the mask takes most of the patterns away: 94 %/,
    );
    expect(said(withMask(gap), { maskValid: 0 })).toEqual({ inspect: [], run: [] });
    const dataset = readScanNpz(writeNpz(withMask(gap)), { maskValid: 0 });
    expect(dataset.mask?.data).toEqual(readScanNpz(writeNpz(withMask((y) => 1 - gap(y)))).mask?.data);
  });

  it("has its shares in the inspection and in the provenance", () => {
    const arrays = withMask((y) => 1 - gap(y));
    const inspected = inspectScan(writeNpz(arrays)).mask;
    expect(inspected?.pixels).toBe(2 / N);
    let [inside, all] = [0, 0];
    dataOf(arrays["diff3d"]).forEach((value, i) => {
      all += value * value;
      if (gap(Math.floor(i / N) % N) === 1) inside += value * value;
    });
    expect(inspected?.counts).toBeCloseTo(inside / all, 10);
    expect(checkedScan(readScanNpz(writeNpz(arrays)), {}, none).provenance.masked).toEqual(inspected);
  });

  it("without a valid pixel is said once, whichever value is valid", () => {
    for (const [value, maskValid] of [
      [0, undefined],
      [1, 0],
    ] as const) {
      const stated = maskValid === undefined ? {} : { maskValid };
      const { inspect, run } = said(
        withMask(() => value),
        stated,
      );
      expect(inspect).toEqual([
        expect.stringMatching(
          new RegExp(`^error: the mask leaves no valid pixel; .*100 %.*\`mask_valid=${maskValid === 0 ? 1 : 0}\``),
        ),
      ]);
      expect(run).toEqual([expect.stringMatching(/the mask leaves no valid pixel/)]);
    }
  });

  it("that covers the middle takes the counts", () => {
    bothSay(
      withMask((y, x) => (Math.hypot(y - 16, x - 16) < 9 ? 0 : 1)),
      /the mask takes most.*counts/,
    );
  });
});

describe("positions in other units than pixels", () => {
  const scaled = (factor: number): Arrays => {
    const arrays = simulated({ step: 4 });
    const scale = (key: string): NpyArray =>
      ({
        ...arrays[key],
        data: Float64Array.from(arrays[key].data as Float64Array, (value) => value * factor),
      }) as NpyArray;
    const { objectGuess: _, ...others } = arrays;
    return {
      ...others,
      ...Object.fromEntries(["xcoords", "ycoords", "xcoords_start", "ycoords_start"].map((key) => [key, scale(key)])),
    };
  };
  it.each([
    // 10 nm a pixel.
    ["metres", 1e-8, "m"],
    ["millimetres", 1e-5, "mm"],
    ["nanometres", 10, "nm"],
  ])("%s", (words, factor, unit) => {
    bothSay(scaled(factor), new RegExp(`positions seem to be in ${words}, not in pixels.*\`position_unit=${unit}\``));
    const { inspect } = said(scaled(factor));
    expect(inspect).toContainEqual(expect.stringMatching(/`energy_kev`.*`detector_distance_m`, `detector_pixel_m`/));
    expect(inspect.join()).not.toMatch(/position_reference|same position|overlap/);
  });
});

describe("the settings that inspection advises", () => {
  it.each([
    ["nothing", {}],
    ["the wavelength", { wavelength_m: 1e-10 }],
  ])("for lengths in a file that knows %s of the pixel are enough to read them", (_, known) => {
    const arrays = simulated({ step: 4 });
    const { objectGuess: __, ...lengths } = arrays;
    for (const key of ["xcoords", "ycoords", "xcoords_start", "ycoords_start"]) {
      const data = Float64Array.from(arrays[key].data as Float64Array, (value) => 1e-8 * value);
      lengths[key] = { ...arrays[key], data } as NpyArray;
    }
    for (const [key, value] of Object.entries(known))
      lengths[key] = { shape: [], dtype: "float64", data: Float64Array.of(value) };
    const advised = (stated: ScanOptions): string =>
      /\nFlags {2}(.*)/.exec(inspectReport(inspectScan(writeNpz(lengths), stated)))?.[1] ?? "";
    expect(advised({})).toBe("`position_unit=m` `object_pixel_m=…`");
    // Half of it said, the other half is asked for.
    expect(advised({ positionUnit: "m" })).toBe("`object_pixel_m=…`");
    const stated: ScanOptions = { positionUnit: "m", geometry: { objectPixelM: 1e-8 } };
    expect(advised(stated)).toBe("");
    const { positions } = readScanNpz(writeNpz(lengths), stated);
    expect(positions[1]).toBeCloseTo((arrays["xcoords"].data as Float64Array)[0], 9);
  });
});

describe("positions of another kind", () => {
  it("with steps of a fraction of a pixel are worth a warning", () => {
    const arrays = simulated();
    const tight = Object.fromEntries(
      ["xcoords", "ycoords", "xcoords_start", "ycoords_start"].map((key) => [
        key,
        {
          ...arrays[key],
          data: Float64Array.from(arrays[key].data as Float64Array, (value) => 30 + value / 8),
        } as NpyArray,
      ]),
    );
    bothSay({ ...arrays, ...tight }, /warning: positions may not be in pixels|^positions may not be in pixels/);
  });

  it("in a stated unit are not judged while nothing tells the pixel", () => {
    const errors = inspectScan(writeNpz(simulated()), { positionUnit: "m" }).findings.filter(
      ({ severity }) => severity === "error",
    );
    expect(errors).toMatchObject([{ what: expect.stringMatching(/positions in m need the size of an object pixel/) }]);
  });
});

describe("the zero frequency at the corner", () => {
  it("is refused by a run too, until it is said where it is", () => {
    const arrays = simulated();
    const patterns = dataOf(arrays["diff3d"]);
    const moved = patterns.map((_, i) => {
      const [frame, y, x] = [Math.floor(i / (N * N)), Math.floor(i / N) % N, i % N];
      return patterns[frame * N * N + ((y + N / 2) % N) * N + ((x + N / 2) % N)];
    });
    const file = { ...arrays, diff3d: { ...arrays["diff3d"], data: moved } as NpyArray };
    bothSay(file, /error: .*zero frequency is at the corner.*`dc_at=corner`/);
    expect(said(file, { dcAt: "corner" })).toEqual({ inspect: [], run: [] });
  });
});

describe.skipIf(caseFile("scan.npz") === undefined)("files of the folder of PTYCHONAUT_CASES", () => {
  it.each([
    ["probe_at_corner.npz", /centre is at the corner.*`probe_at=corner`/],
    ["one_bright_frame.npz", /1 of 80: frame 7 has the counts of those beside it times 9839.*`skip_frames=7`/],
    ["mask_inverted.npz", /95 % of the pixels and 90 % of the counts.*`mask_valid=0`/],
    ["positions_in_metres.npz", /in metres, not in pixels.*`position_unit=m`/],
  ])("%s", async (name, text) => {
    const bytes = await readBytes(caseFile(name) ?? name);
    const findings = inspectScan(bytes).findings.map(({ what, evidence, flag }) => `${what}; ${evidence}; ${flag}`);
    expect(findings).toContainEqual(expect.stringMatching(text));
    expect(runOn(bytes, {})).toContainEqual(expect.stringMatching(text));
  });

  it.each(["scan.npz", "mask_right.npz", "same_raster_other_sample.npz"])("%s", async (name) => {
    const bytes = await readBytes(caseFile(name) ?? name);
    expect(inspectScan(bytes).findings.filter(({ severity }) => severity !== "note")).toEqual([]);
    expect(runOn(bytes, {})).toEqual([]);
  });

  it("a mask that was turned over and is read so is the right one", async () => {
    const read = async (name: string, options: ScanOptions) =>
      readScanNpz(await readBytes(caseFile(name) ?? name), options);
    const turned = await read("mask_inverted.npz", { maskValid: 0 });
    expect(turned.mask).toEqual((await read("mask_right.npz", {})).mask);
  });
});

describe("positions that lie on a line", () => {
  const placed = (place: (k: number) => readonly [y: number, x: number]): Arrays => {
    const { xcoords_start: _, ycoords_start: __, ...scan } = simulated();
    const column = (axis: number): NpyArray => ({
      shape: [PATTERNS],
      dtype: "float64",
      data: Float64Array.from({ length: PATTERNS }, (_, k) => place(k)[axis]),
    });
    return { ...scan, ycoords: column(0), xcoords: column(1) };
  };
  const ONE_LINE = /all positions lie on a line[;:] 49 frames, 53\.67 pixels along 26\.6° to the x axis and 0 across/;

  it("are said by inspection and run, with their extents", () => {
    bothSay(
      placed((k) => [30 + k / 2, 20 + k]),
      ONE_LINE,
    );
    bothSay(
      placed(() => [40, 40]),
      /all positions are one place[;:] 49 frames, 0 pixels/,
    );
  });

  it("each scan of a file for itself, without the frames that are left out", () => {
    // Two lines, which together are a plane; frame 0 lies beside its own.
    const arrays = placed((k) => [k === 0 ? 33 : 40 + 6 * (k % 2), 20 + k / 2]);
    const scan_index = {
      shape: [PATTERNS],
      dtype: "int64",
      data: Float64Array.from({ length: PATTERNS }, (_, k) => k % 2),
    };
    expect(said(arrays).run).not.toContainEqual(expect.stringMatching(/on a line/));
    const both = { ...arrays, scan_index } as Arrays;
    const found = (stated: ScanOptions) =>
      inspectScan(writeNpz(both), stated)
        .findings.filter(({ what }) => /on a line/.test(what))
        .map(({ evidence }) => evidence.match(/scan \d: \d+ frames/g));
    expect(found({})).toEqual([["scan 1: 24 frames"]]);
    expect(found({ skipFrames: "0" })).toEqual([["scan 0: 24 frames", "scan 1: 24 frames"]]);
  });
});
