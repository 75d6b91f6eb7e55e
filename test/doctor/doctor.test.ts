import { describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { Random } from "../../src/random.ts";
import { examineScan } from "../../src/scans/doctor/examine.ts";
import { latticeOf } from "../../src/scans/doctor/lattice.ts";
import { examinationReport } from "../../src/scans/doctor/report.ts";
import type { DoctorRow } from "../../src/scans/doctor/row.ts";
import { type Arrays, complaints, rowsOf, simulated } from "./planted.ts";

describe("values that are multiples of one number", () => {
  const random = new Random(3);
  const counts = Float32Array.from({ length: 4000 }, () => random.poisson(30));

  it.each([1, 0.37, 12, 1 / 3, 1e-6])("the gain %s is found", (gain) => {
    const found = latticeOf(counts.map((value) => gain * value));
    expect((found?.spacing ?? 0) / gain).toBeCloseTo(1, 3);
    expect(found?.falseAlarm).toBeLessThan(1e-12);
  });

  it("there is none in noise, nor in roots", () => {
    expect(latticeOf(counts.map(() => random.uniform()))?.falseAlarm ?? 1).toBeGreaterThan(1e-4);
    expect(latticeOf(counts.map(Math.sqrt))?.falseAlarm ?? 1).toBeGreaterThan(1e-4);
  });
});

describe("an examination", () => {
  it("of a scan in the contract has nothing to say", async () => {
    const rows = await rowsOf(simulated());
    expect(complaints(rows)).toEqual([]);
  });

  it("is a table for people, with the flags that are sure", async () => {
    const { diff3d, ...others } = simulated();
    const data = Uint16Array.from(diff3d.data as Float32Array, (value) => Math.round(value ** 2));
    const raw = { ...others, data: { shape: diff3d.shape, dtype: "uint16", data } } as Arrays;
    const { examination } = await examineScan(openNpz(writeNpz(raw), "scan"));
    expect(examinationReport(examination)).toMatch(/Flags {2}`patterns_key=data` `measurement=counts`\n$/);
  });
});

describe("the last lines of an examination", () => {
  const row = (quantity: string, others: Partial<DoctorRow>): DoctorRow => ({
    ...{ quantity, found: "so", evidence: "numbers", sure: "sure", state: "say" },
    ...others,
  });
  const end = (...rows: DoctorRow[]): string =>
    examinationReport({ name: "scan", rows }).replace(/^[\s\S]*do not tell \(\?\)\n/, "");

  it("give the flags of what is sure, as a fix applies them, and those of what is not apart, named", () => {
    const rows = [
      row("measurement", { says: { measurement: "counts" } }),
      row("zero frequency", { says: { dcAt: "corner" }, sure: "likely" }),
      row("pedestal", { says: { background: 3 }, sure: "unsure" }),
      row("empty frames", { state: "trouble", says: { skipFrames: "3" } }),
      row("outlying frames", { state: "trouble", says: { skipFrames: "7,9" } }),
      row("orientation", { advice: "`position_swap=true`, or `position_flip=y`" }),
      row("drift", { state: "trouble", advice: "nothing" }),
      row("probe", { state: "fine", sure: "likely" }),
    ];
    expect(end(...rows)).toBe(
      [
        "Flags  `measurement=counts` `skip_frames=3,7,9`",
        "Only likely, not among the flags and left by a fix",
        "  zero frequency: so  → `dc_at=corner`",
        "Unsure, not among the flags and left by a fix",
        "  pedestal: so  → `background=3`",
        "Not among the flags, because there is a choice",
        "  orientation: so  → `position_swap=true`, or `position_flip=y`",
        "",
      ].join("\n"),
    );
  });

  it("are none where nothing is to be said", () => {
    expect(end(row("probe", { state: "fine" }))).toBe("");
  });
});

describe("scans of no frame or one", () => {
  const [whole, one] = [simulated({ patterns: 20 }), simulated({ patterns: 1 })];
  const none: Arrays = {
    ...one,
    diff3d: { shape: [0, 32, 32], dtype: "float32", data: new Float32Array(0) },
    ...Object.fromEntries(
      Object.keys(one)
        .filter((key) => /coords/.test(key))
        .map((key) => [key, { shape: [0], dtype: "float64", data: new Float64Array(0) }]),
    ),
  };
  const { diff3d: _, ...withoutPatterns } = whole;
  /** Rows that compare frames, or count how often something happens. */
  const ofSeveral =
    /pedestal|beam centre|dead|hot|gaps|beamstop|frames with|empty|outlying|flicker|drift|unit|spread|duplicate|scan path|origin|reference of|order|overlap|orientation/;

  it.each([
    ["no frame", none, "no patterns: not enough frames", 0],
    ["one frame", one, "one pattern: not enough frames", 1],
  ])("%s: said once, and nothing is claimed that takes several", async (_name, arrays, found, value) => {
    const { examination } = await examineScan(openNpz(writeNpz(arrays), "scan"), {}, "scan", {}, {});
    const { rows } = examination;
    expect(rows[0]).toMatchObject({ quantity: "frames", found, value, state: "open" });
    expect(rows[0].evidence).toMatch(/dead and hot pixels.*the positions.*the orientation/);
    expect(rows.filter(({ quantity }) => ofSeveral.test(quantity))).toEqual([]);
    expect(rows.filter(({ evidence }) => /it takes \d+ frames|in [01] frames/.test(evidence))).toEqual([]);
    // The probe has been looked at all the same.
    expect(rows.map(({ quantity }) => quantity)).toContain("centre of the probe");
  });

  it("no patterns, but positions: these are looked at", async () => {
    const rows = await rowsOf(withoutPatterns);
    expect(rows[0]).toMatchObject({ quantity: "frames", value: 0 });
    expect(rows.map(({ quantity }) => quantity)).toEqual(
      expect.arrayContaining(["duplicate positions", "spread of the positions", "probe"]),
    );
  });

  it("two frames and more have no such row", async () => {
    const rows = await rowsOf(simulated({ patterns: 2 }));
    expect(rows.map(({ quantity }) => quantity)).not.toContain("frames");
  });
});

describe("positions on a line", () => {
  const placed = (place: (k: number) => readonly [y: number, x: number]): Arrays => {
    const { xcoords_start: _, ycoords_start: __, ...scan } = simulated({ patterns: 20 });
    const column = (axis: number): NpyArray => ({
      shape: [20],
      dtype: "float64",
      data: Float64Array.from({ length: 20 }, (_, k) => place(k)[axis]),
    });
    return { ...scan, ycoords: column(0), xcoords: column(1) };
  };
  const spread = async (place: (k: number) => readonly [number, number]): Promise<DoctorRow | undefined> =>
    (await rowsOf(placed(place))).find(({ quantity }) => quantity === "spread of the positions");

  it.each<[string, (k: number) => readonly [number, number], string, RegExp]>([
    ["in a row", (k) => [40, 20 + 2 * k], "line", /20 frames, 38 pixels along 0\.0° to the x axis and 0 across/],
    ["in a column", (k) => [20 + 2 * k, 40], "line", /38 pixels along 90\.0°/],
    ["oblique", (k) => [20 + k, 20 + 2 * k], "line", /42\.49 pixels along 26\.6°/],
    ["with play", (k) => [40 + 0.3 * Math.sin(7 * k), 20 + 2 * k], "line", /and 0\.6\d+ across/],
    ["of one column twice", (k) => [20 + k ** 1.2, 20 + k ** 1.2], "line", /y and x are the same numbers/],
    ["at one place", () => [40, 40], "point", /same part of the object/],
    [
      "in two narrow rows",
      (k) => [40 + 3 * (k % 2), 20 + 2 * k],
      "plane",
      /and 3 across|and 2\.9\d+ across|and 3\.\d+ across/,
    ],
  ])("%s", async (_name, place, value, evidence) => {
    const row = await spread(place);
    expect(row).toMatchObject({ value, sure: "sure", state: value === "plane" ? "fine" : "trouble" });
    expect(row?.evidence).toMatch(evidence);
  });

  it("are one in metres too, where nobody says that they are", async () => {
    expect((await spread((k) => [1e-5, 1e-6 * k]))?.value).toBe("line");
    expect((await spread((k) => [1e-6 * (k % 4), 1e-6 * Math.floor(k / 4)]))?.value).toBe("plane");
  });
});

describe("files that are hardly scans", () => {
  const image = (value: (i: number) => number, count = 20): NpyArray => ({
    shape: [count, 32, 32],
    dtype: "float32",
    data: Float32Array.from({ length: count * 1024 }, (_, i) => value(i)),
  });
  const column = (value: (k: number) => number): NpyArray => ({
    shape: [20],
    dtype: "float64",
    data: Float64Array.from({ length: 20 }, (_, k) => value(k)),
  });
  const sound = simulated({ patterns: 20 });
  const { xcoords_start: _, ycoords_start: __, ...scan } = sound;
  const cases: Record<string, Arrays> = {
    "patterns alone": { diff3d: sound["diff3d"] },
    "a single frame": { ...scan, diff3d: image((i) => i % 7, 1), xcoords: column(() => 20), ycoords: column(() => 20) },
    "no light": { ...scan, diff3d: image(() => 0) },
    "the same everywhere": { ...scan, diff3d: image(() => 3) },
    "no numbers": { ...scan, diff3d: image(() => Number.NaN) },
    "negative numbers": { ...scan, diff3d: image((i) => -i) },
    "numbers near the end of float32": { ...scan, diff3d: image((i) => 1e38 * (i % 3)) },
    "frames without noise, all alike": { ...scan, diff3d: image((i) => (i % 1024) % 50) },
    "one place": { ...scan, xcoords: column(() => 20), ycoords: column(() => 20) },
    "a line": { ...scan, xcoords: column((k) => k), ycoords: column(() => 20) },
    "places beyond all measure": { ...scan, xcoords: column((k) => 1e300 * k), ycoords: column((k) => -1e300 * k) },
    "a probe of zeros": { ...scan, probeGuess: { ...sound["probeGuess"], data: new Float32Array(2048) } as NpyArray },
    "a mask of zeros": { ...scan, mask: { shape: [32, 32], dtype: "float32", data: new Float32Array(1024) } },
  };
  it.each(Object.entries(cases))("%s: looked at without a number that is none", async (_name, arrays) => {
    const { examination } = await examineScan(openNpz(writeNpz(arrays), "scan"));
    const told = examination.rows.map(({ found }) => found).join("; ");
    expect(told).not.toMatch(/NaN|Infinity|undefined/);
    // Of what has no noise nothing is claimed that noise would tell.
    expect(examination.rows.filter(({ quantity, state }) => quantity === "pedestal" && state === "say")).toEqual([]);
  });
});
