import { describe, expect, it } from "vitest";
import { camelCase } from "../../src/config/names.ts";
import { diskOverlap, probeDiameter, scanStatistics } from "../../src/data/scanStatistics.ts";
import { openArrayFile } from "../../src/formats/containers.ts";
import { group, array as hdf5Array } from "../../src/formats/hdf5/tree.ts";
import { writeHdf5 } from "../../src/formats/hdf5/writeHdf5.ts";
import { memoryFile } from "../../src/formats/memorySink.ts";
import { type NpyArray, type NumericArray, writeNpy } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { Random } from "../../src/random.ts";
import type { Finding } from "../../src/scans/checks/finding.ts";
import { inspectScan } from "../../src/scans/inspect/inspectScan.ts";
import { inspectReport } from "../../src/scans/inspect/report.ts";
import { readScanNpz } from "../../src/scans/scanNpz.ts";
import type { ScanOptions } from "../../src/scans/scanOptions.ts";

const N = 32;
const SIDE = 5;
const COUNT = SIDE * SIDE;

/** Counts of a Gaussian spot at (centre, centre), wrapped, in every frame. */
function spots(centre: number, seed = 1): Uint16Array {
  const random = new Random(seed);
  const away = (i: number): number => Math.min(Math.abs(i - centre), N - Math.abs(i - centre));
  return Uint16Array.from({ length: COUNT * N * N }, (_, i) => {
    const [y, x] = [Math.floor(i / N) % N, i % N];
    return random.poisson(200 * Math.exp(-(away(y) ** 2 + away(x) ** 2) / 18));
  });
}

function disk(size: number, radius: number, value = 1): Float32Array {
  return Float32Array.from({ length: 2 * size * size }, (_, i) => {
    const [y, x] = [Math.floor((i >> 1) / size), (i >> 1) % size];
    const r = Math.hypot(y - size / 2, x - size / 2);
    // A curved wave front: a flat one would be worth a warning.
    return r <= radius ? value * (i % 2 === 0 ? Math.cos(r / radius) : Math.sin(r / radius)) : 0;
  });
}

const raster = (origin: number, step: number, axis: 0 | 1): Float64Array =>
  Float64Array.from({ length: COUNT }, (_, k) => origin + step * (axis === 0 ? Math.floor(k / SIDE) : k % SIDE));

function good(): Record<string, NpyArray> {
  return {
    diff3d: { shape: [COUNT, N, N], dtype: "float32", data: Float32Array.from(spots(N / 2), Math.sqrt) },
    xcoords: { shape: [COUNT], dtype: "float64", data: raster(N / 2 + 1, 2, 1) },
    ycoords: { shape: [COUNT], dtype: "float64", data: raster(N / 2 + 1, 2, 0) },
    probeGuess: { shape: [N, N], dtype: "complex64", data: disk(N, 4, 15) },
    objectGuess: { shape: [44, 44], dtype: "complex64", data: new Float32Array(2 * 44 * 44).fill(1) },
  };
}

const findings = (arrays: Record<string, NpyArray>, stated: ScanOptions = {}): readonly Finding[] =>
  inspectScan(writeNpz(arrays), stated).findings;
const grave = (list: readonly Finding[]): string[] =>
  list.filter(({ severity }) => severity !== "note").map(({ what }) => what);
const flags = (list: readonly Finding[]): (string | undefined)[] => list.map(({ flag }) => flag);

describe("a file in the contract", () => {
  it("gives its numbers and nothing suspicious", () => {
    const inspection = inspectScan(writeNpz(good()), {}, "scan.npz");
    expect(grave(inspection.findings)).toEqual([]);
    expect(inspection.findings.map(({ what }) => what)).toEqual(["amplitudes: square roots of counts"]);
    const dose = spots(N / 2).reduce((sum, value) => sum + value, 0) / COUNT;
    expect(inspection.patterns!.dose.mean / dose).toBeCloseTo(1, 5);
    expect(inspection.patterns).toMatchObject({ measurement: "amplitude", dc: "center", count: COUNT });
    expect(inspection.scan).toMatchObject({ count: COUNT, step: 2, least: [17, 17], greatest: [25, 25] });
    const report = inspectReport(inspection);
    expect(report).toMatch(/patterns\s+25 of 32 × 32, float32 \(diff3d\)/);
    expect(report).toMatch(/square roots of counts/);
  });
});

describe("a raw file", () => {
  const raw: Record<string, NpyArray> = {
    data: { shape: [COUNT, N, N], dtype: "uint16", data: spots(0) },
    scan_px: {
      shape: [COUNT, 2],
      dtype: "float32",
      data: Float32Array.from({ length: 2 * COUNT }, (_, i) => raster(-4.2, 2, (i % 2) as 0 | 1)[i >> 1]),
    },
    probe: { shape: [N, N], dtype: "complex64", data: disk(N, 4, 0.1) },
  };

  it("has each thing that must be said pointed out with its flag", () => {
    const list = findings(raw);
    expect(flags(list)).toEqual(
      expect.arrayContaining([
        "`patterns_key=data`",
        "`probe_key=probe`",
        "`positions_key=scan_px`",
        "`position_order=yx|xy`",
        "`measurement=counts`",
        "`dc_at=corner`",
        "`position_origin=centered`",
        expect.stringContaining("`position_reference=corner`"),
      ]),
    );
    expect(list.map(({ what }) => what)).toContainEqual(expect.stringMatching(/probe is not scaled to the data/));
    expect(inspectReport(inspectScan(writeNpz(raw)))).toMatch(
      /Flags {2}`patterns_key=data` `probe_key=probe` `positions_key=scan_px` `position_order=yx\|xy` `measurement=counts` `dc_at=corner` `position_origin=centered`\n.*keep the one/,
    );
  });

  it("what no array is has the flags that say where it is", () => {
    const { probeGuess: _, xcoords: __, ycoords: ___, ...others } = good();
    const { findings } = inspectScan(writeNpz(others));
    const flag = (what: string) => findings.find((finding) => finding.what === what)?.flag;
    expect(flag("no probe values found")).toMatch(/`probe_file=FILE::ARRAY`.*`probe_model=/);
    expect(flag("no positions found")).toMatch(/`positions=FILE::ARRAY`.*`scan_step/);
    // The object, in its usual name, is not offered as the probe.
    expect(findings.some((finding) => finding.flag?.includes("objectGuess"))).toBe(false);
  });

  it("of frames alone all that is missing is said at once, not what settings stand for", async () => {
    const { diff3d } = good();
    const frames = await openArrayFile(writeNpy(diff3d), "scan.npy");
    const missing = (stated: ScanOptions) => grave(inspectScan(frames, { measurement: "counts", ...stated }).findings);
    expect(missing({})).toEqual(expect.arrayContaining(["the scan has no positions", "the scan has no probe"]));
    expect(missing({ scanStep: 2, scanShape: "5,5" })).toEqual(["the scan has no probe"]);
    expect(missing({ probeModel: "mean", scanStep: 2, scanShape: "5,5" })).toEqual([]);
  });

  it("the flags that it advises, with the choice made, are enough to read it", () => {
    const [, flags] = /Flags {2}(.*)/.exec(inspectReport(inspectScan(writeNpz(raw))))!;
    const words = flags.replace("yx|xy", "yx").matchAll(/`(\w+)=(\w+)`/g);
    const options = Object.fromEntries([...words].map(([, name, value]) => [camelCase(name), value])) as ScanOptions;
    expect(readScanNpz(writeNpz(raw), options).patterns.count).toBe(COUNT);
    expect(() => readScanNpz(writeNpz(raw), { ...options, positionOrder: undefined as never })).toThrow(
      /order of the two position columns/,
    );
  });

  it("an object tells corners from centres where only one of them fits", () => {
    // Positions from -4 to 4 and windows of 32: as centres they reach 20 either side of the middle, as corners 4 and 36.
    const withObject = (side: number, shift: number): Finding[] => {
      const arrays = good();
      for (const key of ["xcoords", "ycoords"])
        arrays[key] = { shape: [COUNT], dtype: "float64", data: raster(shift - 4, 2, key === "xcoords" ? 1 : 0) };
      arrays["objectGuess"] = {
        shape: [side, side],
        dtype: "complex64",
        data: new Float32Array(2 * side * side).fill(1),
      };
      return findings(arrays).filter(({ flag }) => flag?.includes("`position_reference"));
    };
    expect(withObject(44, 0)).toEqual([]);
    expect(withObject(44, -16)).toMatchObject([{ severity: "error", flag: "`position_reference=corner`" }]);
    expect(withObject(80, 0)).toMatchObject([{ severity: "warning", evidence: expect.stringMatching(/\(16, 16\)/) }]);
  });

  it("what has been said is not brought up again", () => {
    const stated: ScanOptions = {
      patternsKey: "data",
      probeKey: "probe",
      positionsKey: "scan_px",
      positionOrder: "yx",
      measurement: "counts",
      dcAt: "corner",
      positionOrigin: "centered",
      positionReference: "corner",
    };
    expect(grave(findings(raw, stated))).toEqual([]);
  });
});

describe("suspicious things", () => {
  const changed = (key: string, change: (data: Float32Array) => void): Record<string, NpyArray> => {
    const arrays = good();
    change(arrays[key].data as Float32Array);
    return arrays;
  };
  const cases: [string, Record<string, NpyArray>, RegExp, string?][] = [
    [
      "counts stored as floats",
      { ...good(), diff3d: { shape: [COUNT, N, N], dtype: "float32", data: Float32Array.from(spots(N / 2)) } },
      /look like counts/,
      "`measurement=counts`",
    ],
    ["NaN", changed("diff3d", (d) => d.fill(Number.NaN, 300, 301)), /frames with NaN/],
    ["an empty frame", changed("diff3d", (d) => d.fill(0, 0, N * N)), /empty frames/],
    [
      "a hot pixel",
      changed("diff3d", (d) => {
        for (let frame = 0; frame < COUNT; frame++) d[frame * N * N + 2 * N + 2] = 500;
      }),
      /hot pixels/,
      "`find_bad_pixels=true` masks them",
    ],
    [
      "a dead pixel",
      changed("diff3d", (d) => {
        for (let frame = 0; frame < COUNT; frame++) d[frame * N * N + 16 * N + 17] = 0;
      }),
      /dead pixels/,
      "`find_bad_pixels=true` masks them",
    ],
    [
      "a probe of another size",
      { ...good(), probeGuess: { shape: [8, 8], dtype: "complex64", data: disk(8, 3, 15) } },
      /not of the patterns' size/,
    ],
    [
      "a probe of zeros",
      { ...good(), probeGuess: { shape: [N, N], dtype: "complex64", data: disk(N, 4, 0) } },
      /probe is zero/,
      "another: `probe_file=FILE::ARRAY`, or one to be built: `probe_model=zone_plate|aperture|gaussian|mean`",
    ],
    [
      "a probe with what is no number",
      { ...good(), probeGuess: { shape: [N, N], dtype: "complex64", data: disk(N, 4, Number.NaN) } },
      /the probe is not finite/,
      "another: `probe_file=FILE::ARRAY`, or one to be built: `probe_model=zone_plate|aperture|gaussian|mean`",
    ],
    [
      "minimum corners",
      {
        ...good(),
        xcoords: { shape: [COUNT], dtype: "float64", data: raster(2, 2, 1) },
        ycoords: { shape: [COUNT], dtype: "float64", data: raster(2, 2, 0) },
      },
      /minimum corners/,
      "`position_reference=corner`",
    ],
    ["a repeated position", changed("xcoords", (d) => d.copyWithin(1, 0, 1)), /same position/],
    ["a position far away", changed("ycoords", (d) => d.fill(80, 24, 25)), /falls into 2 parts/],
    ["a position that hangs on by little", changed("ycoords", (d) => d.fill(45, 24, 25)), /far from all others/],
    [
      "metres",
      {
        ...good(),
        xcoords: { shape: [COUNT], dtype: "float64", data: raster(9e-7, 2e-7, 1) },
        ycoords: { shape: [COUNT], dtype: "float64", data: raster(9e-7, 2e-7, 0) },
      },
      /in metres, not in pixels/,
    ],
    [
      "little overlap",
      { ...good(), probeGuess: { shape: [N, N], dtype: "complex64", data: disk(N, 1, 60) } },
      /hardly overlap/,
    ],
    [
      "little overlap, where the detector's distance is known",
      {
        ...good(),
        probeGuess: { shape: [N, N], dtype: "complex64", data: disk(N, 1, 60) },
        detector_distance_m: { shape: [], dtype: "float64", data: Float64Array.of(1) },
      },
      /hardly overlap/,
      "a near field looks like this too: inspect with `doctor` measures it, `propagation=near-field` says it",
    ],
    [
      "fewer positions",
      {
        ...good(),
        xcoords: { shape: [4], dtype: "float64", data: new Float64Array(4) },
        ycoords: { shape: [4], dtype: "float64", data: new Float64Array(4) },
      },
      /fewer positions/,
    ],
    ["unreadable metadata", { ...good(), _metadata: { shape: [], dtype: "string", data: ["?"] } }, /metadata/],
    ["no probe", Object.fromEntries(Object.entries(good()).filter(([key]) => !/probe|object/.test(key))), /no probe/],
  ];
  it.each(cases)("%s", (_, arrays, message, flag) => {
    const list = findings(arrays);
    const found = list.find(({ what }) => message.test(what));
    expect(found, grave(list).join("; ")).toBeDefined();
    if (flag !== undefined) expect(found!.flag).toBe(flag);
  });
});

describe("what cannot be told is not said", () => {
  const column = (data: Float64Array): NpyArray => ({ shape: [data.length], dtype: "float64", data });
  const positioned = (y: Float64Array, x: Float64Array): Record<string, NpyArray> => ({
    ...good(),
    ycoords: column(y),
    xcoords: column(x),
  });

  it("dark pixels of one frame are no dead pixels, those of five are", () => {
    const firstFrames = (count: number): Record<string, NpyArray> => {
      const arrays = good();
      const data = Float32Array.from(spots(N / 2).subarray(0, count * N * N), Math.sqrt);
      for (let frame = 0; frame < count; frame++) data[frame * N * N + 16 * N + 17] = 0;
      return {
        ...arrays,
        diff3d: { shape: [count, N, N], dtype: "float32", data },
        ycoords: column(raster(17, 2, 0).slice(0, count)),
        xcoords: column(raster(17, 2, 1).slice(0, count)),
      };
    };
    expect(grave(findings(firstFrames(1)))).not.toContain("dead pixels");
    expect(grave(findings(firstFrames(5)))).toContain("dead pixels");
    expect(grave(findings(firstFrames(5), { findBadPixels: true }))).not.toContain("dead pixels");
  });

  it.each([1e301, 1e-40])("a step of %d is a length in no unit", (step) => {
    const found = findings(positioned(raster(0, step, 0), raster(0, step, 1)));
    expect(grave(found)).toContain("positions are neither pixels nor lengths in a unit that is known");
    expect(flags(found).join()).not.toMatch(/position_unit=(?!px)/);
  });

  it("patterns of one pixel say nothing of units, patterns without pixels have no least value", () => {
    for (const side of [0, 1]) {
      const inspection = inspectScan(
        writeNpz({
          ...good(),
          diff3d: { shape: [COUNT, side, side], dtype: "float32", data: new Float32Array(COUNT * side * side).fill(1) },
        }),
      );
      expect(flags(inspection.findings).join()).not.toContain("position_unit");
      expect(inspectReport(inspection)).not.toContain("Infinity");
    }
  });

  it.each([-1500, -1e300])("a frame at %d of a sound scan is left out, and says nothing of the origin", (place) => {
    const y = raster(N / 2 + 1, 2, 0);
    y[7] = place;
    const found = findings(positioned(y, raster(N / 2 + 1, 2, 1)));
    expect(flags(found).join()).toContain("`skip_frames=7`");
    expect(flags(found).join()).not.toContain("position_origin");
    const tooLarge = found.find(({ what }) => /too large a canvas/.test(what))?.flag;
    if (place < -1e6) expect(tooLarge).toMatch(/`skip_frames=7`.*`max_canvas_pixels`/);
    // Another frame to leave out is another finding.
    const dark = positioned(y, raster(N / 2 + 1, 2, 1));
    (dark["diff3d"].data as Float32Array).fill(0, 12 * N * N, 13 * N * N);
    expect(flags(findings(dark)).join()).toMatch(/`skip_frames=12`.*`skip_frames=7`/);
    expect(found.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("negative positions count from the middle only where the windows then lie in the object", () => {
    const about = (middle: number): Record<string, NpyArray> =>
      positioned(raster(middle - 4, 2, 0), raster(middle - 4, 2, 1));
    expect(flags(findings(about(0)))).toContain("`position_origin=centered`");
    const far = findings(about(-60));
    expect(flags(far)).not.toContain("`position_origin=centered`");
    const stated = { positionOrigin: "absolute" } as const;
    expect(far.find(({ what }) => /positions are negative/.test(what))?.flag).toContain("`position_origin=absolute`");
    expect(grave(findings(about(-60), stated)).join()).not.toContain("positions are negative");
  });
});

describe("scan numbers", () => {
  it("the second moment of a disk gives its diameter", () => {
    expect(probeDiameter({ shape: [1, 128, 128], data: disk(128, 30) })).toBeCloseTo(60, 0);
  });

  it("disk overlap: whole at no distance, none beyond the diameter, Monte Carlo between", () => {
    expect(diskOverlap(0, 10)).toBe(1);
    expect(diskOverlap(10, 10)).toBe(0);
    const random = new Random(1);
    let inside = 0;
    let both = 0;
    for (let i = 0; i < 100_000; i++) {
      const [y, x] = [random.uniform() * 2 - 1, random.uniform() * 2 - 1];
      if (Math.hypot(y, x) > 1) continue;
      inside++;
      if (Math.hypot(y - 0.8, x) <= 1) both++;
    }
    // 78 000 points inside: standard deviation 0.0018.
    expect(Math.abs(both / inside - diskOverlap(0.8, 2))).toBeLessThan(0.009);
  });

  it("a single position has no step", () => {
    expect(scanStatistics(Float64Array.of(3, 4))).toMatchObject({ step: 0, duplicates: [], outliers: [] });
  });
});

describe("the list of a file's arrays", () => {
  const one = (dtype: "float64" | "float32", shape: readonly number[]): NpyArray =>
    ({
      ...{ shape, dtype },
      data: new { float64: Float64Array, float32: Float32Array }[dtype](shape.reduce((a, b) => a * b, 1)),
    }) as NpyArray;
  const arrays = (inspection: ReturnType<typeof inspectScan>): string =>
    /Arrays\n([\s\S]*?)\n\nScan/.exec(inspectReport(inspection))?.[1].replace(/ {3,}/g, "  ") ?? "";
  const many = Object.fromEntries([
    ...Array.from({ length: 42 }, (_, k) => [`content/obj/S${k}/data`, one("float32", [1, 8, k < 40 ? 8 : 9])]),
    ...Array.from({ length: 42 }, (_, k) => [`content/obj/S${k}/size`, one("float64", [])]),
    ...Array.from({ length: 30 }, (_, k) => [`content/pars/${"p".repeat(k + 1)}`, one("float64", [])]),
    ["run", one("float64", [])],
  ]) as Record<string, NpyArray>;
  const expected = [
    "  content/obj/S0…S41/data × 42  (1, 8, 8) (1, 8, 9)  float32",
    "  content/obj/… × 42  ()  single values",
    "  content/pars/… × 30  ()  single values",
    "  run  ()  float64",
    "  (single values one by one: in this report as JSON)",
  ];

  it("is short where names differ in numbers alone, or single values are many, in any container", async () => {
    const below = (start: string): string[] => Object.keys(many).filter((name) => name.startsWith(start));
    const node = (name: string) => hdf5Array(many[name] as NumericArray);
    const objects = Array.from({ length: 42 }, (_, k) => [
      `S${k}`,
      group({ data: node(`content/obj/S${k}/data`), size: node(`content/obj/S${k}/size`) }),
    ]);
    const pars = below("content/pars/").map((name) => [name.slice("content/pars/".length), node(name)]);
    const content = { obj: group(Object.fromEntries(objects)), pars: group(Object.fromEntries(pars)) };
    const { file, bytes } = memoryFile();
    await writeHdf5(file, group({ content: group(content), run: node("run") }));
    for (const inspection of [
      inspectScan(writeNpz(many)),
      inspectScan(await openArrayFile(bytes(), "scan.h5"), {}, "scan.h5"),
    ]) {
      expect(arrays(inspection).split("\n").sort()).toEqual([...expected].sort());
      // For programs all are there.
      expect(inspection.arrays).toHaveLength(115);
    }
  });
});
